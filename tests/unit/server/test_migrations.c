/* SPDX-License-Identifier: Apache-2.0
 * A database of every released version is brought up to today, with what is in it. argv: the saved
 * ones. (SQLite: the first version that PostgreSQL has seen is the second.) */
#include "../db/tempdb.h"

#include "base/buf.h"
#include "server/store/job_rows.h"
#include "server/store/key_rows.h"
#include "server/store/migrations.h"
#include "server/store/secret_rows.h"

#define ORG "or-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define STORE "store-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define JOB 1849260000000000001

static const char *saved;

static void load(struct db *db, const char *file)
{
	static char text[65536];
	FILE *f = fopen(file, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	CHECK(n > 0);
	fclose(f);
	text[n] = '\0';
	CHECK_OK(db_exec(db, text));
}

static int64_t version(struct db *db)
{
	int64_t v = -1;

	CHECK_OK(db_schema_version(db, SERVER_SCHEMA, &v));
	return v;
}

static void a_saved_database_of_version_1_is_brought_up_with_what_is_in_it(void **state)
{
	struct tempdb temp;
	struct db *db;
	struct key_row key;
	JOB_ROW job = { 0 };
	bool same = false;

	tempdb_make(&temp);
	db = tempdb_open(&temp);
	load(db, saved);
	CHECK(version(db) == 1);
	CHECK_OK(server_migrate(db, NULL));
	CHECK(version(db) > 1);
	CHECK_OK(server_migrate(db, NULL)); /* nothing is left to do */
	CHECK_OK(key_row_get(db, ORG, "key-01k9h-x3v7q-8m2c4d6e8f0g1h2j", &key));
	CHECK(key.status == KEY_ACTIVE && key.public_key.len == 33);
	CHECK_OK(db_begin(db));
	CHECK_OK(job_row_take(db, JOB, STORE, &job));
	CHECK(job.state == JOB_QUEUED && !*job.origin && job.op.len == 1);
	CHECK_OK(secret_row_compare(db, "the first that comes", &same));
	CHECK(same);
	CHECK_OK(db_commit(db, DB_DURABLE));
	db_close(db);
	tempdb_remove(&temp);
}

static void describe(struct db *db, struct hf_buf *to)
{
	DB_STMT st = NULL;
	bool row;

	CHECK_OK(db_query(db, "SELECT name, sql FROM sqlite_master ORDER BY name", &st));
	for (;;) {
		CHECK_OK(db_step(st, &row));
		if (!row)
			break;
		hf_buf_printf(to, "%s: %s\n", db_col_text(st, 0), db_col_text(st, 1));
	}
	hf_buf_u8(to, 0);
	CHECK_OK(hf_buf_status(to));
}

/* So nobody has edited a migration that was released. */
static void a_new_database_and_one_that_was_brought_up_are_the_same(void **state)
{
	HF_BUF_SCOPED struct hf_buf is = HF_BUF(65536), should = HF_BUF(65536);
	struct tempdb old, fresh;
	struct db *db;

	tempdb_make(&old);
	db = tempdb_open(&old);
	load(db, saved);
	CHECK_OK(server_migrate(db, NULL));
	describe(db, &is);
	db_close(db);
	tempdb_make(&fresh);
	db = tempdb_open(&fresh);
	CHECK_OK(server_migrate(db, NULL));
	describe(db, &should);
	db_close(db);
	assert_string_equal((char *)is.ptr, (char *)should.ptr);
	tempdb_remove(&old);
	tempdb_remove(&fresh);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_saved_database_of_version_1_is_brought_up_with_what_is_in_it),
		cmocka_unit_test(a_new_database_and_one_that_was_brought_up_are_the_same),
	};

	saved = argv[argc - 1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
