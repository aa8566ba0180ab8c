/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/code_rows.h"

#include "server/store/columns.h"

hf_status code_row_insert(struct db *db, const struct code_row *row)
{
	static const char sql[] = "INSERT INTO codes (hash, org_id, identity_id, kind, expires_at)"
	                          " VALUES ($1, $2, $3, $4, $5)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_blob(st, 1, row->hash);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->identity_id);
	db_bind_text(st, 4, row->kind);
	db_bind_int(st, 5, row->expires_ms);
	return db_run(st, NULL);
}

hf_status code_row_find(struct db *db, int64_t now_ms, struct code_row *row)
{
	static const char sql[] = "SELECT org_id, identity_id, expires_at FROM codes"
	                          " WHERE hash = $1 AND kind = $2 AND expires_at > $3"
	                          " AND used_at IS NULL";
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, sql, &st));
	db_bind_blob(st, 1, row->hash);
	db_bind_text(st, 2, row->kind);
	db_bind_int(st, 3, now_ms);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_NOTFOUND);
	column_text(st, 0, row->org_id, sizeof(row->org_id));
	column_text(st, 1, row->identity_id, sizeof(row->identity_id));
	row->expires_ms = db_col_int(st, 2);
	return HF_SUCCESS;
}

hf_status code_row_use(struct db *db, const struct code_row *row, int64_t now_ms)
{
	static const char sql[] = "UPDATE codes SET used_at = $1 WHERE hash = $2 AND kind = $3"
	                          " AND identity_id = $4 AND expires_at > $1 AND used_at IS NULL";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, now_ms);
	db_bind_blob(st, 2, row->hash);
	db_bind_text(st, 3, row->kind);
	db_bind_text(st, 4, row->identity_id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status code_rows_withdraw(struct db *db, const char *identity_id, const char *kind)
{
	static const char sql[] = "DELETE FROM codes WHERE identity_id = $1 AND kind = $2"
	                          " AND used_at IS NULL";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, kind);
	return db_run(st, NULL);
}

hf_status code_rows_forget(struct db *db, int64_t before_ms)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM codes WHERE expires_at < $1", &st));
	db_bind_int(st, 1, before_ms);
	return db_run(st, NULL);
}
