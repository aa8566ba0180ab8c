/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "signer/wire.h"

#include <string.h>

static const uint8_t public_key[33] = { 2, 1 };
static const uint8_t digest[32] = { 7 };

static struct wire_frame only_frame(const struct hf_buf *b)
{
	struct wire_frame frame;
	size_t used = 0;

	CHECK_OK(hf_buf_status(b));
	CHECK_OK(wire_next(hf_buf_span(b), &frame, &used));
	assert_int_equal(used, b->len);
	return frame;
}

static void a_setup_comes_through_whole(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(WIRE_FRAME_MAX);
	struct signer_setup in = { .module = "/usr/lib/hsm.so",
		                   .slot = "label:x",
		                   .module_args = "a='b'",
		                   .master_label = "master",
		                   .needs_master = true,
		                   .threads = 2,
		                   .readers = 5,
		                   .warm_keys = 3,
		                   .warm_ttl_s = 4,
		                   .authorizers = hf_span_text("{}") };
	struct signer_setup out = { 0 };
	struct wire_frame frame;

	CHECK_OK(hf_secret_copy("1234", 4, &in.pin));
	wire_put_setup(&b, &in);
	frame = only_frame(&b);
	assert_int_equal(frame.type, WIRE_SETUP);
	CHECK_OK(wire_get_setup(frame.body, &out));
	assert_string_equal(out.module, in.module);
	assert_string_equal(out.slot, in.slot);
	assert_string_equal(out.module_args, in.module_args);
	assert_string_equal(out.master_label, in.master_label);
	CHECK(hf_secret_equal(&out.pin, "1234", 4));
	CHECK(hf_span_is(out.authorizers, "{}"));
	CHECK(out.needs_master && !out.allow_resident && !out.list_tokens && !out.have_profile);
	CHECK(out.threads == 2 && out.readers == 5);
	CHECK(out.warm_keys == 3 && out.warm_ttl_s == 4);
	hf_secret_done(&in.pin);
	hf_secret_done(&out.pin);
}

static void a_setup_of_another_version_or_with_impossible_sessions_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(WIRE_FRAME_MAX);
	struct signer_setup in = { .threads = 1 }, out;

	wire_put_setup(&b, &in);
	CHECK_OK(wire_get_setup(only_frame(&b).body, &out));
	b.ptr[WIRE_HEADER]++;
	CHECK_CODE(wire_get_setup(only_frame(&b).body, &out), HF_INVALID);
	hf_buf_clear(&b);
	in.threads = 0;
	wire_put_setup(&b, &in);
	CHECK_CODE(wire_get_setup(only_frame(&b).body, &out), HF_INVALID);
	hf_buf_clear(&b);
	in.threads = WIRE_THREADS_MAX + 1;
	wire_put_setup(&b, &in);
	CHECK_CODE(wire_get_setup(only_frame(&b).body, &out), HF_INVALID);
	hf_buf_clear(&b);
	in.threads = 1;
	in.readers = WIRE_READERS_MAX + 1;
	wire_put_setup(&b, &in);
	CHECK_CODE(wire_get_setup(only_frame(&b).body, &out), HF_INVALID);
}

static struct op sign_op(void)
{
	return (struct op){ .kind = OP_SIGN,
		            .key_type = KEY_P256,
		            .key_id = "key-1",
		            .scheme = SIGN_ECDSA,
		            .input = HF_SPAN(digest, sizeof(digest)),
		            .public_key = HF_SPAN(public_key, sizeof(public_key)) };
}

static void a_job_comes_through_with_its_tag_record_and_evidence(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(WIRE_FRAME_MAX);
	struct wire_job job = { sign_op(), hf_span_text("sealed"), hf_span_text("proof") }, got;
	struct wire_frame frame;

	wire_put_job(&b, 77, &job);
	frame = only_frame(&b);
	CHECK(frame.type == WIRE_JOB && frame.tag == 77);
	CHECK_OK(wire_get_job(frame.body, &got, NULL));
	CHECK(hf_span_is(got.record, "sealed") && hf_span_is(got.evidence, "proof"));
	assert_string_equal(got.op.key_id, "key-1");
	CHECK(hf_span_equal(got.op.input, job.op.input));
}

static void a_signature_without_a_record_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(WIRE_FRAME_MAX);
	struct wire_job job = { .op = sign_op() }, got;

	wire_put_job(&b, 1, &job);
	CHECK_CODE(wire_get_job(only_frame(&b).body, &got, NULL), HF_INVALID);
}

static void part_of_a_frame_waits_for_the_rest(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(WIRE_FRAME_MAX);
	struct wire_frame frame;
	size_t used;

	wire_put_failed(&b, HF_STOP, "PIN");
	for (size_t n = 0; n < b.len; n++)
		CHECK_CODE(wire_next(HF_SPAN(b.ptr, n), &frame, &used), HF_BUSY);
	CHECK_OK(wire_next(hf_buf_span(&b), &frame, &used));
}

