/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/identity_rows.h"

#include "server/store/columns.h"

hf_status orgs_any(struct db *db, bool *ret)
{
	static const char sql[] = "SELECT id FROM orgs LIMIT 1";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
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

hf_status identity_row_insert(struct db *db, const struct identity_row *row, int64_t now)
{
	static const char sql[] = "INSERT INTO identities (id, org_id, kind, name, is_active,"
	                          " created_at) VALUES ($1, $2, $3, $4, $5, $6)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->kind);
	db_bind_text(st, 4, row->name);
	db_bind_int(st, 5, row->active);
	db_bind_int(st, 6, now);
	return db_run(st, NULL);
}

hf_status credential_row_insert(struct db *db, const struct credential_row *row, int64_t now)
{
	static const char sql[] =
	        "INSERT INTO credentials (id, uuid, org_id, identity_id, kind, name, public_key,"
	        " is_active, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->uuid);
	db_bind_text(st, 3, row->org_id);
	db_bind_text(st, 4, row->identity_id);
	db_bind_text(st, 5, row->kind);
	db_bind_text(st, 6, row->name);
	db_bind_text(st, 7, row->public_key);
	db_bind_int(st, 8, now);
	return db_run(st, NULL);
}

hf_status token_row_insert(struct db *db, const struct token_row *row, const char *kind,
                           int64_t now)
{
	static const char sql[] =
	        "INSERT INTO tokens (id, org_id, identity_id, credential_id, kind, is_active,"
	        " created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->identity_id);
	db_bind_text(st, 4, row->credential_id);
	db_bind_text(st, 5, kind);
	db_bind_int(st, 6, row->active);
	db_bind_int(st, 7, now);
	db_bind_int(st, 8, row->expires_ms);
	return db_run(st, NULL);
}

hf_status token_row_get(struct db *db, const char *id, struct token_row *ret_token,
                        struct identity_row *ret_identity)
{
	static const char sql[] =
	        "SELECT t.id, t.org_id, t.identity_id, t.is_active, t.expires_at, i.kind, i.name,"
	        " i.is_active FROM tokens t JOIN identities i ON i.id = t.identity_id"
	        " AND i.org_id = t.org_id WHERE t.id = $1";
	struct token_row token = { 0 };
	struct identity_row identity = { 0 };
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	column_text(st, 0, token.id, sizeof(token.id));
	column_text(st, 1, token.org_id, sizeof(token.org_id));
	column_text(st, 1, identity.org_id, sizeof(identity.org_id));
	column_text(st, 2, token.identity_id, sizeof(token.identity_id));
	column_text(st, 2, identity.id, sizeof(identity.id));
	token.active = db_col_int(st, 3) != 0;
	token.expires_ms = db_col_int(st, 4);
	column_text(st, 5, identity.kind, sizeof(identity.kind));
	column_text(st, 6, identity.name, sizeof(identity.name));
	identity.active = db_col_int(st, 7) != 0;
	*ret_token = token;
	*ret_identity = identity;
	return HF_SUCCESS;
}

hf_status credential_rows_active(struct db *db, const char *identity_id, credential_row_fn fn,
                                 void *ctx)
{
	static const char sql[] = "SELECT id, uuid, org_id, kind, name, public_key FROM credentials"
	                          " WHERE identity_id = $1 AND is_active = 1 ORDER BY id";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		struct credential_row credential = {
			.id = db_col_text(st, 0),
			.uuid = db_col_text(st, 1),
			.org_id = db_col_text(st, 2),
			.identity_id = identity_id,
			.kind = db_col_text(st, 3),
			.name = db_col_text(st, 4),
			.public_key = db_col_text(st, 5),
		};
		HF_TRY(fn(ctx, &credential));
	}
}
