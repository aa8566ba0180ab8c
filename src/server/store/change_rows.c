/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/change_rows.h"

#include <string.h>

#define COLUMNS                                                                                    \
	"id, org_id, kind, operation_kind, status, requester_id, token_id, entity_id, filter_id,"  \
	" approval_id, body, reason, created_at, resolved_at"

hf_status change_row_insert(struct db *db, const struct change_row *row)
{
	static const char sql[] =
	        "INSERT INTO change_requests (id, org_id, kind, operation_kind, status,"
	        " requester_id, token_id, entity_id, filter_id, approval_id, body, created_at)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(row->change.body.len + 1);
	const struct change *c = &row->change;
	DB_STMT st = NULL;

	hf_buf_put(&body, c->body.ptr, c->body.len);
	hf_buf_u8(&body, 0);
	HF_TRY(hf_buf_status(&body));
	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, c->org_id);
	db_bind_text(st, 3, change_kind_name(c->kind));
	db_bind_text(st, 4, change_operation_name(c->operation));
	db_bind_text(st, 5, change_status_name(row->status));
	db_bind_text(st, 6, c->requester_id);
	db_bind_text(st, 7, c->token_id);
	db_bind_text(st, 8, c->entity_id);
	db_bind_text(st, 9, c->filter_id);
	db_bind_text(st, 10, row->approval_id);
	db_bind_text(st, 11, (const char *)body.ptr);
	db_bind_int(st, 12, c->now_ms);
	return db_run(st, NULL);
}

/* Which of the names it is; HF_CORRUPT: none. */
static hf_status parse(const char *text, const char *(*name)(int), int n, int *ret)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(name(i), text) == 0) {
			*ret = i;
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_CORRUPT);
}

static const char *kind_at(int i)
{
	return change_kind_name((enum change_kind)i);
}

static const char *operation_at(int i)
{
	return change_operation_name((enum change_operation)i);
}

static const char *status_at(int i)
{
	return change_status_name((enum change_status)i);
}

static hf_status read_first(struct db_stmt *st, change_row_fn fn, void *ctx)
{
	int kind, operation, status;
	bool any;

	HF_TRY(db_step(st, &any));
	HF_ENSURE(any, HF_NOTFOUND);
	HF_TRY(parse(db_col_text(st, 2), kind_at, CHANGE_ASSIGNMENT + 1, &kind));
	HF_TRY(parse(db_col_text(st, 3), operation_at, CHANGE_DELETE + 1, &operation));
	HF_TRY(parse(db_col_text(st, 4), status_at, CHANGE_REJECTED + 1, &status));
	const struct change_row row = {
		.id = db_col_text(st, 0),
		.change = {
			.kind = (enum change_kind)kind,
			.operation = (enum change_operation)operation,
			.org_id = db_col_text(st, 1),
			.requester_id = db_col_text(st, 5),
			.token_id = db_col_text(st, 6),
			.entity_id = db_col_text(st, 7),
			.filter_id = db_col_text(st, 8),
			.body = hf_span_text(db_col_text(st, 10)),
			.now_ms = db_col_int(st, 12),
		},
		.status = (enum change_status)status,
		.approval_id = db_col_text(st, 9),
		.reason = db_col_null(st, 11) ? NULL : db_col_text(st, 11),
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
	static const char sql[] =
	        "SELECT " COLUMNS " FROM change_requests WHERE entity_id = $1"
	        " AND status = 'Pending' AND org_id = $2 ORDER BY id LIMIT 1";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, entity_id);
	db_bind_text(st, 2, org_id);
	return read_first(st, fn, ctx);
}

hf_status change_row_resolve(struct db *db, const char *id, enum change_status to,
                             const char *reason, int64_t now_ms)
{
	static const char sql[] = "UPDATE change_requests SET status = $1, reason = $2,"
	                          " resolved_at = $3 WHERE id = $4 AND status = 'Pending'";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, change_status_name(to));
	db_bind_text(st, 2, reason);
	db_bind_int(st, 3, now_ms);
	db_bind_text(st, 4, id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_STATE);
	return HF_SUCCESS;
}
