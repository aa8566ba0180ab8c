/* SPDX-License-Identifier: Apache-2.0
 * A database that cannot be used is one that another connection has locked, or whose file is gone
 * bad. */
#include "records.h"

#include "base/clock.h"
#include "keydb/front.h"

#include <poll.h>

static struct tempdb temp;
static struct db *db; /* the test's own look at it */
static struct keydb_front *front;

/* The answers, by tag. */
static struct {
	hf_status status;
	bool answered;
	uint8_t record[RECORD_ENCODED_MAX];
	size_t len;
	char why[300];
} answers[1024];
static size_t n_answers;

static void answered(void *ctx, const struct keydb_answer *a)
{
	size_t i = (size_t)(uintptr_t)a->tag;
	struct hf_span got = a->status.code == HF_EXISTS ? a->stored : hf_buf_span(a->record);

	assert_false(answers[i].answered);
	answers[i].answered = true;
	answers[i].status = a->status;
	answers[i].len = got.len;
	if (got.len)
		memcpy(answers[i].record, got.ptr, got.len);
	snprintf(answers[i].why, sizeof(answers[i].why), "%s", a->why);
	n_answers++;
}

static void start(int patience_ms)
{
	struct keydb_front_config config = { .db = tempdb_config(&temp),
		                             .patience_ms = patience_ms,
		                             .answered = answered };

	CHECK_OK(keydb_front_start(&config, &front, NULL));
}

static int set_up(void **state)
{
	struct db_config config;

	tempdb_make(&temp);
	config = tempdb_config(&temp);
	CHECK_OK(keydb_open(&config, &db, NULL));
	memset(answers, 0, sizeof(answers));
	n_answers = 0;
	start(0);
	return 0;
}

static int tear_down(void **state)
{
	keydb_front_stop(front);
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static void restart(int patience_ms)
{
	keydb_front_stop(front);
	start(patience_ms);
}

static void step_once(void)
{
	struct pollfd fd = { .fd = keydb_front_fd(front), .events = POLLIN };
	int timeout = 50;

	keydb_front_step(front, &timeout);
	poll(&fd, 1, timeout);
	timeout = -1;
	keydb_front_step(front, &timeout);
}

enum { PATIENCE_MS = 20000 };

static bool until(size_t n)
{
	int64_t until_ms = hf_mono_ms() + PATIENCE_MS;

	while (n_answers < n && hf_mono_ms() < until_ms)
		step_once();
	return n_answers >= n;
}

static void put(const struct record_bytes *r, uintptr_t tag)
{
	struct hf_buf b = HF_BUF(RECORD_ENCODED_MAX);

	hf_buf_put(&b, r->bytes, r->len);
	CHECK_OK(keydb_front_put(front, &b, (void *)tag));
	assert_null(b.ptr);
}

static void get(const char *key_id, uintptr_t tag)
{
	CHECK_OK(keydb_front_get(front, key_id, (void *)tag));
}

static void is_record(uintptr_t tag, const struct record_bytes *r)
{
	CHECK(hf_span_equal(HF_SPAN(answers[tag].record, answers[tag].len), record_span(r)));
}

static struct keydb_front_stats stats(void)
{
	struct keydb_front_stats s;

	keydb_front_stats(front, &s);
	return s;
}

static void what_was_put_is_found(void **state)
{
	struct record_bytes r = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);

	put(&r, 1);
	assert_int_equal(n_answers, 0);
	CHECK(until(1));
	CHECK_OK(answers[1].status);
	is_record(1, &r);
	get("key-1", 2);
	get("key-2", 3);
	CHECK(until(3));
	CHECK_OK(answers[2].status);
	is_record(2, &r);
	CHECK_CODE(answers[3].status, HF_NOTFOUND);
	CHECK(strstr(answers[3].why, "key-2") != NULL);
}

static void the_first_record_of_a_key_stays(void **state)
{
	struct record_bytes a = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	struct record_bytes b = make_record("key-1", MASTER_A, point_2g, WRAP_RFC5649);

	put(&a, 1);
	put(&b, 2);
	put(&a, 3);
	CHECK(until(3));
	CHECK_OK(answers[1].status);
	CHECK_CODE(answers[2].status, HF_EXISTS);
	is_record(2, &a);
	CHECK_OK(answers[3].status);
}

static void what_waits_goes_in_one_batch(void **state)
{
	char id[32];

	for (uintptr_t i = 0; i < 200; i++) {
		snprintf(id, sizeof(id), "key-%zu", (size_t)i);
		get(id, i);
	}
	CHECK(until(200));
	assert_int_equal(stats().lookup_batches, 1);
	assert_int_equal(stats().lookups, 200);
}

static void more_than_a_batch_is_answered_in_order_and_in_full(void **state)
{
	struct record_bytes r = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);

	put(&r, 0);
	CHECK(until(1));
	for (uintptr_t i = 1; i < 1000; i++)
		get("key-1", i);
	CHECK(until(1000));
	for (uintptr_t i = 1; i < 1000; i++)
		is_record(i, &r);
}

static void execute(const char *sql)
{
	DB_STMT st = NULL;
	bool row;

	CHECK_OK(db_query(db, sql, &st));
	CHECK_OK(db_step(st, &row));
}

