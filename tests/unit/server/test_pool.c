/* SPDX-License-Identifier: Apache-2.0
 * Operations that a pool of drivers does, from the asking to the answer: over a real database and
 * queue; the driver is this test. */
#include "../db/tempdb.h"
#include "check.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "server/core/backends/pool.h"
#include "server/store/crypto_result_rows.h"
#include "server/store/migrations.h"

#include <semaphore.h>
#include <string.h>

#define STORE "ks-1"
#define DRIVER "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SECRET_WORDS "something that nobody else reads"

static struct tempdb temp;
static struct db_config db_config;
static struct core core;
static struct group group;

static hf_status settle(void *ctx, struct db *db, const struct job_settled *settled)
{
	CHECK(settled->subject == JOB_FOR_CRYPTO);
	return pool_settle(&core, db, "or-1", settled);
}

static void announce(void *ctx, enum job_subject subject, const char *subject_id)
{
	waiters_wake(core.waiters, subject_id);
}

static hf_status before_commit(void *ctx, struct db *db)
{
	return jobs_before_commit(core.jobs, db);
}

static void after_commit(void *ctx, hf_status s)
{
	jobs_after_commit(core.jobs, s);
}

static int set_up(void **state)
{
	const struct jobs_config jobs = { .sweep_ms = 1,
		                          .settle = settle,
		                          .announce = announce,
		                          .reveal = pool_reveal,
		                          .origin = "srv-ours",
		                          .ctx = &core };
	struct db_work_config work = { .write = true,
		                       .before_commit = before_commit,
		                       .after_commit = after_commit };
	DB_SCOPED struct db *db = NULL;

	hf_log_setup("test", HF_LOG_ERROR, HF_LOG_TEXT);
	tempdb_make(&temp);
	work.db = db_config = tempdb_config(&temp);
	memset(&core, 0, sizeof(core));
	strcpy(group.store_id, STORE);
	CHECK_OK(db_open(&db_config, &db, NULL));
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(hf_secret_new(CORE_KEY_LEN, &core.secrets.storage_key));
	hf_random(core.secrets.storage_key.ptr, CORE_KEY_LEN);
	CHECK_OK(jobs_new(&jobs, &core.jobs));
	CHECK_OK(waiters_new(&core.waiters));
	CHECK_OK(db_work_start(&work, &core.writer, NULL));
	return 0;
}

static int tear_down(void **state)
{
	jobs_release_all(core.jobs);
	waiters_release_all(core.waiters);
	db_work_stop(core.writer);
	jobs_free(core.jobs);
	waiters_free(core.waiters);
	hf_secret_done(&core.secrets.storage_key);
	tempdb_remove(&temp);
	return 0;
}

/* ---- who asks */

struct asking {
	struct backend_call call; /* first */
	struct crypto_result got[4];
	struct hf_buf data[4];
	sem_t done;
};

static void done(struct backend_call *call, const struct crypto_result *results)
{
	struct asking *a = (struct asking *)call;

	for (size_t i = 0; i < call->n_ops; i++) {
		a->got[i] = results[i];
		a->data[i] = HF_BUF(CRYPTO_RESULT_DATA_MAX);
		hf_buf_put(&a->data[i], results[i].data.ptr, results[i].data.len);
	}
	sem_post(&a->done);
}

static void ask(struct asking *a, const struct crypto_op *ops, size_t n, int deadline_ms)
{
	*a = (struct asking){ .call = { .group = &group,
		                        .org_id = "or-1",
		                        .ops = ops,
		                        .n_ops = n,
		                        .deadline_ms = deadline_ms,
		                        .done = done } };
	sem_init(&a->done, 0, 0);
	pool_submit(&core, &a->call);
}

static void wait_for(struct asking *a)
{
	int64_t until = hf_mono_ms() + 20000;

	while (sem_trywait(&a->done) != 0) {
		struct timespec pause = { .tv_nsec = 2000000 };

		CHECK(hf_mono_ms() < until);
		waiters_tick(core.waiters);
		nanosleep(&pause, NULL);
	}
	sem_destroy(&a->done);
}

static void asking_done(struct asking *a)
{
	for (size_t i = 0; i < HF_COUNT(a->data); i++)
		hf_buf_done(&a->data[i]);
}

static struct crypto_op encrypt_op(void)
{
	return (struct crypto_op){ .kind = CRYPTO_ENCRYPT,
		                   .key_id = "key-1",
		                   .key.name = { .id = hf_span_text("key-1"), .type = OBJECT_AES },
		                   .mech.mode = MODE_CBC,
		                   .data = hf_span_text(SECRET_WORDS) };
}

/* ---- the driver */

struct driver {
	struct jobs_poll poll; /* first */
	struct poll_result results[4];
	struct hf_buf op[4], result[4];
	uint64_t jobs[4];
	size_t n;
	hf_status status;
	sem_t answered;
};

