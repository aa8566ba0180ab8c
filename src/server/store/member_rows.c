/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/member_rows.h"

#include "server/store/columns.h"

#include <string.h>

#define COLUMNS                                                                                    \
	"i.id, i.org_id, i.name, i.created_by, r.first_name, r.last_name, r.description, r.roles," \
	" r.is_enabled, i.is_active, p.identity_id, r.created_at, r.last_login_at,"                \
	" (SELECT COUNT(*) FROM mfa_devices d WHERE d.identity_id = r.identity_id)"
#define JOINED                                                                                     \
	" FROM account_roles r JOIN identities i ON i.id = r.identity_id"                          \
	" LEFT JOIN passwords p ON p.identity_id = r.identity_id"

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

hf_status member_row_insert(struct db *db, const struct member_row *row)
{
	static const char sql[] =
	        "INSERT INTO account_roles (identity_id, org_id, roles, is_enabled, first_name,"
	        " last_name, description, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
	        " ON CONFLICT DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_int(st, 3, row->roles);
	db_bind_int(st, 4, row->enabled);
	db_bind_text(st, 5, or_null(row->first_name));
	db_bind_text(st, 6, or_null(row->last_name));
	db_bind_text(st, 7, or_null(row->description));
	db_bind_int(st, 8, row->created_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

static void read_row(struct db_stmt *st, struct member_row *to)
{
	column_text(st, 0, to->id, sizeof(to->id));
	column_text(st, 1, to->org_id, sizeof(to->org_id));
	column_text(st, 2, to->email, sizeof(to->email));
	column_text(st, 3, to->created_by, sizeof(to->created_by));
	column_text(st, 4, to->first_name, sizeof(to->first_name));
	column_text(st, 5, to->last_name, sizeof(to->last_name));
	column_text(st, 6, to->description, sizeof(to->description));
	to->roles = (unsigned)db_col_int(st, 7);
	to->enabled = db_col_int(st, 8) != 0;
	to->active = db_col_int(st, 9) != 0;
	to->has_password = !db_col_null(st, 10);
	to->created_ms = db_col_int(st, 11);
	to->last_login_ms = db_col_int(st, 12);
	to->has_factor = db_col_int(st, 13) != 0;
}

hf_status member_row_get(struct db *db, const char *org_id, const char *id, struct member_row *ret)
{
	static const char sql[] =
	        "SELECT " COLUMNS JOINED " WHERE r.identity_id = $1 AND r.org_id = $2 AND"
	        " i.is_archived = 0";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	read_row(st, ret);
	return HF_SUCCESS;
}

hf_status member_row_find(struct db *db, const char *email, struct member_row *ret)
{
	static const char sql[] = "SELECT " COLUMNS " FROM orgs o JOIN identities i"
	                          " ON i.org_id = o.id AND i.kind = '" KIND_USER "' AND i.name = $1"
	                          " JOIN account_roles r ON r.identity_id = i.id"
	                          " LEFT JOIN passwords p ON p.identity_id = i.id"
	                          " WHERE i.is_archived = 0 LIMIT 2";
	DB_STMT st = NULL;
	struct member_row found;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, email);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	read_row(st, &found);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(!row, HF_STATE);
	*ret = found;
	return HF_SUCCESS;
}

hf_status member_rows_list(struct db *db, const char *org_id, const char *after, int limit,
                           member_row_fn fn, void *ctx)
{
	static const char sql[] =
	        "SELECT " COLUMNS JOINED " WHERE r.org_id = $1 AND r.identity_id > $2 AND"
	        " i.is_archived = 0 ORDER BY r.identity_id LIMIT $3";
	struct member_row member;
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, after);
	db_bind_int(st, 3, limit);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		read_row(st, &member);
		HF_TRY(fn(ctx, &member));
	}
}

hf_status member_row_update(struct db *db, const struct member_row *row)
{
	static const char sql[] = "UPDATE account_roles SET roles = $1, is_enabled = $2,"
	                          " first_name = $3, last_name = $4, description = $5"
	                          " WHERE identity_id = $6";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, row->roles);
	db_bind_int(st, 2, row->enabled);
	db_bind_text(st, 3, or_null(row->first_name));
	db_bind_text(st, 4, or_null(row->last_name));
	db_bind_text(st, 5, or_null(row->description));
	db_bind_text(st, 6, row->id);
	return db_run(st, NULL);
}

hf_status member_row_logged_in(struct db *db, const char *id, int64_t now_ms)
{
	static const char sql[] =
	        "UPDATE account_roles SET last_login_at = $1 WHERE identity_id = $2";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, now_ms);
	db_bind_text(st, 2, id);
	return db_run(st, NULL);
}

hf_status member_row_delete(struct db *db, const char *id)
{
	HF_TRY(db_run_on(db, "DELETE FROM passwords WHERE identity_id = $1", id));
	HF_TRY(db_run_on(db, "DELETE FROM group_members WHERE identity_id = $1", id));
	return db_run_on(db, "DELETE FROM account_roles WHERE identity_id = $1", id);
}

hf_status member_rows_others_with(struct db *db, const char *org_id, unsigned role,
                                  const char *not_id, int64_t *ret)
{
	static const char sql[] =
	        "SELECT COUNT(*)" JOINED " WHERE r.org_id = $1 AND r.roles & $2 <> 0"
	        " AND r.is_enabled = 1 AND i.is_active = 1 AND i.is_archived = 0"
	        " AND p.identity_id IS NOT NULL AND r.identity_id <> $3";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_int(st, 2, role);
	db_bind_text(st, 3, not_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_INTERNAL);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}

