/* SPDX-License-Identifier: Apache-2.0
 * Dealing: at the end of a write group the queued jobs of each store go to its hungry polls, in the
 * order in which these came, each getting its share: what waits divided by those who wait. So
 * drivers carry equal loads, and none gets all while another stands by. A poll that got nothing
 * keeps its place. */
#include "server/core/jobs_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

#define COUNT_CAP 1024                /* counting further changes no share that matters */
#define CLAIM_STEP 16                 /* jobs leased by one statement */
#define DEALT_BYTES_ENOUGH (1u << 20) /* a reply is finished when it is this long */
#define DEALT_BYTES_MAX (DEALT_BYTES_ENOUGH + CLAIM_STEP * OP_ENCODED_MAX)

_Static_assert(DEALT_BYTES_MAX + POLL_BATCH_MAX * 16 + 64 < POLL_BODY_MAX,
               "what is dealt fits into a reply");

static hf_status collect(void *ctx, uint64_t id, int attempt, struct hf_span op)
{
	struct jobs_poll *p = ctx;

	hf_buf_put(&p->dealt_ops, op.ptr, op.len);
	/* The buffer may still move: finish() sets the pointers. */
	p->dealt[p->n_dealt++] = (struct poll_job){
		.job = id,
		.attempt = (uint32_t)attempt,
		.op = { .ptr = NULL, .len = op.len },
	};
	return hf_buf_status(&p->dealt_ops);
}

static void finish(struct jobs_poll *p)
{
	const uint8_t *at = p->dealt_ops.ptr;

	for (size_t i = 0; i < p->n_dealt; i++) {
		p->dealt[i].op.ptr = at;
		at += p->dealt[i].op.len;
	}
}

/* Leases up to `want` jobs to the poll. *ret_drained: nothing is left in the queue. */
static hf_status claim(struct jobs *j, struct db *db, struct jobs_poll *p, size_t want,
                       bool *ret_drained)
{
	int64_t until = hf_wall_ms() + j->config.lease_ms;
	bool drained = false;
	int got;

	p->dealt = calloc(want, sizeof(*p->dealt));
	HF_ENSURE(p->dealt, HF_NOMEM);
	p->dealt_ops = HF_BUF(DEALT_BYTES_MAX);
	while (p->n_dealt < want && !drained && p->dealt_ops.len < DEALT_BYTES_ENOUGH) {
		size_t left = want - p->n_dealt;
		int step = left < CLAIM_STEP ? (int)left : CLAIM_STEP;

		HF_TRY(job_rows_claim(db, p->store_id, p->request.instance, until, step, collect, p,
		                      &got));
		drained = got < step;
	}
	finish(p);
	*ret_drained = drained;
	return HF_SUCCESS;
}

static hf_status count(struct jobs *j, struct db *db, struct job_store *st)
{
	int64_t queued;

	HF_TRY(job_rows_count(db, st->id, COUNT_CAP, &queued));
	pthread_mutex_lock(&j->lock);
	st->queued = queued;
	st->known = queued < COUNT_CAP;
	pthread_mutex_unlock(&j->lock);
	return HF_SUCCESS;
}

/* The first hungry poll, moved among those being dealt, and its share. NULL: nobody, or nothing
 * left. */
static struct jobs_poll *next_to_deal(struct jobs *j, struct job_store *st, size_t *ret_share)
{
	struct jobs_poll *p;
	size_t share = 0;

	pthread_mutex_lock(&j->lock);
	TAILQ_FOREACH(p, &st->polls, link)
	if (st->queued <= 0 || (p->state == JOBS_POLL_HUNGRY && !p->gone))
		break;
	if (st->queued <= 0 || j->released)
		p = NULL;
	if (p) {
		share = ((size_t)st->queued + st->hungry - 1) / st->hungry;
		if (share > p->request.capacity)
			share = p->request.capacity;
		TAILQ_REMOVE(&st->polls, p, link);
		st->hungry--;
		p->state = JOBS_POLL_DEALT;
		p->dealer = pthread_self();
		TAILQ_INSERT_TAIL(&j->dealing, p, link);
	}
	pthread_mutex_unlock(&j->lock);
	*ret_share = share;
	return p;
}

void jobs_undeal(struct jobs *j, struct jobs_poll *p)
{
	free(hf_take(p->dealt));
	p->n_dealt = 0;
	hf_buf_done(&p->dealt_ops);
	TAILQ_REMOVE(&j->dealing, p, link);
	p->state = JOBS_POLL_HUNGRY;
	p->store->hungry++;
	TAILQ_INSERT_HEAD(&p->store->polls, p, link);
}

static hf_status deal_store(struct jobs *j, struct db *db, struct job_store *st)
{
	struct jobs_poll *p;
	size_t share;
	bool drained = false;

	while (!drained && (p = next_to_deal(j, st, &share)) != NULL) {
		HF_TRY(claim(j, db, p, share, &drained));
		pthread_mutex_lock(&j->lock);
		st->queued -= (int64_t)p->n_dealt;
		if (drained || st->queued < 0)
			st->queued = 0;
		if (p->n_dealt == 0)
			jobs_undeal(j, p);
		pthread_mutex_unlock(&j->lock);
	}
	return HF_SUCCESS;
}

hf_status jobs_before_commit(struct jobs *j, struct db *db)
{
	struct job_store *st;

	pthread_mutex_lock(&j->lock);
	st = j->stores;
	pthread_mutex_unlock(&j->lock);
	for (; st; st = st->next) { /* new ones come in front */
		bool anyone, known;

		pthread_mutex_lock(&j->lock);
		anyone = st->hungry > 0;
		known = st->known;
		pthread_mutex_unlock(&j->lock);
		if (anyone && !known)
			HF_TRY(count(j, db, st));
		if (anyone)
			HF_TRY(deal_store(j, db, st));
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

void jobs_after_commit(struct jobs *j, hf_status s)
{
	struct jobs_polls parked = TAILQ_HEAD_INITIALIZER(parked);
	struct jobs_poll *p, *after;

	pthread_mutex_lock(&j->lock);
	for (p = TAILQ_LAST(&j->dealing, jobs_polls); p; p = after) {
		after = TAILQ_PREV(p, jobs_polls, link);
		if (!pthread_equal(p->dealer, pthread_self()))
			continue;
		if (hf_ok(s))
			committed(j, p, &parked);
		else
			jobs_undeal(j, p); /* last first, so that the order stays */
	}
	for (struct job_store *st = j->stores; st && !hf_ok(s); st = st->next)
		st->known = false;
	pthread_mutex_unlock(&j->lock);
	for (p = TAILQ_FIRST(&parked); p; p = after) {
		after = TAILQ_NEXT(p, link);
		jobs_answer(j, p, HF_SUCCESS);
	}
}
