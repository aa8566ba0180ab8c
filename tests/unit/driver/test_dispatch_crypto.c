/* SPDX-License-Identifier: Apache-2.0
 * Operations on keys of any kind in the driver. The HSM host is stood for by hsmhost_capacity() and
 * hsmhost_submit() below, which keep what they are given. */
#include "records.h"

#include "base/clock.h"
#include "driver/dispatch.h"
#include "op/crypto_op.h"

#include <poll.h>

static struct tempdb temp;
static struct db *keydb;
static struct driver_metrics metrics;
static struct dispatch *dispatch;
static struct queue_jobs table;
static uint32_t attempt;

/* What the HSM was given: the operation with its records. */
static struct hf_buf asked;
static struct crypto_op given;
static void *given_tag;
static size_t n_submitted;

size_t hsmhost_capacity(const struct hsmhost *h)
{
	return 1;
}

hf_status hsmhost_submit(struct hsmhost *h, const struct hsmhost_job *job)
{
	hf_buf_clear(&asked);
	hf_buf_put(&asked, job->crypto.ptr, job->crypto.len);
	CHECK_OK(crypto_op_decode(hf_buf_span(&asked), &given, NULL));
	given_tag = job->tag;
	n_submitted++;
	return HF_SUCCESS;
}

/* What the job ended with. */
static struct op_result last;
static struct hf_buf told;
static struct crypto_result last_crypto;
static size_t n_ended;

static void ended(void *ctx, struct queue_job *job, const struct op_result *result)
{
	last = *result;
	hf_buf_clear(&told);
	hf_buf_put(&told, result->crypto.ptr, result->crypto.len);
	if (told.len)
		CHECK_OK(crypto_result_decode(hf_buf_span(&told), &last_crypto));
	n_ended++;
	queue_jobs_finish(&table, job, result);
}

static int start(bool checks)
{
	struct dispatch_config config = { .metrics = &metrics, .finish = ended, .checks = checks };

	tempdb_make(&temp);
	config.db = tempdb_config(&temp);
	CHECK_OK(keydb_open(&config.db, &keydb, NULL));
	CHECK_OK(dispatch_new(&config, &dispatch, NULL));
	memset(&metrics, 0, sizeof(metrics));
	memset(&last, 0, sizeof(last));
	asked = HF_BUF(CRYPTO_OP_ENCODED_MAX);
	told = HF_BUF(OP_CRYPTO_RESULT_MAX);
	n_submitted = n_ended = 0;
	attempt = 1;
	return 0;
}

static int set_up(void **state)
{
	return start(false);
}

static int set_up_checks(void **state)
{
	return start(true);
}

static int tear_down(void **state)
{
	dispatch_free(dispatch);
	queue_jobs_clear(&table);
	db_close(keydb);
	tempdb_remove(&temp);
	hf_buf_done(&asked);
	hf_buf_done(&told);
	return 0;
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
	dispatch_feed(dispatch, NULL);
}

static void take(uint64_t number, const struct crypto_op *crypto)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_ENCODED_MAX), input = HF_BUF(SIGN_INPUT_MAX);
	struct poll_job from = { .job = number, .attempt = attempt };
	struct op op = { .kind = OP_CRYPTO };
	struct queue_job *job;

	crypto_op_encode(&input, crypto);
	op.input = hf_buf_span(&input);
	snprintf(op.key_id, sizeof(op.key_id), "%s", crypto->key_id[0] ? crypto->key_id : "cop-1");
	op_encode(&b, &op);
	CHECK_OK(hf_buf_status(&b));
	from.op = hf_buf_span(&b);
	CHECK_OK(queue_jobs_add(&table, &from, &job));
	dispatch_take(dispatch, job);
	settle();
}

static struct hf_buf aes_record(const char *key_id, unsigned uses)
{
	static const uint8_t blob[40] = { 7 }, mac[RECORD_MAC_MAX] = { 9 };
	struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);
	struct key_record r = { .type = OBJECT_AES,
		                .bits = 256,
		                .uses = uses,
		                .format = WRAP_RFC5649,
		                .blob = HF_SPAN(blob, sizeof(blob)),
		                .mac_kind = MAC_HMAC_SHA256,
		                .mac = HF_SPAN(mac, sizeof(mac)) };

	snprintf(r.key_id, sizeof(r.key_id), "%s", key_id);
	snprintf(r.master_id, sizeof(r.master_id), "%s", MASTER_A);
	record_encode(&b, &r);
	CHECK_OK(hf_buf_status(&b));
	return b;
}

static void put(const char *key_id)
{
	HF_BUF_SCOPED struct hf_buf record = aes_record(key_id, USE_ENCRYPT);
	struct keydb_put p = { .record = hf_buf_span(&record) };

	CHECK_OK(db_begin(keydb));
	CHECK_OK(keydb_put_all(keydb, &p, 1));
	CHECK_OK(db_commit(keydb, DB_DURABLE));
	CHECK_OK(p.status);
}

