/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/wallet_rows.h"

#include "server/store/columns.h"

#include <string.h>

static const char *const status_names[] = { "Creating", "Active", "Archived", "Failed" };

const char *wallet_status_name(enum wallet_status s)
{
	return status_names[s];
}

hf_status wallet_row_insert(struct db *db, const struct wallet_row *row, struct hf_span proof)
{
	static const char sql[] =
	        "INSERT INTO wallets (id, org_id, key_id, network, address, name, external_id,"
	        " status, created_by, date_created, proof)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->key_id);
	db_bind_text(st, 4, row->network);
	db_bind_text(st, 5, *row->address ? row->address : NULL);
	db_bind_text(st, 6, *row->name ? row->name : NULL);
	db_bind_text(st, 7, *row->external_id ? row->external_id : NULL);
	db_bind_text(st, 8, wallet_status_name(row->status));
	db_bind_text(st, 9, row->created_by);
	db_bind_int(st, 10, row->created_ms);
	db_bind_blob(st, 11, proof);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

static hf_status read_status(struct db_stmt *st, int i, enum wallet_status *ret)
{
	const char *name = db_col_text(st, i);
	size_t s = 0;

	while (s < HF_COUNT(status_names) && strcmp(status_names[s], name) != 0)
		s++;
	HF_ENSURE(s < HF_COUNT(status_names), HF_CORRUPT);
	*ret = (enum wallet_status)s;
	return HF_SUCCESS;
}

#define COLUMNS(TAGS)                                                                              \
	"w.id, w.org_id, w.key_id, w.network, w.address, w.name, w.external_id, w.status,"         \
	" w.created_by, w.date_created, w.date_deleted, k.scheme, k.curve, k.public_key, " TAGS    \
	" FROM wallets w JOIN keys k ON k.id = w.key_id"
#define SQLITE_TAGS                                                                                \
	"(SELECT group_concat(tag, ',') FROM (SELECT tag FROM wallet_tags t"                       \
	" WHERE t.wallet_id = w.id ORDER BY tag))"
#define POSTGRES_TAGS                                                                              \
	"(SELECT string_agg(tag, ',' ORDER BY tag) FROM wallet_tags t WHERE t.wallet_id = w.id)"

static hf_status read_row(struct db_stmt *st, struct wallet_row *ret)
{
	struct hf_span public_key = db_col_blob(st, 13);

	*ret = (struct wallet_row){
		.created_ms = db_col_int(st, 9),
		.deleted_ms = db_col_int(st, 10),
		.public_key.len = public_key.len,
	};
	HF_ENSURE(public_key.len <= sizeof(ret->public_key.bytes), HF_CORRUPT);
	if (public_key.len)
		memcpy(ret->public_key.bytes, public_key.ptr, public_key.len);
	HF_TRY(read_status(st, 7, &ret->status));
	column_text(st, 0, ret->id, sizeof(ret->id));
	column_text(st, 1, ret->org_id, sizeof(ret->org_id));
	column_text(st, 2, ret->key_id, sizeof(ret->key_id));
	column_text(st, 3, ret->network, sizeof(ret->network));
	column_text(st, 4, ret->address, sizeof(ret->address));
	column_text(st, 5, ret->name, sizeof(ret->name));
	column_text(st, 6, ret->external_id, sizeof(ret->external_id));
	column_text(st, 8, ret->created_by, sizeof(ret->created_by));
	column_text(st, 11, ret->scheme, sizeof(ret->scheme));
	column_text(st, 12, ret->curve, sizeof(ret->curve));
	column_text(st, 14, ret->tags, sizeof(ret->tags));
	return HF_SUCCESS;
}

hf_status wallet_row_get(struct db *db, const char *org_id, const char *id, struct wallet_row *ret)
{
	static const char sqlite[] =
	        "SELECT " COLUMNS(SQLITE_TAGS) " WHERE w.id = $1 AND w.org_id = $2";
	static const char postgres[] =
	        "SELECT " COLUMNS(POSTGRES_TAGS) " WHERE w.id = $1 AND w.org_id = $2";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, db_dialect(db, sqlite, postgres), &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	return read_row(st, ret);
}

hf_status wallet_row_signer(struct db *db, const char *org_id, const char *id,
                            struct wallet_row *ret)
{
	static const char sql[] = DB_BY_KEY "SELECT key_id, network, status FROM wallets"
	                                    " WHERE id = $1 AND org_id = $2";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	HF_TRY(read_status(st, 2, &ret->status));
	snprintf(ret->id, sizeof(ret->id), "%s", id);
	column_text(st, 0, ret->key_id, sizeof(ret->key_id));
	column_text(st, 1, ret->network, sizeof(ret->network));
	return HF_SUCCESS;
}

#define PAGE                                                                                       \
	" WHERE w.org_id = $1 AND w.id < $2 AND w.status IN ('Active', 'Archived')"                \
	" ORDER BY w.id DESC LIMIT $3"

hf_status wallet_rows_list(struct db *db, const char *org_id, const char *after, int limit,
                           wallet_row_fn fn, void *ctx)
{
	static const char sqlite[] = "SELECT " COLUMNS(SQLITE_TAGS) PAGE;
	static const char postgres[] = "SELECT " COLUMNS(POSTGRES_TAGS) PAGE;
	struct wallet_row wallet;
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, db_dialect(db, sqlite, postgres), &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, *after ? after : AFTER_EVERY_ID);
	db_bind_int(st, 3, limit);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(read_row(st, &wallet));
		HF_TRY(fn(ctx, &wallet));
	}
}

