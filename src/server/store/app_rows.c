/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/app_rows.h"

#include "server/store/columns.h"

#include <string.h>

#define FORGET_AT_ONCE 64
#define COLUMNS                                                                                    \
	"i.id, i.org_id, i.name, i.created_by, i.is_active, a.is_admin, a.app_type, a.interface,"  \
	" a.description, a.default_group, a.ip_policy, a.client_configurations,"                   \
	" a.credential_kind, a.proof, a.credential_at, a.certificate_until, i.created_at,"         \
	" a.last_used_at, a.certificate_kind, a.certificate_proof, a.previous_proof,"              \
	" a.previous_until"
#define FROM_APPS " FROM apps a JOIN identities i ON i.id = a.identity_id"
#define SELECT "SELECT " COLUMNS FROM_APPS " WHERE i.is_archived = 0 AND "

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void bind_proof(struct db_stmt *st, int i, bool there, const uint8_t proof[SHA256_LEN])
{
	if (there)
		db_bind_blob(st, i, HF_SPAN(proof, SHA256_LEN));
	else
		db_bind_null(st, i);
}

static void bind_number(struct db_stmt *st, int i, int64_t v)
{
	if (v)
		db_bind_int(st, i, v);
	else
		db_bind_null(st, i);
}

hf_status app_row_insert(struct db *db, const struct app_row *row, struct hf_span credential)
{
	static const char sql[] =
	        "INSERT INTO apps (identity_id, org_id, is_admin, app_type, interface, description,"
	        " default_group, ip_policy, client_configurations, credential_kind, credential,"
	        " proof, credential_at, certificate_until, certificate_kind, certificate_proof)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_int(st, 3, row->admin);
	db_bind_text(st, 4, row->app_type);
	db_bind_text(st, 5, or_null(row->interface));
	db_bind_text(st, 6, or_null(row->description));
	db_bind_text(st, 7, or_null(row->default_group));
	db_bind_text(st, 8, or_null(row->ip_policy));
	db_bind_text(st, 9, or_null(row->client_configurations));
	db_bind_int(st, 10, row->credential_kind);
	db_bind_blob(st, 11, credential);
	bind_proof(st, 12, row->has_proof, row->proof);
	db_bind_int(st, 13, row->credential_ms);
	bind_number(st, 14, row->certificate_until_s);
	db_bind_int(st, 15, row->certificate_kind);
	bind_proof(st, 16, row->is_pinned, row->certificate_proof);
	return db_run(st, NULL);
}

static bool read_proof(struct db_stmt *st, int i, uint8_t to[SHA256_LEN])
{
	struct hf_span proof = db_col_blob(st, i);

	if (proof.len != SHA256_LEN)
		return false;
	memcpy(to, proof.ptr, proof.len);
	return true;
}

static void read_row(struct db_stmt *st, struct app_row *to)
{
	column_text(st, 0, to->id, sizeof(to->id));
	column_text(st, 1, to->org_id, sizeof(to->org_id));
	column_text(st, 2, to->name, sizeof(to->name));
	column_text(st, 3, to->created_by, sizeof(to->created_by));
	to->active = db_col_int(st, 4) != 0;
	to->admin = db_col_int(st, 5) != 0;
	column_text(st, 6, to->app_type, sizeof(to->app_type));
	column_text(st, 7, to->interface, sizeof(to->interface));
	column_text(st, 8, to->description, sizeof(to->description));
	column_text(st, 9, to->default_group, sizeof(to->default_group));
	column_text(st, 10, to->ip_policy, sizeof(to->ip_policy));
	column_text(st, 11, to->client_configurations, sizeof(to->client_configurations));
	to->credential_kind = (int)db_col_int(st, 12);
	to->has_proof = read_proof(st, 13, to->proof);
	to->credential_ms = db_col_int(st, 14);
	to->certificate_until_s = db_col_int(st, 15);
	to->created_ms = db_col_int(st, 16);
	to->last_used_ms = db_col_int(st, 17);
	to->certificate_kind = (int)db_col_int(st, 18);
	to->is_pinned = read_proof(st, 19, to->certificate_proof);
	to->previous_until_ms = read_proof(st, 20, to->previous_proof) ? db_col_int(st, 21) : 0;
}

