/* SPDX-License-Identifier: Apache-2.0
 * The jobs that this driver holds: from the reply that brought one until the reply that
 * acknowledges its result.
 *
 *   working ── result ──► ready ── put into a request ──► sent ── acknowledged ──► gone
 *                           ▲───────── request failed ───────┘
 * A result is never dropped in between. In tests/model/queue.pml: send, acknowledged. One thread.
 */
#ifndef HF_DRIVER_QUEUE_JOBS_H
#define HF_DRIVER_QUEUE_JOBS_H

#include "op/poll.h"

enum queue_job_state { QUEUE_JOB_WORKING, QUEUE_JOB_READY, QUEUE_JOB_SENT };

struct queue_job {
	uint64_t number;
	uint32_t attempt;
	struct hf_buf op;       /* op_encode(): valid until the result is given */
	struct hf_buf evidence; /* of who asked for it, or empty: as op */
	int64_t taken_us;       /* monotonic */
	/* the table's own */
	enum queue_job_state state;
	struct hf_buf result; /* op_result_encode() */
	unsigned request;     /* sent: in which */
	bool superseded;      /* sent: another attempt has come back to us meanwhile */
	struct queue_job *in_bucket;
	struct queue_job *next, *prev; /* of all jobs, in the order of their states' changes */
};

#define QUEUE_BUCKETS 1024

struct queue_jobs {
	struct queue_job *buckets[QUEUE_BUCKETS];
	struct queue_job *first, *last;
	size_t held, working, ready, sent;
};

/* Copies what the reply brought. HF_EXISTS: held already, nothing changes. A job whose return is
 * still on its way may come again as another attempt, since the answer to one request can overtake
 * that to another: it is taken, as a job of its own. HF_TOOBIG: POLL_WORKING_MAX are held. */
HF_MUST hf_status queue_jobs_add(struct queue_jobs *t, const struct poll_job *from,
                                 struct queue_job **ret);

/* The one result of a working job, whose `op` is released. */
void queue_jobs_finish(struct queue_jobs *t, struct queue_job *job, const struct op_result *result);

/* Puts up to `max` ready results, and as many as fit into a request, into `to` as part of request
 * `request`; they stay valid until it is settled. */
size_t queue_jobs_send(struct queue_jobs *t, unsigned request, struct poll_result *to, size_t max);
/* That request's results were taken by the server: forgets the jobs. Or they were not: ready again.
 */
void queue_jobs_settle(struct queue_jobs *t, unsigned request, bool acknowledged);

/* The numbers of all jobs held but those whose results travel in request `but`. `to` has
 * POLL_WORKING_MAX entries. */
size_t queue_jobs_numbers(const struct queue_jobs *t, unsigned but, uint64_t *to);

/* Forgets everything. */
void queue_jobs_clear(struct queue_jobs *t);

#endif
