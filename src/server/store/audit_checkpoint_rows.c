/* SPDX-License-Identifier: Apache-2.0
 * The audit log's keys and checkpoints, and how far collectors have it. */
#include "server/store/audit_rows.h"

#include "server/store/clock.h"
#include "server/store/columns.h"

#include <string.h>

static const char *const key_status[] = { "Creating", "Active", "Failed" };

hf_status audit_key_insert(struct db *db, const struct audit_key_row *row)
{
	static const char sql[] = "INSERT INTO audit_keys (id, org_id, store_id, key_type, status,"
	                          " created_at) VALUES ($1, $2, $3, $4, $5, $6)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->id);
	db_bind_text(st, 2, row->org_id);
	db_bind_text(st, 3, row->store_id);
	db_bind_int(st, 4, row->type);
	db_bind_text(st, 5, key_status[row->status]);
	db_bind_int(st, 6, row->created_ms);
	return db_run(st, NULL);
}

#define KEY_COLUMNS "id, org_id, store_id, key_type, status, public_key, created_at"

static hf_status read_key(struct db_stmt *st, struct audit_key_row *ret)
{
	const struct key_type_info *info = key_type_info((int)db_col_int(st, 3));
	const char *status = db_col_text(st, 4);
	struct hf_span public_key = db_col_blob(st, 5);
	size_t s = 0;

	while (s < HF_COUNT(key_status) && strcmp(key_status[s], status) != 0)
		s++;
	HF_ENSURE(info && s < HF_COUNT(key_status), HF_CORRUPT);
	HF_ENSURE(public_key.len <= sizeof(ret->public_key.bytes), HF_CORRUPT);
	*ret = (struct audit_key_row){
		.type = info->type,
		.status = (enum audit_key_status)s,
		.public_key.len = public_key.len,
		.created_ms = db_col_int(st, 6),
	};
	if (public_key.len)
		memcpy(ret->public_key.bytes, public_key.ptr, public_key.len);
	column_text(st, 0, ret->id, sizeof(ret->id));
	column_text(st, 1, ret->org_id, sizeof(ret->org_id));
	column_text(st, 2, ret->store_id, sizeof(ret->store_id));
	return HF_SUCCESS;
}

static hf_status one_key(struct db *db, const char *sql, const char *id, struct audit_key_row *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	return read_key(st, ret);
}

hf_status audit_key_last(struct db *db, const char *org_id, struct audit_key_row *ret)
{
	static const char sql[] = "SELECT " KEY_COLUMNS " FROM audit_keys WHERE org_id = $1"
	                          " ORDER BY id DESC LIMIT 1";

	return one_key(db, sql, org_id, ret);
}

hf_status audit_key_get(struct db *db, const char *id, struct audit_key_row *ret)
{
	return one_key(db, "SELECT " KEY_COLUMNS " FROM audit_keys WHERE id = $1", id, ret);
}

hf_status audit_keys_list(struct db *db, const char *org_id, audit_key_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " KEY_COLUMNS " FROM audit_keys WHERE org_id = $1"
	                          " AND status = 'Active' ORDER BY id";
	DB_STMT st = NULL;
	struct audit_key_row key;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(read_key(st, &key));
		HF_TRY(fn(ctx, &key));
	}
}

hf_status audit_key_made(struct db *db, const char *id, struct hf_span public_key)
{
	static const char sql[] = "UPDATE audit_keys SET status = 'Active', public_key = $1"
	                          " WHERE id = $2 AND status = 'Creating'";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_blob(st, 1, public_key);
	db_bind_text(st, 2, id);
	db_post(st);
	return HF_SUCCESS;
}

hf_status audit_key_failed(struct db *db, const char *id, const char *why)
{
	static const char sql[] = "UPDATE audit_keys SET status = 'Failed', failure = $1"
	                          " WHERE id = $2 AND status = 'Creating'";
	struct db_stmt *st;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, why);
	db_bind_text(st, 2, id);
	db_post(st);
	return HF_SUCCESS;
}

hf_status audit_checkpoint_insert(struct db *db, const struct audit_checkpoint_row *row)
{
	static const char sql[] =
	        "INSERT INTO audit_checkpoints (org_id, size, id, root, created_at, note, key_id)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7)";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, row->org_id);
	db_bind_int(st, 2, (int64_t)row->size);
	db_bind_text(st, 3, row->id);
	db_bind_blob(st, 4, HF_SPAN(row->root, sizeof(row->root)));
	db_bind_int(st, 5, row->created_ms);
	db_bind_text(st, 6, row->note);
	db_bind_text(st, 7, row->key_id);
	return db_run(st, NULL);
}

#define CHECKPOINT_COLUMNS "id, org_id, key_id, size, root, created_at, note, signature IS NOT NULL"

