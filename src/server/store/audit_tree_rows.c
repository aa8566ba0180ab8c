/* SPDX-License-Identifier: Apache-2.0
 * The audit log's trees: what waits, and tiles. */
#include "server/store/audit_rows.h"

#include "server/store/columns.h"

#include <string.h>

#define LOCK_KEY "7520143388197764917" /* ours alone among a database's advisory locks */
#define TAKE_TEXT "512"
_Static_assert(AUDIT_TAKE_MAX == 512, "the statements below say so");

static bool on_postgres(struct db *db)
{
	return *db_dialect(db, "", "postgres");
}

hf_status audit_rows_lock(struct db *db, bool *ret)
{
	DB_STMT st = NULL;
	bool row;

	if (!on_postgres(db)) { /* there is one writer */
		*ret = true;
		return HF_SUCCESS;
	}
	HF_TRY(db_query(db, "SELECT pg_try_advisory_xact_lock(" LOCK_KEY ")::int::bigint", &st));
	HF_TRY(db_step(st, &row));
	*ret = row && db_col_int(st, 0);
	return HF_SUCCESS;
}

/* LATERAL … LIMIT 1 keeps PostgreSQL from reading the whole log for a hash join, whatever it thinks
 * of the number of rows. */
static const char take_postgres[] =
        "WITH taken AS (DELETE FROM audit_waiting WHERE id IN"
        " (SELECT id FROM audit_waiting ORDER BY id LIMIT " TAKE_TEXT ") RETURNING org_id, id)"
        " SELECT t.org_id, t.id, e.entry FROM taken t, LATERAL (SELECT a.entry FROM audit_log a"
        " WHERE a.org_id = t.org_id AND a.id = t.id LIMIT 1) e ORDER BY t.org_id, t.id";
static const char take_sqlite[] =
        "SELECT w.org_id, w.id, a.entry FROM (SELECT org_id, id FROM audit_waiting ORDER BY id"
        " LIMIT " TAKE_TEXT ") w CROSS JOIN audit_log a ON a.org_id = w.org_id AND a.id = w.id"
        " ORDER BY w.org_id, w.id";
static const char taken_sqlite[] =
        "DELETE FROM audit_waiting WHERE id IN"
        " (SELECT id FROM audit_waiting ORDER BY id LIMIT " TAKE_TEXT ")";

hf_status audit_rows_take(struct db *db, audit_taken fn, void *ctx, size_t *ret)
{
	DB_STMT st = NULL;
	DB_STMT gone = NULL;
	size_t n = 0;
	bool row;

	HF_TRY(db_query(db, db_dialect(db, take_sqlite, take_postgres), &st));
	for (;; n++) {
		struct hf_span entry;

		HF_TRY(db_step(st, &row));
		if (!row)
			break;
		entry = hf_span_text(db_col_text(st, 2));
		HF_TRY(fn(ctx, db_col_text(st, 0), db_col_text(st, 1), entry));
	}
	*ret = n;
	if (on_postgres(db) || !n)
		return HF_SUCCESS;
	HF_TRY(db_query(db, taken_sqlite, &gone));
	return db_run(gone, NULL);
}

hf_status audit_rows_waiting(struct db *db, int64_t cap, int64_t *ret)
{
	static const char sql[] =
	        "SELECT COUNT(*) FROM (SELECT 1 FROM audit_waiting LIMIT $1) AS those";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, cap);
	HF_TRY(db_step(st, &row));
	*ret = row ? db_col_int(st, 0) : 0;
	return HF_SUCCESS;
}

hf_status audit_tile_put(struct db *db, const char *org_id, unsigned level, uint64_t place,
                         struct hf_span hashes, struct hf_span ids)
{
	static const char sql[] =
	        DB_BY_KEY "INSERT INTO audit_tiles (org_id, level, place, hashes, ids)"
	                  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org_id, level, place)"
	                  " DO UPDATE SET hashes = excluded.hashes, ids = excluded.ids";
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(ids.len + 1);
	struct db_stmt *st;

	hf_buf_put(&text, ids.ptr, ids.len);
	hf_buf_u8(&text, 0);
	HF_TRY(hf_buf_status(&text));
	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_int(st, 2, level);
	db_bind_int(st, 3, (int64_t)place);
	db_bind_blob(st, 4, hashes);
	db_bind_text(st, 5, ids.len ? (const char *)text.ptr : NULL);
	db_post(st);
	return HF_SUCCESS;
}

static hf_status each_tile(struct db_stmt *st, audit_tile_fn fn, void *ctx)
{
	bool row;

	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(fn(ctx, (unsigned)db_col_int(st, 0), (uint64_t)db_col_int(st, 1),
		          db_col_blob(st, 2), hf_span_text(db_col_text(st, 3))));
	}
}

hf_status audit_tiles_from(struct db *db, const char *org_id, unsigned level, uint64_t place,
                           int limit, audit_tile_fn fn, void *ctx)
{
	static const char sql[] = "SELECT level, place, hashes, ids FROM audit_tiles"
	                          " WHERE org_id = $1 AND level = $2 AND place >= $3"
	                          " ORDER BY place LIMIT $4";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_int(st, 2, level);
	db_bind_int(st, 3, (int64_t)place);
	db_bind_int(st, 4, limit);
	return each_tile(st, fn, ctx);
}

hf_status audit_waiting_ids(struct db *db, const char *org_id, audit_tile_fn fn, void *ctx)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT id FROM audit_waiting WHERE org_id = $1 ORDER BY id", &st));
	db_bind_text(st, 1, org_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(fn(ctx, 0, 0, HF_SPAN(NULL, 0), hf_span_text(db_col_text(st, 0))));
	}
}

hf_status audit_tiles_last(struct db *db, const char *org_id, audit_tile_fn fn, void *ctx)
{
	static const char sql[] = "SELECT level, place, hashes, ids FROM audit_tiles"
	                          " WHERE org_id = $1 AND level = $2 ORDER BY place DESC LIMIT 1";

	for (int level = 0; level < TREE_LEVELS; level++) {
		DB_STMT st = NULL;

		HF_TRY(db_query(db, sql, &st));
		db_bind_text(st, 1, org_id);
		db_bind_int(st, 2, level);
		HF_TRY(each_tile(st, fn, ctx));
	}
	return HF_SUCCESS;
}

hf_status audit_orgs(struct db *db, audit_org_fn fn, void *ctx)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT id FROM orgs ORDER BY id", &st));
	for (;;) {
		char org_id[HF_ID_MAX];

		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		column_text(st, 0, org_id, sizeof(org_id));
		HF_TRY(fn(ctx, org_id));
	}
}
