/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/action_rows.h"

#include "server/store/clock.h"

static hf_status was_spent(struct db *db, const char *id, int64_t forget_ms, bool *ret)
{
	static const char sql[] = "SELECT id FROM used_actions WHERE expires_at = $2 AND id = $1";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, forget_ms);
	return db_step(st, ret);
}

#define SPEND(now, text, number)                                                                   \
	"INSERT INTO used_actions (id, expires_at) SELECT " text ", " number " WHERE " number      \
	" > " now " ON CONFLICT (expires_at, id) DO NOTHING"

hf_status action_row_spend(struct db *db, const char *id, int64_t forget_ms)
{
	const char *sql = db_dialect(db, SPEND(NOW_SQLITE, "$1", "$2"),
	                             SPEND(NOW_POSTGRES, "$1::text", "$2::bigint"));
	DB_STMT st = NULL;
	int64_t changed;
	bool spent;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, forget_ms);
	HF_TRY(db_run(st, &changed));
	if (changed == 1)
		return HF_SUCCESS;
	HF_TRY(was_spent(db, id, forget_ms, &spent));
	return HF_FAILURE(spent ? HF_EXISTS : HF_TIMEOUT);
}

#define FORGET(now, end)                                                                           \
	"DELETE FROM used_actions WHERE (expires_at, id) IN (SELECT expires_at, id"                \
	" FROM used_actions WHERE expires_at < " now " ORDER BY expires_at, id LIMIT $1" end ")"

hf_status action_rows_forget(struct db *db, int limit)
{
	const char *sql = db_dialect(db, FORGET(NOW_SQLITE, ""),
	                             FORGET(NOW_POSTGRES, " FOR UPDATE SKIP LOCKED"));
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, limit);
	db_post(st);
	return HF_SUCCESS;
}
