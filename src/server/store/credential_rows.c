/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/credential_rows.h"

#include "server/store/columns.h"

#define COLUMNS(t)                                                                                 \
	t "id, " t "uuid, " t "org_id, " t "identity_id, " t "kind, " t "name, " t                 \
	  "public_key, " t "token_id, " t "relying_party, " t "origin, " t                         \
	  "encrypted_private_key, " t "counter, " t "is_recovery, " t "is_active, " t "created_at"

hf_status credential_row_insert(struct db *db, const struct credential_row *row, int64_t now)
{
	static const char sql[] =
	        "INSERT INTO credentials (" COLUMNS("") ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
	                                                " $9, $10, $11, $12, $13, 1, $14)"
	                                                " ON CONFLICT DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->uuid);
	db_bind_text(st, 3, row->org_id);
	db_bind_text(st, 4, row->identity_id);
	db_bind_text(st, 5, row->kind);
	db_bind_text(st, 6, row->name);
	db_bind_text(st, 7, row->public_key);
	db_bind_text(st, 8, row->token_id);
	db_bind_text(st, 9, row->relying_party);
	db_bind_text(st, 10, row->origin);
	db_bind_text(st, 11, row->encrypted_private_key);
	db_bind_int(st, 12, row->counter);
	db_bind_int(st, 13, row->recovery);
	db_bind_int(st, 14, now);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

static const char *text_or_null(struct db_stmt *st, int i)
{
	return db_col_null(st, i) ? NULL : db_col_text(st, i);
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
			.token_id = text_or_null(st, 7),
			.relying_party = text_or_null(st, 8),
			.origin = text_or_null(st, 9),
			.encrypted_private_key = text_or_null(st, 10),
			.counter = db_col_int(st, 11),
			.recovery = db_col_int(st, 12) != 0,
			.active = db_col_int(st, 13) != 0,
			.created_ms = db_col_int(st, 14),
		};
		HF_TRY(fn(ctx, &credential));
	}
}

/* Those that an identity signs with itself. */
#define SIGNING " identity_id = $1 AND is_active = 1 AND is_recovery = 0 AND token_id IS NULL"

hf_status credential_rows_active(struct db *db, const char *identity_id, credential_row_fn fn,
                                 void *ctx)
{
	static const char sql[] =
	        "SELECT " COLUMNS("") " FROM credentials WHERE" SIGNING " ORDER BY id";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	return each(st, fn, ctx);
}

hf_status credential_rows_of_token(struct db *db, const char *token_id, credential_row_fn fn,
                                   void *ctx)
{
	static const char sql[] =
	        "SELECT " COLUMNS("c.") " FROM tokens t JOIN credentials c"
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

hf_status credential_rows_own(struct db *db, const char *identity_id, credential_row_fn fn,
                              void *ctx)
{
	static const char sql[] =
	        "SELECT " COLUMNS("") " FROM credentials WHERE identity_id = $1"
	                              " AND token_id IS NULL ORDER BY created_at, uuid";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	return each(st, fn, ctx);
}

struct once {
	credential_row_fn fn;
	void *ctx;
	bool found;
};

static hf_status note(void *ctx, const struct credential_row *row)
{
	struct once *o = ctx;

	o->found = true;
	return o->fn(o->ctx, row);
}

hf_status credential_row_own(struct db *db, const char *identity_id, const char *id,
                             credential_row_fn fn, void *ctx)
{
	static const char sql[] =
	        "SELECT " COLUMNS("") " FROM credentials WHERE identity_id = $1"
	                              " AND token_id IS NULL AND (id = $2 OR uuid = $2)";
	struct once once = { fn, ctx, false };
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, id);
	HF_TRY(each(st, note, &once));
	HF_ENSURE(once.found, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status credential_row_owner(struct db *db, const char *org_id, const char *id,
                               char ret_identity_id[HF_ID_MAX])
{
	static const char sql[] = "SELECT identity_id FROM credentials WHERE id = $1"
	                          " AND org_id = $2 AND is_active = 1 AND token_id IS NULL";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	column_text(st, 0, ret_identity_id, HF_ID_MAX);
	return HF_SUCCESS;
}

hf_status credential_row_used(struct db *db, const char *identity_id, const char *id,
                              int64_t counter)
{
	static const char sql[] = "UPDATE credentials SET counter = $3 WHERE id = $2"
	                          " AND identity_id = $1 AND is_active = 1"
	                          " AND (counter < $3 OR (counter = 0 AND $3 = 0))";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, identity_id);
	db_bind_text(st, 2, id);
	db_bind_int(st, 3, counter);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status credential_row_set_active(struct db *db, const char *uuid, bool active)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE credentials SET is_active = $1 WHERE uuid = $2", &st));
	db_bind_int(st, 1, active);
	db_bind_text(st, 2, uuid);
	return db_run(st, NULL);
}

hf_status credential_rows_deactivate(struct db *db, const char *identity_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE credentials SET is_active = 0 WHERE identity_id = $1", &st));
	db_bind_text(st, 1, identity_id);
	return db_run(st, NULL);
}

/* An update that changes nothing takes the row until the commit, with either engine. */
static hf_status take_identity(struct db *db, const char *identity_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE identities SET is_active = is_active WHERE id = $1", &st));
	db_bind_text(st, 1, identity_id);
	return db_run(st, NULL);
}

hf_status credential_rows_count(struct db *db, const char *identity_id, int64_t *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(take_identity(db, identity_id));
	HF_TRY(db_query(db, "SELECT count(*) FROM credentials WHERE" SIGNING, &st));
	db_bind_text(st, 1, identity_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_INTERNAL);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}
