/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/crypto_result_rows.h"

hf_status crypto_result_row_insert(struct db *db, const char *id, const char *org_id,
                                   struct hf_span sealed, int64_t now_ms)
{
	static const char sql[] = "INSERT INTO crypto_results (id, org_id, result, created_at)"
	                          " VALUES ($1, $2, $3, $4)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	db_bind_blob(st, 3, sealed);
	db_bind_int(st, 4, now_ms);
	return db_run(st, NULL);
}

hf_status crypto_result_row_take(struct db *db, const char *id, struct hf_buf *ret)
{
	static const char sql[] = "DELETE FROM crypto_results WHERE id = $1 RETURNING result";
	DB_STMT st = NULL;
	struct hf_span result;
	bool found;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_NOTFOUND);
	result = db_col_blob(st, 0);
	hf_buf_put(ret, result.ptr, result.len);
	return hf_buf_status(ret);
}

hf_status crypto_result_rows_forget(struct db *db, int64_t before_ms)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM crypto_results WHERE created_at < $1", &st));
	db_bind_int(st, 1, before_ms);
	return db_run(st, NULL);
}
