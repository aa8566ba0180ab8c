/* SPDX-License-Identifier: Apache-2.0
 * Many statements in one round trip, and what else differs between engines and must not. */
#include "tempdb.h"

static struct tempdb temp;
static struct db *db;

static int set_up(void **state)
{
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(db_migrate(db, "test", people, HF_COUNT(people), NULL));
	return 0;
}

static int tear_down(void **state)
{
	db_close(db);
	tempdb_remove(&temp);
	return 0;
}

static hf_status first_row(struct db *d, const char *sql)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(d, sql, &st));
	return db_step(st, &row);
}

static hf_status post_person(int64_t id, const char *name)
{
	struct db_stmt *st = NULL;

	HF_TRY(db_query(db, "INSERT INTO people (id, name) VALUES ($1, $2)", &st));
	db_bind_int(st, 1, id);
	db_bind_text(st, 2, name);
	db_post(st);
	return HF_SUCCESS;
}

/* Sent, not yet fetched. */
static struct db_stmt *ask_name(int64_t id)
{
	struct db_stmt *st = NULL;

	CHECK_OK(db_query(db, "SELECT name FROM people WHERE id = $1", &st));
	db_bind_int(st, 1, id);
	db_send(st);
	return st;
}

static void many_are_sent_and_fetched_in_order(void **state)
{
	struct db_stmt *asked[40];
	char name[32];
	bool row;

	CHECK_OK(db_begin(db));
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "name %d", i);
		CHECK_OK(post_person(i, name));
		asked[i] = ask_name(i);
	}
	for (int i = 0; i < 40; i++) {
		DB_STMT st = asked[i];

		snprintf(name, sizeof(name), "name %d", i);
		CHECK_OK(db_step(st, &row));
		CHECK(row);
		assert_string_equal(db_col_text(st, 0), name);
		CHECK_OK(db_step(st, &row));
		CHECK(!row);
	}
	CHECK_OK(db_commit(db, DB_RELAXED));
	assert_int_equal(count_people(db), 40);
}

static void what_was_sent_and_given_up_disturbs_nobody(void **state)
{
	CHECK_OK(add_person(db, 1, "ann"));
	db_done(ask_name(1));
	CHECK_OK(db_begin(db));
	db_done(ask_name(1));
	CHECK_OK(add_person(db, 2, "bob"));
	db_done(ask_name(2));
	CHECK_OK(db_commit(db, DB_DURABLE));
	db_done(ask_name(1));
	assert_int_equal(count_people(db), 2);
}

static void a_post_that_fails_is_told_by_the_commit(void **state)
{
	CHECK_OK(db_begin(db));
	CHECK_OK(post_person(1, "ann"));
	CHECK_OK(post_person(1, "bob"));
	CHECK_CODE(db_commit(db, DB_DURABLE), HF_EXISTS);
	assert_int_equal(count_people(db), 0);
	CHECK_OK(db_begin(db));
	CHECK_OK(post_person(1, "ann"));
	CHECK_OK(db_commit(db, DB_DURABLE));
}

static void a_post_that_fails_is_told_by_keep_and_undone_by_unsave(void **state)
{
	CHECK_OK(db_begin(db));
	CHECK_OK(post_person(1, "ann"));
	CHECK_OK(db_save(db));
	CHECK_OK(post_person(2, "bob"));
	CHECK_OK(post_person(1, "cid"));
	CHECK_CODE(db_keep(db), HF_EXISTS);
	db_unsave(db);
	CHECK_OK(db_save(db));
	CHECK_OK(post_person(3, "dan"));
	CHECK_OK(db_keep(db));
	CHECK_OK(db_commit(db, DB_DURABLE));
	assert_int_equal(count_people(db), 2);
}

static void a_post_that_fails_by_itself_is_told_by_the_next_statement(void **state)
{
	struct db_stmt *st = NULL;

	CHECK_OK(add_person(db, 1, "ann"));
	CHECK_OK(post_person(2, "bob"));
	CHECK_OK(post_person(1, "cid"));
	CHECK_CODE(db_query(db, "SELECT 1", &st), HF_EXISTS);
	assert_int_equal(count_people(db), 2);
}

static void a_snapshot_sees_one_moment(void **state)
{
	struct db *other = tempdb_open(&temp);

	CHECK_OK(add_person(db, 1, "ann"));
	CHECK_OK(db_begin_snapshot(db));
	assert_int_equal(count_people(db), 1);
	CHECK_OK(add_person(other, 2, "bob"));
	assert_int_equal(count_people(other), 2);
	assert_int_equal(count_people(db), 1);
	db_rollback(db);
	assert_int_equal(count_people(db), 2);
	db_close(other);
}

static void the_schemas_version_can_be_asked_for(void **state)
{
	struct tempdb other;
	int64_t version = -1;
	struct db *d;

	CHECK_OK(db_schema_version(db, "test", &version));
	assert_int_equal(version, 2);
	CHECK_OK(db_schema_version(db, "another", &version));
	assert_int_equal(version, 0);
	tempdb_make(&other);
	d = tempdb_open(&other);
	CHECK_OK(db_begin_snapshot(d));
	CHECK_OK(db_schema_version(d, "test", &version));
	CHECK_OK(first_row(d, "SELECT 1"));
	db_close(d);
	tempdb_remove(&other);
	assert_int_equal(version, 0);
}

