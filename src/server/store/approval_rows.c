/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/approval_rows.h"

#include "server/store/clock.h"
#include "server/store/columns.h"
#include "server/store/identity_rows.h"

#include <string.h>

#define MINUTE_MS "60000"

static const char *const status_names[] = {
	[APPROVAL_PENDING] = "Pending",
	[APPROVAL_APPROVED] = "Approved",
	[APPROVAL_DENIED] = "Denied",
	[APPROVAL_EXPIRED] = "Expired",
};

const char *approval_status_name(enum approval_status s)
{
	return status_names[s];
}

hf_status approval_status_parse(const char *name, enum approval_status *ret)
{
	for (size_t i = 0; i < HF_COUNT(status_names); i++) {
		if (strcmp(status_names[i], name) == 0) {
			*ret = (enum approval_status)i;
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_NOTFOUND);
}

#define INSERT(now)                                                                                \
	"INSERT INTO approvals (id, seq, org_id, activity_kind, subject_id, initiator_id, status," \
	" evaluations, approval_groups, created_at, updated_at, expires_at)"                       \
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"                                   \
	" CASE WHEN CAST($12 AS BIGINT) > 0 THEN " now " + CAST($12 AS BIGINT) * " MINUTE_MS       \
	" END)"

hf_status approval_row_insert(struct db *db, const struct approval_row *row, int64_t timeout_min)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, db_dialect(db, INSERT(NOW_SQLITE), INSERT(NOW_POSTGRES)), &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->seq);
	db_bind_text(st, 3, row->org_id);
	db_bind_text(st, 4, row->activity);
	db_bind_text(st, 5, row->subject_id);
	db_bind_text(st, 6, row->initiator_id);
	db_bind_text(st, 7, approval_status_name(row->status));
	db_bind_text(st, 8, row->evaluations);
	db_bind_text(st, 9, row->groups);
	db_bind_int(st, 10, row->created_ms);
	db_bind_int(st, 11, row->updated_ms);
	db_bind_int(st, 12, timeout_min);
	return db_run(st, NULL);
}

/* The last column: whether its time is over. */
#define SELECT(now)                                                                                \
	"SELECT id, seq, org_id, activity_kind, subject_id, initiator_id, status, expires_at,"     \
	" evaluations, approval_groups, created_at, updated_at, resolved_at,"                      \
	" CASE WHEN expires_at <= " now " THEN 1 ELSE 0 END FROM approvals"
#define ONE " WHERE id = $1 AND org_id = $2"

static hf_status each(struct db_stmt *st, approval_row_fn fn, void *ctx, bool *ret_any)
{
	enum approval_status status;
	bool row, any = false;

	for (;; any = true) {
		HF_TRY(db_step(st, &row));
		if (!row)
			break;
		HF_ENSURE(hf_ok(approval_status_parse(db_col_text(st, 6), &status)), HF_CORRUPT);
		const struct approval_row approval = {
			.id = db_col_text(st, 0),
			.seq = db_col_text(st, 1),
			.org_id = db_col_text(st, 2),
			.activity = db_col_text(st, 3),
			.subject_id = db_col_text(st, 4),
			.initiator_id = db_col_text(st, 5),
			.status = status,
			.expires_ms = db_col_int(st, 7),
			.evaluations = db_col_text(st, 8),
			.groups = db_col_text(st, 9),
			.created_ms = db_col_int(st, 10),
			.updated_ms = db_col_int(st, 11),
			.resolved_ms = db_col_int(st, 12),
			.overdue = db_col_int(st, 13) != 0,
		};
		HF_TRY(fn(ctx, &approval));
	}
	*ret_any = any;
	return HF_SUCCESS;
}

