/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/signature_rows.h"

#include "server/store/columns.h"

#include <string.h>

static const char *const status_names[] = { "Executing", "Signed", "Failed" };

const char *signature_status_name(enum signature_status s)
{
	return status_names[s];
}

#define COLUMNS                                                                                    \
	"id, org_id, key_id, requester_id, token_id, kind, body, body_hash, external_id, status,"  \
	" reason, r, s, recid, date_requested, date_signed"

static void bind_new(struct db_stmt *st, const struct signature_row *row, struct hf_span proof)
{
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->key_id);
	db_bind_text(st, 4, row->requester_id);
	db_bind_text(st, 5, row->token_id);
	db_bind_text(st, 6, row->kind);
	db_bind_blob(st, 7, row->body);
	db_bind_blob(st, 8, HF_SPAN(row->body_hash, BODY_HASH_LEN));
	db_bind_text(st, 9, *row->external_id ? row->external_id : NULL);
	db_bind_text(st, 10, signature_status_name(row->outcome.status));
	db_bind_int(st, 11, row->requested_ms);
	db_bind_blob(st, 12, proof);
}

/* Without an external id nobody else can have made it, so nobody waits for the answer. */
hf_status signature_row_insert(struct db *db, const struct signature_row *row, struct hf_span proof)
{
	static const char sql[] = DB_BY_KEY
	        "INSERT INTO signatures (id, org_id, key_id, requester_id, token_id, kind, body,"
	        " body_hash, external_id, status, date_requested, proof)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
	        " ON CONFLICT DO NOTHING";
	struct db_stmt *st;
	int64_t changed;
	hf_status s;

	HF_TRY(db_query(db, sql, &st));
	bind_new(st, row, proof);
	if (!*row->external_id) {
		db_post(st);
		return HF_SUCCESS;
	}
	s = db_run(st, &changed);
	db_done(st);
	HF_TRY(s);
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

static hf_status read_half(struct db_stmt *st, int i, uint8_t to[32])
{
	struct hf_span v = db_col_blob(st, i);

	HF_ENSURE(v.len == 0 || v.len == 32, HF_CORRUPT);
	if (v.len)
		memcpy(to, v.ptr, 32);
	return HF_SUCCESS;
}

static hf_status read_row(struct db_stmt *st, struct signature_row *ret)
{
	struct hf_span hash = db_col_blob(st, 7);
	const char *status = db_col_text(st, 9);
	size_t s = 0;

	while (s < HF_COUNT(status_names) && strcmp(status_names[s], status) != 0)
		s++;
	HF_ENSURE(s < HF_COUNT(status_names) && hash.len == BODY_HASH_LEN, HF_CORRUPT);
	*ret = (struct signature_row){
		.body = db_col_blob(st, 6),
		.requested_ms = db_col_int(st, 14),
		.outcome = {
			.status = (enum signature_status)s,
			.recid = db_col_null(st, 13) ? -1 : (int)db_col_int(st, 13),
			.signed_ms = db_col_int(st, 15),
		},
	};
	memcpy(ret->body_hash, hash.ptr, BODY_HASH_LEN);
	HF_TRY(read_half(st, 11, ret->outcome.r));
	HF_TRY(read_half(st, 12, ret->outcome.s));
	column_text(st, 0, ret->id, sizeof(ret->id));
	column_text(st, 1, ret->org_id, sizeof(ret->org_id));
	column_text(st, 2, ret->key_id, sizeof(ret->key_id));
	column_text(st, 3, ret->requester_id, sizeof(ret->requester_id));
	column_text(st, 4, ret->token_id, sizeof(ret->token_id));
	column_text(st, 5, ret->kind, sizeof(ret->kind));
	column_text(st, 8, ret->external_id, sizeof(ret->external_id));
	column_text(st, 10, ret->outcome.reason, sizeof(ret->outcome.reason));
	return HF_SUCCESS;
}

static hf_status each(struct db_stmt *st, signature_row_fn fn, void *ctx, bool *ret_any)
{
	struct signature_row signature;
	bool row, any = false;

	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			break;
		HF_TRY(read_row(st, &signature));
		HF_TRY(fn(ctx, &signature));
		any = true;
	}
	*ret_any = any;
	return HF_SUCCESS;
}

hf_status signature_row_get(struct db *db, const char *org_id, const char *key_id, const char *id,
                            signature_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " COLUMNS " FROM signatures"
	                          " WHERE id = $1 AND key_id = $2 AND org_id = $3";
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, key_id);
	db_bind_text(st, 3, org_id);
	HF_TRY(each(st, fn, ctx, &any));
	HF_ENSURE(any, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status signature_row_by_external_id(struct db *db, const char *org_id, const char *external_id,
                                       signature_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " COLUMNS " FROM signatures"
	                          " WHERE org_id = $1 AND external_id = $2";
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, external_id);
	HF_TRY(each(st, fn, ctx, &any));
	HF_ENSURE(any, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status signature_rows_list(struct db *db, const char *key_id, const char *after, int limit,
                              signature_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " COLUMNS " FROM signatures WHERE key_id = $1 AND id < $2"
	                          " ORDER BY id DESC LIMIT $3";
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, key_id);
	db_bind_text(st, 2, *after ? after : AFTER_EVERY_ID);
	db_bind_int(st, 3, limit);
	return each(st, fn, ctx, &any);
}

hf_status signature_row_settle(struct db *db, const char *id, const struct signature_outcome *o)
{
	static const char sql[] =
	        DB_BY_KEY "UPDATE signatures SET status = $1, reason = $2, r = $3, s = $4,"
	                  " recid = $5, date_signed = $6"
	                  " WHERE id = $7 AND status = 'Executing'";
	bool done = o->status == SIGNATURE_SIGNED;
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, signature_status_name(o->status));
	db_bind_text(st, 2, *o->reason ? o->reason : NULL);
	db_bind_blob(st, 3, HF_SPAN(o->r, done ? sizeof(o->r) : 0));
	db_bind_blob(st, 4, HF_SPAN(o->s, done ? sizeof(o->s) : 0));
	if (o->recid >= 0)
		db_bind_int(st, 5, o->recid);
	else
		db_bind_null(st, 5);
	if (done)
		db_bind_int(st, 6, o->signed_ms);
	else
		db_bind_null(st, 6);
	db_bind_text(st, 7, id);
	db_post(st);
	return HF_SUCCESS;
}
