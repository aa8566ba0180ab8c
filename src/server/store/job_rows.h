/* SPDX-License-Identifier: Apache-2.0
 * The rows of table `jobs`: one query, one function. What a job means is core/jobs.h's. All but the
 * counts belong into a write task. */
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
	struct hf_buf op; /* the row's own: job_row_done() */
};
void job_row_done(struct job_row *row);
#define JOB_ROW HF_CLEANUP(job_row_done) struct job_row

/* HF_EXISTS when the number is taken: the transaction goes on, with another. */
HF_MUST hf_status job_row_insert(struct db *db, const struct job_row *row);
/* Removes the row and hands it over (its buffer is reused). HF_NOTFOUND: no such job in this store.
 */
HF_MUST hf_status job_row_take(struct db *db, uint64_t id, const char *store_id,
                               struct job_row *ret);
/* The attempts of a job that `owner` holds. HF_NOTFOUND: it does not. */
HF_MUST hf_status job_row_attempts(struct db *db, uint64_t id, const char *store_id,
                                   const char *owner, int *ret);
/* Gives it back: queued again at `when` (0: now). */
HF_MUST hf_status job_row_give_back(struct db *db, uint64_t id, const char *owner, int64_t when);
/* A lease that ends before `if_before` now ends at `until`. Not his: nothing. */
HF_MUST hf_status job_row_renew(struct db *db, uint64_t id, const char *owner, int64_t until,
                                int64_t if_before);

/* Leases up to `limit` queued jobs of the store, oldest first, to `owner`; fn is called for each.
 */
typedef hf_status (*job_claimed)(void *ctx, uint64_t id, int attempt, struct hf_span op);
HF_MUST hf_status job_rows_claim(struct db *db, const char *store_id, const char *owner,
                                 int64_t until, int limit, job_claimed fn, void *ctx, int *ret);

/* A lease has ended when it lies before `now`, or so far ahead that no server of today can have
 * given it: the wall clock was set back. */
struct lease_bounds {
	int64_t now, latest;
};
/* A job whose lease has ended and that has been tried `attempts` times. HF_NOTFOUND. */
HF_MUST hf_status job_row_exhausted(struct db *db, const struct lease_bounds *bounds, int attempts,
                                    uint64_t *ret_id, char ret_store_id[HF_ID_MAX]);
/* Queues again what has lost its lease and was tried fewer times than `attempts`; *ret: how many.
 */
HF_MUST hf_status job_rows_expire(struct db *db, const struct lease_bounds *bounds, int attempts,
                                  int64_t *ret);

/* Queued jobs of a store, counting no further than `cap`. */
HF_MUST hf_status job_rows_count(struct db *db, const char *store_id, int64_t cap, int64_t *ret);
/* Of all stores, and when the oldest of them was added (0: none waits). */
HF_MUST hf_status job_rows_waiting(struct db *db, int64_t *ret_count, int64_t *ret_oldest);

#endif