static void answered(struct jobs_poll *p, const struct poll_reply *reply, hf_status s)
{
	struct driver *d = (struct driver *)p;

	d->status = s;
	d->n = reply ? reply->n_jobs : 0;
	for (size_t i = 0; i < d->n; i++) {
		d->jobs[i] = reply->jobs[i].job;
		d->op[i] = HF_BUF(OP_ENCODED_MAX);
		hf_buf_put(&d->op[i], reply->jobs[i].op.ptr, reply->jobs[i].op.len);
	}
	sem_post(&d->answered);
}

static void poll_once(struct driver *d, uint32_t capacity, uint32_t wait_ms)
{
	d->poll.store_id = STORE;
	d->poll.driver = "driver";
	strcpy(d->poll.request.instance, DRIVER);
	d->poll.request.capacity = capacity;
	d->poll.request.wait_ms = wait_ms;
	d->poll.request.results = d->results;
	d->poll.answered = answered;
	sem_init(&d->answered, 0, 0);
	CHECK_OK(jobs_poll(core.jobs, core.writer, &d->poll));
	sem_wait(&d->answered);
	sem_destroy(&d->answered);
	CHECK_OK(d->status);
}

static struct crypto_op job_op(const struct driver *d, size_t i)
{
	struct op op;
	struct crypto_op crypto;

	CHECK_OK(op_decode(hf_buf_span(&d->op[i]), &op, NULL));
	CHECK(op.kind == OP_CRYPTO);
	CHECK_OK(crypto_op_decode(op.input, &crypto, NULL));
	return crypto;
}

static void hand_in(struct driver *from, size_t i, const struct crypto_result *r)
{
	HF_BUF_SCOPED struct hf_buf crypto = HF_BUF(OP_CRYPTO_RESULT_MAX);
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(OP_RESULT_ENCODED_MAX);
	struct op_result result = { .outcome = r->outcome, .code = r->code };
	struct driver d = { 0 };

	snprintf(result.text, sizeof(result.text), "%s", r->text);
	crypto_result_encode(&crypto, r);
	if (r->outcome == OP_DONE)
		result.crypto = hf_buf_span(&crypto);
	op_result_encode(&encoded, &result);
	d.results[0] = (struct poll_result){ from->jobs[i], hf_buf_span(&encoded) };
	d.poll.request.n_results = 1;
	poll_once(&d, 0, 0);
}

static void driver_done(struct driver *d)
{
	for (size_t i = 0; i < d->n; i++)
		hf_buf_done(&d->op[i]);
}

/* ---- the database */

static int64_t number(const char *sql)
{
	DB_SCOPED struct db *db = NULL;
	DB_STMT st = NULL;
	int64_t n;
	bool row;

	CHECK_OK(db_open(&db_config, &db, NULL));
	CHECK_OK(db_query(db, sql, &st));
	CHECK_OK(db_step(st, &row));
	n = row ? db_col_int(st, 0) : -1;
	db_done(hf_take(st));
	return n;
}

static bool is_in_the_clear(const char *sql)
{
	DB_SCOPED struct db *db = NULL;
	DB_STMT st = NULL;
	struct hf_span blob;
	bool row, found;

	CHECK_OK(db_open(&db_config, &db, NULL));
	CHECK_OK(db_query(db, sql, &st));
	CHECK_OK(db_step(st, &row));
	CHECK(row);
	blob = db_col_blob(st, 0);
	found = memmem(blob.ptr, blob.len, SECRET_WORDS, strlen(SECRET_WORDS)) != NULL;
	db_done(hf_take(st));
	return found;
}

static void an_operation_goes_to_a_driver_and_its_result_comes_back(void **state)
{
	const struct crypto_op op = encrypt_op();
	struct crypto_result r = { .outcome = OP_DONE, .data = hf_span_text("the ciphertext") };
	struct driver d = { 0 };
	struct crypto_op given;
	struct asking a;

	ask(&a, &op, 1, 0);
	poll_once(&d, 4, 2000);
	assert_int_equal(d.n, 1);
	given = job_op(&d, 0);
	CHECK(given.kind == CRYPTO_ENCRYPT && hf_span_is(given.data, SECRET_WORDS));
	assert_string_equal(given.key_id, "key-1");
	hand_in(&d, 0, &r);
	wait_for(&a);
	assert_int_equal(a.got[0].outcome, OP_DONE);
	CHECK(hf_span_is(hf_buf_span(&a.data[0]), "the ciphertext"));
	assert_int_equal(number("SELECT count(*) FROM jobs"), 0);
	assert_int_equal(number("SELECT count(*) FROM crypto_results"), 0);
	driver_done(&d);
	asking_done(&a);
}

