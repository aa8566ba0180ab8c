/* SPDX-License-Identifier: Apache-2.0
 * Backups of databases with the schemas that there are, on either engine. */
#include "../records.h"

#include "db/dump.h"
#include "keydb/keydb.h"
#include "server/store/migrations.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct db_schema *const schemas[] = { &keydb_schema, &server_schema };
static struct tempdb temp;
static char folder[] = "/tmp/holdfast-dump-XXXXXX", path[64];

static int make_folder(void **state)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int set_up(void **state)
{
	tempdb_make(&temp);
	snprintf(path, sizeof(path), "%s/backup", folder);
	unlink(path);
	return 0;
}

static int tear_down(void **state)
{
	unlink(path);
	tempdb_remove(&temp);
	return 0;
}

static int remove_folder(void **state)
{
	return rmdir(folder);
}

static struct dump_config config_of(struct db_config db)
{
	return (struct dump_config){
		.db = db, .schemas = schemas, .n_schemas = HF_COUNT(schemas), .path = path
	};
}

static struct db *open_both(const struct db_config *config)
{
	struct db *db = NULL;

	CHECK_OK(keydb_open(config, &db, NULL));
	CHECK_OK(server_migrate(db, NULL));
	return db;
}

static void put_keys(struct db *db, int n)
{
	CHECK_OK(db_begin(db));
	for (int i = 0; i < n; i++) {
		char id[32];
		struct record_bytes r;
		struct keydb_put p;

		snprintf(id, sizeof(id), "key-%06d", i);
		r = make_record(id, MASTER_A, point_g, WRAP_RFC5649);
		p = (struct keydb_put){ .record = record_span(&r) };
		CHECK_OK(keydb_put_all(db, &p, 1));
	}
	CHECK_OK(db_commit(db, DB_DURABLE));
}

/* Text, number, blob and NULL. */
static void put_server_rows(struct db *db)
{
	DB_STMT org = NULL;
	DB_STMT store = NULL;

	CHECK_OK(db_query(db, "INSERT INTO orgs (id, name, created_at) VALUES ($1, $2, $3)", &org));
	db_bind_text(org, 1, "or-1");
	db_bind_text(org, 2, "Žižkov Bank; DROP TABLE \"keys\"");
	db_bind_int(org, 3, -5);
	CHECK_OK(db_run(org, NULL));
	CHECK_OK(db_query(db,
	                  "INSERT INTO key_stores (id, org_id, name, kind, is_primary, created_at) "
	                  "VALUES ('ks-1', 'or-1', '', 'pool', 1, 9007199254740993)",
	                  &store));
	CHECK_OK(db_run(store, NULL));
}

static void save(struct db_config db, struct dump_summary *sum)
{
	struct dump_config c = config_of(db);
	struct hf_err err = { 0 };

	if (!hf_ok(dump_save(&c, sum, &err)))
		fail_msg("dump_save: %s", err.text);
}

static void what_is_saved_comes_back_into_an_empty_database_of_any_kind(void **state)
{
	struct db_config from = tempdb_config(&temp);
	struct dump_summary saved, restored;
	struct db *db = open_both(&from), *back;
	struct tempdb other;
	struct dump_config to;
	struct hf_err err = { 0 };
	DB_STMT st = NULL;
	int64_t n;
	bool row;

	put_keys(db, 2345); /* more than two pages */
	put_server_rows(db);
	db_close(db);
	save(from, &saved);
	assert_int_equal(saved.rows, 2347);
	assert_int_equal(saved.n_schemas, 2);
	tempdb_make(&other);
	to = config_of(tempdb_config(&other));
	if (!hf_ok(dump_restore(&to, &restored, &err)))
		fail_msg("dump_restore: %s", err.text);
	assert_int_equal(restored.rows, 2347);
	back = open_both(&to.db);
	CHECK_OK(keydb_count(back, MASTER_A, &n));
	assert_int_equal(n, 2345);
	CHECK_OK(db_query(back,
	                  "SELECT o.name, o.created_at, s.created_at, s.issuer_key_id "
	                  "FROM orgs o JOIN key_stores s ON s.org_id = o.id",
	                  &st));
	CHECK_OK(db_step(st, &row));
	CHECK(row);
	assert_string_equal(db_col_text(st, 0), "Žižkov Bank; DROP TABLE \"keys\"");
	assert_int_equal(db_col_int(st, 1), -5);
	assert_int_equal(db_col_int(st, 2), 9007199254740993);
	CHECK(db_col_null(st, 3));
	db_done(hf_take(st));
	db_close(back);
	tempdb_remove(&other);
}