hf_status wallet_rows_of_key(struct db *db, const char *key_id, wallet_row_fn fn, void *ctx)
{
	static const char sql[] =
	        "SELECT id, network, status FROM wallets WHERE key_id = $1 ORDER BY network";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, key_id);
	for (;;) {
		struct wallet_row wallet = { 0 };

		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(read_status(st, 2, &wallet.status));
		column_text(st, 0, wallet.id, sizeof(wallet.id));
		column_text(st, 1, wallet.network, sizeof(wallet.network));
		HF_TRY(fn(ctx, &wallet));
	}
}

hf_status wallet_row_update(struct db *db, const char *id, const char *name,
                            const char *external_id)
{
	static const char sql[] = "UPDATE wallets SET name = $1, external_id = $2 WHERE id = $3";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, name);
	db_bind_text(st, 2, external_id);
	db_bind_text(st, 3, id);
	return db_run(st, NULL);
}

hf_status wallet_row_made(struct db *db, const char *id, const char *address)
{
	static const char sql[] = "UPDATE wallets SET status = 'Active', address = $1"
	                          " WHERE id = $2 AND status = 'Creating'";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, *address ? address : NULL);
	db_bind_text(st, 2, id);
	db_post(st);
	return HF_SUCCESS;
}

hf_status wallet_rows_failed(struct db *db, const char *key_id)
{
	static const char sql[] = "UPDATE wallets SET status = 'Failed'"
	                          " WHERE key_id = $1 AND status = 'Creating'";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, key_id);
	db_post(st);
	return HF_SUCCESS;
}

hf_status wallet_rows_archive(struct db *db, const char *key_id, int64_t now)
{
	static const char sql[] = "UPDATE wallets SET status = 'Archived', date_deleted = $1"
	                          " WHERE key_id = $2 AND status = 'Active'";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, now);
	db_bind_text(st, 2, key_id);
	db_post(st);
	return HF_SUCCESS;
}

hf_status wallet_tag_add(struct db *db, const char *wallet_id, const char *tag)
{
	static const char sql[] = "INSERT INTO wallet_tags (wallet_id, tag) VALUES ($1, $2)"
	                          " ON CONFLICT DO NOTHING";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, wallet_id);
	db_bind_text(st, 2, tag);
	db_post(st);
	return HF_SUCCESS;
}

hf_status wallet_tag_remove(struct db *db, const char *wallet_id, const char *tag)
{
	static const char sql[] = "DELETE FROM wallet_tags WHERE wallet_id = $1 AND tag = $2";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, wallet_id);
	db_bind_text(st, 2, tag);
	db_post(st);
	return HF_SUCCESS;
}

hf_status wallet_tags_count(struct db *db, const char *wallet_id, int64_t *ret)
{
	static const char sql[] = "SELECT count(*) FROM wallet_tags WHERE wallet_id = $1";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, wallet_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_CORRUPT);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}
