/* SPDX-License-Identifier: Apache-2.0 */
#include "records.h"

#include "keydb/keydb.h"

#include <signal.h>
#include <sys/wait.h>

static struct tempdb temp;
static struct db *keydb;

static struct db *open_keydb(void)
{
	struct db_config config = tempdb_config(&temp);
	struct db *k = NULL;
	struct hf_err err = { 0 };

	if (!hf_ok(keydb_open(&config, &k, &err)))
		fail_msg("keydb_open: %s", err.text);
	return k;
}

static int set_up(void **state)
{
	tempdb_make(&temp);
	keydb = open_keydb();
	return 0;
}

static int tear_down(void **state)
{
	db_close(keydb);
	tempdb_remove(&temp);
	return 0;
}

static void put_all(struct db *k, struct keydb_put *puts, size_t n)
{
	CHECK_OK(db_begin(k));
	CHECK_OK(keydb_put_all(k, puts, n));
	CHECK_OK(db_commit(k, DB_DURABLE));
}

static hf_status put(struct db *k, const struct record_bytes *r)
{
	struct keydb_put p = { .record = record_span(r) };

	put_all(k, &p, 1);
	hf_buf_done(&p.stored);
	return p.status;
}

static void expect(struct db *k, const char *key_id, const struct record_bytes *want)
{
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);

	CHECK_OK(keydb_get_one(k, key_id, &got, NULL));
	CHECK(hf_span_equal(hf_buf_span(&got), record_span(want)));
}

static void what_is_put_comes_back(void **state)
{
	struct record_bytes r = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);
	struct hf_err err = { 0 };

	CHECK_OK(put(keydb, &r));
	expect(keydb, "key-1", &r);
	CHECK_CODE(keydb_get_one(keydb, "key-2", &got, &err), HF_NOTFOUND);
	CHECK(strstr(err.text, "key-2") != NULL);
}

static void a_repeated_put_gives_back_the_stored_record(void **state)
{
	struct record_bytes first = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	struct record_bytes second = make_record("key-1", MASTER_A, point_2g, WRAP_RFC5649);
	struct keydb_put p = { .record = record_span(&second) };

	CHECK_OK(put(keydb, &first));
	put_all(keydb, &p, 1);
	CHECK_CODE(p.status, HF_EXISTS);
	CHECK(hf_span_equal(hf_buf_span(&p.stored), record_span(&first)));
	hf_buf_done(&p.stored);
	expect(keydb, "key-1", &first);
}

static void one_of_many_that_fails_leaves_the_others(void **state)
{
	struct record_bytes a = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	struct record_bytes b = make_record("key-2", MASTER_A, point_2g, WRAP_RFC5649);
	struct record_bytes other = make_record("key-1", MASTER_A, point_2g, WRAP_RFC5649);
	struct record_bytes junk = { .bytes = "junk", .len = 4 };
	struct keydb_put puts[] = { { .record = record_span(&a) },
		                    { .record = record_span(&junk) },
		                    { .record = record_span(&b) },
		                    { .record = record_span(&other) },
		                    { .record = record_span(&a) } };

	put_all(keydb, puts, HF_COUNT(puts));
	CHECK_OK(puts[0].status);
	CHECK_CODE(puts[1].status, HF_INVALID);
	CHECK_OK(puts[2].status);
	CHECK_CODE(puts[3].status, HF_EXISTS);
	CHECK(hf_span_equal(hf_buf_span(&puts[3].stored), record_span(&a)));
	hf_buf_done(&puts[3].stored);
	CHECK_OK(puts[4].status); /* the very same: a commit that is repeated */
	expect(keydb, "key-1", &a);
	expect(keydb, "key-2", &b);
}

static void a_key_survives_a_kill_right_after_it_was_put(void **state)
{
	struct record_bytes r = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (hf_ok(put(open_keydb(), &r)))
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	expect(keydb, "key-1", &r);
}

static void records_swapped_between_rows_are_refused(void **state)
{
	static const char swap[] =
	        "UPDATE wrapped_keys SET record = (SELECT record FROM wrapped_keys AS o "
	        "WHERE o.key_id <> wrapped_keys.key_id) WHERE key_id = 'key-1'";
	struct record_bytes a = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	struct record_bytes b = make_record("key-2", MASTER_A, point_2g, WRAP_RFC5649);
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);
	DB_SCOPED struct db *db = tempdb_open(&temp);
	struct hf_err err = { 0 };
	DB_STMT st = NULL;

	CHECK_OK(put(keydb, &a));
	CHECK_OK(put(keydb, &b));
	CHECK_OK(db_query(db, swap, &st));
	CHECK_OK(db_run(st, NULL));
	CHECK_CODE(keydb_get_one(keydb, "key-1", &got, &err), HF_CORRUPT);
	CHECK(strstr(err.text, "another key") != NULL);
	assert_int_equal(got.len, 0);
	expect(keydb, "key-2", &b);
}

