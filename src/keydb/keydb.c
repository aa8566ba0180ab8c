/* SPDX-License-Identifier: Apache-2.0 */
#include "keydb/keydb.h"

#include "base/clock.h"

#include <string.h>

struct keydb {
	struct db *db;
};

/* Append only: number n brings version n - 1 to n. */
static const struct db_migration migrations[] = {
	{ .name = "wrapped keys and canaries",
	  .sqlite = "CREATE TABLE wrapped_keys ("
	            " key_id TEXT NOT NULL PRIMARY KEY,"
	            " record BLOB NOT NULL,"
	            " key_type INTEGER NOT NULL,"
	            " format INTEGER NOT NULL,"
	            " master_id TEXT NOT NULL,"
	            " created_at INTEGER NOT NULL" /* ms since 1970 */
	            ") WITHOUT ROWID;"
	            "CREATE TABLE canaries ("
	            " master_id TEXT NOT NULL PRIMARY KEY,"
	            " record BLOB NOT NULL,"
	            " created_at INTEGER NOT NULL"
	            ") WITHOUT ROWID" },
};

hf_status keydb_open(const struct db_config *config, struct keydb **ret, struct hf_err *err)
{
	KEYDB_SCOPED k = calloc(1, sizeof(*k));

	HF_ENSURE(k, HF_NOMEM);
	HF_TRY(db_open(config, &k->db, err));
	HF_TRY(db_migrate(k->db, "keys", migrations, HF_COUNT(migrations), err));
	*ret = hf_take(k);
	return HF_SUCCESS;
}

void keydb_close(struct keydb *k)
{
	if (!k)
		return;
	db_close(k->db);
	free(k);
}

const char *keydb_error(struct keydb *k)
{
	return db_error(k->db);
}

static hf_status read_record(struct keydb *k, const char *key_id, struct hf_buf *ret)
{
	DB_STMT st = NULL;
	struct hf_span blob;
	bool row;

	HF_TRY(db_query(k->db, "SELECT record FROM wrapped_keys WHERE key_id = $1", &st));
	db_bind_text(st, 1, key_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	blob = db_col_blob(st, 0);
	hf_buf_put(ret, blob.ptr, blob.len);
	return hf_buf_status(ret);
}

hf_status keydb_get(struct keydb *k, const char *key_id, struct hf_buf *ret, struct hf_err *err)
{
	size_t before = ret->len;
	struct key_record r;
	hf_status s = read_record(k, key_id, ret);

	if (s.code == HF_NOTFOUND)
		return hf_fail(err, s.code, "no record of key %s in the wrapped-key database",
		               key_id);
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot read the record of key %s: %s", key_id,
		               db_error(k->db));
	s = record_decode(HF_SPAN(ret->ptr + before, ret->len - before), &r);
	/* The MAC holds the record together; that the row is this record's is checked here. */
	if (!hf_ok(s) || strcmp(r.key_id, key_id) != 0) {
		ret->len = before;
		return hf_fail(err, HF_CORRUPT,
		               "the record of key %s in the wrapped-key database %s: restore that "
		               "row from a backup",
		               key_id, hf_ok(s) ? "belongs to another key" : "is damaged");
	}
	return HF_SUCCESS;
}

/* Inside a transaction. The first record of a key id stays. */
static hf_status put_one(struct keydb *k, struct keydb_put *put)
{
	struct key_record r;
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(record_decode(put->record, &r));
	HF_TRY(db_query(k->db,
	                "INSERT INTO wrapped_keys (key_id, record, key_type, format, master_id, "
	                "created_at) "
	                "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key_id) DO NOTHING",
	                &st));
	db_bind_text(st, 1, r.key_id);
	db_bind_blob(st, 2, put->record);
	db_bind_int(st, 3, r.key_type);
	db_bind_int(st, 4, r.format);
	db_bind_text(st, 5, r.master_id);
	db_bind_int(st, 6, hf_wall_ms());
	HF_TRY(db_run(st, &changed));
	if (changed == 1)
		return HF_SUCCESS;
	put->stored = HF_BUF(RECORD_ENCODED_MAX);
	HF_TRY(keydb_get(k, r.key_id, &put->stored, NULL));
	return HF_FAILURE(HF_EXISTS);
}