hf_status member_rows_with(struct db *db, const char *org_id, unsigned role, member_id_fn fn,
                           void *ctx)
{
	static const char sql[] =
	        "SELECT r.identity_id" JOINED " WHERE r.org_id = $1 AND r.is_enabled = 1"
	        " AND i.is_active = 1 AND i.is_archived = 0 AND p.identity_id IS NOT NULL"
	        " AND r.roles & $2 <> 0 ORDER BY r.identity_id";
	DB_STMT st = NULL;
	hf_status s;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_int(st, 2, role);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		s = fn(ctx, db_col_text(st, 0));
		if (s.code == HF_STOP)
			return HF_SUCCESS;
		HF_TRY(s);
	}
}

hf_status group_member_rows_list(struct db *db, const char *identity_id, membership_fn fn,
                                 void *ctx)
{
	static const char sql[] = "SELECT group_id, roles FROM group_members"
	                          " WHERE identity_id = $1 ORDER BY group_id";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(fn(ctx, db_col_text(st, 0), db_col_int(st, 1)));
	}
}

hf_status group_member_row_put(struct db *db, const char *identity_id, const char *group_id,
                               unsigned roles)
{
	static const char drop[] =
	        "DELETE FROM group_members WHERE identity_id = $1 AND group_id = $2";
	static const char put[] =
	        "INSERT INTO group_members (identity_id, group_id, roles) VALUES ($1, $2, $3)"
	        " ON CONFLICT (identity_id, group_id) DO UPDATE SET roles = excluded.roles";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, roles ? put : drop, &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, group_id);
	if (roles)
		db_bind_int(st, 3, roles);
	return db_run(st, NULL);
}

hf_status key_group_exists(struct db *db, const char *org_id, const char *group_id, bool *ret)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "SELECT id FROM key_groups WHERE id = $1 AND org_id = $2", &st));
	db_bind_text(st, 1, group_id);
	db_bind_text(st, 2, org_id);
	return db_step(st, ret);
}

hf_status memberships_forget_group(struct db *db, const char *group_id)
{
	HF_TRY(db_run_on(db, "DELETE FROM group_members WHERE group_id = $1", group_id));
	HF_TRY(db_run_on(db, "UPDATE apps SET default_group = NULL WHERE default_group = $1",
	                 group_id));
	return db_run_on(db, "DELETE FROM app_groups WHERE group_id = $1", group_id);
}

hf_status password_row_get(struct db *db, const char *identity_id, struct password_row *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT hash, changed_at FROM passwords WHERE identity_id = $1", &st));
	db_bind_text(st, 1, identity_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	column_text(st, 0, ret->hash, sizeof(ret->hash));
	ret->changed_ms = db_col_int(st, 1);
	return HF_SUCCESS;
}

hf_status password_row_put(struct db *db, const char *identity_id, const struct password_row *row)
{
	static const char sql[] =
	        "INSERT INTO passwords (identity_id, hash, changed_at) VALUES ($1, $2, $3)"
	        " ON CONFLICT (identity_id) DO UPDATE SET hash = excluded.hash,"
	        " changed_at = excluded.changed_at";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, row->hash);
	db_bind_int(st, 3, row->changed_ms);
	return db_run(st, NULL);
}

hf_status password_row_hold(struct db *db, const char *identity_id, int64_t changed_ms)
{
	static const char any[] =
	        "UPDATE passwords SET changed_at = changed_at WHERE identity_id = $1";
	static const char one[] = "UPDATE passwords SET changed_at = changed_at"
	                          " WHERE identity_id = $1 AND changed_at = $2";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, changed_ms ? one : any, &st));
	db_bind_text(st, 1, identity_id);
	if (changed_ms)
		db_bind_int(st, 2, changed_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status account_settings_get(struct db *db, const char *org_id, struct hf_buf *to)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT settings FROM account_settings WHERE org_id = $1", &st));
	db_bind_text(st, 1, org_id);
	HF_TRY(db_step(st, &row));
	hf_buf_text(to, row ? db_col_text(st, 0) : "{}");
	return hf_buf_status(to);
}

hf_status account_settings_put(struct db *db, const char *org_id, const char *settings,
                               int64_t now_ms)
{
	static const char sql[] =
	        "INSERT INTO account_settings (org_id, settings, updated_at) VALUES ($1, $2, $3)"
	        " ON CONFLICT (org_id) DO UPDATE SET settings = excluded.settings,"
	        " updated_at = excluded.updated_at";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, settings);
	db_bind_int(st, 3, now_ms);
	return db_run(st, NULL);
}

hf_status org_row_get(struct db *db, const char *id, struct org_row *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT name, created_at FROM orgs WHERE id = $1", &st));
	db_bind_text(st, 1, id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	column_text(st, 0, ret->name, sizeof(ret->name));
	ret->created_ms = db_col_int(st, 1);
	return HF_SUCCESS;
}

hf_status org_row_lock(struct db *db, const char *id)
{
	return db_run_on(db, "UPDATE orgs SET name = name WHERE id = $1", id);
}

hf_status org_row_rename(struct db *db, const char *id, const char *name)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE orgs SET name = $1 WHERE id = $2", &st));
	db_bind_text(st, 1, name);
	db_bind_text(st, 2, id);
	return db_run(st, NULL);
}
