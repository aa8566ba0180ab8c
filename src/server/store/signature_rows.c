/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/signature_rows.h"

#include "server/store/columns.h"

#include <string.h>

static const char *const status_names[] = { "Executing", "Signed", "Failed", "Pending",
	                                    "Rejected" };

const char *signature_status_name(enum signature_status s)
{
	return status_names[s];
}

#define COLUMNS                                                                                    \
	"id, org_id, key_id, requester_id, token_id, kind, body, body_hash, external_id, status,"  \
	" reason, r, s, recid, date_requested, date_signed, wallet_id, network, approval_id,"      \
	" date_policy_resolved, parts, encoded, signed_data"

static void bind_text_if(struct db_stmt *st, int i, const char *text)
{
	db_bind_text(st, i, *text ? text : NULL);
}

static void bind_int_if(struct db_stmt *st, int i, int64_t v)
{
	if (v)
		db_bind_int(st, i, v);
	else
		db_bind_null(st, i);
}

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
	bind_text_if(st, 9, row->external_id);
	db_bind_text(st, 10, signature_status_name(row->outcome.status));
	db_bind_int(st, 11, row->requested_ms);
	db_bind_blob(st, 12, proof);
	bind_text_if(st, 13, row->wallet_id);
	bind_text_if(st, 14, row->network);
	bind_text_if(st, 15, row->approval_id);
	bind_text_if(st, 16, row->outcome.reason);
	bind_int_if(st, 17, row->resolved_ms);
}

/* Without an external id nobody else can have made it, so nobody waits for the answer. */
hf_status signature_row_insert(struct db *db, const struct signature_row *row, struct hf_span proof)
{
	static const char sql[] = DB_BY_KEY
	        "INSERT INTO signatures (id, org_id, key_id, requester_id, token_id, kind, body,"
	        " body_hash, external_id, status, date_requested, proof, wallet_id, network,"
	        " approval_id, reason, date_policy_resolved)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
	        " $17) ON CONFLICT DO NOTHING";
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

static hf_status read_status(struct db_stmt *st, int i, enum signature_status *ret)
{
	const char *name = db_col_text(st, i);
	size_t s = 0;

	while (s < HF_COUNT(status_names) && strcmp(status_names[s], name) != 0)
		s++;
	HF_ENSURE(s < HF_COUNT(status_names), HF_CORRUPT);
	*ret = (enum signature_status)s;
	return HF_SUCCESS;
}

static void read_texts(struct db_stmt *st, struct signature_row *ret)
{
	column_text(st, 0, ret->id, sizeof(ret->id));
	column_text(st, 1, ret->org_id, sizeof(ret->org_id));
	column_text(st, 2, ret->key_id, sizeof(ret->key_id));
	column_text(st, 3, ret->requester_id, sizeof(ret->requester_id));
	column_text(st, 4, ret->token_id, sizeof(ret->token_id));
	column_text(st, 5, ret->kind, sizeof(ret->kind));
	column_text(st, 8, ret->external_id, sizeof(ret->external_id));
	column_text(st, 10, ret->outcome.reason, sizeof(ret->outcome.reason));
	column_text(st, 16, ret->wallet_id, sizeof(ret->wallet_id));
	column_text(st, 17, ret->network, sizeof(ret->network));
	column_text(st, 18, ret->approval_id, sizeof(ret->approval_id));
}

static hf_status read_row(struct db_stmt *st, struct signature_row *ret)
{
	struct hf_span hash = db_col_blob(st, 7);

	HF_ENSURE(hash.len == BODY_HASH_LEN, HF_CORRUPT);
	*ret = (struct signature_row){
		.body = db_col_blob(st, 6),
		.requested_ms = db_col_int(st, 14),
		.resolved_ms = db_col_int(st, 19),
		.outcome = {
			.recid = db_col_null(st, 13) ? -1 : (int)db_col_int(st, 13),
			.signed_ms = db_col_int(st, 15),
		},
		.parts = db_col_blob(st, 20),
		.encoded = db_col_blob(st, 21),
		.signed_data = db_col_blob(st, 22),
	};
	memcpy(ret->body_hash, hash.ptr, BODY_HASH_LEN);
	HF_TRY(read_status(st, 9, &ret->outcome.status));
	HF_TRY(read_half(st, 11, ret->outcome.r));
	HF_TRY(read_half(st, 12, ret->outcome.s));
	read_texts(st, ret);
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

hf_status signature_row_get(struct db *db, const char *org_id, const char *id, signature_row_fn fn,
                            void *ctx)
{
	static const char of_org[] = "SELECT " COLUMNS " FROM signatures"
	                             " WHERE id = $1 AND org_id = $2";
	static const char of_any[] = "SELECT " COLUMNS " FROM signatures WHERE id = $1";
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, org_id ? of_org : of_any, &st));
	db_bind_text(st, 1, id);
	if (org_id)
		db_bind_text(st, 2, org_id);
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

static hf_status list(struct db *db, const char *sql, const char *of, const char *after, int limit,
                      signature_row_fn fn, void *ctx)
{
	DB_STMT st = NULL;
	bool any;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, of);
	db_bind_text(st, 2, *after ? after : AFTER_EVERY_ID);
	db_bind_int(st, 3, limit);
	return each(st, fn, ctx, &any);
}

