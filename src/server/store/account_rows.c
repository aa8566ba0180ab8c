/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/account_rows.h"

static const char *text_or_null(struct db_stmt *st, int i)
{
	return db_col_null(st, i) ? NULL : db_col_text(st, i);
}

hf_status account_policies_get(struct db *db, const char *org_id, account_policy_fn fn, void *ctx)
{
	static const char sql[] =
	        "SELECT approval_policy, cryptographic_policy FROM account_settings"
	        " WHERE org_id = $1"
	        " AND (approval_policy IS NOT NULL OR cryptographic_policy IS NOT NULL)";
	struct account_policy_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	HF_TRY(db_step(st, &found));
	if (!found)
		return HF_SUCCESS;
	row.approval = text_or_null(st, 0);
	row.cryptographic = text_or_null(st, 1);
	return fn(ctx, &row);
}

hf_status account_policies_put(struct db *db, const char *org_id,
                               const struct account_policy_row *row, int64_t now_ms)
{
	static const char sql[] =
	        "INSERT INTO account_settings (org_id, settings, updated_at, approval_policy,"
	        " cryptographic_policy) VALUES ($1, '{}', $2, $3, $4)"
	        " ON CONFLICT (org_id) DO UPDATE SET updated_at = excluded.updated_at,"
	        " approval_policy = excluded.approval_policy,"
	        " cryptographic_policy = excluded.cryptographic_policy";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_int(st, 2, now_ms);
	db_bind_text(st, 3, row->approval);
	db_bind_text(st, 4, row->cryptographic);
	return db_run(st, NULL);
}