static void a_backup_is_readable_by_its_owner_only_and_overwrites_nothing(void **state)
{
	struct db_config from = tempdb_config(&temp);
	struct dump_config c = config_of(from);
	struct dump_summary sum;
	struct stat st;

	db_close(open_both(&from));
	save(from, &sum);
	CHECK(stat(path, &st) == 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	CHECK_CODE(dump_save(&c, &sum, NULL), HF_EXISTS);
}

static void a_database_with_anything_in_it_is_not_restored_into(void **state)
{
	struct db_config from = tempdb_config(&temp);
	struct dump_config c = config_of(from);
	struct db *db = open_both(&from);
	struct dump_summary sum;
	struct hf_err err = { 0 };
	int64_t n;

	put_keys(db, 3);
	db_close(db);
	save(from, &sum);
	CHECK_CODE(dump_restore(&c, &sum, &err), HF_EXISTS);
	CHECK(strstr(err.text, "not empty"));
	db = open_both(&from);
	CHECK_OK(keydb_count(db, NULL, &n));
	assert_int_equal(n, 3);
	db_close(db);
}

static void flip(off_t at)
{
	HF_FD int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	CHECK(pread(fd, &byte, 1, at) == 1);
	byte ^= 1;
	CHECK(pwrite(fd, &byte, 1, at) == 1);
}

static void a_backup_that_is_altered_or_cut_off_touches_no_database(void **state)
{
	struct db_config from = tempdb_config(&temp);
	struct db *db = open_both(&from);
	struct tempdb other;
	struct dump_config c;
	struct dump_summary sum;
	struct stat st;

	put_keys(db, 50);
	db_close(db);
	save(from, &sum);
	CHECK(stat(path, &st) == 0);
	tempdb_make(&other);
	c = config_of(tempdb_config(&other));
	for (off_t at = 0; at < st.st_size; at += 97) {
		flip(at);
		CHECK_CODE(dump_restore(&c, &sum, NULL), HF_CORRUPT);
		flip(at);
	}
	CHECK(truncate(path, st.st_size - 1) == 0);
	CHECK_CODE(dump_restore(&c, &sum, NULL), HF_CORRUPT);
	tempdb_remove(&other);
}

static void others_write_while_a_backup_is_made_and_it_shows_one_moment(void **state)
{
	struct db_config from = tempdb_config(&temp);
	struct dump_config c = config_of(from);
	struct db *db = open_both(&from), *reader = NULL;
	struct dump_summary sum;
	int64_t before, after;

	put_keys(db, 10);
	CHECK_OK(db_open(&from, &reader, NULL));
	CHECK_OK(db_begin_snapshot(reader));
	CHECK_OK(keydb_count(reader, NULL, &before));
	CHECK_OK(db_begin(db));
	CHECK_OK(keydb_canary_add(db, MASTER_B, hf_span_text("canary"), 1));
	CHECK_OK(db_commit(db, DB_DURABLE));
	CHECK_OK(keydb_count(reader, NULL, &after));
	assert_int_equal(before, after);
	db_rollback(reader);
	CHECK_OK(dump_save(&c, &sum, NULL));
	assert_int_equal(sum.schemas[0].rows, 11);
	db_close(reader);
	db_close(db);
}

/* What a migration adds without telling it here would be lost in every backup. */
static void every_table_and_column_of_the_schemas_is_in_a_backup(void **state)
{
	struct db_config config = tempdb_config(&temp);
	struct db *db = open_both(&config);
	int64_t told = 0, there;
	DB_STMT st = NULL;
	bool row;

	for (size_t i = 0; i < HF_COUNT(schemas); i++)
		for (size_t j = 0; j < schemas[i]->n_tables; j++) {
			int64_t rows;

			told += (int64_t)schemas[i]->tables[j].n_columns;
			CHECK_OK(db_table_rows(db, &schemas[i]->tables[j], &rows));
		}
	CHECK_OK(db_query(
	        db,
	        db_dialect(db,
	                   "SELECT COUNT(*) FROM sqlite_master m, pragma_table_info(m.name) "
	                   "WHERE m.type = 'table' AND m.name <> 'schema_versions'",
	                   "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = "
	                   "current_schema() AND table_name <> 'schema_versions'"),
	        &st));
	CHECK_OK(db_step(st, &row));
	there = db_col_int(st, 0);
	db_done(hf_take(st));
	db_close(db);
	assert_int_equal(told, there);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_saved_comes_back_into_an_empty_database_of_any_kind),
		TEST(a_backup_is_readable_by_its_owner_only_and_overwrites_nothing),
		TEST(a_database_with_anything_in_it_is_not_restored_into),
		TEST(a_backup_that_is_altered_or_cut_off_touches_no_database),
		TEST(others_write_while_a_backup_is_made_and_it_shows_one_moment),
		TEST(every_table_and_column_of_the_schemas_is_in_a_backup),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
