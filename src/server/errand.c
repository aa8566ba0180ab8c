/* SPDX-License-Identifier: Apache-2.0 */
#include "server/errand.h"

#include <pthread.h>

struct errand {
	struct db_task task; /* first */
	hf_status (*run)(void *ctx, struct db *db);
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool over;
	hf_status status;
};

static hf_status run_errand(struct db_task *task, struct db *db)
{
	struct errand *e = (struct errand *)task;

	return e->run(e->ctx, db);
}

static void errand_done(struct db_task *task, hf_status s)
{
	struct errand *e = (struct errand *)task;

	pthread_mutex_lock(&e->lock);
	e->status = s;
	e->over = true;
	pthread_cond_signal(&e->done);
	pthread_mutex_unlock(&e->lock);
}

hf_status errand_run(struct db_work *work, hf_status (*run)(void *ctx, struct db *db), void *ctx)
{
	struct errand e = {
		.task = { .run = run_errand, .done = errand_done, .durability = DB_RELAXED },
		.run = run,
		.ctx = ctx,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.done = PTHREAD_COND_INITIALIZER,
	};

	HF_TRY(db_work_submit(work, &e.task));
	pthread_mutex_lock(&e.lock);
	while (!e.over)
		pthread_cond_wait(&e.done, &e.lock);
	pthread_mutex_unlock(&e.lock);
	return e.status;
}