static void several_come_back_each_in_its_place(void **state)
{
	struct crypto_op ops[3] = { encrypt_op(), encrypt_op(), encrypt_op() };
	struct crypto_result no = { .outcome = OP_FAILED, .code = HF_DENIED, .text = "not this" };
	struct driver d = { 0 };
	struct asking a;

	ops[0].data = hf_span_text("0");
	ops[1].data = hf_span_text("1");
	ops[2].data = hf_span_text("2");
	ask(&a, ops, 3, 0);
	poll_once(&d, 4, 2000);
	assert_int_equal(d.n, 3);
	for (size_t i = 0; i < 3; i++) {
		struct crypto_op given = job_op(&d, i);
		struct crypto_result r = { .outcome = OP_DONE, .data = given.data };

		hand_in(&d, i, hf_span_is(given.data, "1") ? &no : &r);
	}
	wait_for(&a);
	CHECK(hf_span_is(hf_buf_span(&a.data[0]), "0"));
	assert_int_equal(a.got[1].outcome, OP_FAILED);
	assert_int_equal(a.got[1].code, HF_DENIED);
	assert_string_equal(a.got[1].text, "not this");
	CHECK(hf_span_is(hf_buf_span(&a.data[2]), "2"));
	driver_done(&d);
	asking_done(&a);
}

static void nothing_that_is_secret_lies_in_the_database_in_the_clear(void **state)
{
	const struct crypto_op op = encrypt_op();
	struct crypto_result r = { .outcome = OP_DONE, .data = hf_span_text(SECRET_WORDS) };
	struct driver d = { 0 };
	struct asking a;

	ask(&a, &op, 1, 300);
	while (number("SELECT count(*) FROM jobs") == 0)
		CHECK(sem_trywait(&a.done) != 0);
	CHECK(!is_in_the_clear("SELECT op FROM jobs"));
	poll_once(&d, 4, 2000);
	wait_for(&a); /* who asked has gone */
	hand_in(&d, 0, &r);
	CHECK(!is_in_the_clear("SELECT result FROM crypto_results"));
	driver_done(&d);
	asking_done(&a);
}

static void who_gives_up_takes_back_what_nobody_has_begun(void **state)
{
	const struct crypto_op op = encrypt_op();
	struct asking a;

	ask(&a, &op, 1, 50);
	wait_for(&a);
	assert_int_equal(a.got[0].outcome, OP_RETRY);
	assert_int_equal(a.got[0].code, HF_TIMEOUT);
	CHECK(strstr(a.got[0].text, "holdfast driver"));
	assert_int_equal(number("SELECT count(*) FROM jobs"), 0);
	asking_done(&a);
}

static void a_result_that_nobody_fetches_is_forgotten(void **state)
{
	DB_SCOPED struct db *db = NULL;
	int64_t until = hf_mono_ms() + 20000;

	CHECK_OK(db_open(&db_config, &db, NULL));
	CHECK_OK(db_begin(db));
	CHECK_OK(crypto_result_row_insert(db, "cop-old", "or-1", hf_span_text("x"),
	                                  hf_wall_ms() - POOL_KEEP_MS - 1000));
	CHECK_OK(crypto_result_row_insert(db, "cop-new", "or-1", hf_span_text("x"), hf_wall_ms()));
	CHECK_OK(db_commit(db, DB_RELAXED));
	pool_tick(&core);
	while (number("SELECT count(*) FROM crypto_results") > 1)
		CHECK(hf_mono_ms() < until);
	assert_int_equal(number("SELECT count(*) FROM crypto_results WHERE id = 'cop-new'"), 1);
}

static void a_signature_that_does_not_verify_is_thrown_away(void **state)
{
	struct crypto_op op = encrypt_op();
	struct crypto_result r = { .outcome = OP_DONE, .data = hf_span_text("a signature") };
	struct driver d = { 0 };
	struct asking a;

	op.kind = CRYPTO_SIGN;
	op.key.name.type = OBJECT_EC;
	op.key.name.public_key = hf_span_text("a public key");
	op.mech.mode = MODE_ECDSA;
	ask(&a, &op, 1, 0);
	poll_once(&d, 4, 2000);
	hand_in(&d, 0, &r);
	wait_for(&a);
	assert_int_equal(a.got[0].outcome, OP_FAILED);
	assert_int_equal(a.got[0].code, HF_UNAUTHENTIC);
	assert_int_equal(a.data[0].len, 0);
	driver_done(&d);
	asking_done(&a);
}

static void what_is_too_long_for_a_job_is_refused_at_once(void **state)
{
	static const uint8_t zeros[SIGN_INPUT_MAX];
	struct crypto_op op = encrypt_op();
	struct asking a;

	op.data = HF_SPAN(zeros, sizeof(zeros));
	ask(&a, &op, 1, 0);
	wait_for(&a);
	assert_int_equal(a.got[0].outcome, OP_FAILED);
	assert_int_equal(a.got[0].code, HF_TOOBIG);
	asking_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        an_operation_goes_to_a_driver_and_its_result_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(several_come_back_each_in_its_place, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(
		        nothing_that_is_secret_lies_in_the_database_in_the_clear, set_up,
		        tear_down),
		cmocka_unit_test_setup_teardown(who_gives_up_takes_back_what_nobody_has_begun,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_result_that_nobody_fetches_is_forgotten, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_signature_that_does_not_verify_is_thrown_away,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_too_long_for_a_job_is_refused_at_once,
		                                set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
