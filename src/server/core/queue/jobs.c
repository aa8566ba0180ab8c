/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/queue/jobs_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEASE_DEFAULT_MS 10000
#define PARKED_MAX_MS 60000 /* a driver that asks for more polls again */
#define SWEEP_DEFAULT_MS 250
#define COUNT_EVERY_MS 1000
#define TELL_EVERY_MS 60000
#define ID_RANDOM_BITS 20 /* 43 bits are left for milliseconds: until the year 2248 */

hf_status jobs_new(const struct jobs_config *config, struct jobs **ret)
{
	struct jobs *j = calloc(1, sizeof(*j));

	HF_ENSURE(j, HF_NOMEM);
	j->config = *config;
	if (j->config.lease_ms == 0)
		j->config.lease_ms = LEASE_DEFAULT_MS;
	if (j->config.sweep_ms == 0)
		j->config.sweep_ms = SWEEP_DEFAULT_MS;
	if (config->origin)
		snprintf(j->origin, sizeof(j->origin), "%s", config->origin);
	j->sweep.jobs = j;
	j->deal.jobs = j;
	TAILQ_INIT(&j->dealing);
	pthread_mutex_init(&j->lock, NULL);
	*ret = j;
	return HF_SUCCESS;
}

void jobs_free(struct jobs *j)
{
	if (!j)
		return;
	while (j->stores) {
		struct job_store *st = j->stores;

		j->stores = st->next;
		free(st);
	}
	hf_buf_done(&j->sweep.tally.settled);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

struct job_store *jobs_store(struct jobs *j, const char *store_id)
{
	struct job_store *st = j->stores;

	while (st && strcmp(st->id, store_id) != 0)
		st = st->next;
	if (st || strlen(store_id) >= HF_ID_MAX)
		return st;
	st = calloc(1, sizeof(*st));
	if (!st)
		return NULL;
	snprintf(st->id, sizeof(st->id), "%s", store_id);
	TAILQ_INIT(&st->polls);
	st->next = j->stores;
	j->stores = st;
	return st;
}

static uint64_t next_id(struct jobs *j)
{
	uint64_t random = hf_random_u64() >> (64 - ID_RANDOM_BITS);
	uint64_t id = (uint64_t)hf_wall_ms() << ID_RANDOM_BITS | random;

	pthread_mutex_lock(&j->lock);
	if (id <= j->last_id)
		id = j->last_id + 1;
	j->last_id = id;
	pthread_mutex_unlock(&j->lock);
	return id;
}

hf_status jobs_add(struct jobs *j, struct db *db, const struct job_new *job, uint64_t *ret)
{
	JOB_ROW row = { .op = HF_BUF(OP_ENCODED_MAX), .created_at = hf_wall_ms() };
	struct job_store *st;

	HF_ENSURE(strlen(job->store_id) < HF_ID_MAX && strlen(job->subject_id) < HF_ID_MAX,
	          HF_TOOBIG);
	row.id = next_id(j);
	snprintf(row.store_id, sizeof(row.store_id), "%s", job->store_id);
	snprintf(row.subject_id, sizeof(row.subject_id), "%s", job->subject_id);
	snprintf(row.origin, sizeof(row.origin), "%s", j->origin);
	row.subject = job->subject;
	hf_buf_put(&row.op, job->op.ptr, job->op.len);
	HF_TRY(hf_buf_status(&row.op));
	HF_TRY(job_row_insert(db, &row));
	pthread_mutex_lock(&j->lock);
	st = jobs_store(j, job->store_id);
	if (st)
		jobs_leave(st);
	pthread_mutex_unlock(&j->lock);
	*ret = row.id;
	return HF_SUCCESS;
}

hf_status jobs_cancel(struct jobs *j, struct db *db, const char *store_id, uint64_t job)
{
	return job_row_cancel(db, job, store_id);
}

void jobs_added(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	j->stats.added++;
	pthread_mutex_unlock(&j->lock);
}

/* Takes the poll out of whichever list it stands in. With the lock held. */
static void unlink_poll(struct jobs *j, struct jobs_poll *p)
{
	switch (p->state) {
	case JOBS_POLL_SUBMITTED:
		TAILQ_REMOVE(&p->store->polls, p, link);
		break;
	case JOBS_POLL_HUNGRY:
		TAILQ_REMOVE(&p->store->polls, p, link);
		p->store->hungry--;
		break;
	case JOBS_POLL_DEALT:
		TAILQ_REMOVE(&j->dealing, p, link);
		break;
	}
}

void jobs_answer(struct jobs *j, struct jobs_poll *p, hf_status s)
{
	struct poll_job *dealt = hf_take(p->dealt);
	struct hf_buf ops = p->dealt_ops, evidence = p->dealt_evidence;
	struct poll_reply reply = {
		.lease_ms = (uint32_t)j->config.lease_ms,
		.evidence = p->request.evidence,
		.jobs = dealt,
		.n_jobs = p->n_dealt,
	};

	p->dealt_ops = p->dealt_evidence = HF_BUF(0);
	hf_buf_done(&p->tally.settled);
	p->answered(p, hf_ok(s) ? &reply : NULL, s);
	free(dealt);
	hf_buf_done(&ops);
	hf_buf_done(&evidence);
}

static bool wants_jobs(const struct jobs *j, const struct jobs_poll *p)
{
	return p->request.capacity > 0 && !p->gone && !j->released;
}

/* What an earlier run of the same task, in a transaction that was given up, has left. With the lock
 * held. */
static void not_hungry(struct jobs *j, struct jobs_poll *p)
{
	if (p->state == JOBS_POLL_DEALT)
		jobs_undeal(j, p);
	if (p->state == JOBS_POLL_HUNGRY)
		p->store->hungry--;
	p->state = JOBS_POLL_SUBMITTED;
}

/* The task of a poll. It has no effects in memory but the tally, and the mark that the poll may be
 * dealt jobs; both begin anew when it runs again. */
static hf_status poll_run(struct db_task *task, struct db *db)
{
	struct jobs_poll *p = (struct jobs_poll *)((char *)task - offsetof(struct jobs_poll, task));
	struct jobs *j = p->jobs;

	pthread_mutex_lock(&j->lock);
	not_hungry(j, p);
	pthread_mutex_unlock(&j->lock);
	HF_TRY(jobs_hand_in(j, db, p));
	pthread_mutex_lock(&j->lock);
	if (wants_jobs(j, p)) {
		p->state = JOBS_POLL_HUNGRY;
		p->store->hungry++;
		p->runner = pthread_self();
		p->left_seen = p->store->left;
	}
	pthread_mutex_unlock(&j->lock);
	return HF_SUCCESS;
}

static void end_waits(struct jobs *j);

static void poll_done(struct db_task *task, hf_status s)
{
	struct jobs_poll *p = (struct jobs_poll *)((char *)task - offsetof(struct jobs_poll, task));
	struct jobs *j = p->jobs;
	bool park, deal;

	if (hf_ok(s))
		jobs_tally_publish(j, &p->tally);
	pthread_mutex_lock(&j->lock);
	p->in_task = false;
	park = hf_ok(s) && p->state == JOBS_POLL_HUNGRY && wants_jobs(j, p) &&
	       hf_mono_ms() < p->parked_until_ms;
	deal = park && p->left_seen != p->store->left; /* somebody left jobs meanwhile */
	if (park)
		j->parked++;
	else
		unlink_poll(j, p);
	pthread_mutex_unlock(&j->lock);
	if (p->request.recall)
		end_waits(j);
	if (!park)
		jobs_answer(j, p, s);
	if (deal)
		jobs_deal_soon(j);
}

static void poll_prepare(struct jobs *j, struct jobs_poll *p)
{
	int64_t wait_ms = p->request.wait_ms;

	p->jobs = j;
	p->task = (struct db_task){
		.run = poll_run,
		.done = poll_done,
		.durability = p->request.n_results && !j->config.relaxed ? DB_DURABLE : DB_RELAXED,
	};
	p->state = JOBS_POLL_SUBMITTED;
	p->in_task = true;
	p->gone = false;
	p->parked_until_ms = hf_mono_ms() + (wait_ms < PARKED_MAX_MS ? wait_ms : PARKED_MAX_MS);
	p->tally = (struct jobs_tally){ 0 };
	p->dealt = NULL;
	p->n_dealt = 0;
	p->dealt_ops = p->dealt_evidence = HF_BUF(0);
}

/* With the lock held. */
static void recall_others(struct jobs_poll *p)
{
	struct jobs_poll *q;

	TAILQ_FOREACH(q, &p->store->polls, link)
	if (q != p && strcmp(q->request.instance, p->request.instance) == 0)
		q->gone = true;
}

hf_status jobs_poll(struct jobs *j, struct db_work *writer, struct jobs_poll *p)
{
	hf_status s;

	poll_prepare(j, p);
	pthread_mutex_lock(&j->lock);
	j->writer = writer;
	p->store = jobs_store(j, p->store_id);
	if (p->store)
		TAILQ_INSERT_TAIL(&p->store->polls, p, link);
	if (p->store && p->request.recall)
		recall_others(p);
	pthread_mutex_unlock(&j->lock);
	HF_ENSURE(p->store, HF_NOMEM);
	s = db_work_submit(writer, &p->task);
	if (hf_ok(s))
		return s; /* it may be answered and gone already */
	pthread_mutex_lock(&j->lock);
	unlink_poll(j, p);
	pthread_mutex_unlock(&j->lock);
	return s;
}

void jobs_poll_gone(struct jobs *j, const struct jobs_poll *p)
{
	struct jobs_poll *q;

	pthread_mutex_lock(&j->lock);
	for (struct job_store *st = j->stores; st; st = st->next)
		TAILQ_FOREACH(q, &st->polls, link)
	if (q == p)
		q->gone = true;
	pthread_mutex_unlock(&j->lock);
}

/* Answers, with nothing, the parked polls whose wait is over, whose peer left or which were
 * released. */
static void end_waits(struct jobs *j)
{
	struct jobs_polls ended = TAILQ_HEAD_INITIALIZER(ended);
	struct jobs_poll *p, *after;
	int64_t now = hf_mono_ms();

	pthread_mutex_lock(&j->lock);
	for (struct job_store *st = j->stores; st; st = st->next) {
		for (p = TAILQ_FIRST(&st->polls); p; p = after) {
			after = TAILQ_NEXT(p, link);
			if (p->in_task || p->state != JOBS_POLL_HUNGRY ||
			    (wants_jobs(j, p) && now < p->parked_until_ms))
				continue;
			unlink_poll(j, p);
			j->parked--;
			TAILQ_INSERT_TAIL(&ended, p, link);
		}
	}
	pthread_mutex_unlock(&j->lock);
	for (p = TAILQ_FIRST(&ended); p; p = after) {
		after = TAILQ_NEXT(p, link); /* the poll may be gone after its answer */
		jobs_answer(j, p, HF_SUCCESS);
	}
}

/* Another server's clock may have been ahead of ours when it added the job. */
static int64_t since(int64_t wall_ms)
{
	int64_t now = hf_wall_ms();

	return now > wall_ms ? now - wall_ms : 0;
}

static hf_status sweep_run(struct db_task *task, struct db *db)
{
	struct sweep *sweep = (struct sweep *)task; /* its first member */
	struct jobs *j = sweep->jobs;

	HF_TRY(jobs_sweep(j, db, &sweep->tally, &sweep->expired));
	pthread_mutex_lock(&j->lock);
	for (struct job_store *st = j->stores; st && sweep->expired; st = st->next)
		jobs_leave(st);
	pthread_mutex_unlock(&j->lock);
	if (hf_mono_ms() < sweep->next_count_ms)
		return HF_SUCCESS;
	return job_rows_waiting(db, &sweep->queued, &sweep->oldest);
}

/* Four times a second while the database is away: said once, and then every minute. */
static void tell_failed_sweep(struct sweep *sweep, enum hf_code code)
{
	int64_t now = hf_mono_ms();

	if (sweep->told_ms && now < sweep->told_ms + TELL_EVERY_MS)
		return;
	sweep->told_ms = now;
	HF_WARN("leases could not be swept", HF_KS("reason", hf_code_name(code)));
}

static void sweep_done(struct db_task *task, hf_status s)
{
	struct sweep *sweep = (struct sweep *)task;
	struct jobs *j = sweep->jobs;

	if (hf_ok(s))
		jobs_tally_publish(j, &sweep->tally);
	else
		tell_failed_sweep(sweep, s.code);
	pthread_mutex_lock(&j->lock);
	if (hf_ok(s)) {
		sweep->told_ms = 0;
		j->stats.expired += (uint64_t)sweep->expired;
		j->stats.queued = (size_t)sweep->queued;
		j->stats.oldest_ms = sweep->oldest ? since(sweep->oldest) : 0;
		if (hf_mono_ms() >= sweep->next_count_ms)
			sweep->next_count_ms = hf_mono_ms() + COUNT_EVERY_MS;
	}
	sweep->running = false;
	pthread_mutex_unlock(&j->lock);
}

void jobs_tick(struct jobs *j, struct db_work *writer)
{
	struct sweep *sweep = &j->sweep;
	int64_t now = hf_mono_ms();
	bool due;

	end_waits(j);
	pthread_mutex_lock(&j->lock);
	due = !sweep->running && now >= sweep->next_ms;
	if (due) {
		sweep->running = true;
		sweep->next_ms = now + j->config.sweep_ms;
		sweep->task = (struct db_task){
			.run = sweep_run,
			.done = sweep_done,
			/* An empty commit costs no write, whatever it is called. */
			.durability = j->config.relaxed ? DB_RELAXED : DB_DURABLE,
		};
	}
	pthread_mutex_unlock(&j->lock);
	if (due && !hf_ok(db_work_submit(writer, &sweep->task))) {
		pthread_mutex_lock(&j->lock);
		sweep->running = false;
		pthread_mutex_unlock(&j->lock);
	}
}

void jobs_release_all(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	j->released = true;
	pthread_mutex_unlock(&j->lock);
	end_waits(j);
}

void jobs_stats(struct jobs *j, struct jobs_stats *ret)
{
	pthread_mutex_lock(&j->lock);
	*ret = j->stats;
	ret->parked = j->parked;
	pthread_mutex_unlock(&j->lock);
}

struct hf_histogram *jobs_latency(struct jobs *j)
{
	return &j->latency;
}
