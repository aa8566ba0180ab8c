/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/token_rows.h"

#include "server/store/columns.h"

#define COLUMNS                                                                                    \
	"t.id, t.org_id, t.identity_id, t.credential_id, t.kind, t.name, t.external_id,"           \
	" t.is_active, t.is_archived, t.created_at, t.expires_at"
#define NEXT_COLUMN 11

hf_status token_row_insert(struct db *db, const struct token_row *row)
{
	static const char sql[] =
	        "INSERT INTO tokens (id, org_id, identity_id, credential_id, kind, name,"
	        " external_id, is_active, is_archived, created_at, expires_at)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->identity_id);
	db_bind_text(st, 4, row->credential_id[0] ? row->credential_id : NULL);
	db_bind_text(st, 5, row->kind);
	db_bind_text(st, 6, row->name[0] ? row->name : NULL);
	db_bind_text(st, 7, row->external_id[0] ? row->external_id : NULL);
	db_bind_int(st, 8, row->active);
	db_bind_int(st, 9, row->archived);
	db_bind_int(st, 10, row->created_ms);
	db_bind_int(st, 11, row->expires_ms);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

static void read_row(struct db_stmt *st, struct token_row *to)
{
	column_text(st, 0, to->id, sizeof(to->id));
	column_text(st, 1, to->org_id, sizeof(to->org_id));
	column_text(st, 2, to->identity_id, sizeof(to->identity_id));
	column_text(st, 3, to->credential_id, sizeof(to->credential_id));
	column_text(st, 4, to->kind, sizeof(to->kind));
	column_text(st, 5, to->name, sizeof(to->name));
	column_text(st, 6, to->external_id, sizeof(to->external_id));
	to->active = db_col_int(st, 7) != 0;
	to->archived = db_col_int(st, 8) != 0;
	to->created_ms = db_col_int(st, 9);
	to->expires_ms = db_col_int(st, 10);
}

hf_status token_row_get(struct db *db, const char *id, struct token_row *ret_token,
                        struct identity_row *ret_identity)
{
	static const char sql[] = "SELECT " COLUMNS ", i.kind, i.name, i.is_active, i.is_archived"
	                          " FROM tokens t JOIN identities i ON i.id = t.identity_id"
	                          " AND i.org_id = t.org_id WHERE t.id = $1";
	struct token_row token = { 0 };
	struct identity_row identity = { 0 };
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	read_row(st, &token);
	snprintf(identity.id, sizeof(identity.id), "%s", token.identity_id);
	snprintf(identity.org_id, sizeof(identity.org_id), "%s", token.org_id);
	column_text(st, NEXT_COLUMN, identity.kind, sizeof(identity.kind));
	column_text(st, NEXT_COLUMN + 1, identity.name, sizeof(identity.name));
	identity.active = db_col_int(st, NEXT_COLUMN + 2) != 0;
	identity.archived = db_col_int(st, NEXT_COLUMN + 3) != 0;
	*ret_token = token;
	*ret_identity = identity;
	return HF_SUCCESS;
}

#define WITH_PUBLIC_KEY                                                                            \
	"SELECT " COLUMNS ", c.public_key FROM tokens t"                                           \
	" LEFT JOIN credentials c ON c.id = t.credential_id"                                       \
	" WHERE t.identity_id = $1 AND t.kind = $2 AND t.is_archived = 0"

static hf_status each(struct db_stmt *st, token_row_fn fn, void *ctx, bool *ret_any)
{
	struct token_row token;
	bool row;

	*ret_any = false;
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		*ret_any = true;
		read_row(st, &token);
		HF_TRY(fn(ctx, &token, db_col_text(st, NEXT_COLUMN)));
	}
}

hf_status token_rows_list(struct db *db, const char *identity_id, const char *kind, token_row_fn fn,
                          void *ctx)
{
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, WITH_PUBLIC_KEY " ORDER BY t.id DESC", &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, kind);
	return each(st, fn, ctx, &any);
}

hf_status token_row_show(struct db *db, const char *identity_id, const char *kind, const char *id,
                         token_row_fn fn, void *ctx)
{
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, WITH_PUBLIC_KEY " AND t.id = $3", &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, kind);
	db_bind_text(st, 3, id);
	HF_TRY(each(st, fn, ctx, &any));
	HF_ENSURE(any, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status token_row_rename(struct db *db, const char *id, const char *name, const char *external_id)
{
	static const char sql[] = "UPDATE tokens SET name = $1, external_id = $2 WHERE id = $3";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, name);
	db_bind_text(st, 2, external_id && *external_id ? external_id : NULL);
	db_bind_text(st, 3, id);
	return db_run(st, NULL);
}

hf_status token_row_set_active(struct db *db, const char *id, bool active)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE tokens SET is_active = $1 WHERE id = $2", &st));
	db_bind_int(st, 1, active);
	db_bind_text(st, 2, id);
	return db_run(st, NULL);
}

hf_status token_row_archive(struct db *db, const char *id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE tokens SET is_active = 0, is_archived = 1 WHERE id = $1", &st));
	db_bind_text(st, 1, id);
	return db_run(st, NULL);
}

hf_status token_rows_end_sessions(struct db *db, const char *identity_id, const char *credential_id)
{
	static const char all[] = "UPDATE tokens SET is_active = 0 WHERE identity_id = $1"
	                          " AND kind = $2 AND is_active = 1";
	static const char some[] = "UPDATE tokens SET is_active = 0 WHERE identity_id = $1"
	                           " AND kind = $2 AND is_active = 1 AND credential_id = $3";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, credential_id ? some : all, &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, TOKEN_LOGIN);
	if (credential_id)
		db_bind_text(st, 3, credential_id);
	return db_run(st, NULL);
}

hf_status token_rows_end(struct db *db, const char *identity_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE tokens SET is_active = 0 WHERE identity_id = $1", &st));
	db_bind_text(st, 1, identity_id);
	return db_run(st, NULL);
}
