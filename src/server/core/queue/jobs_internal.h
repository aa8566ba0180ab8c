/* SPDX-License-Identifier: Apache-2.0
 * What the files of the queue share: jobs.c (the queue itself, adding), jobs_poll.c (a poll's life:
 * parked, answered), jobs_deal.c (who gets how much), jobs_claim.c (what he gets), jobs_settle.c
 * (what comes back), jobs_clock.c (what happens by itself). For these only. */
#ifndef HF_SERVER_CORE_QUEUE_JOBS_INTERNAL_H
#define HF_SERVER_CORE_QUEUE_JOBS_INTERNAL_H

#include "server/core/queue/jobs.h"
#include "server/store/job_rows.h"

#include <pthread.h>

TAILQ_HEAD(jobs_polls, jobs_poll);

#define WRITERS_MAX 64 /* threads of a queue of writes */

/* One key store's side in memory. Polls stand in the order in which they came. */
struct job_store {
	char id[HF_ID_MAX];
	struct jobs_polls polls; /* submitted and hungry ones */
	size_t hungry;
	/* Threads whose open transaction has queued jobs that it has not dealt. A thread is in here
	 * once, however often its group runs. */
	pthread_t leaving[WRITERS_MAX];
	size_t n_leaving;
	uint64_t left;          /* how often somebody, here or elsewhere, left jobs queued */
	struct job_store *next; /* never removed */
};

/* A transaction without content: its end deals. */
struct deal {
	struct db_task task; /* first */
	struct jobs *jobs;
	bool running, again;
};

struct sweep {
	struct db_task task;
	struct jobs *jobs;
	bool running;
	int64_t next_ms, next_count_ms;
	int64_t told_ms; /* that it fails; 0: it does not */
	int64_t expired, queued, oldest;
	struct jobs_tally tally;
};

struct jobs {
	struct jobs_config config;
	char origin[HF_ID_MAX];
	pthread_mutex_t lock; /* all below, and every poll's state, in_task and gone */
	struct job_store *stores;
	struct jobs_polls dealing; /* dealt in a transaction that is not committed yet */
	size_t parked;
	bool released;
	uint64_t last_id;
	struct db_work *writer; /* the one that polls come by; NULL: none came yet */
	struct deal deal;
	struct sweep sweep;
	struct jobs_stats stats;
	struct hf_histogram latency;
};

/* jobs.c: the store's side, made when it is new. NULL: no memory. With the lock held. */
struct job_store *jobs_store(struct jobs *j, const char *store_id);

/* jobs_poll.c: answers a poll that is out of all lists; after this it is the caller's again.
 * Without the lock. */
void jobs_answer(struct jobs *j, struct jobs_poll *p, hf_status s);
/* Answers, with nothing, the parked polls whose wait is over, whose peer left or which were
 * released. Without the lock. */
void jobs_end_waits(struct jobs *j);

/* jobs_claim.c: leases up to `want` jobs to the poll. *ret_drained: nothing is left in the queue.
 */
HF_MUST hf_status jobs_claim(struct jobs *j, struct db *db, struct jobs_poll *p, size_t want,
                             bool *ret_drained);

/* jobs_deal.c. With the lock held: puts a dealt poll back among the hungry. */
void jobs_undeal(struct jobs *j, struct jobs_poll *p);
/* With the lock held: this thread's transaction has queued jobs of the store. */
void jobs_leave(struct job_store *st);
/* One more transaction that deals. Without the lock. */
void jobs_deal_soon(struct jobs *j);

/* jobs_settle.c */
/* After the commit: counts, and tells who waits. */
void jobs_tally_publish(struct jobs *j, struct jobs_tally *t);
/* The results of a poll, one after another, and the leases that it renews. */
HF_MUST hf_status jobs_hand_in(struct jobs *j, struct db *db, struct jobs_poll *p);
/* Fails for good what was tried too often, then queues again what has lost its driver. */
HF_MUST hf_status jobs_sweep(struct jobs *j, struct db *db, struct jobs_tally *tally,
                             int64_t *ret_expired);

#endif
