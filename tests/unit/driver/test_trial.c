/* SPDX-License-Identifier: Apache-2.0
 * The HSM host is stood for by the two functions below. */
#include "records.h"

#include "base/clock.h"
#include "driver/trial.h"

static struct hsmhost_job submitted;
static unsigned n_submitted;
static size_t capacity;
static struct trial trial;

size_t hsmhost_capacity(const struct hsmhost *h)
{
	return capacity;
}

hf_status hsmhost_submit(struct hsmhost *h, const struct hsmhost_job *job)
{
	submitted = *job;
	n_submitted++;
	return HF_SUCCESS;
}

static void begin(bool with_canary)
{
	struct record_bytes r = make_record("canary", MASTER_A, point_g, WRAP_RFC5649);
	struct hf_buf record = HF_BUF(RECORD_ENCODED_MAX);

	if (with_canary)
		hf_buf_put(&record, r.bytes, r.len);
	trial_init(&trial, &record);
	n_submitted = 0;
	capacity = 1;
}

static int set_up(void **state)
{
	begin(true);
	return 0;
}

static int tear_down(void **state)
{
	trial_done(&trial);
	return 0;
}

static bool answer(void *tag, enum op_outcome outcome, enum hf_code code)
{
	struct hsmhost_answer a = {
		.tag = tag,
		.result = { .outcome = outcome, .code = code, .text = "C_Sign: CKR_DEVICE_ERROR" }
	};

	return trial_answered(&trial, &a);
}

static int step(void)
{
	int timeout = 5000;

	trial_step(&trial, NULL, &timeout);
	return timeout;
}

static void only_failures_of_the_hsm_itself_raise_doubt(void **state)
{
	CHECK(!answer(NULL, OP_FAILED, HF_INVALID));
	CHECK(!answer(NULL, OP_RETRY, HF_BUSY));
	CHECK(!answer(NULL, OP_RETRY, HF_UNAUTHENTIC));
	CHECK(!trial.doubt);
	CHECK(!answer(NULL, OP_RETRY, HF_IO));
	CHECK(trial.doubt && strstr(trial.why, "CKR_DEVICE_ERROR"));
	CHECK(!answer(NULL, OP_DONE, HF_OK));
	CHECK(!trial.doubt);
}

static void a_trial_signs_with_the_canary_and_clears_the_doubt(void **state)
{
	step();
	assert_int_equal(n_submitted, 0);
	answer(NULL, OP_RETRY, HF_IO);
	capacity = 0;
	step();
	assert_int_equal(n_submitted, 0);
	capacity = 1;
	step();
	step();
	assert_int_equal(n_submitted, 1);
	assert_string_equal(submitted.op.key_id, "canary");
	assert_int_equal(submitted.op.kind, OP_SIGN);
	CHECK_OK(sign_scheme_check(submitted.op.key_type, submitted.op.scheme, submitted.op.hash,
	                           submitted.op.input.len, NULL));
	CHECK(answer(&trial, OP_DONE, HF_OK));
	CHECK(!trial.doubt);
}

static void trials_that_fail_come_again_within_600_ms(void **state)
{
	answer(NULL, OP_RETRY, HF_CLOSED);
	CHECK(!trial.confirmed);
	for (unsigned i = 1; i < 8; i++) {
		step();
		assert_int_equal(n_submitted, i);
		CHECK(answer(&trial, OP_RETRY, HF_IO));
		CHECK(trial.doubt && trial.confirmed);
		CHECK(step() <= 600);
		assert_int_equal(n_submitted, i);
		trial.next_ms = 0;
	}
}

static void without_a_canary_the_next_job_has_to_tell(void **state)
{
	trial_done(&trial);
	begin(false);
	answer(NULL, OP_RETRY, HF_IO);
	CHECK(trial.doubt);
	step();
	assert_int_equal(n_submitted, 0);
	CHECK(!trial.doubt);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(only_failures_of_the_hsm_itself_raise_doubt),
		TEST(a_trial_signs_with_the_canary_and_clears_the_doubt),
		TEST(trials_that_fail_come_again_within_600_ms),
		TEST(without_a_canary_the_next_job_has_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