static struct crypto_op make_op(const char *key_id)
{
	struct crypto_op op = { .kind = CRYPTO_GENERATE,
		                .made = { .type = OBJECT_AES,
		                          .bits = 256,
		                          .uses = USE_ENCRYPT,
		                          .uses_given = true,
		                          .has_private = true,
		                          .id = hf_span_text(key_id) } };

	snprintf(op.key_id, sizeof(op.key_id), "%s", key_id);
	return op;
}

static struct crypto_op use_op(enum crypto_op_kind kind, const char *key_id)
{
	static const uint8_t block[16] = { 1 };
	struct crypto_op op = { .kind = kind,
		                .key.name = { .id = hf_span_text(key_id), .type = OBJECT_AES },
		                .mech.mode = MODE_ECB,
		                .data = HF_SPAN(block, sizeof(block)) };

	snprintf(op.key_id, sizeof(op.key_id), "%s", key_id);
	return op;
}

static void answer(const struct crypto_result *r)
{
	struct hsmhost_answer a = { .tag = given_tag, .crypto = r, .hsm_us = 50 };

	a.result.outcome = r->outcome;
	a.result.code = r->code;
	snprintf(a.result.text, sizeof(a.result.text), "%s", r->text);
	dispatch_answered(dispatch, &a);
}

static void answer_made(const char *key_id)
{
	HF_BUF_SCOPED struct hf_buf record = aes_record(key_id, USE_ENCRYPT);
	struct crypto_result r = { .outcome = OP_DONE, .record = hf_buf_span(&record) };

	r.made = given.made;
	answer(&r);
}

static void a_new_key_is_stored_before_it_is_announced_and_its_record_stays_here(void **state)
{
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);
	struct crypto_op op = make_op("key-1");

	take(1, &op);
	assert_int_equal(n_submitted, 1);
	CHECK(given.kind == CRYPTO_GENERATE);
	answer_made("key-1");
	assert_int_equal(n_ended, 0);
	settle();
	assert_int_equal(n_ended, 1);
	assert_int_equal(last.outcome, OP_DONE);
	CHECK(last_crypto.made.type == OBJECT_AES && last_crypto.made.bits == 256);
	CHECK(last_crypto.record.len == 0);
	CHECK_OK(keydb_get_one(keydb, "key-1", &got, NULL));
}

static void a_repeated_making_is_answered_with_the_stored_key(void **state)
{
	struct crypto_op op = make_op("key-1");

	put("key-1");
	take(1, &op);
	assert_int_equal(n_submitted, 0);
	assert_int_equal(last.outcome, OP_DONE);
	CHECK(last_crypto.made.type == OBJECT_AES && last_crypto.made.uses == USE_ENCRYPT);
	op.made.bits = 128; /* another key under that id */
	take(2, &op);
	assert_int_equal(n_submitted, 0);
	assert_int_equal(last.outcome, OP_FAILED);
	assert_int_equal(last.code, HF_EXISTS);
}

static void the_key_is_looked_up_and_goes_with_the_operation(void **state)
{
	static const uint8_t cipher[16] = { 0xcc };
	struct crypto_op op = use_op(CRYPTO_ENCRYPT, "key-1");
	struct crypto_result r = { .outcome = OP_DONE, .data = HF_SPAN(cipher, sizeof(cipher)) };
	struct key_record record;

	put("key-1");
	take(1, &op);
	assert_int_equal(n_submitted, 1);
	CHECK_OK(record_decode(given.key.record, &record));
	assert_string_equal(record.key_id, "key-1");
	answer(&r);
	assert_int_equal(last.outcome, OP_DONE);
	CHECK(hf_span_equal(last_crypto.data, r.data));
}

static void what_is_wrapped_is_looked_up_too(void **state)
{
	struct crypto_op op = use_op(CRYPTO_WRAP, "key-1");
	struct key_record key, subject;

	op.mech.mode = MODE_KW;
	op.subject.name = (struct key_name){ .id = hf_span_text("key-2"), .type = OBJECT_AES };
	put("key-1");
	put("key-2");
	take(1, &op);
	assert_int_equal(n_submitted, 1);
	CHECK_OK(record_decode(given.key.record, &key));
	CHECK_OK(record_decode(given.subject.record, &subject));
	assert_string_equal(key.key_id, "key-1");
	assert_string_equal(subject.key_id, "key-2");
	answer(&(struct crypto_result){ .outcome = OP_DONE });
}

static void a_key_that_is_not_here_may_be_elsewhere_at_first(void **state)
{
	struct crypto_op op = use_op(CRYPTO_ENCRYPT, "key-1");

	take(1, &op);
	assert_int_equal(last.outcome, OP_RETRY);
	attempt = 3;
	take(2, &op);
	assert_int_equal(last.outcome, OP_FAILED);
	assert_int_equal(last.code, HF_NOTFOUND);
	assert_int_equal(n_submitted, 0);
}

