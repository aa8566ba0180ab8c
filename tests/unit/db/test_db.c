/* SPDX-License-Identifier: Apache-2.0 */
#include "tempdb.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

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

static void parameters_go_by_number_not_by_place(void **state)
{
	DB_STMT st = NULL;
	bool row = false;

	CHECK_OK(db_query(db, "SELECT $3, $1, $2, $1", &st));
	db_bind_int(st, 1, 11);
	db_bind_text(st, 2, "two");
	db_bind_blob(st, 3, HF_SPAN("\0b", 2));
	CHECK_OK(db_step(st, &row));
	CHECK(row);
	CHECK(hf_span_equal(db_col_blob(st, 0), HF_SPAN("\0b", 2)));
	assert_int_equal(db_col_int(st, 1), 11);
	assert_string_equal(db_col_text(st, 2), "two");
	assert_int_equal(db_col_int(st, 3), 11);
	CHECK_OK(db_step(st, &row));
	CHECK(!row);
	CHECK_OK(db_step(st, &row));
	CHECK(!row);
}

static void null_empty_and_extreme_values_come_back(void **state)
{
	DB_STMT st = NULL;
	bool row = false;

	CHECK_OK(db_query(db, "SELECT $1, $2, $3, $4, $5", &st));
	db_bind_text(st, 1, NULL);
	db_bind_blob(st, 2, HF_SPAN(NULL, 0));
	db_bind_int(st, 3, INT64_MIN);
	db_bind_null(st, 4);
	db_bind_text(st, 5, "");
	CHECK_OK(db_step(st, &row));
	CHECK(db_col_null(st, 0));
	assert_string_equal(db_col_text(st, 0), "");
	CHECK(!db_col_null(st, 1));
	assert_int_equal(db_col_blob(st, 1).len, 0);
	CHECK(db_col_int(st, 2) == INT64_MIN);
	CHECK(db_col_null(st, 3));
	CHECK(!db_col_null(st, 4));
}

static void a_bind_beyond_the_parameters_fails_the_step(void **state)
{
	DB_STMT st = NULL;
	bool row;

	CHECK_OK(db_query(db, "SELECT $1", &st));
	db_bind_int(st, 2, 1);
	CHECK_CODE(db_step(st, &row), HF_INTERNAL);
}

static void two_statements_in_one_text_are_refused(void **state)
{
	DB_STMT st = NULL;

	CHECK_CODE(db_query(db, "SELECT 1; DELETE FROM people", &st), HF_INTERNAL);
	CHECK_CODE(db_query(db, "SELECT ?", &st), HF_INTERNAL);
}

static void unique_and_foreign_key_violations_are_exists(void **state)
{
	DB_STMT st = NULL;

	CHECK_OK(add_person(db, 1, "ann"));
	CHECK_CODE(add_person(db, 1, "bob"), HF_EXISTS);
	CHECK_CODE(add_person(db, 2, "ann"), HF_EXISTS);
	CHECK_OK(db_query(db, "INSERT INTO pets (owner, name) VALUES (77, 'rex')", &st));
	CHECK_CODE(db_run(st, NULL), HF_EXISTS);
	CHECK(strcasestr(db_error(db), "foreign key") != NULL);
}

static void the_same_statement_can_be_used_inside_itself(void **state)
{
	static const char sql[] = "SELECT id FROM people ORDER BY id";
	DB_STMT outer = NULL;
	DB_STMT inner = NULL;
	bool row;

	CHECK_OK(add_person(db, 1, "ann"));
	CHECK_OK(add_person(db, 2, "bob"));
	CHECK_OK(db_query(db, sql, &outer));
	CHECK_OK(db_step(outer, &row));
	CHECK_OK(db_query(db, sql, &inner));
	CHECK_OK(db_step(inner, &row));
	assert_int_equal(db_col_int(inner, 0), 1);
	CHECK_OK(db_step(outer, &row));
	assert_int_equal(db_col_int(outer, 0), 2);
}

static void changed_rows_are_counted(void **state)
{
	DB_STMT st = NULL;
	int64_t n = -1;

	CHECK_OK(add_person(db, 1, "ann"));
	CHECK_OK(add_person(db, 2, "bob"));
	CHECK_OK(db_query(db, "UPDATE people SET age = 1 WHERE id > $1", &st));
	db_bind_int(st, 1, 0);
	CHECK_OK(db_run(st, &n));
	assert_int_equal(n, 2);
	db_bind_int(st, 1, 5);
	CHECK_OK(db_run(st, &n));
	assert_int_equal(n, 0);
}