static hf_status read_checkpoint(struct db_stmt *st, struct audit_checkpoint_row *ret)
{
	struct hf_span root = db_col_blob(st, 4);

	HF_ENSURE(root.len == sizeof(ret->root) && db_col_int(st, 3) >= 0, HF_CORRUPT);
	HF_ENSURE(strlen(db_col_text(st, 6)) < sizeof(ret->note), HF_CORRUPT);
	*ret = (struct audit_checkpoint_row){
		.size = (uint64_t)db_col_int(st, 3),
		.created_ms = db_col_int(st, 5),
		.is_signed = db_col_int(st, 7) != 0,
	};
	memcpy(ret->root, root.ptr, sizeof(ret->root));
	column_text(st, 0, ret->id, sizeof(ret->id));
	column_text(st, 1, ret->org_id, sizeof(ret->org_id));
	column_text(st, 2, ret->key_id, sizeof(ret->key_id));
	column_text(st, 6, ret->note, sizeof(ret->note));
	return HF_SUCCESS;
}

static hf_status one_checkpoint(struct db *db, const char *sql, const char *id,
                                struct audit_checkpoint_row *ret)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	return read_checkpoint(st, ret);
}

hf_status audit_checkpoint_last(struct db *db, const char *org_id, struct audit_checkpoint_row *ret)
{
	static const char sql[] = "SELECT " CHECKPOINT_COLUMNS " FROM audit_checkpoints"
	                          " WHERE org_id = $1 ORDER BY size DESC LIMIT 1";

	return one_checkpoint(db, sql, org_id, ret);
}

hf_status audit_checkpoint_signed(struct db *db, const char *org_id,
                                  struct audit_checkpoint_row *ret)
{
	static const char sql[] = "SELECT " CHECKPOINT_COLUMNS " FROM audit_checkpoints"
	                          " WHERE org_id = $1 AND signature IS NOT NULL"
	                          " ORDER BY size DESC LIMIT 1";

	return one_checkpoint(db, sql, org_id, ret);
}

hf_status audit_checkpoint_get(struct db *db, const char *id, struct audit_checkpoint_row *ret)
{
	static const char sql[] =
	        "SELECT " CHECKPOINT_COLUMNS " FROM audit_checkpoints WHERE id = $1";

	return one_checkpoint(db, sql, id, ret);
}

hf_status audit_checkpoints_list(struct db *db, const char *org_id, uint64_t size, int limit,
                                 audit_checkpoint_fn fn, void *ctx)
{
	static const char sql[] = "SELECT " CHECKPOINT_COLUMNS " FROM audit_checkpoints"
	                          " WHERE org_id = $1 AND size > $2 AND signature IS NOT NULL"
	                          " ORDER BY size LIMIT $3";
	struct audit_checkpoint_row checkpoint;
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, org_id);
	db_bind_int(st, 2, (int64_t)size);
	db_bind_int(st, 3, limit);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		HF_TRY(read_checkpoint(st, &checkpoint));
		HF_TRY(fn(ctx, &checkpoint));
	}
}

hf_status audit_checkpoint_sign(struct db *db, const char *id, const char *note,
                                struct hf_span signature)
{
	static const char sql[] = "UPDATE audit_checkpoints SET note = $1, signature = $2"
	                          " WHERE id = $3 AND signature IS NULL";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, note);
	db_bind_blob(st, 2, signature);
	db_bind_text(st, 3, id);
	return db_run(st, NULL);
}

hf_status audit_checkpoint_drop(struct db *db, const char *id)
{
	static const char sql[] = "DELETE FROM audit_checkpoints WHERE id = $1"
	                          " AND signature IS NULL";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, id);
	return db_run(st, NULL);
}

hf_status audit_cursor_get(struct db *db, const char *sink, const char *org_id, uint64_t *ret)
{
	static const char sql[] = "SELECT sent FROM audit_cursors WHERE sink = $1 AND org_id = $2";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, sink);
	db_bind_text(st, 2, org_id);
	HF_TRY(db_step(st, &row));
	*ret = row ? (uint64_t)db_col_int(st, 0) : 0;
	return HF_SUCCESS;
}

hf_status audit_cursor_put(struct db *db, const char *sink, const char *org_id, uint64_t sent)
{
	static const char sql[] = "INSERT INTO audit_cursors (sink, org_id, sent)"
	                          " VALUES ($1, $2, $3) ON CONFLICT (sink, org_id)"
	                          " DO UPDATE SET sent = excluded.sent";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, sink);
	db_bind_text(st, 2, org_id);
	db_bind_int(st, 3, (int64_t)sent);
	return db_run(st, NULL);
}

#define LEASE(now)                                                                                 \
	"INSERT INTO audit_senders (sink, owner, until_at) VALUES ($1, $2, " now " + $3)"          \
	" ON CONFLICT (sink) DO UPDATE SET owner = excluded.owner, until_at = excluded.until_at"   \
	" WHERE audit_senders.owner = excluded.owner OR audit_senders.until_at < " now             \
	" OR audit_senders.until_at > " now " + 10 * $3"

hf_status audit_sender_lease(struct db *db, const char *sink, const char *owner, int64_t lease_ms,
                             bool *ret)
{
	const char *sql = db_dialect(db, LEASE(NOW_SQLITE), LEASE(NOW_POSTGRES));
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, sink);
	db_bind_text(st, 2, owner);
	db_bind_int(st, 3, lease_ms);
	HF_TRY(db_run(st, &changed));
	*ret = changed == 1;
	return HF_SUCCESS;
}