static void destroying_removes_the_record_of_such_a_key_and_never_a_wallets(void **state)
{
	struct record_bytes wallet = make_record("key-w", MASTER_A, point_g, WRAP_RFC5649);
	struct keydb_put p = { .record = record_span(&wallet) };
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);
	struct crypto_op op = use_op(CRYPTO_DESTROY, "key-1");

	put("key-1");
	CHECK_OK(db_begin(keydb));
	CHECK_OK(keydb_put_all(keydb, &p, 1));
	CHECK_OK(db_commit(keydb, DB_DURABLE));
	take(1, &op);
	assert_int_equal(n_submitted, 0);
	assert_int_equal(last.outcome, OP_DONE);
	CHECK_CODE(keydb_get_one(keydb, "key-1", &got, NULL), HF_NOTFOUND);
	op = use_op(CRYPTO_DESTROY, "key-w");
	attempt = 3;
	take(2, &op);
	assert_int_equal(last.outcome, OP_FAILED);
	assert_int_equal(last.code, HF_NOTFOUND);
	CHECK_OK(keydb_get_one(keydb, "key-w", &got, NULL));
}

static void refused(const struct crypto_op *op, enum hf_code code)
{
	static uint64_t number = 100;

	take(number++, op);
	assert_int_equal(n_submitted, 0);
	assert_int_equal(last.outcome, OP_FAILED);
	assert_int_equal(last.code, code);
}

static void what_is_nothing_for_a_pool_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf record = aes_record("key-1", USE_ENCRYPT);
	struct crypto_op op = { .kind = CRYPTO_LIST, .count = 10 };

	refused(&op, HF_UNSUPPORTED);
	op = make_op("key-1");
	op.made.persistent = true; /* would fill the HSM */
	refused(&op, HF_DENIED);
	op = use_op(CRYPTO_ENCRYPT, "key-1");
	op.key.record = hf_buf_span(&record); /* not the database's */
	refused(&op, HF_DENIED);
	op = make_op("key-1");
	op.made.id = HF_SPAN("a\0b", 3);
	refused(&op, HF_INVALID);
}

#define TRANSIENT "tk-01k9h-x3v7q-8m2c4d6e8f0g1h2j"

static void a_transient_key_is_handed_out_and_comes_with_each_operation(void **state)
{
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);
	HF_BUF_SCOPED struct hf_buf record = aes_record(TRANSIENT, USE_ENCRYPT);
	struct crypto_op op = make_op(TRANSIENT);

	take(1, &op);
	answer_made(TRANSIENT);
	assert_int_equal(last.outcome, OP_DONE);
	CHECK(hf_span_equal(last_crypto.record, hf_buf_span(&record)));
	CHECK_CODE(keydb_get_one(keydb, TRANSIENT, &got, NULL), HF_NOTFOUND);
	op = use_op(CRYPTO_ENCRYPT, TRANSIENT);
	op.key.record = hf_buf_span(&record);
	take(2, &op);
	assert_int_equal(n_submitted, 2);
	CHECK(hf_span_equal(given.key.record, hf_buf_span(&record)));
	answer(&(struct crypto_result){ .outcome = OP_DONE });
}

static void only_a_transient_key_is_persisted(void **state)
{
	HF_BUF_SCOPED struct hf_buf record = aes_record(TRANSIENT, USE_ENCRYPT);
	HF_BUF_SCOPED struct hf_buf kept = aes_record("key-1", USE_ENCRYPT);
	struct crypto_op op = make_op("key-2");

	put("key-1");
	op.kind = CRYPTO_PERSIST;
	op.key.name.type = OBJECT_AES;
	snprintf(op.key_id, sizeof(op.key_id), "key-1");
	refused(&op, HF_DENIED);
	op.key.record = hf_buf_span(&kept);
	refused(&op, HF_DENIED);
	snprintf(op.key_id, sizeof(op.key_id), "%s", TRANSIENT);
	op.key.record = hf_buf_span(&record);
	take(1, &op);
	assert_int_equal(n_submitted, 1);
	answer_made("key-2");
	settle();
	assert_int_equal(last.outcome, OP_DONE);
	CHECK(last_crypto.record.len == 0);
}

static void a_driver_that_checks_requests_does_none_of_them(void **state)
{
	struct crypto_op op = use_op(CRYPTO_ENCRYPT, "key-1");

	put("key-1");
	refused(&op, HF_DENIED);
	CHECK(strstr(last.text, "--authorizers"));
	op = use_op(CRYPTO_DESTROY, "key-1");
	refused(&op, HF_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        a_new_key_is_stored_before_it_is_announced_and_its_record_stays_here,
		        set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_repeated_making_is_answered_with_the_stored_key,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_key_is_looked_up_and_goes_with_the_operation,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_wrapped_is_looked_up_too, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_key_that_is_not_here_may_be_elsewhere_at_first,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        destroying_removes_the_record_of_such_a_key_and_never_a_wallets, set_up,
		        tear_down),
		cmocka_unit_test_setup_teardown(what_is_nothing_for_a_pool_is_refused, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(
		        a_transient_key_is_handed_out_and_comes_with_each_operation, set_up,
		        tear_down),
		cmocka_unit_test_setup_teardown(only_a_transient_key_is_persisted, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_driver_that_checks_requests_does_none_of_them,
		                                set_up_checks, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
