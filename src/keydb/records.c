/* SPDX-License-Identifier: Apache-2.0
 * The wrapped keys. */
#include "keydb/keydb.h"

#include "base/clock.h"

#include <string.h>

static const char get_sql[] = "SELECT record FROM wrapped_keys WHERE key_id = $1";

static hf_status read_record(struct db_stmt *st, struct keydb_get *get)
{
	size_t before = get->record.len;
	struct key_record r;
	struct hf_span blob;
	bool row;

	HF_TRY(db_step(st, &row));
	if (!row) {
		get->status = HF_FAILURE(HF_NOTFOUND);
		return HF_SUCCESS;
	}
	blob = db_col_blob(st, 0);
	hf_buf_put(&get->record, blob.ptr, blob.len);
	get->status = hf_buf_status(&get->record);
	if (!hf_ok(get->status))
		return HF_SUCCESS;
	get->status =
	        record_decode(HF_SPAN(get->record.ptr + before, get->record.len - before), &r);
	/* The MAC holds the record together; that the row is this record's is checked here. */
	if (hf_ok(get->status) && strcmp(r.key_id, get->key_id) == 0)
		return HF_SUCCESS;
	get->record.len = before;
	get->status = HF_FAILURE(HF_CORRUPT);
	return HF_SUCCESS;
}

hf_status keydb_get_all(struct db *db, struct keydb_get *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		DB_STMT st = NULL;

		HF_TRY(db_query(db, get_sql, &st));
		db_bind_text(st, 1, list[i].key_id);
		HF_TRY(read_record(st, &list[i]));
	}
	return HF_SUCCESS;
}

void keydb_get_explain(const struct keydb_get *get, struct hf_err *err)
{
	if (get->status.code == HF_NOTFOUND)
		hf_ignore(hf_fail(err, HF_NOTFOUND,
		                  "no record of key %s in the wrapped-key database", get->key_id));
	else if (get->status.code == HF_CORRUPT)
		hf_ignore(hf_fail(err, HF_CORRUPT,
		                  "the record of key %s in the wrapped-key database is damaged or "
		                  "belongs to another key: restore that row from a backup",
		                  get->key_id));
	else
		hf_ignore(hf_fail(err, get->status.code, "cannot read the record of key %s: %s",
		                  get->key_id, hf_code_name(get->status.code)));
}

hf_status keydb_get_one(struct db *db, const char *key_id, struct hf_buf *ret, struct hf_err *err)
{
	struct keydb_get get = { .key_id = key_id, .record = *ret };
	hf_status s = keydb_get_all(db, &get, 1);

	*ret = get.record;
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot read the record of key %s: %s", key_id,
		               db_error(db));
	if (!hf_ok(get.status))
		keydb_get_explain(&get, err);
	return get.status;
}

static hf_status insert(struct db *db, struct hf_span record, const struct key_record *r,
                        int64_t created_at, bool *ret_first)
{
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db,
	                "INSERT INTO wrapped_keys (key_id, record, key_type, format, master_id, "
	                "created_at) "
	                "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key_id) DO NOTHING",
	                &st));
	db_bind_text(st, 1, r->key_id);
	db_bind_blob(st, 2, record);
	db_bind_int(st, 3, r->key_type);
	db_bind_int(st, 4, r->format);
	db_bind_text(st, 5, r->master_id);
	db_bind_int(st, 6, created_at);
	HF_TRY(db_run(st, &changed));
	*ret_first = changed == 1;
	return HF_SUCCESS;
}

/* Something is there already: this one, because a commit was repeated whose outcome nobody knew, or
 * another. */
static hf_status compare(struct db *db, const char *key_id, struct keydb_put *put)
{
	struct keydb_get get = { .key_id = key_id, .record = HF_BUF(RECORD_ENCODED_MAX) };
	hf_status s = keydb_get_all(db, &get, 1);

	put->status = get.status;
	if (!hf_ok(s) || !hf_ok(get.status) ||
	    hf_span_equal(hf_buf_span(&get.record), put->record)) {
		hf_buf_done(&get.record);
		return s;
	}
	put->status = HF_FAILURE(HF_EXISTS);
	put->stored = get.record;
	return HF_SUCCESS;
}

