/* SPDX-License-Identifier: Apache-2.0
 * The HSM host is stood for by hsmhost_capacity() and hsmhost_submit() below, which keep what they
 * are given. */
#include "proof/proof_fixture.h"
#include "records.h"

#include "base/clock.h"
#include "driver/dispatch.h"

enum { PLACES = 2 };

static struct tempdb temp;
static struct db *keydb;
static struct driver_metrics metrics;
static struct dispatch *dispatch;
static struct queue_jobs table;

/* What the HSM was given. */
static struct hsmhost_job submitted[8];
static size_t n_submitted, n_answered;

size_t hsmhost_capacity(const struct hsmhost *h)
{
	return PLACES - (n_submitted - n_answered);
}

hf_status hsmhost_submit(struct hsmhost *h, const struct hsmhost_job *job)
{
	submitted[n_submitted++] = *job;
	return HF_SUCCESS;
}

/* What the job ended with. */
static struct op_result last;
static uint8_t last_key[PUBLIC_KEY_MAX];
static size_t n_ended;

static void ended(void *ctx, struct queue_job *job, const struct op_result *result)
{
	last = *result;
	if (last.public_key.len)
		memcpy(last_key, last.public_key.ptr, last.public_key.len);
	last.public_key.ptr = last_key;
	n_ended++;
	queue_jobs_finish(&table, job, result);
}

static uint32_t attempt; /* of the jobs that are taken */

static struct hf_span evidence; /* of the jobs that are taken */

static int start(bool allow_resident, bool checks)
{
	struct dispatch_config config = { .metrics = &metrics,
		                          .finish = ended,
		                          .checks = checks,
		                          .spent_age_ms = INT64_MAX / 2,
		                          .allow_resident = allow_resident };

	tempdb_make(&temp);
	config.db = tempdb_config(&temp);
	CHECK_OK(keydb_open(&config.db, &keydb, NULL));
	CHECK_OK(dispatch_new(&config, &dispatch, NULL));
	memset(&metrics, 0, sizeof(metrics));
	memset(&last, 0, sizeof(last));
	n_submitted = n_answered = n_ended = 0;
	attempt = 1;
	evidence = HF_SPAN(NULL, 0);
	return 0;
}

static int set_up(void **state)
{
	return start(false, false);
}

static int set_up_checks(void **state)
{
	return start(false, true);
}

static int set_up_resident(void **state)
{
	return start(true, false);
}

static int tear_down(void **state)
{
	dispatch_free(dispatch);
	queue_jobs_clear(&table);
	db_close(keydb);
	tempdb_remove(&temp);
	return 0;
}

static void put(const char *key_id, const uint8_t *point, enum wrap_format format)
{
	struct record_bytes r =
	        make_record(key_id, format == WRAP_RESIDENT ? "" : MASTER_A, point, format);
	struct keydb_put p = { .record = record_span(&r) };

	CHECK_OK(db_begin(keydb));
	CHECK_OK(keydb_put_all(keydb, &p, 1));
	CHECK_OK(db_commit(keydb, DB_DURABLE));
	CHECK_OK(p.status);
}

/* Until the database has answered everything. */
static void settle(void)
{
	struct keydb_front_stats stats;
	int64_t until_ms = hf_mono_ms() + 20000;

	do {
		struct pollfd fd = { .fd = dispatch_fd(dispatch), .events = POLLIN };
		int timeout = 100;

		dispatch_step(dispatch, &timeout);
		dispatch_database(dispatch, &stats);
		if (stats.asked > 0)
			poll(&fd, 1, timeout);
	} while (stats.asked > 0 && hf_mono_ms() < until_ms);
	assert_int_equal(stats.asked, 0);
}

static void take(uint64_t number, struct op op, const char *key_id)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_ENCODED_MAX);
	struct poll_job from = { .job = number, .attempt = attempt };
	struct queue_job *job;

	snprintf(op.key_id, sizeof(op.key_id), "%s", key_id);
	op_encode(&b, &op);
	from.op = hf_buf_span(&b);
	from.evidence = evidence;
	CHECK_OK(queue_jobs_add(&table, &from, &job));
	dispatch_take(dispatch, job);
	settle();
}

