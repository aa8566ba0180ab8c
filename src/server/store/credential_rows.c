/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/credential_rows.h"

#include "server/store/columns.h"

#define COLUMNS "id, uuid, org_id, identity_id, kind, name, public_key, token_id"

hf_status credential_row_insert(struct db *db, const struct credential_row *row, int64_t now)
{
	static const char sql[] = "INSERT INTO credentials (" COLUMNS ", is_active, created_at)"
	                          " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->uuid);
	db_bind_text(st, 3, row->org_id);
	db_bind_text(st, 4, row->identity_id);
	db_bind_text(st, 5, row->kind);
	db_bind_text(st, 6, row->name);
	db_bind_text(st, 7, row->public_key);
	db_bind_text(st, 8, row->token_id);
	db_bind_int(st, 9, now);
	return db_run(st, NULL);
}

static hf_status each(struct db_stmt *st, credential_row_fn fn, void *ctx)
{
	bool row;

	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		struct credential_row credential = {
			.id = db_col_text(st, 0),
			.uuid = db_col_text(st, 1),
			.org_id = db_col_text(st, 2),
			.identity_id = db_col_text(st, 3),
			.kind = db_col_text(st, 4),
			.name = db_col_text(st, 5),
			.public_key = db_col_text(st, 6),
			.token_id = db_col_null(st, 7) ? NULL : db_col_text(st, 7),
		};
		HF_TRY(fn(ctx, &credential));
	}
}

hf_status credential_rows_active(struct db *db, const char *identity_id, credential_row_fn fn,
                                 void *ctx)
{
	static const char sql[] = "SELECT " COLUMNS " FROM credentials WHERE identity_id = $1"
	                          " AND is_active = 1 AND token_id IS NULL ORDER BY id";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	return each(st, fn, ctx);
}

hf_status credential_rows_of_token(struct db *db, const char *token_id, credential_row_fn fn,
                                   void *ctx)
{
	static const char sql[] = "SELECT c.id, c.uuid, c.org_id, c.identity_id, c.kind, c.name,"
	                          " c.public_key, c.token_id FROM tokens t JOIN credentials c"
	                          " ON c.id = t.credential_id AND c.token_id = t.id"
	                          " WHERE t.id = $1 AND c.is_active = 1";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, token_id);
	return each(st, fn, ctx);
}

hf_status credential_row_first(struct db *db, const char *identity_id, char ret_uuid[HF_ID_MAX])
{
	static const char sql[] = "SELECT uuid FROM credentials WHERE identity_id = $1"
	                          " AND token_id IS NULL ORDER BY created_at, uuid LIMIT 1";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	HF_TRY(db_step(st, &row));
	ret_uuid[0] = '\0';
	if (row)
		column_text(st, 0, ret_uuid, HF_ID_MAX);
	return HF_SUCCESS;
}
