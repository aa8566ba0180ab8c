/* SPDX-License-Identifier: Apache-2.0
 * Dealing: at the end of a write group the queued jobs of each store go to its hungry polls, in the
 * order in which these came, each getting its share: what waits divided by those who wait. So
 * drivers carry equal loads, and none gets all while another stands by. A poll that got nothing
 * keeps its place. What waits is asked of the database each time: a server does not know what the
 * others add and take, nor does a writer of its neighbour's transaction. */
#include "server/core/queue/jobs_internal.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WANTED_MAX 1024 /* more jobs than one commit deals */

/* This thread may deal to it: it is parked, or has its own results in this transaction. */
static bool is_ours(const struct jobs_poll *p)
{
	return p->state == JOBS_POLL_HUNGRY && !p->gone &&
	       (!p->in_task || pthread_equal(p->runner, pthread_self()));
}

/* How many wait, and how many jobs they would take: counting further changes no share. */
static size_t who_waits(struct jobs *j, struct job_store *st, int64_t *ret_wanted)
{
	struct jobs_poll *p;
	size_t n = 0;
	int64_t wanted = 0;

	pthread_mutex_lock(&j->lock);
	TAILQ_FOREACH(p, &st->polls, link) {
		if (j->released || wanted >= WANTED_MAX)
			break;
		if (!is_ours(p))
			continue;
		n++;
		wanted += p->request.capacity;
	}
	pthread_mutex_unlock(&j->lock);
	*ret_wanted = wanted;
	return n;
}

/* The first hungry poll, moved among those being dealt, and its share of what is queued. NULL:
 * nobody. */
static struct jobs_poll *next_to_deal(struct jobs *j, struct job_store *st, int64_t queued,
                                      size_t waiting, size_t *ret_share)
{
	struct jobs_poll *p;
	size_t share;

	pthread_mutex_lock(&j->lock);
	TAILQ_FOREACH(p, &st->polls, link)
		if (is_ours(p))
			break;
	if (p && !j->released) {
		share = ((size_t)queued + waiting - 1) / waiting;
		*ret_share = share < p->request.capacity ? share : p->request.capacity;
		TAILQ_REMOVE(&st->polls, p, link);
		st->hungry--;
		p->state = JOBS_POLL_DEALT;
		p->dealer = pthread_self();
		TAILQ_INSERT_TAIL(&j->dealing, p, link);
	} else {
		p = NULL;
	}
	pthread_mutex_unlock(&j->lock);
	return p;
}

void jobs_undeal(struct jobs *j, struct jobs_poll *p)
{
	free(hf_take(p->dealt));
	p->n_dealt = 0;
	hf_buf_done(&p->dealt_ops);
	hf_buf_done(&p->dealt_evidence);
	TAILQ_REMOVE(&j->dealing, p, link);
	p->state = JOBS_POLL_HUNGRY;
	p->store->hungry++;
	TAILQ_INSERT_HEAD(&p->store->polls, p, link);
}

void jobs_leave(struct job_store *st)
{
	for (size_t i = 0; i < st->n_leaving; i++)
		if (pthread_equal(st->leaving[i], pthread_self()))
			return;
	if (st->n_leaving < WRITERS_MAX)
		st->leaving[st->n_leaving++] = pthread_self();
}

/* Takes the mark of jobs_leave() back. True: it was there. With the lock held. */
static bool unleave(struct job_store *st)
{
	for (size_t i = 0; i < st->n_leaving; i++) {
		if (!pthread_equal(st->leaving[i], pthread_self()))
			continue;
		st->leaving[i] = st->leaving[--st->n_leaving];
		return true;
	}
	return false;
}

/* *ret_drained: this transaction sees no job of the store any more. */
static hf_status deal_store(struct jobs *j, struct db *db, struct job_store *st, bool *ret_drained)
{
	struct jobs_poll *p;
	int64_t wanted, queued;
	size_t waiting = who_waits(j, st, &wanted), share;
	bool drained = false;

	queued = wanted; /* one alone takes what there is, up to what he wants */
	if (waiting > 1)
		HF_TRY(job_rows_count(db, st->id, wanted, &queued));
	for (int64_t left = queued; waiting && left > 0 && !drained; waiting--) {
		p = next_to_deal(j, st, left, waiting, &share);
		if (!p)
			break;
		HF_TRY(jobs_claim(j, db, p, share, &drained));
		left -= (int64_t)p->n_dealt;
		drained |= left == 0 && queued < wanted; /* all that was counted */
		pthread_mutex_lock(&j->lock);
		if (p->n_dealt == 0)
			jobs_undeal(j, p);
		pthread_mutex_unlock(&j->lock);
	}
	*ret_drained = drained;
	return HF_SUCCESS;
}

/* What this thread dealt in a transaction that is no more. With the lock held; last first, so that
 * the order stays. */
static void undeal_mine(struct jobs *j)
{
	struct jobs_poll *p, *after;

	for (p = TAILQ_LAST(&j->dealing, jobs_polls); p; p = after) {
		after = TAILQ_PREV(p, jobs_polls, link);
		if (pthread_equal(p->dealer, pthread_self()))
			jobs_undeal(j, p);
	}
}

