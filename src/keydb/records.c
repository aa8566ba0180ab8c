/* SPDX-License-Identifier: Apache-2.0
 * The wrapped keys. */
#include "keydb/keydb.h"

#include "base/clock.h"
#include "keydb/inside.h"

#include <string.h>

const char keydb_get_sql[] = DB_BY_KEY "SELECT record FROM wrapped_keys WHERE key_id = $1";
static const char put_sql[] =
        "INSERT INTO wrapped_keys (key_id, record, key_type, format, master_id, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key_id) DO NOTHING";

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

static hf_status get_some(struct db *db, struct keydb_get *list, size_t n)
{
	struct db_stmt *sent[KEYDB_AT_ONCE];
	hf_status s = HF_SUCCESS;
	size_t n_sent = 0;

	while (n_sent < n && hf_ok(s = db_query(db, keydb_get_sql, &sent[n_sent]))) {
		db_bind_text(sent[n_sent], 1, list[n_sent].key_id);
		db_send(sent[n_sent++]);
	}
	for (size_t i = 0; i < n && hf_ok(s); i++)
		s = read_record(sent[i], &list[i]);
	keydb_done_all(sent, n_sent);
	return s;
}

hf_status keydb_get_all(struct db *db, struct keydb_get *list, size_t n)
{
	for (size_t i = 0, k; i < n; i += k) {
		k = keydb_at_once(db, n - i);
		HF_TRY(get_some(db, list + i, k));
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

static hf_status send_insert(struct db *db, struct hf_span record, const struct key_record *r,
                             int64_t created_at, struct db_stmt **ret)
{
	struct db_stmt *st;

	HF_TRY(db_query(db, put_sql, &st));
	db_bind_text(st, 1, r->key_id);
	db_bind_blob(st, 2, record);
	db_bind_int(st, 3, r->key_type);
	db_bind_int(st, 4, r->format);
	db_bind_text(st, 5, r->master_id);
	db_bind_int(st, 6, created_at);
	db_send(st);
	*ret = st;
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

/* One of a list, in the order in which it is put. */
struct putting {
	struct keydb_put *put;
	struct key_record r;
	bool taken; /* the key id was: by whom is to be found out */
};

static int by_key_id(const void *a, const void *b)
{
	return strcmp(((const struct putting *)a)->r.key_id, ((const struct putting *)b)->r.key_id);
}

/* Those that are records at all. */
static size_t put_in_order(struct keydb_put *list, size_t n, struct putting *to)
{
	size_t n_to = 0;

	for (size_t i = 0; i < n; i++) {
		struct putting *p = &to[n_to];

		*p = (struct putting){ .put = &list[i] };
		hf_buf_done(&list[i].stored); /* of a first run of the same transaction */
		list[i].status = record_decode(list[i].record, &p->r);
		n_to += hf_ok(list[i].status);
	}
	qsort(to, n_to, sizeof(*to), by_key_id);
	return n_to;
}

static hf_status put_some(struct db *db, struct putting *list, size_t n)
{
	struct db_stmt *sent[KEYDB_AT_ONCE];
	hf_status s = HF_SUCCESS;
	size_t n_sent = 0;
	int64_t now = hf_wall_ms(), changed;

	while (n_sent < n && hf_ok(s = send_insert(db, list[n_sent].put->record, &list[n_sent].r,
	                                           now, &sent[n_sent])))
		n_sent++;
	for (size_t i = 0; i < n && hf_ok(s); i++) {
		s = db_run(sent[i], &changed);
		list[i].taken = hf_ok(s) && changed == 0;
	}
	keydb_done_all(sent, n_sent);
	return s;
}

hf_status keydb_put_all(struct db *db, struct keydb_put *list, size_t n)
{
	HF_FREE struct putting *order = calloc(n + 1, sizeof(*order));
	size_t n_order;

	HF_ENSURE(order, HF_NOMEM);
	n_order = put_in_order(list, n, order);
	for (size_t i = 0, k; i < n_order; i += k) {
		k = keydb_at_once(db, n_order - i);
		HF_TRY(put_some(db, order + i, k));
	}
	for (size_t i = 0; i < n_order; i++)
		if (order[i].taken)
			HF_TRY(compare(db, order[i].r.key_id, order[i].put));
	return HF_SUCCESS;
}

hf_status keydb_drop(struct db *db, const char *key_id)
{
	static const char sql[] = "DELETE FROM wrapped_keys WHERE key_id = $1 AND key_type = 0";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, key_id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
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
