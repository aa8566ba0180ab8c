/* SPDX-License-Identifier: Apache-2.0
 * The shapes of these statements are measured ones: the partial indexes jobs_ready and jobs_lease
 * stay small whatever the table holds, and a completion names the row by its number alone, since
 * "AND state = 1" would make PostgreSQL's planner walk the lease index. */
#include "server/store/job_rows.h"

#include "op/op.h"

#include <stdio.h>

void job_row_done(struct job_row *row)
{
	hf_buf_done(&row->op);
}

hf_status job_row_insert(struct db *db, const struct job_row *row)
{
	static const char sql[] =
	        "INSERT INTO jobs (id, store_id, state, attempts, owner, lease_until, created_at,"
	        " subject, subject_id, op) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
	        " ON CONFLICT (id) DO NOTHING";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, (int64_t)row->id);
	db_bind_text(st, 2, row->store_id);
	db_bind_int(st, 3, row->state);
	db_bind_int(st, 4, row->attempts);
	db_bind_text(st, 5, *row->owner ? row->owner : NULL);
	if (row->state == JOB_LEASED)
		db_bind_int(st, 6, row->lease_until);
	else
		db_bind_null(st, 6);
	db_bind_int(st, 7, row->created_at);
	db_bind_int(st, 8, row->subject);
	db_bind_text(st, 9, row->subject_id);
	db_bind_blob(st, 10, hf_buf_span(&row->op));
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_EXISTS);
	return HF_SUCCESS;
}

static void read_text(struct db_stmt *st, int i, char to[HF_ID_MAX])
{
	snprintf(to, HF_ID_MAX, "%s", db_col_text(st, i));
}

hf_status job_row_take(struct db *db, uint64_t id, const char *store_id, struct job_row *ret)
{
	static const char sql[] = "DELETE FROM jobs WHERE id = $1 AND store_id = $2"
	                          " RETURNING state, attempts, owner, lease_until, created_at,"
	                          " subject, subject_id, op";
	DB_STMT st = NULL;
	struct hf_span op;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, (int64_t)id);
	db_bind_text(st, 2, store_id);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	ret->id = id;
	snprintf(ret->store_id, sizeof(ret->store_id), "%s", store_id);
	ret->state = db_col_int(st, 0) == JOB_LEASED ? JOB_LEASED : JOB_QUEUED;
	ret->attempts = (int)db_col_int(st, 1);
	read_text(st, 2, ret->owner);
	ret->lease_until = db_col_int(st, 3);
	ret->created_at = db_col_int(st, 4);
	ret->subject = (int)db_col_int(st, 5);
	read_text(st, 6, ret->subject_id);
	ret->op.max = OP_ENCODED_MAX;
	hf_buf_clear(&ret->op);
	op = db_col_blob(st, 7);
	hf_buf_put(&ret->op, op.ptr, op.len);
	HF_TRY(hf_buf_status(&ret->op));
	return db_step(st, &row); /* to its end: only then is the statement over */
}

hf_status job_row_attempts(struct db *db, uint64_t id, const char *store_id, const char *owner,
                           int *ret)
{
	static const char sql[] =
	        "SELECT attempts FROM jobs WHERE id = $1 AND store_id = $2 AND owner = $3";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, (int64_t)id);
	db_bind_text(st, 2, store_id);
	db_bind_text(st, 3, owner);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	*ret = (int)db_col_int(st, 0);
	return HF_SUCCESS;
}

hf_status job_row_give_back(struct db *db, uint64_t id, const char *owner, int64_t when)
{
	static const char sql[] = "UPDATE jobs SET state = $3, owner = NULL, lease_until = $4"
	                          " WHERE id = $1 AND owner = $2";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, (int64_t)id);
	db_bind_text(st, 2, owner);
	db_bind_int(st, 3, when ? JOB_LEASED : JOB_QUEUED);
	if (when)
		db_bind_int(st, 4, when);
	else
		db_bind_null(st, 4);
	return db_run(st, NULL);
}

hf_status job_row_renew(struct db *db, uint64_t id, const char *owner, int64_t until,
                        int64_t if_before)
{
	static const char sql[] = "UPDATE jobs SET lease_until = $3"
	                          " WHERE id = $1 AND owner = $2 AND lease_until < $4";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, (int64_t)id);
	db_bind_text(st, 2, owner);
	db_bind_int(st, 3, until);
	db_bind_int(st, 4, if_before);
	return db_run(st, NULL);
}

hf_status job_rows_claim(struct db *db, const char *store_id, const char *owner, int64_t until,
                         int limit, job_claimed fn, void *ctx, int *ret)
{
	static const char sql[] =
	        "UPDATE jobs SET state = 1, owner = $2, attempts = attempts + 1, lease_until = $3"
	        " WHERE id IN (SELECT id FROM jobs WHERE store_id = $1 AND state = 0"
	        " ORDER BY id LIMIT $4) RETURNING id, attempts, op";
	DB_STMT st = NULL;
	bool row;
	int n = 0;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, store_id);
	db_bind_text(st, 2, owner);
	db_bind_int(st, 3, until);
	db_bind_int(st, 4, limit);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			break;
		HF_TRY(fn(ctx, (uint64_t)db_col_int(st, 0), (int)db_col_int(st, 1),
		          db_col_blob(st, 2)));
		n++;
	}
	*ret = n;
	return HF_SUCCESS;
}

hf_status job_row_exhausted(struct db *db, const struct lease_bounds *bounds, int attempts,
                            uint64_t *ret_id, char ret_store_id[HF_ID_MAX])
{
	static const char sql[] = "SELECT id, store_id FROM jobs WHERE state = 1"
	                          " AND (lease_until < $1 OR lease_until > $2)"
	                          " AND attempts >= $3 LIMIT 1";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, bounds->now);
	db_bind_int(st, 2, bounds->latest);
	db_bind_int(st, 3, attempts);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	*ret_id = (uint64_t)db_col_int(st, 0);
	read_text(st, 1, ret_store_id);
	return HF_SUCCESS;
}

hf_status job_rows_expire(struct db *db, const struct lease_bounds *bounds, int attempts,
                          int64_t *ret)
{
	static const char sql[] = "UPDATE jobs SET state = 0, owner = NULL, lease_until = NULL"
	                          " WHERE state = 1 AND (lease_until < $1 OR lease_until > $2)"
	                          " AND attempts < $3";
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, bounds->now);
	db_bind_int(st, 2, bounds->latest);
	db_bind_int(st, 3, attempts);
	return db_run(st, ret);
}

hf_status job_rows_count(struct db *db, const char *store_id, int64_t cap, int64_t *ret)
{
	static const char sql[] = "SELECT count(*) FROM (SELECT 1 FROM jobs"
	                          " WHERE store_id = $1 AND state = 0 LIMIT $2) AS queued";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_text(st, 1, store_id);
	db_bind_int(st, 2, cap);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_INTERNAL);
	*ret = db_col_int(st, 0);
	return HF_SUCCESS;
}

hf_status job_rows_waiting(struct db *db, int64_t *ret_count, int64_t *ret_oldest)
{
	static const char sql[] = "SELECT count(*), min(created_at) FROM jobs WHERE state = 0";
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_INTERNAL);
	*ret_count = db_col_int(st, 0);
	*ret_oldest = db_col_int(st, 1);
	return HF_SUCCESS;
}
