/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `jobs`: one query, one function. What a job means is core/queue/jobs.h's. All
 * but the counts belong into a write task. Leases are kept by the database's clock (clock.h):
 * callers say how long, never until when. */
#ifndef HF_SERVER_STORE_JOB_ROWS_H
#define HF_SERVER_STORE_JOB_ROWS_H

#include "base/id.h"
#include "db/db.h"

/* Stored: append only. */
enum job_state {
	JOB_QUEUED = 0,
	JOB_LEASED = 1, /* until lease_until; without an owner: given back, and queued
	                   again at that time */
};

struct job_row {
	uint64_t id;
	char store_id[HF_ID_MAX];
	enum job_state state;
	int attempts;
	char owner[HF_ID_MAX]; /* instance of a driver; "" */
	int64_t lease_until;
	int64_t created_at;
	int subject;
	char subject_id[HF_ID_MAX];
	char origin[HF_ID_MAX]; /* the server that added it; "": one of before there were several */
	struct hf_buf op;       /* the row's own: job_row_done() */
};
void job_row_done(struct job_row *row);
#define JOB_ROW HF_CLEANUP(job_row_done) struct job_row

/* Posted (db_post): a number that is taken undoes the task, with HF_EXISTS. */
HF_MUST hf_status job_row_insert(struct db *db, const struct job_row *row);

#define JOB_ROWS_TAKE_MAX 256
/* Removes those of n <= JOB_ROWS_TAKE_MAX jobs that are in this store, in one round trip, and hands
 * them over: rows[i] is of ids[i], or has the id 0 when there is no such job. The caller gives
 * zeroed rows, and releases each. An id that is named twice is there once. */
HF_MUST hf_status job_rows_take(struct db *db, const char *store_id, const uint64_t *ids, size_t n,
                                struct job_row *rows);
/* One of them. HF_NOTFOUND: no such job in this store. */
HF_MUST hf_status job_row_take(struct db *db, uint64_t id, const char *store_id,
                               struct job_row *ret);
/* Removes one that is queued. HF_NOTFOUND: it is leased, or there is none. */
HF_MUST hf_status job_row_cancel(struct db *db, uint64_t id, const char *store_id);
/* The attempts of a job that `owner` holds. HF_NOTFOUND: it does not. */
HF_MUST hf_status job_row_attempts(struct db *db, uint64_t id, const char *store_id,
                                   const char *owner, int *ret);
/* Gives it back: queued again in so many ms (0: now). */
HF_MUST hf_status job_row_give_back(struct db *db, uint64_t id, const char *owner, int64_t wait_ms);
/* It was claimed in this transaction, and is as it was before. */
HF_MUST hf_status job_row_unclaim(struct db *db, uint64_t id, const char *owner);
/* A lease that has less than `if_below_ms` left has `lease_ms` from now. Not his: nothing. Posted.
 */
HF_MUST hf_status job_row_renew(struct db *db, uint64_t id, const char *store_id, const char *owner,
                                int64_t lease_ms, int64_t if_below_ms);

/* Leases up to `limit` queued jobs of the store, oldest first, to `owner`; fn is called for each.
 * What another transaction holds is passed over. */
typedef hf_status (*job_claimed)(void *ctx, uint64_t id, int attempt, struct hf_span op);
HF_MUST hf_status job_rows_claim(struct db *db, const char *store_id, const char *owner,
                                 int64_t lease_ms, int limit, job_claimed fn, void *ctx, int *ret);

/* A lease has ended when its time is over, or lies more than `horizon_ms` ahead: no lease is that
 * long, so the database's clock was set back. What another transaction holds is passed over, so
 * that many servers can sweep. */
/* A job whose lease has ended and that has been tried `attempts` times. HF_NOTFOUND. */
HF_MUST hf_status job_row_exhausted(struct db *db, int64_t horizon_ms, int attempts,
                                    uint64_t *ret_id, char ret_store_id[HF_ID_MAX]);
/* Queues again what has lost its lease and was tried fewer times than `attempts`; *ret: how many.
 */
HF_MUST hf_status job_rows_expire(struct db *db, int64_t horizon_ms, int attempts, int64_t *ret);

/* Queued jobs of a store, counting no further than `cap`. */
HF_MUST hf_status job_rows_count(struct db *db, const char *store_id, int64_t cap, int64_t *ret);
/* Of all stores, and when the oldest of them was added (0: none waits). */
HF_MUST hf_status job_rows_waiting(struct db *db, int64_t *ret_count, int64_t *ret_oldest);

#endif
