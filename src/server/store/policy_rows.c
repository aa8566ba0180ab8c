/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/policy_rows.h"

hf_status policy_rows_any(struct db *db, const char *org_id, const char *activity_kind, bool *ret)
{
	static const char sql[] = "SELECT id FROM policies WHERE org_id = $1 AND activity_kind = $2"
	                          " AND status = 'Active' LIMIT 1";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, activity_kind);
	return db_step(st, ret);
}
