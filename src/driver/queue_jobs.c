/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/queue_jobs.h"

#include "base/clock.h"
#include "proof/evidence.h"

/* Of results in one request; the rest goes with the next. */
#define SEND_BYTES (POLL_BODY_MAX / 2)

_Static_assert(SEND_BYTES + OP_RESULT_ENCODED_MAX + POLL_BATCH_MAX * 12 + POLL_WORKING_MAX * 8 +
                               1024 <=
                       POLL_BODY_MAX,
               "a request holds what is sent");

static struct queue_job **bucket_of(struct queue_jobs *t, uint64_t number)
{
	return &t->buckets[number % QUEUE_BUCKETS];
}

static size_t *count_of(struct queue_jobs *t, enum queue_job_state state)
{
	switch (state) {
	case QUEUE_JOB_WORKING:
		return &t->working;
	case QUEUE_JOB_READY:
		return &t->ready;
	case QUEUE_JOB_SENT:
		break;
	}
	return &t->sent;
}

static void leave(struct queue_jobs *t, struct queue_job *job)
{
	*(job->prev ? &job->prev->next : &t->first) = job->next;
	*(job->next ? &job->next->prev : &t->last) = job->prev;
	--*count_of(t, job->state);
}

static void enter(struct queue_jobs *t, struct queue_job *job, enum queue_job_state state)
{
	job->state = state;
	job->next = NULL;
	job->prev = t->last;
	*(t->last ? &t->last->next : &t->first) = job;
	t->last = job;
	++*count_of(t, state);
}

static void change(struct queue_jobs *t, struct queue_job *job, enum queue_job_state state)
{
	leave(t, job);
	enter(t, job, state);
}

/* What was asked for is of no interest once there is an answer. */
static void release_asked(struct queue_job *job)
{
	hf_buf_done(&job->op);
	hf_buf_done(&job->evidence);
}

hf_status queue_jobs_add(struct queue_jobs *t, const struct poll_job *from, struct queue_job **ret)
{
	struct queue_job **bucket = bucket_of(t, from->job), *job;
	hf_status s;

	for (job = *bucket; job; job = job->in_bucket) {
		if (job->number != from->job)
			continue;
		HF_ENSURE(job->state == QUEUE_JOB_SENT && job->attempt < from->attempt, HF_EXISTS);
		job->superseded = true;
	}
	HF_ENSURE(t->held < POLL_WORKING_MAX, HF_TOOBIG);
	job = calloc(1, sizeof(*job));
	HF_ENSURE(job, HF_NOMEM);
	job->number = from->job;
	job->attempt = from->attempt;
	job->taken_us = hf_mono_us();
	job->op = HF_BUF_SECRET(OP_ENCODED_MAX);
	job->result = HF_BUF_SECRET(OP_RESULT_ENCODED_MAX);
	job->evidence = HF_BUF(EVIDENCE_MAX);
	hf_buf_put(&job->op, from->op.ptr, from->op.len);
	hf_buf_put(&job->evidence, from->evidence.ptr, from->evidence.len);
	s = hf_buf_status(&job->op);
	if (hf_ok(s))
		s = hf_buf_status(&job->evidence);
	if (!hf_ok(s)) {
		release_asked(job);
		free(job);
		return s;
	}
	job->in_bucket = *bucket;
	*bucket = job;
	t->held++;
	enter(t, job, QUEUE_JOB_WORKING);
	*ret = job;
	return HF_SUCCESS;
}

void queue_jobs_finish(struct queue_jobs *t, struct queue_job *job, const struct op_result *result)
{
	op_result_encode(&job->result, result);
	release_asked(job);
	change(t, job, QUEUE_JOB_READY);
}

static void forget(struct queue_jobs *t, struct queue_job *job)
{
	struct queue_job **at = bucket_of(t, job->number);

	while (*at != job)
		at = &(*at)->in_bucket;
	*at = job->in_bucket;
	leave(t, job);
	t->held--;
	release_asked(job);
	hf_buf_done(&job->result);
	free(job);
}

size_t queue_jobs_send(struct queue_jobs *t, unsigned request, struct poll_result *to, size_t max)
{
	struct queue_job *job = t->first, *next;
	size_t n = 0, bytes = 0;

	for (; job && n < max && t->ready > 0 && bytes < SEND_BYTES; job = next) {
		next = job->next;
		if (job->state != QUEUE_JOB_READY)
			continue;
		bytes += job->result.len;
		to[n++] = (struct poll_result){ .job = job->number,
			                        .result = hf_buf_span(&job->result) };
		job->request = request;
		change(t, job, QUEUE_JOB_SENT);
	}
	return n;
}

void queue_jobs_settle(struct queue_jobs *t, unsigned request, bool acknowledged)
{
	struct queue_job *job = t->first, *next;
	size_t left = t->sent;

	for (; job && left > 0; job = next) {
		next = job->next;
		if (job->state != QUEUE_JOB_SENT)
			continue;
		left--;
		if (job->request != request)
			continue;
		if (acknowledged || job->superseded)
			forget(t, job);
		else
			change(t, job, QUEUE_JOB_READY);
	}
}

size_t queue_jobs_numbers(const struct queue_jobs *t, unsigned but, uint64_t *to)
{
	size_t n = 0;

	for (const struct queue_job *job = t->first; job && n < POLL_WORKING_MAX; job = job->next)
		if (job->state != QUEUE_JOB_SENT || job->request != but)
			to[n++] = job->number;
	return n;
}

void queue_jobs_clear(struct queue_jobs *t)
{
	while (t->first)
		forget(t, t->first);
}