static void take_generate(uint64_t number, enum key_type type, const char *key_id)
{
	take(number, (struct op){ .kind = OP_GENERATE, .key_type = type }, key_id);
}

static void take_sign(uint64_t number, const char *key_id, const uint8_t *point)
{
	static const uint8_t digest[32] = { 1 };

	take(number,
	     (struct op){ .kind = OP_SIGN,
	                  .key_type = KEY_P256,
	                  .scheme = SIGN_ECDSA,
	                  .hash = HASH_NONE,
	                  .input = HF_SPAN(digest, 32),
	                  .public_key = HF_SPAN(point, 33) },
	     key_id);
}

static void answer_generated(const struct record_bytes *record, const uint8_t *point, bool resident)
{
	struct hsmhost_answer a = {
		.tag = submitted[n_answered++].tag,
		.result = { .outcome = OP_DONE,
		            .public_key = HF_SPAN(point, 33),
		            .resident = resident },
		.record = record_span(record),
		.hsm_us = 900,
	};

	dispatch_answered(dispatch, &a);
}

static void a_generated_key_is_stored_before_it_is_announced(void **state)
{
	struct record_bytes r = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);

	take_generate(1, KEY_P256, "key-1");
	dispatch_feed(dispatch, NULL);
	assert_int_equal(n_submitted, 1);
	answer_generated(&r, point_g, false);
	assert_int_equal(n_ended, 0);
	settle();
	assert_int_equal(n_ended, 1);
	assert_int_equal(last.outcome, OP_DONE);
	CHECK(hf_span_equal(last.public_key, HF_SPAN(point_g, 33)));
	CHECK_OK(keydb_get_one(keydb, "key-1", &got, NULL));
}

static void a_repeated_generation_answers_with_the_stored_key(void **state)
{
	put("key-1", point_g, WRAP_RFC5649);
	take_generate(1, KEY_P256, "key-1");
	dispatch_feed(dispatch, NULL);
	assert_int_equal(n_submitted, 0);
	assert_int_equal(last.outcome, OP_DONE);
	CHECK(hf_span_equal(last.public_key, HF_SPAN(point_g, 33)));
}

static void a_lost_race_answers_with_the_winner_s_key(void **state)
{
	struct record_bytes mine = make_record("key-1", MASTER_A, point_2g, WRAP_RFC5649);

	take_generate(1, KEY_P256, "key-1");
	dispatch_feed(dispatch, NULL);
	put("key-1", point_g, WRAP_RFC5649);
	answer_generated(&mine, point_2g, false);
	settle();
	assert_int_equal(last.outcome, OP_DONE);
	CHECK(hf_span_equal(last.public_key, HF_SPAN(point_g, 33)));
	assert_int_equal(hf_counted(&metrics.orphans), 0);
}

static void the_resident_key_of_a_lost_race_is_reported(void **state)
{
	struct record_bytes mine = make_record("key-1", "", point_2g, WRAP_RESIDENT);

	take_generate(1, KEY_P256, "key-1");
	dispatch_feed(dispatch, NULL);
	put("key-1", point_g, WRAP_RESIDENT);
	answer_generated(&mine, point_2g, true);
	settle();
	assert_int_equal(last.outcome, OP_DONE);
	CHECK(last.resident);
	CHECK(hf_span_equal(last.public_key, HF_SPAN(point_g, 33)));
	assert_int_equal(hf_counted(&metrics.orphans), 1);
}

static void a_generation_of_another_type_under_the_same_id_fails(void **state)
{
	put("key-1", point_g, WRAP_RFC5649);
	take_generate(1, KEY_ED25519, "key-1");
	assert_int_equal(last.outcome, OP_FAILED);
	assert_int_equal(last.code, HF_EXISTS);
}

