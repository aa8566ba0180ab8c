/* SPDX-License-Identifier: Apache-2.0 */
#include "db/work_internal.h"

#include "base/clock.h"
#include "base/thread.h"
#include <string.h>

enum {
	GROUP_DEFAULT = 256,
	QUEUE_DEFAULT = 16384,
	PATIENCE_DEFAULT_MS = 5000,
	THREADS_MAX = 64,
	COMPANY_LEAST = 8, /* a group this large says that there is load */
	COMPANY_US = 1000,
	LOOK_EVERY_MS = 250,
};

/* Under load a group that waits a moment for company makes fewer commits, each of which writes the
 * same pages for all of its tasks: less work for everybody, and so the shorter way in the end. A
 * task that comes alone never waits. `last` is the size of the group before. With the lock held. */
static void wait_for_company(struct db_work *w, size_t last)
{
	if (last < COMPANY_LEAST || w->waiting >= last || w->stopping)
		return;
	pthread_mutex_unlock(&w->lock);
	hf_pause_us(COMPANY_US);
	pthread_mutex_lock(&w->lock);
}

/* One that has lost its connection sleeps only this long, then looks whether there is one again:
 * whoever asks whether the engine can be reached shall not have to give every thread a task first.
 */
static void sleep_while_down(struct db_work *w)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_EVERY_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_clockwait(&w->wake, &w->lock, CLOCK_MONOTONIC, &until);
}

/* Takes up to `max` tasks as a list, sleeping while there are none. *n: how many; before, how many
 * the last time. NULL: nothing to do, but perhaps to look for the connection. */
static struct db_task *take(struct worker *me, size_t max, size_t *n)
{
	struct db_work *w = me->work;
	struct db_task *head, **end;
	bool look = false;

	pthread_mutex_lock(&w->lock);
	while (!w->first && !w->stopping && !look) {
		w->idle++;
		if (me->down)
			sleep_while_down(w);
		else
			pthread_cond_wait(&w->wake, &w->lock);
		w->idle--;
		look = me->down;
	}
	wait_for_company(w, *n);
	head = w->first;
	end = &w->first;
	for (*n = 0; *n < max && *end; (*n)++)
		end = &(*end)->next;
	w->first = *end;
	if (head)
		*end = NULL;
	if (!w->first)
		w->last = &w->first;
	w->waiting -= *n;
	pthread_mutex_unlock(&w->lock);
	return head;
}

static bool is_stopping(struct db_work *w)
{
	bool stopping;

	pthread_mutex_lock(&w->lock);
	stopping = w->stopping && !w->first;
	pthread_mutex_unlock(&w->lock);
	return stopping;
}

static void *worker_main(void *arg)
{
	struct worker *me = arg;
	bool write = me->work->config.write;
	struct db_task *head;
	size_t n = 0;

	for (;;) {
		head = take(me, write ? me->work->config.group_max : 1, &n);
		if (!head && is_stopping(me->work))
			return NULL;
		if (!head)
			work_look(me);
		else if (write)
			work_write_group(me, head, n);
		else
			work_read_one(me, head);
	}
}

static hf_status worker_start(struct db_work *w, struct worker *me, struct hf_err *err)
{
	me->work = w;
	HF_TRY(db_open(&w->config.db, &me->db, err));
	if (w->config.write && me->db->backend->one_writer)
		w->config.threads = 1;
	me->results = calloc(w->config.group_max, sizeof(*me->results));
	HF_ENSURE(me->results, HF_NOMEM);
	HF_TRY(hf_thread_start("database", worker_main, me, &me->thread, err));
	me->running = true;
	return HF_SUCCESS;
}

hf_status db_work_start(const struct db_work_config *config, struct db_work **ret,
                        struct hf_err *err)
{
	struct db_work *w;

	HF_ENSURE(config->threads <= THREADS_MAX, HF_TOOBIG);
	w = calloc(1, sizeof(*w));
	HF_ENSURE(w, HF_NOMEM);
	w->config = *config;
	w->config.threads = config->threads ? config->threads : 1;
	w->config.group_max = config->group_max ? config->group_max : GROUP_DEFAULT;
	w->config.queue_max = config->queue_max ? config->queue_max : QUEUE_DEFAULT;
	w->config.patience_ms = config->patience_ms ? config->patience_ms : PATIENCE_DEFAULT_MS;
	w->last = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->workers = calloc(w->config.threads, sizeof(*w->workers));
	if (!w->workers) {
		db_work_stop(w);
		return HF_FAILURE(HF_NOMEM);
	}
	while (w->n_workers < w->config.threads) {
		hf_status s = worker_start(w, &w->workers[w->n_workers++], err);

		if (!hf_ok(s)) {
			db_work_stop(w);
			return s;
		}
	}
	*ret = w;
	return HF_SUCCESS;
}

void db_work_close(struct db_work *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (; w->n_workers; w->n_workers--) {
		struct worker *me = &w->workers[w->n_workers - 1];

		if (me->running)
			pthread_join(me->thread, NULL);
		db_close(me->db);
		free(me->results);
	}
}

void db_work_stop(struct db_work *w)
{
	if (!w)
		return;
	db_work_close(w);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w->workers);
	free(w);
}

hf_status db_work_submit(struct db_work *w, struct db_task *task)
{
	enum hf_code code = HF_OK;

	task->next = NULL;
	pthread_mutex_lock(&w->lock);
	if (w->stopping) {
		code = HF_CLOSED;
	} else if (w->waiting >= w->config.queue_max) {
		code = HF_BUSY;
	} else {
		*w->last = task;
		w->last = &task->next;
		w->waiting++;
		if (w->idle > 0) /* under the lock: once the task is done, `w` may be gone */
			pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	return HF_FAILURE(code);
}

void db_work_stats(struct db_work *w, struct db_work_stats *ret)
{
	pthread_mutex_lock(&w->lock);
	*ret = w->stats;
	ret->waiting = w->waiting;
	ret->connected = w->down == 0;
	pthread_mutex_unlock(&w->lock);
}
