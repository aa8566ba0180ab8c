/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "op/poll.h"

#include <string.h>

#define INSTANCE "0123456789abcdef0123456789abcdef"

static struct poll_result results[POLL_BATCH_MAX + 1], results_read[POLL_BATCH_MAX];
static uint64_t working[POLL_WORKING_MAX + 1], working_read[POLL_WORKING_MAX];
static struct poll_job jobs[POLL_BATCH_MAX + 1], jobs_read[POLL_BATCH_MAX];

static struct poll_request request(size_t n_results, size_t n_working)
{
	for (size_t i = 0; i < HF_COUNT(results); i++)
		results[i] = (struct poll_result){ i + 100, HF_SPAN("result", i % 7) };
	for (size_t i = 0; i < HF_COUNT(working); i++)
		working[i] = UINT64_MAX - i;
	return (struct poll_request){
		.instance = INSTANCE,
		.store = "softhsm-a",
		.capacity = POLL_BATCH_MAX,
		.wait_ms = 25000,
		.results = results,
		.n_results = n_results,
		.working = working,
		.n_working = n_working,
	};
}

static hf_status pass(const struct poll_request *r, struct hf_buf *b, struct poll_request *ret)
{
	*ret = (struct poll_request){ .results = results_read, .working = working_read };
	hf_buf_clear(b);
	poll_request_encode(b, r);
	CHECK_OK(hf_buf_status(b));
	return poll_request_decode(hf_buf_span(b), ret);
}

static void a_full_request_is_read_back(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(POLL_BODY_MAX);
	struct poll_request r = request(POLL_BATCH_MAX, POLL_WORKING_MAX), got;

	CHECK_OK(pass(&r, &b, &got));
	assert_string_equal(got.instance, INSTANCE);
	assert_string_equal(got.store, "softhsm-a");
	CHECK(got.capacity == POLL_BATCH_MAX && got.wait_ms == 25000);
	CHECK(got.n_results == POLL_BATCH_MAX && got.n_working == POLL_WORKING_MAX);
	CHECK(got.results == results_read && got.working == working_read);
	for (size_t i = 0; i < got.n_results; i++) {
		CHECK(got.results[i].job == results[i].job);
		CHECK(hf_span_equal(got.results[i].result, results[i].result));
	}
	assert_memory_equal(got.working, working, sizeof(working_read));
}

static void an_idle_request_is_small(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(POLL_BODY_MAX);
	struct poll_request r = request(0, 0), got;

	r.store[0] = 0;
	r.recall = true;
	CHECK_OK(pass(&r, &b, &got));
	CHECK(got.n_results == 0 && got.n_working == 0 && got.recall && b.len < 100);
}

static void requests_beyond_their_limits_are_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(POLL_BODY_MAX);
	struct poll_request r = request(POLL_BATCH_MAX + 1, 0), got;

	CHECK_CODE(pass(&r, &b, &got), HF_INVALID);
	r = request(0, POLL_WORKING_MAX + 1);
	CHECK_CODE(pass(&r, &b, &got), HF_INVALID);
	r = request(0, 0);
	r.capacity = POLL_BATCH_MAX + 1;
	CHECK_CODE(pass(&r, &b, &got), HF_INVALID);
}

static void an_instance_is_16_bytes_in_hex(void **state)
{
	static const char *const bad[] = { "", "0123", "0123456789ABCDEF0123456789ABCDEF" };
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(POLL_BODY_MAX);

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		struct poll_request r = request(0, 0), got;

		strcpy(r.instance, bad[i]);
		CHECK_CODE(pass(&r, &b, &got), HF_INVALID);
	}
}

static void a_request_cut_short_anywhere_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(POLL_BODY_MAX);
	struct poll_request r = request(3, 3), got;

	CHECK_OK(pass(&r, &b, &got));
	for (size_t len = 0; len < b.len; len++) {
		got = (struct poll_request){ .results = results_read, .working = working_read };
		CHECK_CODE(poll_request_decode(HF_SPAN(b.ptr, len), &got), HF_INVALID);
		CHECK(got.n_results == 0 && got.n_working == 0);
	}
	hf_buf_u8(&b, 0);
	CHECK_CODE(poll_request_decode(hf_buf_span(&b), &got), HF_INVALID);
	b.len--;
	b.ptr[0] = 4;
	CHECK_CODE(poll_request_decode(hf_buf_span(&b), &got), HF_INVALID);
}

