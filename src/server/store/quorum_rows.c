/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/quorum_rows.h"

#include "server/store/columns.h"

hf_status quorum_row_insert(struct db *db, const struct quorum_row *row)
{
	static const char sql[] =
	        "INSERT INTO quorum_requests (id, org_id, group_id, object_id, requester, by_app,"
	        " method, operation, body, description, policy, status, created_at, expires_at)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->group_id);
	db_bind_text(st, 4, *row->object_id ? row->object_id : NULL);
	db_bind_text(st, 5, row->requester);
	db_bind_int(st, 6, row->by_app);
	db_bind_text(st, 7, row->method);
	db_bind_text(st, 8, row->operation);
	if (row->body.len)
		db_bind_blob(st, 9, row->body);
	else
		db_bind_null(st, 9);
	db_bind_text(st, 10, row->description);
	db_bind_text(st, 11, row->policy);
	db_bind_text(st, 12, row->status);
	db_bind_int(st, 13, row->created_ms);
	db_bind_int(st, 14, row->expires_ms);
	return db_run(st, NULL);
}

#define COLUMNS                                                                                    \
	"SELECT id, org_id, group_id, object_id, requester, by_app, method, operation, body,"      \
	" description, policy, status, denier, reason, created_at, expires_at, running_at,"        \
	" result_status, result, viewed FROM quorum_requests "

static const char *text_or_null(struct db_stmt *st, int i)
{
	return db_col_null(st, i) ? NULL : db_col_text(st, i);
}

static void read_row(struct db_stmt *st, struct quorum_row *row)
{
	*row = (struct quorum_row){
		.by_app = db_col_int(st, 5) != 0,
		.method = db_col_text(st, 6),
		.operation = db_col_text(st, 7),
		.body = db_col_blob(st, 8),
		.description = text_or_null(st, 9),
		.policy = db_col_text(st, 10),
		.reason = text_or_null(st, 13),
		.created_ms = db_col_int(st, 14),
		.expires_ms = db_col_int(st, 15),
		.running_ms = db_col_int(st, 16),
		.result_status = (int)db_col_int(st, 17),
		.result = db_col_blob(st, 18),
		.viewed = db_col_int(st, 19) != 0,
	};
	column_text(st, 0, row->id, sizeof(row->id));
	column_text(st, 1, row->org_id, sizeof(row->org_id));
	column_text(st, 2, row->group_id, sizeof(row->group_id));
	column_text(st, 3, row->object_id, sizeof(row->object_id));
	column_text(st, 4, row->requester, sizeof(row->requester));
	column_text(st, 11, row->status, sizeof(row->status));
	column_text(st, 12, row->denier, sizeof(row->denier));
}

hf_status quorum_row_get(struct db *db, const char *org_id, const char *id, int64_t now_ms,
                         bool lock, quorum_row_fn fn, void *ctx)
{
	static const char plain[] = COLUMNS "WHERE id = $1 AND org_id = $2 AND expires_at > $3";
	/* SQLite has one writer, whose transactions need no lock. */
	const char *locking = db_dialect(
	        db, plain, COLUMNS "WHERE id = $1 AND org_id = $2 AND expires_at > $3 FOR UPDATE");
	struct quorum_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, lock ? locking : plain, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	db_bind_int(st, 3, now_ms);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_NOTFOUND);
	read_row(st, &row);
	return fn(ctx, &row);
}

hf_status quorum_rows_list(struct db *db, const char *org_id, const char *status,
                           const char *before, int64_t now_ms, int limit, quorum_row_fn fn,
                           void *ctx)
{
	static const char sql[] = COLUMNS
	        "WHERE org_id = $1 AND id < $2 AND expires_at > $3 AND ($4 = '' OR status = $4)"
	        " ORDER BY id DESC LIMIT $5";
	struct quorum_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, *before ? before : AFTER_EVERY_ID);
	db_bind_int(st, 3, now_ms);
	db_bind_text(st, 4, status ? status : "");
	db_bind_int(st, 5, limit);
	for (;;) {
		HF_TRY(db_step(st, &found));
		if (!found)
			return HF_SUCCESS;
		read_row(st, &row);
		HF_TRY(fn(ctx, &row));
	}
}