static hf_status read_one(struct db_stmt *st, struct app_row *ret)
{
	bool row;

	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	read_row(st, ret);
	return HF_SUCCESS;
}

hf_status app_row_get(struct db *db, const char *org_id, const char *id, struct app_row *ret)
{
	DB_STMT st = NULL;
	struct app_row row;

	HF_TRY(db_query(db, SELECT "a.identity_id = $1", &st));
	db_bind_text(st, 1, id);
	HF_TRY(read_one(st, &row));
	HF_ENSURE(!org_id || strcmp(row.org_id, org_id) == 0, HF_NOTFOUND);
	*ret = row;
	return HF_SUCCESS;
}

hf_status app_row_find(struct db *db, const char *org_id, const char *name, struct app_row *ret)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, SELECT "i.org_id = $1 AND i.kind = '" KIND_APP "' AND i.name = $2",
	                &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, name);
	return read_one(st, ret);
}

hf_status app_row_of_proof(struct db *db, struct hf_span proof, struct app_row *ret)
{
	DB_STMT st = NULL;
	struct app_row found;
	bool row;

	HF_TRY(db_query(db, SELECT "a.proof = $1 LIMIT 2", &st));
	db_bind_blob(st, 1, proof);
	HF_TRY(read_one(st, &found));
	HF_TRY(db_step(st, &row));
	HF_ENSURE(!row, HF_NOTFOUND);
	*ret = found;
	return HF_SUCCESS;
}

static hf_status get_sealed(struct db *db, const char *sql, const char *id, struct hf_buf *to)
{
	DB_STMT st = NULL;
	struct hf_span sealed;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row && !db_col_null(st, 0), HF_NOTFOUND);
	sealed = db_col_blob(st, 0);
	hf_buf_put(to, sealed.ptr, sealed.len);
	return hf_buf_status(to);
}

hf_status app_credential_get(struct db *db, const char *id, struct hf_buf *to)
{
	return get_sealed(db, "SELECT credential FROM apps WHERE identity_id = $1", id, to);
}

hf_status app_previous_get(struct db *db, const char *id, struct hf_buf *to)
{
	return get_sealed(db, "SELECT previous_credential FROM apps WHERE identity_id = $1", id,
	                  to);
}

hf_status app_rows_list(struct db *db, const char *org_id, const char *group_id, const char *after,
                        int limit, app_row_fn fn, void *ctx)
{
	static const char all[] =
	        SELECT "a.org_id = $1 AND a.identity_id > $2 ORDER BY a.identity_id LIMIT $3";
	static const char of_group[] =
	        SELECT "a.org_id = $1 AND a.identity_id > $2 AND a.identity_id IN"
	               " (SELECT app_id FROM app_groups WHERE group_id = $4)"
	               " ORDER BY a.identity_id LIMIT $3";
	DB_STMT st = NULL;
	struct app_row app;
	bool row;

	HF_TRY(db_query(db, group_id ? of_group : all, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, after);
	db_bind_int(st, 3, limit);
	if (group_id)
		db_bind_text(st, 4, group_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		read_row(st, &app);
		HF_TRY(fn(ctx, &app));
	}
}

hf_status app_row_update(struct db *db, const struct app_row *row)
{
	static const char sql[] =
	        "UPDATE apps SET is_admin = $1, app_type = $2, interface = $3, description = $4,"
	        " default_group = $5, ip_policy = $6, client_configurations = $7"
	        " WHERE identity_id = $8";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, row->admin);
	db_bind_text(st, 2, row->app_type);
	db_bind_text(st, 3, or_null(row->interface));
	db_bind_text(st, 4, or_null(row->description));
	db_bind_text(st, 5, or_null(row->default_group));
	db_bind_text(st, 6, or_null(row->ip_policy));
	db_bind_text(st, 7, or_null(row->client_configurations));
	db_bind_text(st, 8, row->id);
	return db_run(st, NULL);
}