hf_status signature_rows_of_key(struct db *db, const char *key_id, const char *after, int limit,
                                signature_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " COLUMNS " FROM signatures WHERE key_id = $1 AND id < $2"
	                          " ORDER BY id DESC LIMIT $3";

	return list(db, sql, key_id, after, limit, fn, ctx);
}

hf_status signature_rows_of_wallet(struct db *db, const char *wallet_id, const char *after,
                                   int limit, signature_row_fn fn, void *ctx)
{
	static const char sql[] =
	        "SELECT " COLUMNS " FROM signatures WHERE wallet_id = $1 AND id < $2"
	        " ORDER BY id DESC LIMIT $3";

	return list(db, sql, wallet_id, after, limit, fn, ctx);
}

static void bind_outcome(struct db_stmt *st, const char *id, const struct signature_outcome *o,
                         bool halves)
{
	bool done = o->status == SIGNATURE_SIGNED;

	db_bind_text(st, 1, signature_status_name(o->status));
	bind_text_if(st, 2, o->reason);
	db_bind_blob(st, 3, HF_SPAN(o->r, done && halves ? sizeof(o->r) : 0));
	db_bind_blob(st, 4, HF_SPAN(o->s, done && halves ? sizeof(o->s) : 0));
	if (o->recid >= 0)
		db_bind_int(st, 5, o->recid);
	else
		db_bind_null(st, 5);
	bind_int_if(st, 6, done ? o->signed_ms : 0);
	db_bind_text(st, 7, id);
}

#define SETTLE                                                                                     \
	"UPDATE signatures SET status = $1, reason = $2, r = $3, s = $4, recid = $5,"              \
	" date_signed = $6"

hf_status signature_row_settle(struct db *db, const char *id, const struct signature_outcome *o)
{
	static const char sql[] = DB_BY_KEY SETTLE " WHERE id = $7 AND status = 'Executing'";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	bind_outcome(st, id, o, true);
	db_post(st);
	return HF_SUCCESS;
}

hf_status signature_row_settle_formed(struct db *db, const struct signature_row *row)
{
	static const char sql[] = DB_BY_KEY SETTLE ", parts = $8, encoded = $9, signed_data = $10"
	                                           " WHERE id = $7 AND status = 'Executing'";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	bind_outcome(st, row->id, &row->outcome, row->parts.len == 0);
	db_bind_blob(st, 8, row->parts);
	db_bind_blob(st, 9, row->encoded);
	db_bind_blob(st, 10, row->signed_data);
	db_post(st);
	return HF_SUCCESS;
}

hf_status signature_row_set_parts(struct db *db, const char *id, struct hf_span parts)
{
	static const char sql[] = DB_BY_KEY "UPDATE signatures SET parts = $1 WHERE id = $2";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_blob(st, 1, parts);
	db_bind_text(st, 2, id);
	db_post(st);
	return HF_SUCCESS;
}

static hf_status resolve(struct db *db, const char *id, const struct signature_outcome *to,
                         int64_t now)
{
	static const char sql[] =
	        "UPDATE signatures SET status = $1, reason = $2, date_policy_resolved = $3"
	        " WHERE id = $4 AND status = 'Pending'";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, signature_status_name(to->status));
	bind_text_if(st, 2, to->reason);
	db_bind_int(st, 3, now);
	db_bind_text(st, 4, id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_STATE);
	return HF_SUCCESS;
}

hf_status signature_row_release(struct db *db, const char *id, int64_t now)
{
	const struct signature_outcome to = { .status = SIGNATURE_EXECUTING };

	return resolve(db, id, &to, now);
}

hf_status signature_row_reject(struct db *db, const char *id, const char *reason, int64_t now)
{
	struct signature_outcome to = { .status = SIGNATURE_REJECTED };

	snprintf(to.reason, sizeof(to.reason), "%s", reason);
	return resolve(db, id, &to, now);
}
