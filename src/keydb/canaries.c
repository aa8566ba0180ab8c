/* SPDX-License-Identifier: Apache-2.0
 * One record for each master key whose key nobody uses: whoever can open it has that master key. */
#include "keydb/keydb.h"

#include "base/clock.h"

hf_status keydb_canaries(struct db *db, keydb_each_canary fn, void *ctx)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db,
	                "SELECT master_id, record, created_at FROM canaries "
	                "ORDER BY created_at, master_id",
	                &st));
	HF_TRY(db_step(st, &row));
	while (row) {
		struct keydb_canary c = { .record = db_col_blob(st, 1),
			                  .created_at = db_col_int(st, 2) };

		HF_TRY(hf_span_to_text(hf_span_text(db_col_text(st, 0)), c.master_id,
		                       sizeof(c.master_id)));
		HF_TRY(fn(ctx, &c));
		HF_TRY(db_step(st, &row));
	}
	return HF_SUCCESS;
}

hf_status keydb_canary(struct db *db, char ret_master[MASTER_ID_MAX], struct hf_buf *ret)
{
	DB_STMT st = NULL;
	struct hf_span blob;
	bool row;

	HF_TRY(db_query(db,
	                "SELECT record, master_id FROM canaries "
	                "ORDER BY created_at, master_id LIMIT 1",
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
static hf_status other_master(struct db *db, const char *master_id, char ret[MASTER_ID_MAX])
{
	static const char sql[] = "SELECT master_id FROM ("
	                          "SELECT master_id FROM canaries UNION ALL "
	                          "SELECT master_id FROM (SELECT master_id FROM wrapped_keys WHERE "
	                          "master_id <> '' LIMIT 1) AS one"
	                          ") AS known WHERE master_id <> $1 LIMIT 1";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, master_id);
	HF_TRY(db_step(st, &row));
	if (row)
		return hf_span_to_text(hf_span_text(db_col_text(st, 0)), ret, MASTER_ID_MAX);
	ret[0] = 0;
	return HF_SUCCESS;
}

hf_status keydb_canary_add(struct db *db, const char *master_id, struct hf_span canary,
                           int64_t created_at)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "INSERT INTO canaries (master_id, record, created_at) VALUES ($1, $2, $3) "
	                "ON CONFLICT (master_id) DO NOTHING", /* another driver's of the same
	                                                         master: as good */
	                &st));
	db_bind_text(st, 1, master_id);
	db_bind_blob(st, 2, canary);
	db_bind_int(st, 3, created_at);
	return db_run(st, NULL);
}

/* No two drivers may find an empty database at the same moment; SQLite has one writer anyway. */
static hf_status lock(struct db *db)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(
	        db, db_dialect(db, "SELECT 1", "LOCK TABLE canaries IN SHARE ROW EXCLUSIVE MODE"),
	        &st));
	return db_step(st, &row);
}

static hf_status put_first(struct db *db, const char *master_id, struct hf_span canary,
                           char ret_other[MASTER_ID_MAX])
{
	HF_TRY(lock(db));
	HF_TRY(other_master(db, master_id, ret_other));
	HF_ENSURE(!ret_other[0], HF_EXISTS);
	return keydb_canary_add(db, master_id, canary, hf_wall_ms());
}

hf_status keydb_canary_put(struct db *db, const char *master_id, struct hf_span canary,
                           char ret_other[MASTER_ID_MAX])
{
	hf_status s;

	HF_TRY(db_begin(db));
	s = put_first(db, master_id, canary, ret_other);
	if (!hf_ok(s)) {
		db_rollback(db);
		return s;
	}
	return db_commit(db, DB_DURABLE);
}

hf_status keydb_canary_drop(struct db *db, const char *master_id)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "DELETE FROM canaries WHERE master_id = $1", &st));
	db_bind_text(st, 1, master_id);
	return db_run(st, NULL);
}

hf_status keydb_try_read(struct db *db)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT 1 FROM canaries LIMIT 1", &st));
	return db_step(st, &row);
}

hf_status keydb_try_write(struct db *db)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE canaries SET created_at = created_at", &st));
	return db_run(st, NULL);
}