static void a_record_that_contradicts_its_answer_is_not_stored(void **state)
{
	struct record_bytes other = make_record("key-2", MASTER_A, point_g, WRAP_RFC5649);
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);

	take_generate(1, KEY_P256, "key-1");
	dispatch_feed(dispatch, NULL);
	answer_generated(&other, point_g, false);
	settle();
	assert_int_equal(last.outcome, OP_RETRY);
	assert_int_equal(last.code, HF_CORRUPT);
	CHECK_CODE(keydb_get_one(keydb, "key-2", &got, NULL), HF_NOTFOUND);
}

static void a_signature_goes_to_the_hsm_with_its_record(void **state)
{
	struct record_bytes r = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	struct hsmhost_answer a = { .result = { .outcome = OP_DONE,
		                                .signature = { .len = 64, .recid = -1 } } };

	put("key-1", point_g, WRAP_RFC5649);
	take_sign(1, "key-1", point_g);
	dispatch_feed(dispatch, NULL);
	assert_int_equal(n_submitted, 1);
	CHECK(hf_span_equal(submitted[0].record, record_span(&r)));
	a.tag = submitted[0].tag;
	dispatch_answered(dispatch, &a);
	assert_int_equal(last.outcome, OP_DONE);
	assert_int_equal(last.signature.len, 64);
	assert_int_equal(dispatch_in_hsm(dispatch), 0);
}

static void make_evidence(struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf proof = HF_BUF(ACTION_PROOF_MAX);
	struct signing s = { .path = "/keys/key-1/signatures", .body = "{}", .key = new_key() };
	HF_FREE struct evidence *e = calloc(1, sizeof(*e));

	make_proof(&s, &proof, NULL);
	EVP_PKEY_free(s.key);
	e->proof = hf_buf_span(&proof);
	CHECK_OK(evidence_encode(to, e));
}

static void sign_and_settle(uint64_t number)
{
	struct hsmhost_answer a = { .result = { .outcome = OP_DONE,
		                                .signature = { .len = 64, .recid = -1 } } };
	struct poll_result handed_in[8];

	take_sign(number, "key-1", point_g);
	dispatch_feed(dispatch, NULL);
	CHECK(hf_span_equal(submitted[n_answered].evidence, evidence));
	a.tag = submitted[n_answered++].tag;
	n_ended = 0;
	dispatch_answered(dispatch, &a);
	assert_int_equal(n_ended, 0); /* first it has to be on disk */
	settle();
	assert_int_equal(n_ended, 1);
	queue_jobs_send(&table, 0, handed_in, HF_COUNT(handed_in));
	queue_jobs_settle(&table, 0, true);
}

static void where_requests_are_checked_an_action_is_good_for_one_job(void **state)
{
	HF_BUF_SCOPED struct hf_buf one = HF_BUF(EVIDENCE_MAX), other = HF_BUF(EVIDENCE_MAX);

	make_evidence(&one);
	make_evidence(&other);
	put("key-1", point_g, WRAP_RFC5649);
	evidence = hf_buf_span(&one);
	sign_and_settle(1);
	assert_int_equal(last.outcome, OP_DONE);
	assert_int_equal(last.signature.len, 64);
	attempt = 2; /* its lease was lost, it comes again */
	sign_and_settle(1);
	assert_int_equal(last.outcome, OP_DONE);
	attempt = 1;
	sign_and_settle(2);
	assert_int_equal(last.outcome, OP_FAILED);
	assert_int_equal(last.code, HF_UNAUTHENTIC);
	assert_string_equal(last.text, "this user action has been used");
	evidence = hf_buf_span(&other);
	sign_and_settle(3);
	assert_int_equal(last.outcome, OP_DONE);
}

static void no_job_is_about_the_canary(void **state)
{
	take_sign(1, CANARY_KEY_ID, point_g);
	assert_int_equal(last.outcome, OP_FAILED);
	assert_int_equal(last.code, HF_DENIED);
	take_generate(2, KEY_P256, CANARY_KEY_ID);
	assert_int_equal(last.code, HF_DENIED);
	assert_int_equal(n_submitted, 0);
}

