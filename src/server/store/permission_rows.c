/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/permission_rows.h"

#include "server/store/columns.h"

#define COLUMNS                                                                                    \
	"p.id, p.org_id, p.name, p.operations, p.is_immutable, p.is_archived, p.created_at,"       \
	" p.updated_at"

hf_status permission_row_insert(struct db *db, const struct permission_row *row)
{
	static const char sql[] =
	        "INSERT INTO permissions (id, org_id, name, operations, is_immutable, is_archived,"
	        " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
	        " ON CONFLICT DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->name);
	db_bind_text(st, 4, row->operations);
	db_bind_int(st, 5, row->immutable);
	db_bind_int(st, 6, row->archived);
	db_bind_int(st, 7, row->created_ms);
	db_bind_int(st, 8, row->updated_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

static void read_permission(struct db_stmt *st, int from, struct permission_row *to)
{
	column_text(st, from, to->id, sizeof(to->id));
	column_text(st, from + 1, to->org_id, sizeof(to->org_id));
	column_text(st, from + 2, to->name, sizeof(to->name));
	column_text(st, from + 3, to->operations, sizeof(to->operations));
	to->immutable = db_col_int(st, from + 4) != 0;
	to->archived = db_col_int(st, from + 5) != 0;
	to->created_ms = db_col_int(st, from + 6);
	to->updated_ms = db_col_int(st, from + 7);
}

static hf_status read_only_permission(struct db_stmt *st, struct permission_row *ret)
{
	bool row;

	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	read_permission(st, 0, ret);
	return HF_SUCCESS;
}

hf_status permission_row_get(struct db *db, const char *org_id, const char *id,
                             struct permission_row *ret)
{
	static const char sql[] =
	        "SELECT " COLUMNS " FROM permissions p WHERE p.id = $1 AND p.org_id = $2";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	return read_only_permission(st, ret);
}

hf_status permission_row_find(struct db *db, const char *org_id, const char *name,
                              struct permission_row *ret)
{
	static const char sql[] =
	        "SELECT " COLUMNS " FROM permissions p WHERE p.org_id = $1 AND p.name = $2";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, name);
	return read_only_permission(st, ret);
}

hf_status permission_rows_list(struct db *db, const char *org_id, const char *after, int limit,
                               permission_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " COLUMNS " FROM permissions p WHERE p.org_id = $1"
	                          " AND p.id < $2 ORDER BY p.id DESC LIMIT $3";
	DB_STMT st = NULL;
	struct permission_row permission;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, *after ? after : AFTER_EVERY_ID);
	db_bind_int(st, 3, limit);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		read_permission(st, 0, &permission);
		HF_TRY(fn(ctx, &permission));
	}
}

hf_status permission_row_update(struct db *db, const struct permission_row *row)
{
	static const char sql[] = "UPDATE permissions SET name = $1, operations = $2,"
	                          " is_archived = $3, updated_at = $4 WHERE id = $5";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->name);
	db_bind_text(st, 2, row->operations);
	db_bind_int(st, 3, row->archived);
	db_bind_int(st, 4, row->updated_ms);
	db_bind_text(st, 5, row->id);
	return db_run(st, NULL);
}

#define ASSIGNMENT                                                                                 \
	"a.id, a.org_id, a.permission_id, a.identity_id, a.is_immutable, a.created_at,"            \
	" a.updated_at"
#define ASSIGNMENT_COLUMNS 7

hf_status assignment_row_insert(struct db *db, const struct assignment_row *row)
{
	static const char sql[] =
	        "INSERT INTO assignments (id, org_id, permission_id, identity_id, is_immutable,"
	        " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
	        " ON CONFLICT DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->permission_id);
	db_bind_text(st, 4, row->identity_id);
	db_bind_int(st, 5, row->immutable);
	db_bind_int(st, 6, row->created_ms);
	db_bind_int(st, 7, row->updated_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

static void read_assignment(struct db_stmt *st, struct assignment_row *to)
{
	column_text(st, 0, to->id, sizeof(to->id));
	column_text(st, 1, to->org_id, sizeof(to->org_id));
	column_text(st, 2, to->permission_id, sizeof(to->permission_id));
	column_text(st, 3, to->identity_id, sizeof(to->identity_id));
	to->immutable = db_col_int(st, 4) != 0;
	to->created_ms = db_col_int(st, 5);
	to->updated_ms = db_col_int(st, 6);
}

hf_status assignment_row_get(struct db *db, const char *org_id, const char *permission_id,
                             const char *id, struct assignment_row *ret)
{
	static const char sql[] = "SELECT " ASSIGNMENT " FROM assignments a WHERE a.id = $1"
	                          " AND a.permission_id = $2 AND a.org_id = $3";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, permission_id);
	db_bind_text(st, 3, org_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	read_assignment(st, ret);
	return HF_SUCCESS;
}

hf_status assignment_rows_list(struct db *db, const char *permission_id, const char *after,
                               int limit, assignment_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " ASSIGNMENT " FROM assignments a"
	                          " WHERE a.permission_id = $1 AND a.id < $2"
	                          " ORDER BY a.id DESC LIMIT $3";
	DB_STMT st = NULL;
	struct assignment_row assignment;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, permission_id);
	db_bind_text(st, 2, *after ? after : AFTER_EVERY_ID);
	db_bind_int(st, 3, limit);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		read_assignment(st, &assignment);
		HF_TRY(fn(ctx, &assignment));
	}
}

hf_status assignment_row_delete(struct db *db, const char *id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM assignments WHERE id = $1", &st));
	db_bind_text(st, 1, id);
	return db_run(st, NULL);
}

hf_status assignment_rows_delete_of(struct db *db, const char *identity_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM assignments WHERE identity_id = $1", &st));
	db_bind_text(st, 1, identity_id);
	return db_run(st, NULL);
}

hf_status grant_rows_list(struct db *db, const char *identity_id, grant_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " ASSIGNMENT ", " COLUMNS " FROM assignments a"
	                          " JOIN permissions p ON p.id = a.permission_id"
	                          " AND p.org_id = a.org_id"
	                          " WHERE a.identity_id = $1 AND p.is_archived = 0 ORDER BY a.id";
	DB_STMT st = NULL;
	struct assignment_row assignment;
	struct permission_row permission;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		read_assignment(st, &assignment);
		read_permission(st, ASSIGNMENT_COLUMNS, &permission);
		HF_TRY(fn(ctx, &assignment, &permission));
	}
}

/* Changes nothing, and has whoever else does this wait for our commit. */
static hf_status lock_full_access(struct db *db, const char *org_id)
{
	static const char sql[] = "UPDATE permissions SET updated_at = updated_at"
	                          " WHERE org_id = $1 AND operations = '" EVERY_OPERATION "'";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	return db_run(st, NULL);
}

hf_status full_access_others(struct db *db, const char *org_id, const char *identity_id,
                             int64_t *ret)
{
	static const char sql[] =
	        "SELECT COUNT(*) FROM assignments a JOIN permissions p ON p.id = a.permission_id"
	        " JOIN identities i ON i.id = a.identity_id"
	        " WHERE p.org_id = $1 AND p.operations = '" EVERY_OPERATION "'"
	        " AND p.is_archived = 0 AND i.is_active = 1 AND i.is_registered = 1"
	        " AND i.is_archived = 0 AND i.id <> $2";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(lock_full_access(db, org_id));
	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, identity_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_INTERNAL);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}
