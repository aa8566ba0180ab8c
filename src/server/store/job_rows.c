/* SPDX-License-Identifier: Apache-2.0
 * The shapes of these statements are measured ones: the partial indexes jobs_ready and jobs_lease
 * stay small whatever the table holds, and a completion names the row by its number alone, since
 * "AND state = 1" would make PostgreSQL's planner walk the lease index. SKIP LOCKED lets servers
 * claim and sweep side by side, where they would wait for each other otherwise. */
#include "server/store/job_rows.h"

#include "op/op.h"
#include "server/store/clock.h"

#include <stdio.h>

void job_row_done(struct job_row *row)
{
	hf_buf_done(&row->op);
}

hf_status job_row_insert(struct db *db, const struct job_row *row)
{
	static const char sql[] = DB_BY_KEY
	        "INSERT INTO jobs (id, store_id, state, attempts, owner, lease_until, created_at,"
	        " subject, subject_id, op, origin)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
	struct db_stmt *st;

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
	db_bind_text(st, 11, row->origin);
	db_post(st);
	return HF_SUCCESS;
}

static void read_text(struct db_stmt *st, int i, char to[HF_ID_MAX])
{
	snprintf(to, HF_ID_MAX, "%s", db_col_text(st, i));
}

static hf_status read_taken(struct db_stmt *st, const char *store_id, struct job_row *ret)
{
	struct hf_span op = db_col_blob(st, 9);

	ret->id = (uint64_t)db_col_int(st, 0);
	snprintf(ret->store_id, sizeof(ret->store_id), "%s", store_id);
	ret->state = db_col_int(st, 1) == JOB_LEASED ? JOB_LEASED : JOB_QUEUED;
	ret->attempts = (int)db_col_int(st, 2);
	read_text(st, 3, ret->owner);
	ret->lease_until = db_col_int(st, 4);
	ret->created_at = db_col_int(st, 5);
	ret->subject = (int)db_col_int(st, 6);
	read_text(st, 7, ret->subject_id);
	read_text(st, 8, ret->origin);
	ret->op.max = OP_ENCODED_MAX;
	hf_buf_clear(&ret->op);
	hf_buf_put(&ret->op, op.ptr, op.len);
	return hf_buf_status(&ret->op);
}

/* So many in one statement; a place that is left over names no job. */
#define TAKE_STEP 16
#define NO_JOB (-1)

static hf_status send_take(struct db *db, const char *store_id, const uint64_t *ids, size_t n,
                           struct db_stmt **ret)
{
	static const char sql[] = DB_BY_KEY
	        "DELETE FROM jobs WHERE store_id = $1 AND id IN ($2, $3, $4, $5, $6, $7, $8, $9,"
	        " $10, $11, $12, $13, $14, $15, $16, $17) RETURNING id, state, attempts, owner,"
	        " lease_until, created_at, subject, subject_id, origin, op";

	HF_TRY(db_query(db, sql, ret));
	db_bind_text(*ret, 1, store_id);
	for (size_t i = 0; i < TAKE_STEP; i++)
		db_bind_int(*ret, (int)i + 2, i < n ? (int64_t)ids[i] : NO_JOB);
	db_send(*ret);
	return HF_SUCCESS;
}

static hf_status fetch_taken(struct db_stmt *st, const char *store_id, const uint64_t *ids,
                             size_t n, struct job_row *rows)
{
	bool row;

	for (;;) {
		size_t i = 0;

		HF_TRY(db_step(st, &row));
		if (!row)
			return HF_SUCCESS;
		while (i < n && ids[i] != (uint64_t)db_col_int(st, 0))
			i++;
		HF_ENSURE(i < n, HF_INTERNAL);
		HF_TRY(read_taken(st, store_id, &rows[i]));
	}
}

hf_status job_rows_take(struct db *db, const char *store_id, const uint64_t *ids, size_t n,
                        struct job_row *rows)
{
	struct db_stmt *sent[JOB_ROWS_TAKE_MAX / TAKE_STEP] = { NULL };
	hf_status s = HF_SUCCESS;

	HF_ENSURE(n <= JOB_ROWS_TAKE_MAX, HF_TOOBIG);
	for (size_t i = 0; i < n && hf_ok(s); i += TAKE_STEP)
		s = send_take(db, store_id, &ids[i], n - i < TAKE_STEP ? n - i : TAKE_STEP,
		              &sent[i / TAKE_STEP]);
	for (size_t i = 0; i < n && hf_ok(s); i += TAKE_STEP)
		s = fetch_taken(sent[i / TAKE_STEP], store_id, &ids[i],
		                n - i < TAKE_STEP ? n - i : TAKE_STEP, &rows[i]);
	for (size_t i = 0; i < HF_COUNT(sent); i++)
		db_done(sent[i]);
	return s;
}

hf_status job_row_take(struct db *db, uint64_t id, const char *store_id, struct job_row *ret)
{
	ret->id = 0;
	HF_TRY(job_rows_take(db, store_id, &id, 1, ret));
	HF_ENSURE(ret->id == id, HF_NOTFOUND);
	return HF_SUCCESS;
}

hf_status job_row_cancel(struct db *db, uint64_t id, const char *store_id)
{
	static const char sql[] = "DELETE FROM jobs WHERE id = $1 AND store_id = $2 AND state = 0";
	DB_STMT st = NULL;
	int64_t changed;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, (int64_t)id);
	db_bind_text(st, 2, store_id);
	HF_TRY(db_run(st, &changed));
	HF_ENSURE(changed == 1, HF_NOTFOUND);
	return HF_SUCCESS;
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

