/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/policy_rows.h"

#include "server/store/columns.h"

#define COLUMNS                                                                                    \
	"id, org_id, name, activity_kind, rule, action, filters, status, created_at, updated_at"

hf_status policy_row_insert(struct db *db, const struct policy_row *row)
{
	static const char sql[] = "INSERT INTO policies (" COLUMNS ")"
	                          " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->name);
	db_bind_text(st, 4, row->activity);
	db_bind_text(st, 5, row->rule);
	db_bind_text(st, 6, row->action);
	db_bind_text(st, 7, row->filters);
	db_bind_text(st, 8, row->status);
	db_bind_int(st, 9, row->created_ms);
	db_bind_int(st, 10, row->updated_ms);
	return db_run(st, NULL);
}

hf_status policy_row_update(struct db *db, const struct policy_row *row, int64_t was_ms)
{
	static const char sql[] =
	        "UPDATE policies SET name = $1, rule = $2, action = $3, filters = $4,"
	        " status = $5, updated_at = $6"
	        " WHERE id = $7 AND org_id = $8 AND status = 'Active' AND updated_at = $9";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->name);
	db_bind_text(st, 2, row->rule);
	db_bind_text(st, 3, row->action);
	db_bind_text(st, 4, row->filters);
	db_bind_text(st, 5, row->status);
	db_bind_int(st, 6, row->updated_ms);
	db_bind_text(st, 7, row->id);
	db_bind_text(st, 8, row->org_id);
	db_bind_int(st, 9, was_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

static hf_status each(struct db_stmt *st, policy_row_fn fn, void *ctx, bool *ret_any)
{
	bool row, any = false;

	for (;; any = true) {
		HF_TRY(db_step(st, &row));
		if (!row)
			break;
		const struct policy_row policy = {
			.id = db_col_text(st, 0),
			.org_id = db_col_text(st, 1),
			.name = db_col_text(st, 2),
			.activity = db_col_text(st, 3),
			.rule = db_col_text(st, 4),
			.action = db_col_text(st, 5),
			.filters = db_col_null(st, 6) ? NULL : db_col_text(st, 6),
			.status = db_col_text(st, 7),
			.created_ms = db_col_int(st, 8),
			.updated_ms = db_col_int(st, 9),
		};
		HF_TRY(fn(ctx, &policy));
	}
	*ret_any = any;
	return HF_SUCCESS;
}

hf_status policy_row_get(struct db *db, const char *org_id, const char *id, policy_row_fn fn,
                         void *ctx)
{
	static const char sql[] = "SELECT " COLUMNS " FROM policies WHERE id = $1 AND org_id = $2";
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(each(st, fn, ctx, &any));
	HF_ENSURE(any, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status policy_rows_list(struct db *db, const char *org_id, const char *status, const char *after,
                           int limit, policy_row_fn fn, void *ctx)
{
	static const char all[] = "SELECT " COLUMNS " FROM policies WHERE org_id = $1 AND id < $2"
	                          " ORDER BY id DESC LIMIT $3";
	static const char some[] = "SELECT " COLUMNS " FROM policies WHERE org_id = $1 AND id < $2"
	                           " AND status = $4 ORDER BY id DESC LIMIT $3";
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, status ? some : all, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, *after ? after : AFTER_EVERY_ID);
	db_bind_int(st, 3, limit);
	if (status)
		db_bind_text(st, 4, status);
	return each(st, fn, ctx, &any);
}

hf_status policy_version_get(struct db *db, const char *org_id, char ret[HF_ID_MAX])
{
	static const char sql[] = DB_BY_KEY "SELECT version FROM policy_versions WHERE org_id = $1";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	HF_TRY(db_step(st, &row));
	if (row)
		column_text(st, 0, ret, HF_ID_MAX);
	else
		*ret = '\0';
	return HF_SUCCESS;
}

hf_status policy_version_set(struct db *db, const char *org_id, const char *version)
{
	static const char sql[] = "INSERT INTO policy_versions (org_id, version) VALUES ($1, $2)"
	                          " ON CONFLICT (org_id) DO UPDATE SET version = excluded.version";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, version);
	return db_run(st, NULL);
}
