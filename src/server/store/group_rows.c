/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/group_rows.h"

#include "server/store/columns.h"

static void bind_what_changes(struct db_stmt *st, int from, const struct group_row *row)
{
	db_bind_text(st, from, row->name);
	db_bind_text(st, from + 1, row->description);
	db_bind_text(st, from + 2, *row->store_id ? row->store_id : NULL);
	db_bind_int(st, from + 3, row->by_priority);
	db_bind_int(st, from + 4, row->segregation);
	db_bind_int(st, from + 5, row->apply_to_hsm);
	db_bind_text(st, from + 6, row->approval_policy);
	db_bind_text(st, from + 7, row->cryptographic_policy);
	db_bind_text(st, from + 8, row->key_history_policy);
	db_bind_text(st, from + 9, row->custom_metadata);
}

hf_status group_row_insert(struct db *db, const struct group_row *row)
{
	static const char sql[] =
	        "INSERT INTO key_groups (id, org_id, created_by, created_at, name, description,"
	        " store_id, hmg_redundancy, hmg_segregation, hmg_sync, approval_policy,"
	        " cryptographic_policy, key_history_policy, custom_metadata)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->created_by);
	db_bind_int(st, 4, row->created_ms);
	bind_what_changes(st, 5, row);
	return db_run(st, NULL);
}

hf_status group_row_update(struct db *db, const struct group_row *row)
{
	static const char sql[] =
	        "UPDATE key_groups SET name = $3, description = $4, store_id = $5,"
	        " hmg_redundancy = $6, hmg_segregation = $7, hmg_sync = $8, approval_policy = $9,"
	        " cryptographic_policy = $10, key_history_policy = $11, custom_metadata = $12"
	        " WHERE id = $1 AND org_id = $2";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	bind_what_changes(st, 3, row);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status group_row_delete(struct db *db, const char *org_id, const char *id)
{
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, "DELETE FROM key_groups WHERE id = $1 AND org_id = $2", &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

#define GROUP_COLUMNS                                                                              \
	"SELECT id, org_id, name, store_id, hmg_redundancy, hmg_segregation, hmg_sync,"            \
	" description, approval_policy, cryptographic_policy, key_history_policy,"                 \
	" custom_metadata, created_by, created_at FROM key_groups "

static const char *text_or_null(struct db_stmt *st, int i)
{
	return db_col_null(st, i) ? NULL : db_col_text(st, i);
}

static void read_group(struct db_stmt *st, struct group_row *row)
{
	column_text(st, 0, row->id, sizeof(row->id));
	column_text(st, 1, row->org_id, sizeof(row->org_id));
	column_text(st, 2, row->name, sizeof(row->name));
	column_text(st, 3, row->store_id, sizeof(row->store_id));
	row->by_priority = db_col_int(st, 4) != 0;
	row->segregation = db_col_int(st, 5) != 0;
	row->apply_to_hsm = db_col_int(st, 6) != 0;
	row->description = text_or_null(st, 7);
	row->approval_policy = text_or_null(st, 8);
	row->cryptographic_policy = text_or_null(st, 9);
	row->key_history_policy = text_or_null(st, 10);
	row->custom_metadata = text_or_null(st, 11);
	column_text(st, 12, row->created_by, sizeof(row->created_by));
	row->created_ms = db_col_int(st, 13);
}

hf_status group_row_get(struct db *db, const char *org_id, const char *id, group_row_fn fn,
                        void *ctx)
{
	struct group_row row;
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db, GROUP_COLUMNS "WHERE id = $1 AND org_id = $2", &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_NOTFOUND);
	read_group(st, &row);
	return fn(ctx, &row);
}

hf_status group_row_named(struct db *db, const char *org_id, const char *name, const char *but_id,
                          bool *ret)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(
	        db, "SELECT id FROM key_groups WHERE org_id = $1 AND name = $2 AND id <> $3", &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, name);
	db_bind_text(st, 3, but_id);
	return db_step(st, ret);
}

/* SQLite's writers follow each other anyhow. */
hf_status group_row_lock(struct db *db, const char *org_id, const char *id)
{
	DB_STMT st = NULL;
	bool found;

	HF_TRY(db_query(db,
	                db_dialect(db, "SELECT id FROM key_groups WHERE id = $1 AND org_id = $2",
	                           "SELECT id FROM key_groups WHERE id = $1 AND org_id = $2"
	                           " FOR UPDATE"),
	                &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_step(st, &found));
	HF_ENSURE(found, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status group_scans_delete(struct db *db, const char *group_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM scans WHERE group_id = $1", &st));
	db_bind_text(st, 1, group_id);
	return db_run(st, NULL);
}

hf_status group_rows_count(struct db *db, const char *org_id, int64_t *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT count(*) FROM key_groups WHERE org_id = $1", &st));
	db_bind_text(st, 1, org_id);
	HF_TRY(db_step(st, &row));
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}

static hf_status list_query(struct db *db, enum group_order order, bool descending,
                            struct db_stmt **ret)
{
	switch (order) {
	case GROUPS_BY_ID:
		if (descending)
			return db_query(db, GROUP_COLUMNS "WHERE org_id = $1 ORDER BY id DESC",
			                ret);
		return db_query(db, GROUP_COLUMNS "WHERE org_id = $1 ORDER BY id", ret);
	case GROUPS_BY_NAME:
		if (descending)
			return db_query(db, GROUP_COLUMNS "WHERE org_id = $1 ORDER BY name DESC",
			                ret);
		return db_query(db, GROUP_COLUMNS "WHERE org_id = $1 ORDER BY name", ret);
	}
	return HF_FAILURE(HF_INTERNAL);
}

hf_status group_rows_list(struct db *db, const char *org_id, enum group_order order,
                          bool descending, group_row_fn fn, void *ctx)
{
	struct group_row row;
	DB_STMT st = NULL;
	bool found;
	hf_status s;

	HF_TRY(list_query(db, order, descending, &st));
	db_bind_text(st, 1, org_id);
	for (;;) {
		HF_TRY(db_step(st, &found));
		if (!found)
			return HF_SUCCESS;
		read_group(st, &row);
		s = fn(ctx, &row);
		if (s.code == HF_STOP)
			return HF_SUCCESS;
		HF_TRY(s);
	}
}
