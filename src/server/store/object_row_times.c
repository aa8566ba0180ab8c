/* SPDX-License-Identifier: Apache-2.0
 * What time does to objects, and single columns of theirs. */
#include "server/store/object_rows.h"

hf_status object_rows_making(struct db *db, int64_t before_ms, int limit, object_row_fn fn,
                             void *ctx)
{
	static const char sql[] = "SELECT " OBJECT_COLUMNS " FROM objects WHERE making_at < $1"
	                          " ORDER BY making_at LIMIT $2";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, before_ms);
	db_bind_int(st, 2, limit);
	return object_rows_each(st, fn, ctx);
}

hf_status object_rows_due(struct db *db, enum object_due due, int64_t now_ms, int limit,
                          object_row_fn fn, void *ctx)
{
	static const char activation[] =
	        "SELECT " OBJECT_COLUMNS " FROM objects WHERE state = 1 AND activation_at <= $1"
	        " AND making_at IS NULL ORDER BY activation_at LIMIT $2";
	static const char deactivation[] =
	        "SELECT " OBJECT_COLUMNS " FROM objects WHERE state = 2 AND deactivation_at <= $1"
	        " AND making_at IS NULL ORDER BY deactivation_at LIMIT $2";
	static const char rotation[] =
	        "SELECT " OBJECT_COLUMNS " FROM objects WHERE rotate_at IS NOT NULL"
	        " AND rotate_at <= $1 AND making_at IS NULL ORDER BY rotate_at LIMIT $2";
	static const char *const sql[] = {
		[DUE_ACTIVATION] = activation,
		[DUE_DEACTIVATION] = deactivation,
		[DUE_ROTATION] = rotation,
	};
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql[due], &st));
	db_bind_int(st, 1, now_ms);
	db_bind_int(st, 2, limit);
	return object_rows_each(st, fn, ctx);
}

/* Parameter 1 is the id; the others are numbers. */
static hf_status claim(struct db *db, const char *sql, const char *id, int64_t second,
                       int64_t third, bool *ret)
{
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, second);
	db_bind_int(st, 3, third);
	HF_TRY(db_run(st, &changed));
	*ret = changed == 1;
	return HF_SUCCESS;
}

hf_status object_row_claim_making(struct db *db, const char *id, int64_t before_ms, int64_t now_ms,
                                  bool *ret)
{
	static const char sql[] =
	        "UPDATE objects SET making_at = $3 WHERE id = $1 AND making_at < $2";

	return claim(db, sql, id, before_ms, now_ms, ret);
}

hf_status object_row_claim_rotation(struct db *db, const char *id, int64_t at_ms, int64_t again_ms,
                                    bool *ret)
{
	static const char sql[] = "UPDATE objects SET rotate_at = $3, told_rotation = $3"
	                          " WHERE id = $1 AND rotate_at = $2";

	return claim(db, sql, id, at_ms, again_ms, ret);
}

hf_status object_row_set_state(struct db *db, const char *id, enum object_state from,
                               enum object_state to, bool *ret)
{
	static const char sql[] = "UPDATE objects SET state = $3 WHERE id = $1 AND state = $2";

	return claim(db, sql, id, from, to, ret);
}

hf_status object_row_used(struct db *db, const char *id, int64_t used_ms)
{
	static const char sql[] = "UPDATE objects SET last_used_at = $1 WHERE id = $2"
	                          " AND (last_used_at IS NULL OR last_used_at < $1)";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, used_ms);
	db_bind_text(st, 2, id);
	db_post(st);
	return HF_SUCCESS;
}

hf_status object_row_missing(struct db *db, const char *id, bool missing)
{
	static const char sql[] = "UPDATE objects SET is_missing = $1 WHERE id = $2";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, missing);
	db_bind_text(st, 2, id);
	db_post(st);
	return HF_SUCCESS;
}

hf_status object_rows_copies(struct db *db, const char *id, int limit,
                             hf_status (*fn)(void *ctx, const char *id), void *ctx)
{
	static const char sql[] = "SELECT id FROM objects WHERE copied_from = $1 AND state < 6"
	                          " AND making_at IS NULL ORDER BY id LIMIT $2";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, limit);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(fn(ctx, db_col_text(st, 0)));
	}
}