static void a_length_beyond_the_limit_is_refused_at_once(void **state)
{
	static const uint8_t endless[WIRE_HEADER] = { 0xff, 0xff, 0xff, 0xff, WIRE_JOB };
	static const uint8_t too_short[WIRE_HEADER] = { 0, 0, 0, 8, WIRE_JOB };
	static const uint8_t unknown[WIRE_HEADER] = { 0, 0, 0, 9, 99 };
	struct wire_frame frame;
	size_t used;

	CHECK_CODE(wire_next(HF_SPAN(endless, sizeof(endless)), &frame, &used), HF_INVALID);
	CHECK_CODE(wire_next(HF_SPAN(too_short, sizeof(too_short)), &frame, &used), HF_INVALID);
	CHECK_CODE(wire_next(HF_SPAN(unknown, sizeof(unknown)), &frame, &used), HF_INVALID);
}

static enum hf_code answer_code(const struct wire_answer *a)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(WIRE_FRAME_MAX);
	struct wire_answer got;

	wire_put_answer(&b, 5, a);
	return wire_get_answer(only_frame(&b).body, &got).code;
}

static void an_answer_is_a_key_with_its_record_or_a_signature_or_a_reason(void **state)
{
	struct hf_span some = hf_span_text("bytes"), none = HF_SPAN(NULL, 0);

	assert_int_equal(answer_code(&(struct wire_answer){ OP_DONE, .signature = some }), HF_OK);
	assert_int_equal(
	        answer_code(&(struct wire_answer){ OP_DONE, .public_key = some, .record = some }),
	        HF_OK);
	assert_int_equal(answer_code(&(struct wire_answer){ OP_RETRY, HF_BUSY, "later" }), HF_OK);
	/* and nothing between */
	assert_int_equal(answer_code(&(struct wire_answer){ OP_DONE, .signature = none }),
	                 HF_INVALID);
	assert_int_equal(answer_code(&(struct wire_answer){ OP_DONE, .public_key = some }),
	                 HF_INVALID);
	assert_int_equal(answer_code(&(struct wire_answer){ OP_DONE, .public_key = some,
	                                                    .record = some, .signature = some }),
	                 HF_INVALID);
	assert_int_equal(
	        answer_code(&(struct wire_answer){ OP_FAILED, HF_DENIED, .signature = some }),
	        HF_INVALID);
	assert_int_equal(answer_code(&(struct wire_answer){ OP_FAILED, HF_OK }), HF_INVALID);
	assert_int_equal(answer_code(&(struct wire_answer){ OP_DONE, HF_IO, .signature = some }),
	                 HF_INVALID);
	assert_int_equal(answer_code(&(struct wire_answer){ (enum op_outcome)9, HF_IO }),
	                 HF_INVALID);
}

static void ready_tells_token_master_and_profile(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(WIRE_FRAME_MAX);
	struct wire_ready in = { .token = "a token", .master_id = "00112233" }, out = { 0 };

	in.have_profile = true;
	in.profile.mac_mechanism = 0x251;
	wire_put_ready(&b, &in);
	CHECK_OK(wire_get_ready(only_frame(&b).body, &out));
	assert_string_equal(out.token, in.token);
	assert_string_equal(out.master_id, in.master_id);
	CHECK(out.have_profile && out.profile.mac_mechanism == 0x251);
}

static void a_failure_keeps_its_code_and_words(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(WIRE_FRAME_MAX);
	struct hf_err err = { 0 };

	wire_put_failed(&b, HF_STOP, "the PIN is wrong");
	CHECK_OK(wire_get_failed(only_frame(&b).body, &err));
	assert_int_equal(err.code, HF_STOP);
	assert_string_equal(err.text, "the PIN is wrong");
	b.ptr[WIRE_HEADER] = HF_OK;
	CHECK_CODE(wire_get_failed(only_frame(&b).body, &err), HF_INVALID);
}

static void an_unknown_task_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(WIRE_FRAME_MAX);
	enum signer_task task;
	struct hf_span json;

	wire_put_task(&b, TASK_CHECK, "{}");
	CHECK_OK(wire_get_task(only_frame(&b).body, &task, &json));
	CHECK(task == TASK_CHECK && hf_span_is(json, "{}"));
	b.ptr[WIRE_HEADER] = SIGNER_TASK_MAX + 1;
	CHECK_CODE(wire_get_task(only_frame(&b).body, &task, &json), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_setup_comes_through_whole),
		cmocka_unit_test(a_setup_of_another_version_or_with_impossible_sessions_is_refused),
		cmocka_unit_test(a_job_comes_through_with_its_tag_record_and_evidence),
		cmocka_unit_test(a_signature_without_a_record_is_refused),
		cmocka_unit_test(part_of_a_frame_waits_for_the_rest),
		cmocka_unit_test(a_length_beyond_the_limit_is_refused_at_once),
		cmocka_unit_test(an_answer_is_a_key_with_its_record_or_a_signature_or_a_reason),
		cmocka_unit_test(ready_tells_token_master_and_profile),
		cmocka_unit_test(a_failure_keeps_its_code_and_words),
		cmocka_unit_test(an_unknown_task_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
