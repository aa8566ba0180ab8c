/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/action_rows.h"

hf_status action_row_spend(struct db *db, const char *id, int64_t forget_ms)
{
	static const char sql[] = "INSERT INTO used_actions (id, expires_at) VALUES ($1, $2)"
	                          " ON CONFLICT (expires_at, id) DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, forget_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

hf_status action_rows_forget(struct db *db, int64_t now, int limit)
{
	static const char sql[] =
	        "DELETE FROM used_actions WHERE (expires_at, id) IN (SELECT expires_at, id"
	        " FROM used_actions WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, now);
	db_bind_int(st, 2, limit);
	return db_run(st, NULL);
}
