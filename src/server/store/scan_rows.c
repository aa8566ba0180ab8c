/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/scan_rows.h"

#include "server/store/clock.h"
#include "server/store/columns.h"

static hf_status running(struct db *db, const char *group_id, char ret[HF_UUID_MAX])
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db,
	                "SELECT id FROM scans WHERE group_id = $1 AND finished_at IS NULL LIMIT 1",
	                &st));
	db_bind_text(st, 1, group_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	column_text(st, 0, ret, HF_UUID_MAX);
	return HF_SUCCESS;
}

hf_status scan_row_begin(struct db *db, struct scan_row *row, char ret_other[HF_UUID_MAX])
{
#define BEGIN(NOW)                                                                                 \
	"INSERT INTO scans (id, group_id, org_id, is_async, server, started_at, beat_at)"          \
	" VALUES ($1, $2, $3, $4, $5, " NOW ", " NOW ") RETURNING started_at"
	static const char sqlite[] = BEGIN(NOW_SQLITE), postgres[] = BEGIN(NOW_POSTGRES);
	hf_status s = running(db, row->group_id, ret_other);
	DB_STMT st = NULL;
	bool is;

	HF_ENSURE(!hf_ok(s), HF_EXISTS);
	HF_ENSURE(s.code == HF_NOTFOUND, s.code);
	HF_TRY(db_query(db, db_dialect(db, sqlite, postgres), &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->group_id);
	db_bind_text(st, 3, row->org_id);
	db_bind_int(st, 4, row->is_async);
	db_bind_text(st, 5, row->server);
	HF_TRY(db_step(st, &is));
	HF_ENSURE(is, HF_INTERNAL);
	row->started_ms = db_col_int(st, 0);
	return HF_SUCCESS;
}

hf_status scan_row_beat(struct db *db, const char *id, int64_t total, int64_t done, int64_t created)
{
#define BEAT(NOW)                                                                                  \
	"UPDATE scans SET beat_at = " NOW ", total = $2, done = $3, created = $4"                  \
	" WHERE id = $1 AND finished_at IS NULL"
	static const char sqlite[] = BEAT(NOW_SQLITE), postgres[] = BEAT(NOW_POSTGRES);
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, db_dialect(db, sqlite, postgres), &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, total);
	db_bind_int(st, 3, done);
	db_bind_int(st, 4, created);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

static hf_status forget_older(struct db *db, const char *group_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "DELETE FROM scans WHERE group_id = $1 AND finished_at IS NOT NULL"
	                " AND id NOT IN (SELECT id FROM scans WHERE group_id = $1"
	                " AND finished_at IS NOT NULL ORDER BY id DESC LIMIT $2)",
	                &st));
	db_bind_text(st, 1, group_id);
	db_bind_int(st, 2, SCANS_KEPT);
	return db_run(st, NULL);
}

hf_status scan_row_end(struct db *db, const struct scan_row *row)
{
#define END(NOW)                                                                                   \
	"UPDATE scans SET finished_at = " NOW ", result = $2, message = $3, warnings = $4,"        \
	" total = $5, done = $6, created = $7 WHERE id = $1 AND finished_at IS NULL"
	static const char sqlite[] = END(NOW_SQLITE), postgres[] = END(NOW_POSTGRES);
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, db_dialect(db, sqlite, postgres), &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->failed ? "Failed" : "Success");
	db_bind_text(st, 3, row->message);
	db_bind_text(st, 4, row->warnings);
	db_bind_int(st, 5, row->total);
	db_bind_int(st, 6, row->done);
	db_bind_int(st, 7, row->created);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return forget_older(db, row->group_id);
}

hf_status scan_rows_bury(struct db *db, int64_t silent_ms, const char *message)
{
#define BURY(NOW)                                                                                  \
	"UPDATE scans SET finished_at = " NOW ", result = 'Failed', message = $2"                  \
	" WHERE finished_at IS NULL AND beat_at < " NOW " - $1"
	static const char sqlite[] = BURY(NOW_SQLITE), postgres[] = BURY(NOW_POSTGRES);
	DB_STMT st = NULL;

	HF_TRY(db_query(db, db_dialect(db, sqlite, postgres), &st));
	db_bind_int(st, 1, silent_ms);
	db_bind_text(st, 2, message);
	return db_run(st, NULL);
}

