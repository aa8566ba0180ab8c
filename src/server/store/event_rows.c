/* SPDX-License-Identifier: Apache-2.0
 * Table `webhook_events`. */
#include "server/store/clock.h"
#include "server/store/columns.h"
#include "server/store/webhook_rows.h"

#define INSERT(now)                                                                                \
	"INSERT INTO webhook_events (id, webhook_id, org_id, kind, data, happened_at, attempt,"    \
	" retry_of, next_attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, " now " + $9)"

hf_status event_row_insert(struct db *db, const struct event_row *row, int64_t wait_ms)
{
	struct db_stmt *st;

	HF_TRY(db_query(db, db_dialect(db, INSERT(NOW_SQLITE), INSERT(NOW_POSTGRES)), &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->webhook_id);
	db_bind_text(st, 3, row->org_id);
	db_bind_text(st, 4, row->kind);
	db_bind_blob(st, 5, row->data);
	db_bind_int(st, 6, row->happened_ms);
	db_bind_int(st, 7, row->attempt);
	db_bind_text(st, 8, *row->retry_of ? row->retry_of : NULL);
	db_bind_int(st, 9, wait_ms);
	db_post(st);
	return HF_SUCCESS;
}

#define EVENT_COLUMNS                                                                              \
	"e.id, e.webhook_id, e.org_id, e.kind, e.data, e.happened_at, e.attempt, e.retry_of,"      \
	" e.status, e.sent_at, e.failed, e.error, e.next_attempt"
#define EVENT_COLUMN_COUNT 13

static void read_event(struct db_stmt *st, struct event_row *row)
{
	column_text(st, 0, row->id, sizeof(row->id));
	column_text(st, 1, row->webhook_id, sizeof(row->webhook_id));
	column_text(st, 2, row->org_id, sizeof(row->org_id));
	column_text(st, 3, row->kind, sizeof(row->kind));
	row->data = db_col_blob(st, 4);
	row->happened_ms = db_col_int(st, 5);
	row->attempt = (int)db_col_int(st, 6);
	column_text(st, 7, row->retry_of, sizeof(row->retry_of));
	column_text(st, 8, row->status, sizeof(row->status));
	row->sent_ms = db_col_int(st, 9);
	row->failed = db_col_int(st, 10) != 0;
	column_text(st, 11, row->error, sizeof(row->error));
	row->next_ms = db_col_int(st, 12);
}

hf_status event_row_get(struct db *db, const char *webhook_id, const char *id, event_row_fn fn,
                        void *ctx)
{
	static const char sql[] = "SELECT " EVENT_COLUMNS
	                          " FROM webhook_events e WHERE e.id = $1 AND e.webhook_id = $2";
	struct event_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, webhook_id);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_NOTFOUND);
	read_event(st, &row);
	return fn(ctx, &row);
}

hf_status event_rows_list(struct db *db, const char *webhook_id, const char *kind, int failed,
                          const char *after, int limit, event_row_fn fn, void *ctx)
{
	static const char sql[] =
	        "SELECT " EVENT_COLUMNS " FROM webhook_events e WHERE e.webhook_id = $1"
	        " AND e.id < $2 AND e.sent_at IS NOT NULL AND ($3 = '' OR e.kind = $3)"
	        " AND ($4 = -1 OR e.failed = $4) ORDER BY e.id DESC LIMIT $5";
	struct event_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, webhook_id);
	db_bind_text(st, 2, *after ? after : AFTER_EVERY_ID);
	db_bind_text(st, 3, kind);
	db_bind_int(st, 4, failed);
	db_bind_int(st, 5, limit);
	for (;;) {
		HF_TRY(db_step(st, &found));
		if (!found)
			return HF_SUCCESS;
		read_event(st, &row);
		HF_TRY(fn(ctx, &row));
	}
}

#define ANY_DUE(now) "SELECT 1 FROM webhook_events WHERE next_attempt <= " now " LIMIT 1"

hf_status event_rows_any_due(struct db *db, bool *ret)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, db_dialect(db, ANY_DUE(NOW_SQLITE), ANY_DUE(NOW_POSTGRES)), &st));
	return db_step(st, ret);
}

#define CLAIM(now, end)                                                                            \
	"UPDATE webhook_events SET next_attempt = " now " + $1 WHERE id IN (SELECT id"             \
	" FROM webhook_events WHERE next_attempt <= " now " ORDER BY next_attempt LIMIT $2" end    \
	") RETURNING id"

static hf_status hand_out(struct db *db, const char *id, event_due_fn fn, void *ctx)
{
	static const char sql[] =
	        "SELECT " EVENT_COLUMNS ", w.url, w.secret, w.status = 'Enabled'"
	        " FROM webhook_events e JOIN webhooks w ON w.id = e.webhook_id WHERE e.id = $1";
	struct event_due due;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	HF_TRY(db_step(st, &found));
	if (!found)
		return HF_SUCCESS; /* its webhook has just gone, and it with it */
	read_event(st, &due.event);
	due.url = db_col_text(st, EVENT_COLUMN_COUNT);
	due.secret = db_col_blob(st, EVENT_COLUMN_COUNT + 1);
	due.enabled = db_col_int(st, EVENT_COLUMN_COUNT + 2) != 0;
	return fn(ctx, &due);
}

#define CLAIM_MAX 64

hf_status event_rows_claim(struct db *db, int limit, int64_t lease_ms, event_due_fn fn, void *ctx)
{
	char ids[CLAIM_MAX][HF_ID_MAX];
	DB_STMT st = NULL;
	size_t n = 0;
	bool row;

	HF_TRY(db_query(db,
	                db_dialect(db, CLAIM(NOW_SQLITE, ""),
	                           CLAIM(NOW_POSTGRES, " FOR UPDATE SKIP LOCKED")),
	                &st));
	db_bind_int(st, 1, lease_ms);
	db_bind_int(st, 2, limit < CLAIM_MAX ? limit : CLAIM_MAX);
	HF_TRY(db_step(st, &row));
	while (row && n < CLAIM_MAX) {
		column_text(st, 0, ids[n++], HF_ID_MAX);
		HF_TRY(db_step(st, &row));
	}
	for (size_t i = 0; i < n; i++)
		HF_TRY(hand_out(db, ids[i], fn, ctx));
	return HF_SUCCESS;
}

hf_status event_row_settle(struct db *db, const struct event_row *row)
{
	static const char sql[] =
	        "UPDATE webhook_events SET status = $1, sent_at = $2, failed = $3,"
	        " error = $4, next_attempt = NULL WHERE id = $5";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->status);
	db_bind_int(st, 2, row->sent_ms);
	db_bind_int(st, 3, row->failed);
	db_bind_text(st, 4, *row->error ? row->error : NULL);
	db_bind_text(st, 5, row->id);
	return db_run(st, NULL);
}

#define FORGET(now, end)                                                                           \
	"DELETE FROM webhook_events WHERE id IN (SELECT id FROM webhook_events WHERE happened_at"  \
	" < " now " - $1 AND next_attempt IS NULL ORDER BY happened_at LIMIT $2" end ")"

hf_status event_rows_forget(struct db *db, int64_t age_ms, int limit)
{
	struct db_stmt *st;

	HF_TRY(db_query(db,
	                db_dialect(db, FORGET(NOW_SQLITE, ""),
	                           FORGET(NOW_POSTGRES, " FOR UPDATE SKIP LOCKED")),
	                &st));
	db_bind_int(st, 1, age_ms);
	db_bind_int(st, 2, limit);
	db_post(st);
	return HF_SUCCESS;
}
