/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/link_rows.h"

#include "server/store/columns.h"

static void bind_blob_or_null(struct db_stmt *st, int i, struct hf_span v)
{
	if (v.len)
		db_bind_blob(st, i, v);
	else
		db_bind_null(st, i);
}

static void bind_what_changes(struct db_stmt *st, int from, const struct link_row *row)
{
	db_bind_text(st, from, row->kind);
	db_bind_text(st, from + 1, row->url);
	db_bind_int(st, from + 2, (int64_t)row->slot);
	db_bind_int(st, from + 3, row->order);
	db_bind_text(st, from + 4, row->tls);
	bind_blob_or_null(st, from + 5, row->pin);
	bind_blob_or_null(st, from + 6, row->client_key);
	db_bind_text(st, from + 7, row->serial);
	db_bind_text(st, from + 8, row->label);
	db_bind_text(st, from + 9, *row->pin_refused ? row->pin_refused : NULL);
	db_bind_int(st, from + 10, row->updated_ms);
}

hf_status link_row_insert(struct db *db, const struct link_row *row)
{
	static const char sql[] =
	        "INSERT INTO group_links (id, group_id, org_id, created_at, kind, url, slot,"
	        " position, tls, pin, client_key, serial, label, pin_refused, updated_at)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->group_id);
	db_bind_text(st, 3, row->org_id);
	db_bind_int(st, 4, row->created_ms);
	bind_what_changes(st, 5, row);
	return db_run(st, NULL);
}

hf_status link_row_update(struct db *db, const struct link_row *row)
{
	static const char sql[] =
	        "UPDATE group_links SET kind = $3, url = $4, slot = $5, position = $6, tls = $7,"
	        " pin = $8, client_key = $9, serial = $10, label = $11, pin_refused = $12,"
	        " updated_at = $13 WHERE id = $1 AND group_id = $2";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->group_id);
	bind_what_changes(st, 3, row);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status link_row_delete(struct db *db, const char *group_id, const char *id)
{
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, "DELETE FROM group_links WHERE id = $1 AND group_id = $2", &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, group_id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status link_rows_delete(struct db *db, const char *group_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM group_links WHERE group_id = $1", &st));
	db_bind_text(st, 1, group_id);
	return db_run(st, NULL);
}

#define LINK_COLUMNS                                                                               \
	"SELECT id, group_id, org_id, kind, url, slot, position, tls, pin, client_key, serial,"    \
	" label, pin_refused, created_at, updated_at FROM group_links "

static void read_link(struct db_stmt *st, struct link_row *row)
{
	column_text(st, 0, row->id, sizeof(row->id));
	column_text(st, 1, row->group_id, sizeof(row->group_id));
	column_text(st, 2, row->org_id, sizeof(row->org_id));
	column_text(st, 3, row->kind, sizeof(row->kind));
	column_text(st, 4, row->url, sizeof(row->url));
	row->slot = (uint64_t)db_col_int(st, 5);
	row->order = (int)db_col_int(st, 6);
	row->tls = db_col_text(st, 7);
	row->pin = db_col_blob(st, 8);
	row->client_key = db_col_blob(st, 9);
	column_text(st, 10, row->serial, sizeof(row->serial));
	column_text(st, 11, row->label, sizeof(row->label));
	column_text(st, 12, row->pin_refused, sizeof(row->pin_refused));
	row->created_ms = db_col_int(st, 13);
	row->updated_ms = db_col_int(st, 14);
}

hf_status link_row_get(struct db *db, const char *group_id, const char *id, link_row_fn fn,
                       void *ctx)
{
	struct link_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, LINK_COLUMNS "WHERE id = $1 AND group_id = $2", &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, group_id);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_NOTFOUND);
	read_link(st, &row);
	return fn(ctx, &row);
}

hf_status link_rows_list(struct db *db, const char *group_id, link_row_fn fn, void *ctx)
{
	struct link_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, LINK_COLUMNS "WHERE group_id = $1 ORDER BY position, id", &st));
	db_bind_text(st, 1, group_id);
	for (;;) {
		HF_TRY(db_step(st, &found));
		if (!found)
			return HF_SUCCESS;
		read_link(st, &row);
		HF_TRY(fn(ctx, &row));
	}
}

hf_status link_row_seen(struct db *db, const char *id, int64_t updated_ms, const char *serial,
                        const char *label)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "UPDATE group_links SET serial = $3, label = $4"
	                " WHERE id = $1 AND updated_at = $2",
	                &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, updated_ms);
	db_bind_text(st, 3, serial);
	db_bind_text(st, 4, label);
	return db_run(st, NULL);
}

hf_status link_row_refused(struct db *db, const char *id, int64_t updated_ms, const char *words)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "UPDATE group_links SET pin_refused = $3"
	                " WHERE id = $1 AND updated_at = $2",
	                &st));
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, updated_ms);
	db_bind_text(st, 3, words);
	return db_run(st, NULL);
}