#define COLUMNS                                                                                    \
	"SELECT id, group_id, org_id, server, is_async, started_at, finished_at, result, message," \
	" warnings, total, done, created FROM scans "

static void read_row(struct db_stmt *st, struct scan_row *ret)
{
	*ret = (struct scan_row){
		.is_async = db_col_int(st, 4) != 0,
		.started_ms = db_col_int(st, 5),
		.finished_ms = db_col_int(st, 6),
		.failed = hf_span_is(hf_span_text(db_col_text(st, 7)), "Failed"),
		.message = db_col_null(st, 8) ? NULL : db_col_text(st, 8),
		.warnings = db_col_null(st, 9) ? NULL : db_col_text(st, 9),
		.total = db_col_int(st, 10),
		.done = db_col_int(st, 11),
		.created = db_col_int(st, 12),
	};
	column_text(st, 0, ret->id, sizeof(ret->id));
	column_text(st, 1, ret->group_id, sizeof(ret->group_id));
	column_text(st, 2, ret->org_id, sizeof(ret->org_id));
	column_text(st, 3, ret->server, sizeof(ret->server));
}

hf_status scan_row_get(struct db *db, const char *group_id, const char *id, scan_row_fn fn,
                       void *ctx)
{
	DB_STMT st = NULL;
	struct scan_row scan;
	bool row;

	HF_TRY(db_query(db, COLUMNS "WHERE id = $1 AND group_id = $2", &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, group_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	read_row(st, &scan);
	return fn(ctx, &scan);
}

hf_status scan_rows_list(struct db *db, const char *group_id, scan_row_fn fn, void *ctx)
{
	DB_STMT st = NULL;
	struct scan_row scan;
	bool row;

	HF_TRY(db_query(db, COLUMNS "WHERE group_id = $1 ORDER BY id DESC LIMIT 100", &st));
	db_bind_text(st, 1, group_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		read_row(st, &scan);
		HF_TRY(fn(ctx, &scan));
	}
}

hf_status known_rows(struct db *db, const char *group_id, const char *after, int limit,
                     hf_status (*fn)(void *ctx, const struct known_row *row), void *ctx)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db,
	                "SELECT id, cka_id, cka_label, public_key, type, state, is_missing,"
	                " is_public_only, making_at FROM objects"
	                " WHERE group_id = $1 AND id > $2 AND state < 6 AND is_virtual = 1"
	                " ORDER BY group_id, id LIMIT $3",
	                &st));
	db_bind_text(st, 1, group_id);
	db_bind_text(st, 2, after ? after : "");
	db_bind_int(st, 3, limit);
	for (;;) {
		struct known_row known = { 0 };

		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		column_text(st, 0, known.id, sizeof(known.id));
		known.cka_id = db_col_blob(st, 1);
		known.cka_label = db_col_blob(st, 2);
		known.public_key = db_col_blob(st, 3);
		known.type = (enum object_type)db_col_int(st, 4);
		known.state = (enum object_state)db_col_int(st, 5);
		known.missing = db_col_int(st, 6) != 0;
		known.public_only = db_col_int(st, 7) != 0;
		known.making = !db_col_null(st, 8);
		HF_TRY(fn(ctx, &known));
	}
}

hf_status known_row_seen(struct db *db, const char *id, struct hf_span cka_label, bool public_only)
{
	struct db_stmt *st;

	HF_TRY(db_query(db,
	                "UPDATE objects SET is_missing = 0, cka_label = $2, is_public_only = $3"
	                " WHERE id = $1 AND state < 5",
	                &st));
	db_bind_text(st, 1, id);
	db_bind_blob(st, 2, cka_label);
	db_bind_int(st, 3, public_only);
	db_post(st);
	return HF_SUCCESS;
}

hf_status known_row_disable(struct db *db, const char *id)
{
	struct db_stmt *st;

	HF_TRY(db_query(db, "UPDATE objects SET is_enabled = 0 WHERE id = $1", &st));
	db_bind_text(st, 1, id);
	db_post(st);
	return HF_SUCCESS;
}