hf_status app_credential_put(struct db *db, const struct app_row *row, struct hf_span credential)
{
	static const char sql[] =
	        "UPDATE apps SET credential_kind = $1, credential = $2, proof = $3,"
	        " credential_at = $4, certificate_until = $5, certificate_kind = $6,"
	        " certificate_proof = $7 WHERE identity_id = $8";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, row->credential_kind);
	db_bind_blob(st, 2, credential);
	bind_proof(st, 3, row->has_proof, row->proof);
	db_bind_int(st, 4, row->credential_ms);
	bind_number(st, 5, row->certificate_until_s);
	db_bind_int(st, 6, row->certificate_kind);
	bind_proof(st, 7, row->is_pinned, row->certificate_proof);
	db_bind_text(st, 8, row->id);
	return db_run(st, NULL);
}

hf_status app_previous_put(struct db *db, const char *id, int64_t until_ms)
{
	static const char sql[] =
	        "UPDATE apps SET previous_credential = credential, previous_proof = proof,"
	        " previous_until = $1 WHERE identity_id = $2";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, until_ms);
	db_bind_text(st, 2, id);
	return db_run(st, NULL);
}

hf_status app_row_used(struct db *db, const char *id, int64_t now_ms)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE apps SET last_used_at = $1 WHERE identity_id = $2", &st));
	db_bind_int(st, 1, now_ms);
	db_bind_text(st, 2, id);
	return db_run(st, NULL);
}

hf_status app_row_hold(struct db *db, const char *id, int64_t credential_ms, bool previous)
{
	static const char any[] =
	        "UPDATE apps SET credential_at = credential_at WHERE identity_id = $1";
	static const char one[] = "UPDATE apps SET credential_at = credential_at"
	                          " WHERE identity_id = $1 AND credential_at = $2";
	static const char with_previous[] =
	        "UPDATE apps SET credential_at = credential_at WHERE identity_id = $1 AND"
	        " credential_at = $2 AND previous_until IS NOT NULL";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, !credential_ms ? any : previous ? with_previous : one, &st));
	db_bind_text(st, 1, id);
	if (credential_ms)
		db_bind_int(st, 2, credential_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

#define NO_PREVIOUS                                                                                \
	"UPDATE apps SET previous_credential = NULL, previous_proof = NULL, previous_until = NULL"

hf_status app_previous_delete(struct db *db, const char *id)
{
	return db_run_on(db, NO_PREVIOUS " WHERE identity_id = $1", id);
}

hf_status app_previous_forget(struct db *db, int64_t now_ms)
{
	static const char sql[] =
	        NO_PREVIOUS " WHERE identity_id IN (SELECT identity_id FROM apps"
	                    " WHERE previous_until IS NOT NULL AND previous_until < $1 LIMIT $2)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, now_ms);
	db_bind_int(st, 2, FORGET_AT_ONCE);
	return db_run(st, NULL);
}

hf_status app_row_delete(struct db *db, const char *id)
{
	HF_TRY(db_run_on(db, "DELETE FROM app_groups WHERE app_id = $1", id));
	return db_run_on(db, "DELETE FROM apps WHERE identity_id = $1", id);
}

hf_status app_group_rows_list(struct db *db, const char *app_id, membership_fn fn, void *ctx)
{
	static const char sql[] = "SELECT group_id, permissions FROM app_groups WHERE app_id = $1"
	                          " ORDER BY group_id";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, app_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(fn(ctx, db_col_text(st, 0), db_col_int(st, 1)));
	}
}

hf_status app_group_row_put(struct db *db, const char *app_id, const char *group_id,
                            uint64_t permissions)
{
	static const char sql[] =
	        "INSERT INTO app_groups (app_id, group_id, permissions) VALUES ($1, $2, $3)"
	        " ON CONFLICT (app_id, group_id) DO UPDATE SET permissions = excluded.permissions";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, app_id);
	db_bind_text(st, 2, group_id);
	db_bind_int(st, 3, (int64_t)permissions);
	return db_run(st, NULL);
}

hf_status app_group_row_delete(struct db *db, const char *app_id, const char *group_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM app_groups WHERE app_id = $1 AND group_id = $2", &st));
	db_bind_text(st, 1, app_id);
	db_bind_text(st, 2, group_id);
	return db_run(st, NULL);
}
