/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/webhook_rows.h"

#include "server/store/columns.h"

hf_status webhook_row_insert(struct db *db, const struct webhook_row *row)
{
	static const char sql[] =
	        "INSERT INTO webhooks (id, org_id, url, events, status, description, secret,"
	        " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->url);
	db_bind_text(st, 4, row->events);
	db_bind_text(st, 5, row->enabled ? "Enabled" : "Disabled");
	db_bind_text(st, 6, row->description);
	db_bind_blob(st, 7, row->secret);
	db_bind_int(st, 8, row->created_ms);
	db_bind_int(st, 9, row->updated_ms);
	return db_run(st, NULL);
}

hf_status webhook_row_update(struct db *db, const struct webhook_row *row)
{
	static const char sql[] = "UPDATE webhooks SET url = $1, events = $2, status = $3,"
	                          " description = $4, updated_at = $5 WHERE id = $6";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->url);
	db_bind_text(st, 2, row->events);
	db_bind_text(st, 3, row->enabled ? "Enabled" : "Disabled");
	db_bind_text(st, 4, row->description);
	db_bind_int(st, 5, row->updated_ms);
	db_bind_text(st, 6, row->id);
	return db_run(st, NULL);
}

hf_status webhook_row_delete(struct db *db, const char *org_id, const char *id)
{
	static const char sql[] = "DELETE FROM webhooks WHERE id = $1 AND org_id = $2";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return db_run_on(db, "DELETE FROM webhook_events WHERE webhook_id = $1", id);
}

#define WEBHOOK_COLUMNS                                                                            \
	"SELECT id, org_id, url, events, status, description, created_at, updated_at, secret"      \
	" FROM webhooks "

static void read_webhook(struct db_stmt *st, struct webhook_row *row)
{
	column_text(st, 0, row->id, sizeof(row->id));
	column_text(st, 1, row->org_id, sizeof(row->org_id));
	column_text(st, 2, row->url, sizeof(row->url));
	column_text(st, 3, row->events, sizeof(row->events));
	row->enabled = hf_span_is(hf_span_text("Enabled"), db_col_text(st, 4));
	column_text(st, 5, row->description, sizeof(row->description));
	row->created_ms = db_col_int(st, 6);
	row->updated_ms = db_col_int(st, 7);
	row->secret = db_col_blob(st, 8);
}

hf_status webhook_row_get(struct db *db, const char *org_id, const char *id, webhook_row_fn fn,
                          void *ctx)
{
	struct webhook_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, WEBHOOK_COLUMNS "WHERE id = $1 AND org_id = $2", &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_NOTFOUND);
	read_webhook(st, &row);
	return fn(ctx, &row);
}

hf_status webhook_rows_list(struct db *db, const char *org_id, const char *after, int limit,
                            webhook_row_fn fn, void *ctx)
{
	struct webhook_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db,
	                WEBHOOK_COLUMNS "WHERE org_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
	                &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, *after ? after : AFTER_EVERY_ID);
	db_bind_int(st, 3, limit);
	for (;;) {
		HF_TRY(db_step(st, &found));
		if (!found)
			return HF_SUCCESS;
		read_webhook(st, &row);
		HF_TRY(fn(ctx, &row));
	}
}

hf_status webhook_rows_count(struct db *db, const char *org_id, int64_t *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT count(*) FROM webhooks WHERE org_id = $1", &st));
	db_bind_text(st, 1, org_id);
	HF_TRY(db_step(st, &row));
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}

hf_status webhook_rows_wanting(struct db *db, const char *org_id, const char *kind,
                               char ret_ids[WEBHOOKS_MAX][HF_ID_MAX], size_t *ret_n)
{
	static const char sql[] =
	        "SELECT id FROM webhooks WHERE org_id = $1 AND status = 'Enabled'"
	        " AND (events = ',*,' OR events LIKE '%,' || $2 || ',%') ORDER BY id LIMIT $3";
	DB_STMT st = NULL;
	size_t n = 0;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, kind);
	db_bind_int(st, 3, WEBHOOKS_MAX);
	HF_TRY(db_step(st, &row));
	while (row && n < WEBHOOKS_MAX) {
		column_text(st, 0, ret_ids[n++], HF_ID_MAX);
		HF_TRY(db_step(st, &row));
	}
	*ret_n = n;
	return HF_SUCCESS;
}

hf_status webhook_orgs(struct db *db, hf_status (*fn)(void *ctx, const char *org_id), void *ctx)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT DISTINCT org_id FROM webhooks WHERE status = 'Enabled'", &st));
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(fn(ctx, db_col_text(st, 0)));
	}
}