static void the_dialect_is_the_engines(void **state)
{
	assert_string_equal(db_dialect(db, "sqlite", "postgres"),
	                    test_postgres() ? "postgres" : "sqlite");
}

static void a_parameter_may_be_null_first_and_a_value_later(void **state)
{
	DB_STMT st = NULL;

	CHECK_OK(db_query(db, "INSERT INTO people (id, name, age, face) VALUES ($1, $2, $3, $4)",
	                  &st));
	for (int i = 0; i < 4; i++) {
		db_bind_int(st, 1, i);
		db_bind_text(st, 2, i == 0 ? "a" : i == 1 ? "a longer one" : i == 2 ? "c" : "dd");
		if (i % 2)
			db_bind_int(st, 3, i);
		else
			db_bind_null(st, 3);
		if (i > 1)
			db_bind_blob(st, 4, HF_SPAN("\0\1", 2));
		else
			db_bind_null(st, 4);
		CHECK_OK(db_run(st, NULL));
	}
	db_done(hf_take(st));
	CHECK_OK(db_query(db, "SELECT sum(age), count(face), max(length(name)) FROM people", &st));
	CHECK_OK(db_step(st, &(bool){ false }));
	assert_int_equal(db_col_int(st, 0), 4);
	assert_int_equal(db_col_int(st, 1), 2);
	assert_int_equal(db_col_int(st, 2), 12);
}

static void long_values_come_back_whole(void **state)
{
	size_t n = 3000000;
	HF_FREE uint8_t *bytes = malloc(n);
	DB_STMT st = NULL;
	bool row;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * 7);
	CHECK_OK(db_begin(db));
	for (int i = 0; i < 3; i++) {
		DB_STMT put = NULL;

		CHECK_OK(db_query(db, "INSERT INTO people (id, name, face) VALUES ($1, $2, $3)",
		                  &put));
		db_bind_int(put, 1, i);
		db_bind_text(put, 2, i == 0 ? "a" : i == 1 ? "b" : "c");
		db_bind_blob(put, 3, HF_SPAN(bytes, n));
		db_post(hf_take(put));
	}
	CHECK_OK(db_commit(db, DB_RELAXED));
	CHECK_OK(db_query(db, "SELECT face FROM people", &st));
	for (int i = 0; i < 3; i++) {
		CHECK_OK(db_step(st, &row));
		CHECK(row && hf_span_equal(db_col_blob(st, 0), HF_SPAN(bytes, n)));
	}
}

static void planned_as(const char *sql, const char *how)
{
	DB_STMT st = NULL;

	CHECK_OK(db_query(db, sql, &st));
	CHECK_OK(db_step(st, &(bool){ false }));
	assert_string_equal(db_col_text(st, 0), how);
}

static void statements_by_key_are_planned_once_and_others_each_time(void **state)
{
	static const char other[] = "SELECT current_setting('plan_cache_mode')";
	static const char by_key[] = DB_BY_KEY "SELECT current_setting('plan_cache_mode')";

	planned_as(other, "force_custom_plan");
	CHECK_OK(db_begin(db));
	planned_as(by_key, "force_generic_plan");
	db_rollback(db); /* takes the setting back */
	planned_as(by_key, "force_generic_plan");
	planned_as(other, "force_custom_plan");
	CHECK_OK(db_begin(db));
	CHECK_OK(db_save(db));
	planned_as(by_key, "force_generic_plan");
	CHECK_CODE(first_row(db, "SELECT nonsense"), HF_INTERNAL);
	db_unsave(db);
	planned_as(other, "force_custom_plan");
	planned_as(by_key, "force_generic_plan");
	CHECK_OK(db_commit(db, DB_DURABLE));
	planned_as(other, "force_custom_plan");
}

static void a_statement_by_key_does_what_any_does(void **state)
{
	DB_STMT st = NULL;
	int64_t n;

	CHECK_OK(db_query(db, DB_BY_KEY "INSERT INTO people (id, name) VALUES ($1, $2)", &st));
	db_bind_int(st, 1, 1);
	db_bind_text(st, 2, "ann");
	CHECK_OK(db_run(st, &n));
	assert_int_equal(n, 1);
	assert_int_equal(count_people(db), 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(many_are_sent_and_fetched_in_order),
		TEST(what_was_sent_and_given_up_disturbs_nobody),
		TEST(a_post_that_fails_is_told_by_the_commit),
		TEST(a_post_that_fails_is_told_by_keep_and_undone_by_unsave),
		TEST(a_post_that_fails_by_itself_is_told_by_the_next_statement),
		TEST(a_snapshot_sees_one_moment),
		TEST(the_schemas_version_can_be_asked_for),
		TEST(the_dialect_is_the_engines),
		TEST(a_parameter_may_be_null_first_and_a_value_later),
		TEST(long_values_come_back_whole),
		TEST(a_statement_by_key_does_what_any_does),
	};
	const struct CMUnitTest of_postgres[] = {
		TEST(statements_by_key_are_planned_once_and_others_each_time),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	if (test_postgres())
		failed += cmocka_run_group_tests(of_postgres, NULL, NULL);
	return failed;
}
