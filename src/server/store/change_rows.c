/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/change_rows.h"

#define COLUMNS                                                                                    \
	"id, org_id, kind, operation_kind, status, requester_id, token_id, entity_id, filter_id,"  \
	" approval_id, body, reason, created_at, resolved_at"

hf_status change_row_insert(struct db *db, const struct change_row *row)
{
	static const char sql[] =
	        "INSERT INTO change_requests (id, org_id, kind, operation_kind, status,"
	        " requester_id, token_id, entity_id, filter_id, approval_id, body, created_at)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->kind);
	db_bind_text(st, 4, row->operation);
	db_bind_text(st, 5, row->status);
	db_bind_text(st, 6, row->requester_id);
	db_bind_text(st, 7, row->token_id);
	db_bind_text(st, 8, row->entity_id);
	db_bind_text(st, 9, row->filter_id);
	db_bind_text(st, 10, row->approval_id);
	db_bind_text(st, 11, row->body);
	db_bind_int(st, 12, row->created_ms);
	return db_run(st, NULL);
}

static hf_status read_first(struct db_stmt *st, change_row_fn fn, void *ctx)
{
	bool any;

	HF_TRY(db_step(st, &any));
	HF_ENSURE(any, HF_NOTFOUND);
	const struct change_row row = {
		.id = db_col_text(st, 0),
		.org_id = db_col_text(st, 1),
		.kind = db_col_text(st, 2),
		.operation = db_col_text(st, 3),
		.status = db_col_text(st, 4),
		.requester_id = db_col_text(st, 5),
		.token_id = db_col_text(st, 6),
		.entity_id = db_col_text(st, 7),
		.filter_id = db_col_text(st, 8),
		.approval_id = db_col_text(st, 9),
		.body = db_col_text(st, 10),
		.reason = db_col_null(st, 11) ? NULL : db_col_text(st, 11),
		.created_ms = db_col_int(st, 12),
		.resolved_ms = db_col_int(st, 13),
	};
	return fn(ctx, &row);
}

hf_status change_row_get(struct db *db, const char *org_id, const char *id, change_row_fn fn,
                         void *ctx)
{
	static const char sql[] =
	        "SELECT " COLUMNS " FROM change_requests WHERE id = $1 AND org_id = $2";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	return read_first(st, fn, ctx);
}

hf_status change_row_pending(struct db *db, const char *org_id, const char *entity_id,
                             change_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " COLUMNS " FROM change_requests WHERE entity_id = $1"
	                          " AND status = 'Pending' AND org_id = $2 ORDER BY id LIMIT 1";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, entity_id);
	db_bind_text(st, 2, org_id);
	return read_first(st, fn, ctx);
}

hf_status change_row_resolve(struct db *db, const char *id, const char *status, const char *reason,
                             int64_t now_ms)
{
	static const char sql[] = "UPDATE change_requests SET status = $1, reason = $2,"
	                          " resolved_at = $3 WHERE id = $4 AND status = 'Pending'";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, status);
	db_bind_text(st, 2, reason);
	db_bind_int(st, 3, now_ms);
	db_bind_text(st, 4, id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_STATE);
	return HF_SUCCESS;
}