static hf_status put_one(struct db *db, struct keydb_put *put)
{
	struct key_record r;
	bool first;

	put->status = record_decode(put->record, &r);
	if (!hf_ok(put->status))
		return HF_SUCCESS;
	hf_buf_done(&put->stored); /* of a first run of the same transaction */
	HF_TRY(insert(db, put->record, &r, hf_wall_ms(), &first));
	return first ? HF_SUCCESS : compare(db, r.key_id, put);
}

static int by_key_id(const void *a, const void *b)
{
	const struct keydb_put *const *x = a, *const *y = b;
	struct key_record rx, ry;
	bool okx = hf_ok(record_decode((*x)->record, &rx)),
	     oky = hf_ok(record_decode((*y)->record, &ry));

	if (!okx || !oky)
		return okx - oky;
	return strcmp(rx.key_id, ry.key_id);
}

hf_status keydb_put_all(struct db *db, struct keydb_put *list, size_t n)
{
	HF_FREE struct keydb_put **order = calloc(n + 1, sizeof(struct keydb_put *));

	HF_ENSURE(order, HF_NOMEM);
	for (size_t i = 0; i < n; i++)
		order[i] = &list[i];
	qsort(order, n, sizeof(struct keydb_put *), by_key_id);
	for (size_t i = 0; i < n; i++)
		HF_TRY(put_one(db, order[i]));
	return HF_SUCCESS;
}

hf_status keydb_replace(struct db *db, const char *key_id, struct hf_span old,
                        struct hf_span record)
{
	struct key_record r;
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(record_decode(record, &r));
	HF_ENSURE(strcmp(r.key_id, key_id) == 0, HF_INVALID);
	HF_TRY(db_query(db,
	                "UPDATE wrapped_keys SET record = $3, key_type = $4, format = $5, "
	                "master_id = $6 WHERE key_id = $1 AND record = $2",
	                &st));
	db_bind_text(st, 1, key_id);
	db_bind_blob(st, 2, old);
	db_bind_blob(st, 3, record);
	db_bind_int(st, 4, r.key_type);
	db_bind_int(st, 5, r.format);
	db_bind_text(st, 6, r.master_id);
	HF_TRY(db_run(st, &changed));
	return changed == 1 ? HF_SUCCESS : HF_FAILURE(HF_NOTFOUND);
}

hf_status keydb_page(struct db *db, const char *after, const char *master_id, size_t max,
                     keydb_each fn, void *ctx, size_t *ret_rows)
{
	DB_STMT st = NULL;
	size_t n = 0;
	bool row;

	if (master_id)
		HF_TRY(db_query(db,
		                "SELECT key_id, master_id, record, created_at FROM wrapped_keys "
		                "WHERE key_id > $1 AND master_id = $3 ORDER BY key_id LIMIT $2",
		                &st));
	else
		HF_TRY(db_query(db,
		                "SELECT key_id, master_id, record, created_at FROM wrapped_keys "
		                "WHERE key_id > $1 ORDER BY key_id LIMIT $2",
		                &st));
	db_bind_text(st, 1, after);
	db_bind_int(st, 2, (int64_t)max);
	if (master_id)
		db_bind_text(st, 3, master_id);
	HF_TRY(db_step(st, &row));
	for (; row; n++) {
		struct keydb_row r = { .key_id = db_col_text(st, 0),
			               .master_id = db_col_text(st, 1),
			               .record = db_col_blob(st, 2),
			               .created_at = db_col_int(st, 3) };

		HF_TRY(fn(ctx, &r));
		HF_TRY(db_step(st, &row));
	}
	*ret_rows = n;
	return HF_SUCCESS;
}

hf_status keydb_insert(struct db *db, const struct keydb_row *row)
{
	struct key_record r;
	bool first;

	HF_TRY(record_decode(row->record, &r));
	HF_ENSURE(strcmp(r.key_id, row->key_id) == 0, HF_CORRUPT);
	HF_TRY(insert(db, row->record, &r, row->created_at, &first));
	return first ? HF_SUCCESS : HF_FAILURE(HF_EXISTS);
}

hf_status keydb_count(struct db *db, const char *master_id, int64_t *ret)
{
	DB_STMT st = NULL;
	bool row;

	if (master_id) {
		HF_TRY(db_query(db, "SELECT count(*) FROM wrapped_keys WHERE master_id = $1", &st));
		db_bind_text(st, 1, master_id);
	} else {
		HF_TRY(db_query(db, "SELECT count(*) FROM wrapped_keys", &st));
	}
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_INTERNAL);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}