static void a_locked_database_stops_puts_but_neither_the_caller_nor_lookups(void **state)
{
	struct record_bytes r = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	int64_t at = hf_mono_ms();

	CHECK_OK(db_begin(db));
	execute(db_dialect(db, "SELECT 1", "LOCK TABLE wrapped_keys IN EXCLUSIVE MODE"));
	put(&r, 1);
	step_once();
	get("key-2", 2);
	CHECK(until(1));
	CHECK(hf_mono_ms() - at < 1000);
	CHECK_CODE(answers[2].status, HF_NOTFOUND);
	assert_false(answers[1].answered);
	db_rollback(db);
	CHECK(until(2));
	CHECK_OK(answers[1].status);
}

static void lookups_that_fail_wait_and_then_come_back_busy(void **state)
{
	int64_t at;

	restart(400);
	execute("ALTER TABLE wrapped_keys RENAME TO elsewhere");
	at = hf_mono_ms();
	get("key-1", 1);
	CHECK(until(1));
	CHECK(hf_mono_ms() - at >= 400);
	CHECK_CODE(answers[1].status, HF_BUSY);
	CHECK(strstr(answers[1].why, "wrapped_keys") != NULL);
	assert_false(stats().readable);
	CHECK(strstr(stats().problem, "looked up") != NULL);
}

static bool becomes(bool readable, bool writable)
{
	int64_t until_ms = hf_mono_ms() + PATIENCE_MS;

	while ((stats().readable != readable || stats().writable != writable) &&
	       hf_mono_ms() < until_ms)
		step_once();
	return stats().readable == readable && stats().writable == writable;
}

static void a_database_that_is_back_is_noticed_by_itself(void **state)
{
	execute("ALTER TABLE canaries RENAME TO elsewhere_too");
	execute("ALTER TABLE wrapped_keys RENAME TO elsewhere");
	get("key-1", 1);
	CHECK(becomes(false, true));
	execute("ALTER TABLE elsewhere RENAME TO wrapped_keys");
	execute("ALTER TABLE elsewhere_too RENAME TO canaries");
	CHECK(becomes(true, true));
	CHECK(until(1));
	CHECK_CODE(answers[1].status, HF_NOTFOUND);
	assert_string_equal(stats().problem, "");
}

static void a_put_that_fails_waits_and_is_stored_once_that_is_possible(void **state)
{
	struct record_bytes r = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);

	execute("ALTER TABLE wrapped_keys RENAME TO elsewhere");
	put(&r, 1);
	CHECK(becomes(true, false));
	assert_int_equal(n_answers, 0);
	execute("ALTER TABLE elsewhere RENAME TO wrapped_keys");
	CHECK(until(1));
	CHECK_OK(answers[1].status);
	CHECK(stats().writable);
}

static void spend(const char *action, uint64_t job, uintptr_t tag)
{
	struct keydb_spend s = { .issued_ms = 1790000000000, .job = job };

	snprintf(s.action_id, sizeof(s.action_id), "%s", action);
	CHECK_OK(keydb_front_spend(front, &s, (void *)tag));
}

static void an_action_is_spent_once_and_those_that_wait_go_together(void **state)
{
	struct record_bytes r = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);

	put(&r, 1);
	spend("ua-1", 7, 2);
	spend("ua-1", 8, 3);
	spend("ua-1", 7, 4);
	spend("ua-2", 8, 5);
	CHECK(until(5));
	CHECK_OK(answers[1].status);
	CHECK_OK(answers[2].status);
	CHECK_CODE(answers[3].status, HF_EXISTS);
	assert_string_equal(answers[3].why, "this user action has been used");
	CHECK_OK(answers[4].status);
	CHECK_OK(answers[5].status);
	assert_int_equal(stats().spends, 4);
}

static void what_cannot_be_spent_comes_back_busy_and_may_be_asked_again(void **state)
{
	restart(400);
	execute("ALTER TABLE spent_actions RENAME TO elsewhere");
	spend("ua-1", 7, 1);
	CHECK(until(1));
	CHECK_CODE(answers[1].status, HF_BUSY);
	assert_false(stats().writable);
	CHECK(strstr(stats().problem, "used user actions cannot be stored") != NULL);
	execute("ALTER TABLE elsewhere RENAME TO spent_actions");
	spend("ua-1", 7, 2);
	CHECK(until(2));
	CHECK_OK(answers[2].status);
}

static void the_end_stores_what_was_put_and_answers_everything(void **state)
{
	struct record_bytes r = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);

	put(&r, 1);
	get("key-2", 2);
	keydb_front_stop(front);
	front = NULL;
	assert_int_equal(n_answers, 2);
	CHECK_OK(answers[1].status);
	CHECK_OK(keydb_get_one(db, "key-1", &got, NULL));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_was_put_is_found),
		TEST(the_first_record_of_a_key_stays),
		TEST(what_waits_goes_in_one_batch),
		TEST(more_than_a_batch_is_answered_in_order_and_in_full),
		TEST(a_locked_database_stops_puts_but_neither_the_caller_nor_lookups),
		TEST(lookups_that_fail_wait_and_then_come_back_busy),
		TEST(a_database_that_is_back_is_noticed_by_itself),
		TEST(a_put_that_fails_waits_and_is_stored_once_that_is_possible),
		TEST(an_action_is_spent_once_and_those_that_wait_go_together),
		TEST(what_cannot_be_spent_comes_back_busy_and_may_be_asked_again),
		TEST(the_end_stores_what_was_put_and_answers_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