hf_status jobs_before_commit(struct jobs *j, struct db *db)
{
	struct job_store *st;

	pthread_mutex_lock(&j->lock);
	undeal_mine(j); /* the group runs again */
	st = j->stores;
	pthread_mutex_unlock(&j->lock);
	for (; st; st = st->next) { /* new ones come in front */
		bool anyone, drained = false;

		pthread_mutex_lock(&j->lock);
		anyone = st->hungry > 0;
		pthread_mutex_unlock(&j->lock);
		if (anyone)
			HF_TRY(deal_store(j, db, st, &drained));
		if (drained) {
			pthread_mutex_lock(&j->lock);
			unleave(st);
			pthread_mutex_unlock(&j->lock);
		}
	}
	return HF_SUCCESS;
}

/* Those of this thread's transaction; the parked ones of them, whose own task ended long ago, are
 * returned to be answered, the others are answered by their task's done(). With the lock held. */
static void committed(struct jobs *j, struct jobs_poll *p, struct jobs_polls *ret_parked)
{
	j->stats.dealt += p->n_dealt;
	HF_DEBUG("jobs dealt", HF_KS("driver", p->driver), HF_KI("jobs", p->n_dealt),
	         HF_KI("first", p->dealt[0].job));
	if (p->in_task)
		return;
	TAILQ_REMOVE(&j->dealing, p, link);
	j->parked--;
	TAILQ_INSERT_TAIL(ret_parked, p, link);
}

static void take_committed(struct jobs *j, struct jobs_polls *ret_parked)
{
	struct jobs_poll *p, *after;

	for (p = TAILQ_FIRST(&j->dealing); p; p = after) {
		after = TAILQ_NEXT(p, link);
		if (pthread_equal(p->dealer, pthread_self()))
			committed(j, p, ret_parked);
	}
}

static void say_jobs(struct jobs *j, const char *store_id)
{
	char word[sizeof("jobs ") + HF_ID_MAX];

	if (!j->config.say)
		return;
	snprintf(word, sizeof(word), "jobs %s", store_id);
	j->config.say(j->config.ctx, word);
}

/* Jobs were left queued: for a poll of ours that came meanwhile and has not seen them, or for one
 * that is parked at another server. */
static void tell_of_left(struct jobs *j)
{
	struct job_store *st;
	bool left, here, deal = false;

	pthread_mutex_lock(&j->lock);
	st = j->stores;
	pthread_mutex_unlock(&j->lock);
	for (; st; st = st->next) {
		pthread_mutex_lock(&j->lock);
		left = unleave(st);
		here = st->hungry > 0;
		st->left += left;
		pthread_mutex_unlock(&j->lock);
		if (left)
			say_jobs(j, st->id);
		deal |= left && here;
	}
	if (deal)
		jobs_deal_soon(j);
}

void jobs_after_commit(struct jobs *j, hf_status s)
{
	struct jobs_polls parked = TAILQ_HEAD_INITIALIZER(parked);
	struct jobs_poll *p, *after;
	bool released;

	pthread_mutex_lock(&j->lock);
	released = j->released;
	if (hf_ok(s))
		take_committed(j, &parked);
	else
		undeal_mine(j);
	for (struct job_store *st = j->stores; st && !hf_ok(s); st = st->next)
		unleave(st); /* what was queued before, the sweep deals */
	pthread_mutex_unlock(&j->lock);
	for (p = TAILQ_FIRST(&parked); p; p = after) {
		after = TAILQ_NEXT(p, link);
		jobs_answer(j, p, HF_SUCCESS);
	}
	if (hf_ok(s))
		tell_of_left(j);
	if (released) /* some were being dealt to when everybody was let go, and got nothing */
		jobs_end_waits(j);
}

static hf_status deal_run(struct db_task *task, struct db *db)
{
	return HF_SUCCESS; /* jobs_before_commit() does it */
}

static void deal_done(struct db_task *task, hf_status s)
{
	struct deal *d = (struct deal *)task;
	struct jobs *j = d->jobs;
	bool again;

	pthread_mutex_lock(&j->lock);
	again = d->again && hf_ok(s);
	d->running = d->again = false;
	pthread_mutex_unlock(&j->lock);
	if (again)
		jobs_deal_soon(j);
}

void jobs_deal_soon(struct jobs *j)
{
	struct deal *d = &j->deal;

	pthread_mutex_lock(&j->lock);
	if (d->running) {
		d->again = true;
	} else if (j->writer && !j->released) {
		d->task = (struct db_task){
			.run = deal_run,
			.done = deal_done,
			.durability = DB_RELAXED,
		};
		/* Under the lock: after jobs_release_all() the writer may be gone. */
		d->running = hf_ok(db_work_submit(j->writer, &d->task));
	}
	pthread_mutex_unlock(&j->lock);
}

void jobs_heard(struct jobs *j, const char *store_id)
{
	bool here = false;

	pthread_mutex_lock(&j->lock);
	for (struct job_store *st = j->stores; st; st = st->next) {
		if (store_id && strcmp(st->id, store_id) != 0)
			continue;
		st->left++;
		here |= st->hungry > 0;
	}
	pthread_mutex_unlock(&j->lock);
	if (here)
		jobs_deal_soon(j);
}
