/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/session_rows.h"

#include "server/store/columns.h"

#include <string.h>

#define FORGET_AT_ONCE 256

static void bind_time(struct db_stmt *st, int i, int64_t ms)
{
	if (ms)
		db_bind_int(st, i, ms);
	else
		db_bind_null(st, i);
}

hf_status session_row_insert(struct db *db, const struct session_row *row)
{
	static const char sql[] =
	        "INSERT INTO crypto_sessions (hash, id, org_id, identity_id, created_at,"
	        " expires_at, idle_ms, bound, ends_at, factor_at, by_previous)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_blob(st, 1, HF_SPAN(row->hash, sizeof(row->hash)));
	db_bind_text(st, 2, row->id);
	db_bind_text(st, 3, row->org_id);
	db_bind_text(st, 4, row->identity_id);
	db_bind_int(st, 5, row->created_ms);
	db_bind_int(st, 6, row->expires_ms);
	db_bind_int(st, 7, row->idle_ms);
	if (row->is_bound)
		db_bind_blob(st, 8, HF_SPAN(row->bound, sizeof(row->bound)));
	else
		db_bind_null(st, 8);
	bind_time(st, 9, row->ends_ms);
	bind_time(st, 10, row->factor_ms);
	db_bind_int(st, 11, row->by_previous);
	return db_run(st, NULL);
}

hf_status session_row_get(struct db *db, struct hf_span hash, struct session_row *ret)
{
	static const char sql[] = "SELECT id, org_id, identity_id, created_at, expires_at, idle_ms,"
	                          " bound, ends_at, factor_at, unlocked_until, by_previous"
	                          " FROM crypto_sessions WHERE hash = $1";
	DB_STMT st = NULL;
	struct hf_span bound;
	bool row;

	HF_ENSURE(hash.len == SHA256_LEN, HF_NOTFOUND);
	HF_TRY(db_query(db, sql, &st));
	db_bind_blob(st, 1, hash);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	memcpy(ret->hash, hash.ptr, hash.len);
	column_text(st, 0, ret->id, sizeof(ret->id));
	column_text(st, 1, ret->org_id, sizeof(ret->org_id));
	column_text(st, 2, ret->identity_id, sizeof(ret->identity_id));
	ret->created_ms = db_col_int(st, 3);
	ret->expires_ms = db_col_int(st, 4);
	ret->idle_ms = db_col_int(st, 5);
	ret->is_bound = !db_col_null(st, 6);
	ret->ends_ms = db_col_int(st, 7);
	ret->factor_ms = db_col_int(st, 8);
	ret->unlocked_ms = db_col_int(st, 9);
	ret->by_previous = db_col_int(st, 10) != 0;
	bound = db_col_blob(st, 6);
	HF_ENSURE(!ret->is_bound || bound.len == sizeof(ret->bound), HF_CORRUPT);
	if (ret->is_bound)
		memcpy(ret->bound, bound.ptr, bound.len);
	return HF_SUCCESS;
}

hf_status session_row_extend(struct db *db, struct hf_span hash, int64_t expires_ms)
{
	static const char sql[] = "UPDATE crypto_sessions SET expires_at = $1"
	                          " WHERE hash = $2 AND expires_at < $1"
	                          " AND (ends_at IS NULL OR ends_at >= $1)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, expires_ms);
	db_bind_blob(st, 2, hash);
	return db_run(st, NULL);
}

static hf_status set_time(struct db *db, const char *sql, struct hf_span hash, int64_t ms)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	bind_time(st, 1, ms);
	db_bind_blob(st, 2, hash);
	return db_run(st, NULL);
}

hf_status session_row_factor(struct db *db, struct hf_span hash, int64_t now_ms)
{
	return set_time(db, "UPDATE crypto_sessions SET factor_at = $1 WHERE hash = $2", hash,
	                now_ms);
}

hf_status session_row_unlock(struct db *db, struct hf_span hash, int64_t until_ms)
{
	return set_time(db, "UPDATE crypto_sessions SET unlocked_until = $1 WHERE hash = $2", hash,
	                until_ms);
}

hf_status session_row_delete(struct db *db, struct hf_span hash)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM crypto_sessions WHERE hash = $1", &st));
	db_bind_blob(st, 1, hash);
	return db_run(st, NULL);
}

hf_status session_rows_delete_of(struct db *db, const char *identity_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM crypto_sessions WHERE identity_id = $1", &st));
	db_bind_text(st, 1, identity_id);
	return db_run(st, NULL);
}

hf_status session_rows_delete_previous(struct db *db, const char *identity_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(
	        db, "DELETE FROM crypto_sessions WHERE identity_id = $1 AND by_previous = 1", &st));
	db_bind_text(st, 1, identity_id);
	return db_run(st, NULL);
}

hf_status session_rows_end(struct db *db, const char *identity_id, int64_t ends_ms)
{
	static const char sql[] =
	        "UPDATE crypto_sessions SET by_previous = 1,"
	        " ends_at = CASE WHEN ends_at < $1 THEN ends_at ELSE $1 END,"
	        " expires_at = CASE WHEN expires_at < $1 THEN expires_at ELSE $1 END"
	        " WHERE identity_id = $2";
	DB_STMT st = NULL;

	HF_TRY(session_rows_delete_previous(db, identity_id));
	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, ends_ms);
	db_bind_text(st, 2, identity_id);
	return db_run(st, NULL);
}

hf_status session_rows_delete_others(struct db *db, const char *identity_id, struct hf_span hash)
{
	static const char sql[] =
	        "DELETE FROM crypto_sessions WHERE identity_id = $1 AND hash <> $2";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	db_bind_blob(st, 2, hash);
	return db_run(st, NULL);
}

hf_status session_rows_forget(struct db *db, int64_t now_ms)
{
	static const char sql[] =
	        "DELETE FROM crypto_sessions WHERE hash IN (SELECT hash FROM crypto_sessions"
	        " WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, now_ms);
	db_bind_int(st, 2, FORGET_AT_ONCE);
	return db_run(st, NULL);
}
