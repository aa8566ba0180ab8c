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

static void db_exec_tells_its_failure_inside_a_transaction_and_outside(void **state)
{
	CHECK_OK(db_exec(db, "CREATE TABLE once (id BIGINT PRIMARY KEY)"));
	CHECK_OK(db_exec(db, "INSERT INTO once (id) VALUES (1)"));
	CHECK_CODE(db_exec(db, "INSERT INTO once (id) VALUES (1)"), HF_EXISTS);
	CHECK_CODE(db_exec(db, "this is no SQL"), HF_INTERNAL);
	CHECK_OK(db_exec(db, "INSERT INTO once (id) VALUES (2)"));
	CHECK_OK(db_begin(db));
	CHECK_CODE(db_exec(db, "INSERT INTO once (id) VALUES (2)"), HF_EXISTS);
	db_rollback(db);
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
		TEST(db_exec_tells_its_failure_inside_a_transaction_and_outside),
		TEST(unique_and_foreign_key_violations_are_exists),
		TEST(the_same_statement_can_be_used_inside_itself),
		TEST(changed_rows_are_counted),
		TEST(rollback_undoes_everything),
		TEST(unsave_undoes_only_what_followed_save),
		TEST(what_cannot_be_opened_is_told_with_words),
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