static void what_one_hsm_says_of_a_record_is_not_final_at_once(void **state)
{
	struct hsmhost_answer a = { .result = { .outcome = OP_FAILED, .code = HF_UNAUTHENTIC } };

	put("key-1", point_g, WRAP_RFC5649);
	for (attempt = 1; attempt <= 3; attempt++) {
		take_sign(attempt, "key-1", point_g);
		dispatch_feed(dispatch, NULL);
		a.tag = submitted[n_answered++].tag;
		dispatch_answered(dispatch, &a);
		assert_int_equal(last.outcome, attempt < 3 ? OP_RETRY : OP_FAILED);
		assert_int_equal(last.code, HF_UNAUTHENTIC);
	}
}

static void a_record_of_another_public_key_is_refused(void **state)
{
	put("key-1", point_2g, WRAP_RFC5649);
	take_sign(1, "key-1", point_g);
	dispatch_feed(dispatch, NULL);
	assert_int_equal(n_submitted, 0);
	assert_int_equal(last.outcome, OP_FAILED);
	assert_int_equal(last.code, HF_CORRUPT);
}

static void a_key_that_is_not_here_is_given_back(void **state)
{
	struct keydb_front_stats stats;

	take_sign(1, "key-1", point_g);
	assert_int_equal(last.outcome, OP_RETRY);
	assert_int_equal(last.code, HF_NOTFOUND);
	dispatch_database(dispatch, &stats);
	assert_string_equal(stats.problem, "");
}

static void a_resident_key_needs_the_operator_s_leave(void **state)
{
	put("key-1", point_g, WRAP_RESIDENT);
	take_sign(1, "key-1", point_g);
	assert_int_equal(last.outcome, OP_FAILED);
	assert_int_equal(last.code, HF_DENIED);
}

static void a_job_that_is_not_understood_fails_for_good(void **state)
{
	struct poll_job from = { .job = 1, .op = HF_SPAN("nonsense", 8) };
	struct queue_job *job;

	CHECK_OK(queue_jobs_add(&table, &from, &job));
	dispatch_take(dispatch, job);
	assert_int_equal(last.outcome, OP_FAILED);
	assert_int_equal(last.code, HF_INVALID);
}

static void no_more_is_given_than_the_hsm_takes_and_the_rest_goes_back(void **state)
{
	put("key-1", point_g, WRAP_RFC5649);
	for (uint64_t i = 1; i <= 5; i++)
		take_sign(i, "key-1", point_g);
	dispatch_feed(dispatch, NULL);
	assert_int_equal(n_submitted, PLACES);
	assert_int_equal(dispatch_waiting(dispatch), 3);
	dispatch_give_back(dispatch, "the HSM is away");
	assert_int_equal(dispatch_waiting(dispatch), 0);
	assert_int_equal(n_ended, 3);
	assert_int_equal(last.outcome, OP_RETRY);
	for (int i = 0; i < PLACES; i++) {
		struct hsmhost_answer a = { .tag = submitted[i].tag,
			                    .result = { .outcome = OP_RETRY } };

		dispatch_answered(dispatch, &a);
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_generated_key_is_stored_before_it_is_announced),
		TEST(a_repeated_generation_answers_with_the_stored_key),
		TEST(a_lost_race_answers_with_the_winner_s_key),
		cmocka_unit_test_setup_teardown(the_resident_key_of_a_lost_race_is_reported,
		                                set_up_resident, tear_down),
		TEST(a_generation_of_another_type_under_the_same_id_fails),
		TEST(a_record_that_contradicts_its_answer_is_not_stored),
		TEST(a_signature_goes_to_the_hsm_with_its_record),
		cmocka_unit_test_setup_teardown(
		        where_requests_are_checked_an_action_is_good_for_one_job, set_up_checks,
		        tear_down),
		TEST(no_job_is_about_the_canary),
		TEST(what_one_hsm_says_of_a_record_is_not_final_at_once),
		TEST(a_record_of_another_public_key_is_refused),
		TEST(a_key_that_is_not_here_is_given_back),
		TEST(a_resident_key_needs_the_operator_s_leave),
		TEST(a_job_that_is_not_understood_fails_for_good),
		TEST(no_more_is_given_than_the_hsm_takes_and_the_rest_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