static void a_damaged_row_is_refused(void **state)
{
	struct record_bytes a = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);
	DB_SCOPED struct db *db = tempdb_open(&temp);
	DB_STMT st = NULL;

	CHECK_OK(put(keydb, &a));
	CHECK_OK(db_query(db, "UPDATE wrapped_keys SET record = substr(record, 2)", &st));
	CHECK_OK(db_run(st, NULL));
	CHECK_CODE(keydb_get_one(keydb, "key-1", &got, NULL), HF_CORRUPT);
}

static void a_canary_goes_only_into_a_database_of_the_same_master(void **state)
{
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);
	char master[MASTER_ID_MAX], other[MASTER_ID_MAX];

	CHECK_CODE(keydb_canary(keydb, master, &got), HF_NOTFOUND);
	CHECK_OK(keydb_canary_put(keydb, MASTER_A, HF_SPAN("canary", 6), other));
	CHECK_OK(keydb_canary(keydb, master, &got));
	assert_string_equal(master, MASTER_A);
	CHECK(hf_span_is(hf_buf_span(&got), "canary"));
	CHECK_OK(keydb_canary_put(keydb, MASTER_A, HF_SPAN("another", 7), other));
	CHECK_CODE(keydb_canary_put(keydb, MASTER_B, HF_SPAN("canary", 6), other), HF_EXISTS);
	assert_string_equal(other, MASTER_A);
}

static void records_without_a_canary_name_their_master_too(void **state)
{
	struct record_bytes home = make_record("key-1", "", point_g, WRAP_RESIDENT);
	struct record_bytes a = make_record("key-2", MASTER_A, point_g, WRAP_RFC5649);
	char other[MASTER_ID_MAX];

	CHECK_OK(put(keydb, &home));
	CHECK_OK(put(keydb, &a));
	CHECK_CODE(keydb_canary_put(keydb, MASTER_B, HF_SPAN("canary", 6), other), HF_EXISTS);
	assert_string_equal(other, MASTER_A);
	CHECK_OK(keydb_canary_put(keydb, MASTER_A, HF_SPAN("canary", 6), other));
}

static void put_many(size_t n)
{
	static struct record_bytes records[200];
	struct keydb_put puts[200];
	char id[32];

	for (size_t i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "key-%04zu", (i * 7919) % n); /* not in order */
		records[i] = make_record(id, i % 3 ? MASTER_A : MASTER_B, point_g, WRAP_RFC5649);
		puts[i] = (struct keydb_put){ .record = record_span(&records[i]) };
	}
	put_all(keydb, puts, n);
	for (size_t i = 0; i < n; i++)
		CHECK_OK(puts[i].status);
}

struct walk {
	char last[HF_ID_MAX];
	size_t n;
};

static hf_status walked(void *ctx, const struct keydb_row *row)
{
	struct walk *w = ctx;
	struct key_record r;

	CHECK(strcmp(row->key_id, w->last) > 0);
	CHECK_OK(record_decode(row->record, &r));
	assert_string_equal(r.key_id, row->key_id);
	assert_string_equal(r.master_id, row->master_id);
	CHECK(row->created_at > 0);
	snprintf(w->last, sizeof(w->last), "%s", row->key_id);
	w->n++;
	return HF_SUCCESS;
}

static size_t walk_all(const char *master_id)
{
	struct walk w = { 0 };
	size_t n;

	do
		CHECK_OK(keydb_page(keydb, w.last, master_id, 7, walked, &w, &n));
	while (n > 0);
	return w.n;
}

static void pages_walk_over_every_record_in_order(void **state)
{
	int64_t n;

	put_many(30);
	assert_int_equal(walk_all(NULL), 30);
	assert_int_equal(walk_all(MASTER_A), 20);
	assert_int_equal(walk_all("nobody"), 0);
	CHECK_OK(keydb_count(keydb, NULL, &n));
	assert_int_equal(n, 30);
	CHECK_OK(keydb_count(keydb, MASTER_B, &n));
	assert_int_equal(n, 10);
}

static void ids_are_ordered_byte_by_byte(void **state)
{
	struct record_bytes a = make_record("key-B", MASTER_A, point_g, WRAP_RFC5649);
	struct record_bytes b = make_record("key-a", MASTER_A, point_g, WRAP_RFC5649);

	CHECK_OK(put(keydb, &b));
	CHECK_OK(put(keydb, &a));
	assert_int_equal(walk_all(NULL), 2);
}