#define GIVE_BACK(now)                                                                             \
	"UPDATE jobs SET state = $3, owner = NULL,"                                                \
	" lease_until = CASE WHEN $3 = 1 THEN " now " + $4 END WHERE id = $1 AND owner = $2"

hf_status job_row_give_back(struct db *db, uint64_t id, const char *owner, int64_t wait_ms)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, db_dialect(db, GIVE_BACK(NOW_SQLITE), GIVE_BACK(NOW_POSTGRES)), &st));
	db_bind_int(st, 1, (int64_t)id);
	db_bind_text(st, 2, owner);
	db_bind_int(st, 3, wait_ms ? JOB_LEASED : JOB_QUEUED);
	db_bind_int(st, 4, wait_ms);
	return db_run(st, NULL);
}

hf_status job_row_unclaim(struct db *db, uint64_t id, const char *owner)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db,
	                "UPDATE jobs SET state = 0, owner = NULL, lease_until = NULL, attempts = "
	                "attempts - 1 WHERE id = $1 AND owner = $2",
	                &st));
	db_bind_int(st, 1, (int64_t)id);
	db_bind_text(st, 2, owner);
	return db_run(st, NULL);
}

#define RENEW(now)                                                                                 \
	"UPDATE jobs SET lease_until = " now " + $3"                                               \
	" WHERE id = $1 AND owner = $2 AND lease_until < " now " + $4 AND store_id = $5"

hf_status job_row_renew(struct db *db, uint64_t id, const char *store_id, const char *owner,
                        int64_t lease_ms, int64_t if_below_ms)
{
	struct db_stmt *st;

	HF_TRY(db_query(db, db_dialect(db, RENEW(NOW_SQLITE), RENEW(NOW_POSTGRES)), &st));
	db_bind_int(st, 1, (int64_t)id);
	db_bind_text(st, 2, owner);
	db_bind_int(st, 3, lease_ms);
	db_bind_int(st, 4, if_below_ms);
	db_bind_text(st, 5, store_id);
	db_post(st);
	return HF_SUCCESS;
}

static const char *claim_sql(const struct db *db)
{
	return db_dialect(db,
	                  "UPDATE jobs SET state = 1, owner = $2, attempts = attempts + 1,"
	                  " lease_until = " NOW_SQLITE " + $3"
	                  " WHERE id IN (SELECT id FROM jobs WHERE store_id = $1 AND state = 0"
	                  " ORDER BY id LIMIT $4) RETURNING id, attempts, op",
	                  "WITH c AS (SELECT id FROM jobs WHERE store_id = $1 AND state = 0"
	                  " ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED)"
	                  " UPDATE jobs j SET state = 1, owner = $2, attempts = attempts + 1,"
	                  " lease_until = " NOW_POSTGRES " + $3"
	                  " FROM c WHERE j.id = c.id RETURNING j.id, j.attempts, j.op");
}

hf_status job_rows_claim(struct db *db, const char *store_id, const char *owner, int64_t lease_ms,
                         int limit, job_claimed fn, void *ctx, int *ret)
{
	DB_STMT st = NULL;
	bool row;
	int n = 0;

	HF_TRY(db_query(db, claim_sql(db), &st));
	db_bind_text(st, 1, store_id);
	db_bind_text(st, 2, owner);
	db_bind_int(st, 3, lease_ms);
	db_bind_int(st, 4, limit);
	for (;;) {
		HF_TRY(db_step(st, &row));
		if (!row)
			break;
		HF_ENSURE(n < limit, HF_INTERNAL); /* fn() has room for so many */
		HF_TRY(fn(ctx, (uint64_t)db_col_int(st, 0), (int)db_col_int(st, 1),
		          db_col_blob(st, 2)));
		n++;
	}
	*ret = n;
	return HF_SUCCESS;
}

#define LEASE_ENDED(now) "state = 1 AND (lease_until < " now " OR lease_until > " now " + $1)"
#define EXHAUSTED(now)                                                                             \
	"SELECT id, store_id FROM jobs WHERE " LEASE_ENDED(now) " AND attempts >= $2 LIMIT 1"

hf_status job_row_exhausted(struct db *db, int64_t horizon_ms, int attempts, uint64_t *ret_id,
                            char ret_store_id[HF_ID_MAX])
{
	const char *sql = db_dialect(db, EXHAUSTED(NOW_SQLITE),
	                             EXHAUSTED(NOW_POSTGRES) " FOR UPDATE SKIP LOCKED");
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, horizon_ms);
	db_bind_int(st, 2, attempts);
	HF_TRY(db_step(st, &row));
	HF_ENSURE(row, HF_NOTFOUND);
	*ret_id = (uint64_t)db_col_int(st, 0);
	read_text(st, 1, ret_store_id);
	return HF_SUCCESS;
}

hf_status job_rows_expire(struct db *db, int64_t horizon_ms, int attempts, int64_t *ret)
{
	const char *sql = db_dialect(
	        db,
	        "UPDATE jobs SET state = 0, owner = NULL, lease_until = NULL WHERE " LEASE_ENDED(
	                NOW_SQLITE) " AND attempts < $2",
	        "UPDATE jobs SET state = 0, owner = NULL, lease_until = NULL"
	        " WHERE id IN (SELECT id FROM jobs WHERE " LEASE_ENDED(
	                NOW_POSTGRES) " AND attempts < $2 FOR UPDATE SKIP LOCKED)");
	DB_STMT st = NULL;

	HF_TRY(db_query(db, sql, &st));
	db_bind_int(st, 1, horizon_ms);
	db_bind_int(st, 2, attempts);
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
