/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/token_key_rows.h"

hf_status token_key_row_insert(struct db *db, int64_t generation, int64_t now_ms)
{
	static const char sql[] = "INSERT INTO token_keys (generation, created_at) VALUES ($1, $2)"
	                          " ON CONFLICT (generation) DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, generation);
	db_bind_int(st, 2, now_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

hf_status token_key_rows_read(struct db *db, struct token_key_row *rows, size_t max, size_t *ret)
{
	static const char sql[] = "SELECT generation, created_at, retired_at FROM token_keys"
	                          " ORDER BY generation DESC LIMIT $1";
	DB_STMT st = NULL;
	size_t n = 0;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, (int64_t)max);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			break;
		HF_ENSURE(n < max, HF_INTERNAL);
		rows[n].generation = db_col_int(st, 0);
		rows[n].created_ms = db_col_int(st, 1);
		rows[n++].retired = !db_col_null(st, 2);
	}
	*ret = n;
	return HF_SUCCESS;
}

hf_status token_key_rows_retire(struct db *db, int64_t below, int64_t now_ms)
{
	static const char sql[] = "UPDATE token_keys SET retired_at = $1"
	                          " WHERE generation < $2 AND retired_at IS NULL";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, now_ms);
	db_bind_int(st, 2, below);
	return db_run(st, NULL);
}
