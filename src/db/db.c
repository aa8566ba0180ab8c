/* SPDX-License-Identifier: Apache-2.0 */
#include "db/postgres.h"

#include <stdio.h>

hf_status db_open(const struct db_config *config, struct db **ret, struct hf_err *err)
{
	bool sqlite = config->sqlite_path && config->sqlite_path[0];
	bool postgres = config->postgres_url && config->postgres_url[0];

	if (sqlite && postgres)
		return hf_fail(
		        err, HF_INVALID,
		        "--sqlite-path and --postgres-url exclude each other: give one of them");
	if (!sqlite && !postgres)
		return hf_fail(err, HF_INVALID,
		               "no database given: use --sqlite-path FILE or --postgres-url URL");
	return postgres ? db_postgres.open(config, ret, err) : db_sqlite.open(config, ret, err);
}

void db_close(struct db *db)
{
	if (!db)
		return;
	db_rollback(db);
	db->backend->close(db);
}

void db_describe(const struct db_config *config, char *to, size_t cap)
{
	if (config->postgres_url && config->postgres_url[0])
		pg_describe(config->postgres_url, to, cap);
	else
		snprintf(to, cap, "%s", config->sqlite_path ? config->sqlite_path : "");
}

const char *db_dialect(const struct db *db, const char *sqlite, const char *postgres)
{
	return db->backend == &db_postgres ? postgres : sqlite;
}

const char *db_error(struct db *db)
{
	return db->error;
}

void db_expect(struct db *db, enum db_durability how)
{
	db->expects = how;
}

static hf_status begin(struct db *db, hf_status (*how)(struct db *db))
{
	hf_status s;

	HF_ENSURE(!db->in_transaction, HF_STATE);
	db->lost = HF_OK;
	db->broken = HF_OK;
	db->unknown = false;
	s = how(db);
	db->in_transaction = hf_ok(s);
	return s;
}

hf_status db_begin(struct db *db)
{
	return begin(db, db->backend->begin);
}

hf_status db_begin_snapshot(struct db *db)
{
	return begin(db, db->backend->begin_snapshot);
}

hf_status db_commit(struct db *db, enum db_durability how)
{
	hf_status s;

	HF_ENSURE(db->in_transaction && !db->saved, HF_STATE);
	if (db->lost != HF_OK || db->broken != HF_OK)
		s = HF_FAILURE(db->lost != HF_OK ? db->lost : db->broken);
	else if (how == DB_DURABLE && db->expects != DB_DURABLE)
		s = HF_FAILURE(HF_INTERNAL);
	else
		s = db->backend->commit(db);
	if (!hf_ok(s)) {
		db_rollback(db);
		return s;
	}
	db->in_transaction = false;
	db->expects = DB_DURABLE;
	return s;
}

void db_rollback(struct db *db)
{
	if (db->in_transaction) {
		if (db->lost == HF_OK)
			db->backend->rollback(db);
		db->broken = HF_OK;
	}
	db->in_transaction = false;
	db->saved = false;
	db->expects = DB_DURABLE;
}

hf_status db_save(struct db *db)
{
	HF_ENSURE(db->in_transaction && !db->saved, HF_STATE);
	HF_ENSURE(db->lost == HF_OK, db->lost);
	HF_ENSURE(db->broken == HF_OK, db->broken);
	HF_TRY(db->backend->save(db));
	db->saved = true;
	return HF_SUCCESS;
}

hf_status db_keep(struct db *db)
{
	HF_ENSURE(db->saved, HF_STATE);
	HF_ENSURE(db->lost == HF_OK, db->lost);
	HF_ENSURE(db->broken == HF_OK, db->broken);
	HF_TRY(db->backend->keep(db));
	db->saved = false;
	return HF_SUCCESS;
}

void db_unsave(struct db *db)
{
	if (db->saved && db->lost == HF_OK) {
		db->broken = HF_OK;
		db->backend->unsave(db);
	}
	db->saved = false;
}

hf_status db_exec(struct db *db, const char *sql)
{
	HF_ENSURE(!db->in_transaction || db->lost == HF_OK, db->lost);
	return db->backend->exec(db, sql);
}

hf_status db_query(struct db *db, const char *sql, struct db_stmt **ret)
{
	/* Outside of the lost transaction a statement would take effect by itself. */
	HF_ENSURE(!db->in_transaction || db->lost == HF_OK, db->lost);
	if (db->broken != HF_OK) {
		enum hf_code code = db->broken;

		if (!db->in_transaction)
			db->broken = HF_OK;
		return HF_FAILURE(code);
	}
	return db->backend->query(db, sql, ret);
}

static void note(struct db_stmt *st, enum hf_code code)
{
	if (st->failed == HF_OK)
		st->failed = code;
}

void db_bind_int(struct db_stmt *st, int i, int64_t v)
{
	note(st, st->db->backend->bind_int(st, i, v));
}

void db_bind_text(struct db_stmt *st, int i, const char *v)
{
	if (v)
		note(st, st->db->backend->bind_text(st, i, v));
	else
		db_bind_null(st, i);
}

void db_bind_blob(struct db_stmt *st, int i, struct hf_span v)
{
	note(st, st->db->backend->bind_blob(st, i, v));
}

void db_bind_null(struct db_stmt *st, int i)
{
	note(st, st->db->backend->bind_null(st, i));
}

void db_send(struct db_stmt *st)
{
	if (st->failed == HF_OK)
		st->db->backend->send(st);
}

void db_post(struct db_stmt *st)
{
	st->db->backend->post(st);
}

hf_status db_step(struct db_stmt *st, bool *ret_row)
{
	struct db *db = st->db;

	HF_ENSURE(st->failed == HF_OK, st->failed);
	HF_ENSURE(!db->in_transaction || db->lost == HF_OK, db->lost);
	return db->backend->step(st, ret_row);
}

hf_status db_run(struct db_stmt *st, int64_t *ret_changed)
{
	bool row;
	int64_t changed;

	HF_TRY(db_step(st, &row));
	changed = st->db->backend->changed(st);
	st->db->backend->reset(st);
	HF_ENSURE(!row, HF_INTERNAL);
	if (ret_changed)
		*ret_changed = changed;
	return HF_SUCCESS;
}

hf_status db_run_on(struct db *db, const char *sql, const char *text)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, text);
	return db_run(st, NULL);
}

int64_t db_col_int(struct db_stmt *st, int i)
{
	return st->db->backend->col_int(st, i);
}

const char *db_col_text(struct db_stmt *st, int i)
{
	return st->db->backend->col_text(st, i);
}

struct hf_span db_col_blob(struct db_stmt *st, int i)
{
	return st->db->backend->col_blob(st, i);
}

bool db_col_null(struct db_stmt *st, int i)
{
	return st->db->backend->col_null(st, i);
}

void db_done(struct db_stmt *st)
{
	if (st)
		st->db->backend->done(st);
}