static void many_are_looked_up_at_once(void **state)
{
	struct keydb_get gets[300];
	char ids[300][HF_ID_MAX];

	put_many(100);
	for (size_t i = 0; i < HF_COUNT(gets); i++) {
		snprintf(ids[i], sizeof(ids[i]), "key-%04zu", i);
		gets[i] = (struct keydb_get){ .key_id = ids[i],
			                      .record = HF_BUF(RECORD_ENCODED_MAX) };
	}
	CHECK_OK(keydb_get_all(keydb, gets, HF_COUNT(gets)));
	for (size_t i = 0; i < HF_COUNT(gets); i++) {
		CHECK_CODE(gets[i].status, i < 100 ? HF_OK : HF_NOTFOUND);
		hf_buf_done(&gets[i].record);
	}
}

static void a_record_is_replaced_only_while_it_is_the_old_one(void **state)
{
	struct record_bytes old = make_record("key-1", MASTER_A, point_g, WRAP_RFC5649);
	struct record_bytes new = make_record("key-1", MASTER_B, point_g, WRAP_RFC5649);
	struct record_bytes other = make_record("key-2", MASTER_B, point_g, WRAP_RFC5649);
	int64_t n;

	CHECK_OK(put(keydb, &old));
	CHECK_CODE(keydb_replace(keydb, "key-1", record_span(&old), record_span(&other)),
	           HF_INVALID);
	CHECK_OK(keydb_replace(keydb, "key-1", record_span(&old), record_span(&new)));
	CHECK_CODE(keydb_replace(keydb, "key-1", record_span(&old), record_span(&new)),
	           HF_NOTFOUND);
	expect(keydb, "key-1", &new);
	CHECK_OK(keydb_count(keydb, MASTER_A, &n));
	assert_int_equal(n, 0);
}

static hf_status counted(void *ctx, const struct keydb_canary *canary)
{
	*(int *)ctx += hf_span_is(canary->record, "canary");
	return HF_SUCCESS;
}

static void several_masters_have_a_canary_each(void **state)
{
	char master[MASTER_ID_MAX];
	HF_BUF_SCOPED struct hf_buf got = HF_BUF(RECORD_ENCODED_MAX);
	int n = 0;

	CHECK_OK(keydb_canary_add(keydb, MASTER_B, HF_SPAN("canary", 6), 2));
	CHECK_OK(keydb_canary_add(keydb, MASTER_A, HF_SPAN("canary", 6), 1));
	CHECK_OK(keydb_canary(keydb, master, &got));
	assert_string_equal(master, MASTER_A);
	CHECK_OK(keydb_canary_drop(keydb, MASTER_A));
	CHECK_OK(keydb_canaries(keydb, counted, &n));
	assert_int_equal(n, 1);
}

/* At ten million keys a scan would be the end. */
static void a_lookup_goes_by_the_primary_key(void **state)
{
	char sql[200], plan[1024] = "";
	DB_STMT st = NULL;
	bool row;

	put_many(200);
	if (test_postgres())
		postgres_do(temp.url, "ANALYZE wrapped_keys");
	snprintf(sql, sizeof(sql), "%s %s", db_dialect(keydb, "EXPLAIN QUERY PLAN", "EXPLAIN"),
	         keydb_get_sql);
	CHECK_OK(db_query(keydb, sql, &st));
	db_bind_text(st, 1, "key-0001");
	CHECK_OK(db_step(st, &row));
	while (row) {
		strncat(plan, db_col_text(st, test_postgres() ? 0 : 3), 200);
		CHECK_OK(db_step(st, &row));
	}
	CHECK(strstr(plan, test_postgres() ? "Index Scan using wrapped_keys_pkey"
	                                   : "SEARCH wrapped_keys USING PRIMARY KEY") != NULL);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_put_comes_back),
		TEST(a_repeated_put_gives_back_the_stored_record),
		TEST(one_of_many_that_fails_leaves_the_others),
		TEST(a_key_survives_a_kill_right_after_it_was_put),
		TEST(records_swapped_between_rows_are_refused),
		TEST(a_damaged_row_is_refused),
		TEST(a_canary_goes_only_into_a_database_of_the_same_master),
		TEST(records_without_a_canary_name_their_master_too),
		TEST(pages_walk_over_every_record_in_order),
		TEST(ids_are_ordered_byte_by_byte),
		TEST(many_are_looked_up_at_once),
		TEST(a_record_is_replaced_only_while_it_is_the_old_one),
		TEST(several_masters_have_a_canary_each),
		TEST(a_lookup_goes_by_the_primary_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
