/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/identity_rows.h"

#include "server/store/columns.h"

#include <string.h>

#define COLUMNS                                                                                    \
	"id, org_id, kind, name, external_id, created_by, is_active, is_registered,"               \
	" is_archived, created_at"

hf_status orgs_any(struct db *db, bool *ret)
{
	static const char sql[] = "SELECT id FROM orgs LIMIT 1";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	return db_step(st, ret);
}

hf_status orgs_only(struct db *db, char ret[HF_ID_MAX])
{
	static const char sql[] = "SELECT id FROM orgs LIMIT 2";
	char id[HF_ID_MAX];
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	snprintf(id, sizeof(id), "%s", db_col_text(st, 0));
	HF_TRY(db_step(st, &row));
	HF_ENSURE(!row, HF_STATE);
	memcpy(ret, id, HF_ID_MAX);
	return HF_SUCCESS;
}

hf_status org_row_next(struct db *db, const char *after, char ret[HF_ID_MAX])
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT id FROM orgs WHERE id > $1 ORDER BY id LIMIT 1", &st));
	db_bind_text(st, 1, after);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	column_text(st, 0, ret, HF_ID_MAX);
	return HF_SUCCESS;
}

hf_status org_row_exists(struct db *db, const char *id, bool *ret)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "SELECT id FROM orgs WHERE id = $1", &st));
	db_bind_text(st, 1, id);
	return db_step(st, ret);
}

hf_status org_row_insert(struct db *db, const char *id, const char *name, int64_t now)
{
	static const char sql[] = "INSERT INTO orgs (id, name, created_at) VALUES ($1, $2, $3)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, name);
	db_bind_int(st, 3, now);
	return db_run(st, NULL);
}

hf_status identity_row_insert(struct db *db, const struct identity_row *row)
{
	static const char sql[] = "INSERT INTO identities (" COLUMNS
	                          ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
	                          " ON CONFLICT DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->kind);
	db_bind_text(st, 4, row->name);
	db_bind_text(st, 5, row->external_id[0] ? row->external_id : NULL);
	db_bind_text(st, 6, row->created_by[0] ? row->created_by : NULL);
	db_bind_int(st, 7, row->active);
	db_bind_int(st, 8, row->registered);
	db_bind_int(st, 9, row->archived);
	db_bind_int(st, 10, row->created_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

static void read_row(struct db_stmt *st, struct identity_row *to)
{
	column_text(st, 0, to->id, sizeof(to->id));
	column_text(st, 1, to->org_id, sizeof(to->org_id));
	column_text(st, 2, to->kind, sizeof(to->kind));
	column_text(st, 3, to->name, sizeof(to->name));
	column_text(st, 4, to->external_id, sizeof(to->external_id));
	column_text(st, 5, to->created_by, sizeof(to->created_by));
	to->active = db_col_int(st, 6) != 0;
	to->registered = db_col_int(st, 7) != 0;
	to->archived = db_col_int(st, 8) != 0;
	to->created_ms = db_col_int(st, 9);
}

static hf_status read_only_row(struct db_stmt *st, struct identity_row *ret)
{
	bool row;

	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	read_row(st, ret);
	return HF_SUCCESS;
}

hf_status identity_row_get(struct db *db, const char *org_id, const char *kind, const char *id,
                           struct identity_row *ret)
{
	static const char sql[] = "SELECT " COLUMNS " FROM identities WHERE id = $1 AND org_id = $2"
	                          " AND is_archived = 0";
	DB_STMT st = NULL;
	struct identity_row row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(read_only_row(st, &row));
	HF_ENSURE(!kind || strcmp(kind, row.kind) == 0, HF_NOTFOUND);
	*ret = row;
	return HF_SUCCESS;
}

hf_status identity_row_find(struct db *db, const char *org_id, const char *kind, const char *name,
                            struct identity_row *ret)
{
	static const char sql[] = "SELECT " COLUMNS " FROM identities WHERE org_id = $1"
	                          " AND kind = $2 AND name = $3 AND is_archived = 0";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, kind);
	db_bind_text(st, 3, name);
	return read_only_row(st, ret);
}

hf_status identity_rows_list(struct db *db, const char *org_id, const char *kind, const char *after,
                             int limit, identity_row_fn fn, void *ctx)
{
	static const char of_kind[] = "SELECT " COLUMNS " FROM identities WHERE org_id = $1"
	                              " AND kind = $2 AND id < $3 AND is_archived = 0"
	                              " ORDER BY id DESC LIMIT $4";
	static const char users[] =
	        "SELECT " COLUMNS " FROM identities WHERE org_id = $1"
	        " AND kind <> $2 AND kind <> '" KIND_APP "' AND id < $3 AND is_archived = 0"
	        " ORDER BY id DESC LIMIT $4";
	DB_STMT st = NULL;
	struct identity_row identity;
	bool row;

	HF_TRY(db_query(db, kind ? of_kind : users, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, kind ? kind : KIND_SERVICE_ACCOUNT);
	db_bind_text(st, 3, *after ? after : AFTER_EVERY_ID);
	db_bind_int(st, 4, limit);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		read_row(st, &identity);
		HF_TRY(fn(ctx, &identity));
	}
}

hf_status identity_row_rename(struct db *db, const char *id, const char *name,
                              const char *external_id)
{
	static const char sql[] = "UPDATE identities SET name = $1, external_id = $2 WHERE id = $3";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, name);
	db_bind_text(st, 2, external_id && *external_id ? external_id : NULL);
	db_bind_text(st, 3, id);
	return db_run(st, NULL);
}

hf_status identity_row_set_active(struct db *db, const char *id, bool active)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE identities SET is_active = $1 WHERE id = $2", &st));
	db_bind_int(st, 1, active);
	db_bind_text(st, 2, id);
	return db_run(st, NULL);
}

hf_status identity_row_set_registered(struct db *db, const char *id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE identities SET is_registered = 1 WHERE id = $1", &st));
	db_bind_text(st, 1, id);
	return db_run(st, NULL);
}

hf_status identity_row_archive(struct db *db, const char *id)
{
	static const char sql[] =
	        "UPDATE identities SET is_active = 0, is_archived = 1 WHERE id = $1";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	return db_run(st, NULL);
}