static hf_status get(struct db *db, const char *sql, const char *org_id, const char *id,
                     approval_row_fn fn, void *ctx)
{
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(each(st, fn, ctx, &any));
	HF_ENSURE(any, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status approval_row_get(struct db *db, const char *org_id, const char *id, approval_row_fn fn,
                           void *ctx)
{
	return get(db, db_dialect(db, SELECT(NOW_SQLITE) ONE, SELECT(NOW_POSTGRES) ONE), org_id, id,
	           fn, ctx);
}

hf_status approval_row_lock(struct db *db, const char *org_id, const char *id, approval_row_fn fn,
                            void *ctx)
{
	return get(db,
	           db_dialect(db, SELECT(NOW_SQLITE) ONE, SELECT(NOW_POSTGRES) ONE " FOR UPDATE"),
	           org_id, id, fn, ctx);
}

#define LISTED                                                                                     \
	" WHERE org_id = $1 AND seq < $2 AND ($3 = '' OR status = $3)"                             \
	" AND ($4 = '' OR initiator_id = $4)"                                                      \
	" AND ($5 = '' OR approval_groups LIKE '%\"users\":null%'"                                 \
	" OR approval_groups LIKE '%\"' || $5 || '\"%') ORDER BY seq DESC LIMIT $6"

hf_status approval_rows_list(struct db *db, const struct approval_filter *f, const char *after,
                             int limit, approval_row_fn fn, void *ctx)
{
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, db_dialect(db, SELECT(NOW_SQLITE) LISTED, SELECT(NOW_POSTGRES) LISTED),
	                &st));
	db_bind_text(st, 1, f->org_id);
	db_bind_text(st, 2, *after ? after : AFTER_EVERY_ID);
	db_bind_text(st, 3, f->status);
	db_bind_text(st, 4, f->initiator_id);
	db_bind_text(st, 5, f->approver_id);
	db_bind_int(st, 6, limit);
	return each(st, fn, ctx, &any);
}

#define OVERDUE(now)                                                                               \
	SELECT(now)                                                                                \
	" WHERE status = 'Pending' AND expires_at <= " now " ORDER BY expires_at LIMIT $1"

hf_status approval_rows_overdue(struct db *db, int limit, approval_row_fn fn, void *ctx)
{
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db,
	                db_dialect(db, OVERDUE(NOW_SQLITE),
	                           OVERDUE(NOW_POSTGRES) " FOR UPDATE SKIP LOCKED"),
	                &st));
	db_bind_int(st, 1, limit);
	return each(st, fn, ctx, &any);
}

hf_status approval_row_resolve(struct db *db, const char *id, enum approval_status to,
                               int64_t now_ms)
{
	static const char sql[] = "UPDATE approvals SET status = $1, resolved_at = $2,"
	                          " updated_at = $3 WHERE id = $4 AND status = 'Pending'";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, approval_status_name(to));
	db_bind_int(st, 2, now_ms);
	db_bind_int(st, 3, now_ms);
	db_bind_text(st, 4, id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_STATE);
	return HF_SUCCESS;
}

hf_status approval_row_touch(struct db *db, const char *id, int64_t now_ms)
{
	static const char sql[] = "UPDATE approvals SET updated_at = $1 WHERE id = $2";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, now_ms);
	db_bind_text(st, 2, id);
	db_post(st);
	return HF_SUCCESS;
}

/* One that was archived since, too. */
hf_status account_maker(struct db *db, const char *org_id, const char *account_id,
                        char ret[HF_ID_MAX])
{
	static const char sql[] = "SELECT created_by FROM identities WHERE id = $1 AND org_id = $2"
	                          " AND kind = '" KIND_SERVICE_ACCOUNT "'";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, account_id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_step(st, &row));
	ret[0] = '\0';
	if (row && !db_col_null(st, 0))
		column_text(st, 0, ret, HF_ID_MAX);
	return HF_SUCCESS;
}

hf_status identity_is_active(struct db *db, const char *org_id, const char *identity_id, bool *ret)
{
	static const char sql[] = "SELECT id FROM identities WHERE id = $1 AND org_id = $2"
	                          " AND is_active = 1 AND is_archived = 0";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, org_id);
	return db_step(st, ret);
}

hf_status approver_is_active(struct db *db, const char *org_id, const char *identity_id, bool *ret)
{
	static const char sql[] = "SELECT id FROM identities WHERE id = $1 AND org_id = $2"
	                          " AND kind = '" KIND_USER "' AND is_active = 1"
	                          " AND is_archived = 0";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, org_id);
	return db_step(st, ret);
}

hf_status approvers_count(struct db *db, const char *org_id, int64_t *ret)
{
	static const char sql[] = "SELECT COUNT(*) FROM identities WHERE org_id = $1"
	                          " AND kind = '" KIND_USER "' AND is_active = 1"
	                          " AND is_archived = 0";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_INTERNAL);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}