/* Old servers and old drivers understand what does without it. */
static void only_a_request_for_evidence_is_of_another_version(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(POLL_BODY_MAX);
	struct poll_request r = request(1, 1), got;

	CHECK_OK(pass(&r, &b, &got));
	CHECK(!got.evidence && b.ptr[0] == 2);
	r.evidence = true;
	CHECK_OK(pass(&r, &b, &got));
	CHECK(got.evidence && b.ptr[0] == 3);
}

static void a_reply_brings_evidence_only_to_who_asked_for_it(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(POLL_BODY_MAX);
	struct poll_job one = { 7, 1, HF_SPAN("op", 2), HF_SPAN("proof", 5) };
	struct poll_reply r = { .lease_ms = 1, .jobs = &one, .n_jobs = 1 },
	                  got = { .jobs = jobs_read };

	poll_reply_encode(&b, &r);
	CHECK_OK(poll_reply_decode(hf_buf_span(&b), &got));
	CHECK(!got.evidence && got.jobs[0].evidence.len == 0 && b.ptr[0] == 1);
	hf_buf_clear(&b);
	r.evidence = true;
	poll_reply_encode(&b, &r);
	CHECK_OK(poll_reply_decode(hf_buf_span(&b), &got));
	CHECK(got.evidence && hf_span_is(got.jobs[0].evidence, "proof") && b.ptr[0] == 2);
}

static hf_status pass_reply(size_t n, struct hf_buf *b, struct poll_reply *ret)
{
	struct poll_reply r = { .lease_ms = 30000, .jobs = jobs, .n_jobs = n };

	for (size_t i = 0; i < n; i++)
		jobs[i] = (struct poll_job){ i, (uint32_t)i + 1, HF_SPAN("op", 2) };
	*ret = (struct poll_reply){ .jobs = jobs_read };
	hf_buf_clear(b);
	poll_reply_encode(b, &r);
	CHECK_OK(hf_buf_status(b));
	return poll_reply_decode(hf_buf_span(b), ret);
}

static void a_full_reply_is_read_back(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(POLL_BODY_MAX);
	struct poll_reply got;

	CHECK_OK(pass_reply(POLL_BATCH_MAX, &b, &got));
	CHECK(got.lease_ms == 30000 && got.n_jobs == POLL_BATCH_MAX && got.jobs == jobs_read);
	for (size_t i = 0; i < got.n_jobs; i++) {
		CHECK(got.jobs[i].job == i && got.jobs[i].attempt == i + 1);
		CHECK(hf_span_is(got.jobs[i].op, "op"));
	}
	CHECK_OK(pass_reply(0, &b, &got));
	CHECK(got.n_jobs == 0);
}

static void replies_beyond_their_limits_or_cut_short_are_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(POLL_BODY_MAX);
	struct poll_reply got;

	CHECK_CODE(pass_reply(POLL_BATCH_MAX + 1, &b, &got), HF_INVALID);
	CHECK_OK(pass_reply(2, &b, &got));
	for (size_t len = 0; len < b.len; len++)
		CHECK_CODE(poll_reply_decode(HF_SPAN(b.ptr, len), &got), HF_INVALID);
	hf_buf_u8(&b, 0);
	CHECK_CODE(poll_reply_decode(hf_buf_span(&b), &got), HF_INVALID);
}

static void a_job_without_an_attempt_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(POLL_BODY_MAX);
	struct poll_reply got;

	CHECK_OK(pass_reply(1, &b, &got));
	b.ptr[1 + 4 + 4 + 8 + 3] = 0; /* the low byte of the first attempt */
	CHECK_CODE(poll_reply_decode(hf_buf_span(&b), &got), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_request_is_read_back),
		cmocka_unit_test(an_idle_request_is_small),
		cmocka_unit_test(requests_beyond_their_limits_are_refused),
		cmocka_unit_test(an_instance_is_16_bytes_in_hex),
		cmocka_unit_test(a_request_cut_short_anywhere_is_refused),
		cmocka_unit_test(a_full_reply_is_read_back),
		cmocka_unit_test(only_a_request_for_evidence_is_of_another_version),
		cmocka_unit_test(a_reply_brings_evidence_only_to_who_asked_for_it),
		cmocka_unit_test(replies_beyond_their_limits_or_cut_short_are_refused),
		cmocka_unit_test(a_job_without_an_attempt_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
