/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/key_rows.h"

#include "server/store/columns.h"

#include <string.h>

static const char *const status_names[] = { "Creating", "Active", "Archived", "Failed" };

const char *key_status_name(enum key_status s)
{
	return status_names[s];
}

#define COLUMNS                                                                                    \
	"id, org_id, store_id, scheme, curve, key_type, public_key, name, status, resident,"       \
	" created_by, date_created, date_deleted, failure, failure_code"

hf_status key_row_insert(struct db *db, const struct key_row *row, struct hf_span proof)
{
	static const char sql[] =
	        "INSERT INTO keys (id, org_id, store_id, scheme, curve, key_type, name, status,"
	        " created_by, date_created, proof)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->store_id);
	db_bind_text(st, 4, row->scheme);
	db_bind_text(st, 5, row->curve);
	db_bind_int(st, 6, row->type);
	db_bind_text(st, 7, *row->name ? row->name : NULL);
	db_bind_text(st, 8, key_status_name(row->status));
	db_bind_text(st, 9, row->created_by);
	db_bind_int(st, 10, row->created_ms);
	db_bind_blob(st, 11, proof);
	return db_run(st, NULL);
}

static hf_status read_row(struct db_stmt *st, struct key_row *ret)
{
	struct hf_span public_key = db_col_blob(st, 6);
	const struct key_type_info *info = key_type_info((int)db_col_int(st, 5));
	const char *status = db_col_text(st, 8);
	size_t s = 0;

	while (s < HF_COUNT(status_names) && strcmp(status_names[s], status) != 0)
		s++;
	HF_ENSURE(info && s < HF_COUNT(status_names), HF_CORRUPT);
	HF_ENSURE(public_key.len <= sizeof(ret->public_key.bytes), HF_CORRUPT);
	*ret = (struct key_row){
		.type = info->type,
		.status = (enum key_status)s,
		.public_key.len = public_key.len,
		.resident = db_col_int(st, 9) != 0,
		.created_ms = db_col_int(st, 11),
		.deleted_ms = db_col_int(st, 12),
		.failure_code = (enum hf_code)db_col_int(st, 14),
	};
	if (public_key.len)
		memcpy(ret->public_key.bytes, public_key.ptr, public_key.len);
	column_text(st, 0, ret->id, sizeof(ret->id));
	column_text(st, 1, ret->org_id, sizeof(ret->org_id));
	column_text(st, 2, ret->store_id, sizeof(ret->store_id));
	column_text(st, 3, ret->scheme, sizeof(ret->scheme));
	column_text(st, 4, ret->curve, sizeof(ret->curve));
	column_text(st, 7, ret->name, sizeof(ret->name));
	column_text(st, 10, ret->created_by, sizeof(ret->created_by));
	column_text(st, 13, ret->failure, sizeof(ret->failure));
	return HF_SUCCESS;
}

hf_status key_row_get(struct db *db, const char *org_id, const char *id, struct key_row *ret)
{
	static const char sql[] =
	        DB_BY_KEY "SELECT " COLUMNS " FROM keys WHERE id = $1 AND org_id = $2";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	return read_row(st, ret);
}

hf_status key_rows_list(struct db *db, const char *org_id, const char *after, int limit,
                        key_row_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " COLUMNS " FROM keys WHERE org_id = $1 AND id < $2"
	                          " AND status IN ('Active', 'Archived') ORDER BY id DESC LIMIT $3";
	DB_STMT st = NULL;
	struct key_row key;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_text(st, 2, *after ? after : AFTER_EVERY_ID);
	db_bind_int(st, 3, limit);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(read_row(st, &key));
		HF_TRY(fn(ctx, &key));
	}
}

hf_status key_row_rename(struct db *db, const char *id, const char *name)
{
	static const char sql[] = "UPDATE keys SET name = $1 WHERE id = $2";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, name);
	db_bind_text(st, 2, id);
	return db_run(st, NULL);
}

hf_status key_row_archive(struct db *db, const char *id, int64_t now)
{
	static const char sql[] = "UPDATE keys SET status = 'Archived', date_deleted = $1"
	                          " WHERE id = $2 AND status = 'Active'";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, now);
	db_bind_text(st, 2, id);
	return db_run(st, NULL);
}

hf_status key_row_made(struct db *db, const char *id, struct hf_span public_key, bool resident)
{
	static const char sql[] =
	        "UPDATE keys SET status = 'Active', public_key = $1, resident = $2"
	        " WHERE id = $3 AND status = 'Creating'";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_blob(st, 1, public_key);
	db_bind_int(st, 2, resident);
	db_bind_text(st, 3, id);
	db_post(st);
	return HF_SUCCESS;
}

hf_status key_row_failed(struct db *db, const char *id, enum hf_code code, const char *why)
{
	static const char sql[] =
	        "UPDATE keys SET status = 'Failed', failure = $1, failure_code = $2"
	        " WHERE id = $3 AND status = 'Creating'";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, why);
	db_bind_int(st, 2, code);
	db_bind_text(st, 3, id);
	db_post(st);
	return HF_SUCCESS;
}