static void rollback_undoes_everything(void **state)
{
	CHECK_OK(db_begin(db));
	CHECK_OK(add_person(db, 1, "ann"));
	CHECK_CODE(db_begin(db), HF_STATE);
	db_rollback(db);
	db_rollback(db);
	assert_int_equal(count_people(db), 0);
	CHECK_CODE(db_commit(db, DB_DURABLE), HF_STATE);
}

static void unsave_undoes_only_what_followed_save(void **state)
{
	CHECK_OK(db_begin(db));
	CHECK_OK(add_person(db, 1, "ann"));
	CHECK_OK(db_save(db));
	CHECK_OK(add_person(db, 2, "bob"));
	db_unsave(db);
	CHECK_OK(db_save(db));
	CHECK_OK(add_person(db, 3, "cid"));
	CHECK_OK(db_keep(db));
	CHECK_OK(db_commit(db, DB_RELAXED));
	assert_int_equal(count_people(db), 2);
	CHECK_CODE(db_save(db), HF_STATE);
}

static void a_new_file_is_for_its_owner_only(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	mode_t before = umask(0);

	db_close(db);
	tempdb_remove(&temp);
	tempdb_make(&temp);
	db = tempdb_open(&temp);
	CHECK_OK(db_migrate(db, "test", people, HF_COUNT(people), NULL));
	umask(before);
	for (size_t i = 0; i < HF_COUNT(ends); i++) {
		char path[160];
		struct stat st;

		snprintf(path, sizeof(path), "%s%s", temp.path, ends[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void what_cannot_be_opened_is_told_with_words(void **state)
{
	struct hf_err err = { 0 };
	struct db *other;

	CHECK_CODE(db_open(&(struct db_config){ .postgres_url = "x", .sqlite_path = "y" }, &other,
	                   &err),
	           HF_INVALID);
	CHECK_CODE(db_open(&(struct db_config){ 0 }, &other, &err), HF_INVALID);
	CHECK_CODE(
	        db_open(&(struct db_config){ .sqlite_path = "/no/such/directory/x" }, &other, &err),
	        HF_NOTFOUND);
	CHECK(strstr(err.text, "/no/such/directory/x") != NULL);
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

static void read_only_neither_creates_nor_writes(void **state)
{
	struct db_config config = tempdb_config(&temp);
	struct db *reader = NULL;

	CHECK_CODE(db_open(&(struct db_config){ .sqlite_path = "/tmp/hf-no-such.db",
	                                        .read_only = true },
	                   &reader, NULL),
	           HF_NOTFOUND);
	config.read_only = true;
	CHECK_OK(db_open(&config, &reader, NULL));
	CHECK_OK(db_migrate(reader, "test", people, HF_COUNT(people), NULL));
	CHECK(!hf_ok(add_person(reader, 1, "ann")));
	assert_int_equal(count_people(reader), 0);
	db_close(reader);
}

static void migrations_go_forward_once_and_keep_data(void **state)
{
	struct tempdb other;
	struct db *d;

	tempdb_make(&other);
	d = tempdb_open(&other);
	CHECK_OK(db_migrate(d, "test", people, 1, NULL));
	CHECK_OK(add_person(d, 1, "ann"));
	CHECK_OK(db_migrate(d, "test", people, 2, NULL));
	CHECK_OK(db_migrate(d, "test", people, 2, NULL));
	CHECK_OK(db_migrate(
	        d, "more",
	        (struct db_migration[]){ { .name = "a", .sqlite = "CREATE TABLE a (x TEXT)" } }, 1,
	        NULL));
	assert_int_equal(count_people(d), 1);
	db_close(d);
	tempdb_remove(&other);
}

static void a_newer_schema_is_refused_with_words(void **state)
{
	struct hf_err err = { 0 };

	CHECK_CODE(db_migrate(db, "test", people, 1, &err), HF_STATE);
	CHECK(strstr(err.text, "newer release") != NULL);
}

static void a_migration_that_fails_leaves_the_version_before(void **state)
{
	struct db_migration bad[] = { people[0],
		                      people[1],
		                      { .name = "bad",
		                        .sqlite = "CREATE TABLE c (x TEXT); NONSENSE" } };
	struct hf_err err = { 0 };

	CHECK_CODE(db_migrate(db, "test", bad, 3, &err), HF_INTERNAL);
	CHECK(strstr(err.text, "NONSENSE") != NULL);
	CHECK_CODE(first_row(db, "SELECT x FROM c"), HF_INTERNAL);
	CHECK_OK(db_migrate(db, "test", people, 2, NULL));
}

static void a_file_that_is_no_database_is_corrupt_with_words(void **state)
{
	struct tempdb other;
	struct hf_err err = { 0 };
	struct db *d;
	char junk[4096];
	int fd;

	tempdb_make(&other);
	memset(junk, 'x', sizeof(junk));
	fd = open(other.path, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0 && write(fd, junk, sizeof(junk)) == sizeof(junk));
	close(fd);
	CHECK_CODE(db_open(&(struct db_config){ .sqlite_path = other.path }, &d, &err), HF_CORRUPT);
	CHECK(strstr(err.text, other.path) != NULL);
	CHECK(strstr(err.text, "backup") != NULL);
	tempdb_remove(&other);
}

static void a_damaged_page_is_corrupt_with_words(void **state)
{
	char junk[4096];
	DB_STMT st = NULL;
	bool row = true;
	hf_status s = HF_SUCCESS;
	int fd;

	memset(junk, 0xa5, sizeof(junk));
	CHECK_OK(db_begin(db));
	for (int i = 0; i < 500; i++) {
		char name[64];

		snprintf(name, sizeof(name), "a name that fills pages, number %d", i);
		CHECK_OK(add_person(db, i, name));
	}
	CHECK_OK(db_commit(db, DB_DURABLE));
	db_close(db);
	fd = open(temp.path, O_WRONLY);
	for (int page = 1; page < 6; page++)
		CHECK(pwrite(fd, junk, sizeof(junk), page * 4096) == sizeof(junk));
	close(fd);
	db = tempdb_open(&temp);
	CHECK_OK(db_query(db, "SELECT name FROM people NOT INDEXED", &st));
	while (hf_ok(s) && row)
		s = db_step(st, &row);
	CHECK_CODE(s, HF_CORRUPT);
	CHECK(strstr(db_error(db), "backup") != NULL);
}

/* In a child whose files cannot grow: stands for a full disk. */
static int fill_the_disk(void)
{
	struct rlimit limit = { 100 * 1024, 100 * 1024 };
	struct db *d = NULL;
	hf_status s = HF_SUCCESS;
	int64_t done = 0;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	if (!hf_ok(db_open(&(struct db_config){ .sqlite_path = temp.path }, &d, NULL)))
		return 1;
	while (hf_ok(s) && done < 1000) {
		char name[64];

		snprintf(name, sizeof(name), "name %lld", (long long)done);
		s = db_begin(d);
		if (hf_ok(s))
			s = add_person(d, done, name);
		if (hf_ok(s))
			s = db_commit(d, DB_DURABLE);
		else
			db_rollback(d);
		done += hf_ok(s);
	}
	if (s.code != HF_BUSY && s.code != HF_IO)
		return 2;
	if (count_people(d) != done || db_error(d)[0] == 0)
		return 3;
	return done > 0 ? 0 : 4;
}

static void a_full_disk_is_told_and_loses_nothing(void **state)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fill_the_disk());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	CHECK(count_people(db) > 0);
	CHECK_OK(add_person(db, 5000, "after there is room again"));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(parameters_go_by_number_not_by_place),
		TEST(null_empty_and_extreme_values_come_back),
		TEST(a_bind_beyond_the_parameters_fails_the_step),
		TEST(two_statements_in_one_text_are_refused),
		TEST(unique_and_foreign_key_violations_are_exists),
		TEST(the_same_statement_can_be_used_inside_itself),
		TEST(changed_rows_are_counted),
		TEST(rollback_undoes_everything),
		TEST(unsave_undoes_only_what_followed_save),
		TEST(what_cannot_be_opened_is_told_with_words),
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
		TEST(read_only_neither_creates_nor_writes),
		TEST(migrations_go_forward_once_and_keep_data),
		TEST(a_newer_schema_is_refused_with_words),
		TEST(a_migration_that_fails_leaves_the_version_before),
	};
	const struct CMUnitTest of_files[] = {
		TEST(a_new_file_is_for_its_owner_only),
		TEST(a_file_that_is_no_database_is_corrupt_with_words),
		TEST(a_damaged_page_is_corrupt_with_words),
		TEST(a_full_disk_is_told_and_loses_nothing),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	if (!test_postgres())
		failed += cmocka_run_group_tests(of_files, NULL, NULL);
	return failed;
}