static hf_status exactly_one(struct db_stmt *st)
{
	int64_t changed;

	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_STATE);
	return HF_SUCCESS;
}

hf_status quorum_row_decide(struct db *db, const char *id, const char *status, const char *denier,
                            const char *reason, int64_t expires_ms)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "UPDATE quorum_requests SET status = $2, denier = $3, reason = $4,"
	                " expires_at = $5 WHERE id = $1 AND status = '" QUORUM_PENDING "'",
	                &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, status);
	db_bind_text(st, 3, denier);
	db_bind_text(st, 4, reason);
	db_bind_int(st, 5, expires_ms);
	return exactly_one(st);
}

hf_status quorum_row_begin(struct db *db, const char *id, int64_t now_ms)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "UPDATE quorum_requests SET running_at = $2 WHERE id = $1 AND running_at IS"
	                " NULL AND status = '" QUORUM_APPROVED "'",
	                &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, now_ms);
	return exactly_one(st);
}

hf_status quorum_row_finish(struct db *db, const char *id, const char *status, const char *reason,
                            int result_status, struct hf_span result)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "UPDATE quorum_requests SET status = $2, reason = $3, result_status = $4,"
	                " result = $5 WHERE id = $1 AND result_status IS NULL",
	                &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, status);
	db_bind_text(st, 3, reason);
	db_bind_int(st, 4, result_status);
	db_bind_blob(st, 5, result);
	return exactly_one(st);
}

hf_status quorum_row_viewed(struct db *db, const char *id)
{
	return db_run_on(db, "UPDATE quorum_requests SET viewed = 1 WHERE id = $1", id);
}

hf_status quorum_row_delete(struct db *db, const char *id)
{
	HF_TRY(db_run_on(db, "DELETE FROM quorum_decisions WHERE request_id = $1", id));
	return db_run_on(db, "DELETE FROM quorum_requests WHERE id = $1", id);
}

static hf_status before(struct db *db, const char *sql, int64_t now_ms)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, now_ms);
	return db_run(st, NULL);
}

hf_status quorum_rows_expire(struct db *db, int64_t now_ms)
{
	HF_TRY(before(db,
	              "DELETE FROM quorum_decisions WHERE request_id IN (SELECT id FROM"
	              " quorum_requests WHERE expires_at <= $1)",
	              now_ms));
	return before(db, "DELETE FROM quorum_requests WHERE expires_at <= $1", now_ms);
}

hf_status quorum_decision_insert(struct db *db, const char *request_id, const char *identity_id,
                                 bool by_app, int64_t now_ms)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "INSERT INTO quorum_decisions (request_id, identity_id, by_app, decided_at)"
	                " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
	                &st));
	db_bind_text(st, 1, request_id);
	db_bind_text(st, 2, identity_id);
	db_bind_int(st, 3, by_app);
	db_bind_int(st, 4, now_ms);
	return db_run(st, NULL);
}

hf_status quorum_decisions(struct db *db, const char *request_id, quorum_decision_fn fn, void *ctx)
{
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db,
	                "SELECT identity_id, by_app FROM quorum_decisions WHERE request_id = $1"
	                " ORDER BY decided_at, identity_id",
	                &st));
	db_bind_text(st, 1, request_id);
	for (;;) {
		HF_TRY(db_step(st, &found));
		if (!found)
			return HF_SUCCESS;
		HF_TRY(fn(ctx, db_col_text(st, 0), db_col_int(st, 1) != 0));
	}
}

hf_status quorum_decisions_forget(struct db *db, const char *identity_id)
{
	return db_run_on(db,
	                 "DELETE FROM quorum_decisions WHERE identity_id = $1 AND request_id IN"
	                 " (SELECT id FROM quorum_requests WHERE running_at IS NULL)",
	                 identity_id);
}
