/* SPDX-License-Identifier: Apache-2.0
 * A poll's life: its task hands in the results and says whether it is hungry; then it is answered,
 * or parked until jobs are dealt to it or its wait ends. */
#include "server/core/queue/jobs_internal.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define PARKED_MAX_MS 60000 /* a driver that asks for more polls again */

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
		jobs_end_waits(j);
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

void jobs_end_waits(struct jobs *j)
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