/* A failure here is that of the whole transaction. */
static hf_status put_inside(struct keydb *k, struct keydb_put *list, size_t n)
{
	HF_TRY(db_begin(k->db));
	for (size_t i = 0; i < n; i++) {
		HF_TRY(db_save(k->db));
		list[i].status = put_one(k, &list[i]);
		if (hf_ok(list[i].status))
			HF_TRY(db_keep(k->db));
		else
			db_unsave(k->db);
	}
	return db_commit(k->db, DB_DURABLE);
}

void keydb_put_all(struct keydb *k, struct keydb_put *list, size_t n)
{
	hf_status all = n ? put_inside(k, list, n) : HF_SUCCESS;

	db_rollback(k->db);
	for (size_t i = 0; i < n && !hf_ok(all); i++)
		list[i].status = all;
}

hf_status keydb_canary(struct keydb *k, char ret_master[MASTER_ID_MAX], struct hf_buf *ret)
{
	DB_STMT st = NULL;
	struct hf_span blob;
	bool row;

	HF_TRY(db_query(k->db, "SELECT record, master_id FROM canaries ORDER BY created_at LIMIT 1",
	                &st));
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	blob = db_col_blob(st, 0);
	hf_buf_put(ret, blob.ptr, blob.len);
	HF_TRY(hf_buf_status(ret));
	return hf_span_to_text(hf_span_text(db_col_text(st, 1)), ret_master, MASTER_ID_MAX);
}

/* A master id that is not this one, "" if none. Of the records only the first is asked, in case the
 * canary was lost; resident keys name no master. */
static hf_status other_master(struct keydb *k, const char *master_id, char ret[MASTER_ID_MAX])
{
	static const char sql[] = "SELECT master_id FROM ("
	                          "SELECT master_id FROM canaries UNION ALL "
	                          "SELECT master_id FROM (SELECT master_id FROM wrapped_keys WHERE "
	                          "master_id <> '' LIMIT 1) AS one"
	                          ") AS known WHERE master_id <> $1 LIMIT 1";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(k->db, sql, &st));
	db_bind_text(st, 1, master_id);
	HF_TRY(db_step(st, &row));
	if (row)
		return hf_span_to_text(hf_span_text(db_col_text(st, 0)), ret, MASTER_ID_MAX);
	ret[0] = 0;
	return HF_SUCCESS;
}

static hf_status canary_insert(struct keydb *k, const char *master_id, struct hf_span canary,
                               char ret_other[MASTER_ID_MAX])
{
	DB_STMT st = NULL;

	HF_TRY(other_master(k, master_id, ret_other));
	HF_ENSURE(!ret_other[0], HF_EXISTS);
	HF_TRY(db_query(k->db,
	                "INSERT INTO canaries (master_id, record, created_at) VALUES ($1, $2, $3) "
	                "ON CONFLICT (master_id) DO NOTHING", /* another driver's of the same
	                                                         master: as good */
	                &st));
	db_bind_text(st, 1, master_id);
	db_bind_blob(st, 2, canary);
	db_bind_int(st, 3, hf_wall_ms());
	return db_run(st, NULL);
}

hf_status keydb_canary_put(struct keydb *k, const char *master_id, struct hf_span canary,
                           char ret_other[MASTER_ID_MAX])
{
	hf_status s;

	HF_TRY(db_begin(k->db));
	s = canary_insert(k, master_id, canary, ret_other);
	if (!hf_ok(s)) {
		db_rollback(k->db);
		return s;
	}
	return db_commit(k->db, DB_DURABLE);
}
