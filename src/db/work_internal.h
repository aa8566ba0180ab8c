/* SPDX-License-Identifier: Apache-2.0
 * What the queue (work.c) and the running of its tasks (work_run.c) share. */
#ifndef HF_DB_WORK_INTERNAL_H
#define HF_DB_WORK_INTERNAL_H

#include "db/backend.h"
#include "db/work.h"

#include <pthread.h>

struct worker {
	struct db_work *work;
	pthread_t thread;
	bool running;
	struct db *db;
	hf_status *results; /* one for each task of a group */
	bool down;          /* its last attempt had no connection to its end */
	int64_t down_since; /* monotonic ms */
};

struct db_work {
	struct db_work_config config;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct db_task *first, **last;
	size_t waiting;
	unsigned idle; /* workers that sleep: nobody else is woken */
	unsigned down; /* workers without a connection */
	bool stopping;
	struct db_work_stats stats;
	struct worker *workers;
	unsigned n_workers;
};

/* Runs the list of n tasks and tells each. */
void work_write_group(struct worker *me, struct db_task *head, size_t n);
void work_read_one(struct worker *me, struct db_task *task);
/* Without a task: is there a connection again? */
void work_look(struct worker *me);

#endif
