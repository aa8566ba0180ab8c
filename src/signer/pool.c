/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/pool.h"

#include "signer/output.h"
#include "signer/serve.h"

#include <pthread.h>
#include <string.h>

struct queued {
	struct queued *next;
	uint64_t tag;
	struct wire_work work; /* spans point into `body` */
	size_t len;
	uint8_t body[];
};

struct pool_thread {
	struct pool *pool;
	struct worker own;
	struct worker *worker;
	pthread_t id;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t come; /* a job, or the end */
	struct queued *first, **last;
	bool ending;
	unsigned n;
	struct pool_thread threads[];
};

static struct queued *take(struct pool *p, int wait_ms)
{
	struct queued *q;

	pthread_mutex_lock(&p->lock);
	if (!p->first && !p->ending) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += wait_ms / 1000;
		if (wait_ms < 0)
			pthread_cond_wait(&p->come, &p->lock);
		else
			pthread_cond_timedwait(&p->come, &p->lock, &until);
	}
	q = p->first;
	if (q) {
		p->first = q->next;
		if (!p->first)
			p->last = &p->first;
	}
	pthread_mutex_unlock(&p->lock);
	return q;
}

static bool is_over(struct pool *p)
{
	bool over;

	pthread_mutex_lock(&p->lock);
	over = p->ending && !p->first;
	pthread_mutex_unlock(&p->lock);
	return over;
}

/* The whole process ends with the session of one thread: the module is what they share. The host
 * gives the others' jobs back. */
static void after(enum worker_fate fate, const struct wire_answer *answer)
{
	if (fate == WORKER_GOES_ON)
		return;
	output_flush();
	if (fate == WORKER_STOPS)
		output_failed(answer->code, answer->text);
	_exit(fate == WORKER_STOPS ? SIGNER_FAILED : SIGNER_WORN);
}

static void *work(void *arg)
{
	struct pool_thread *t = arg;
	struct job_output output = job_output();

	while (!is_over(t->pool)) {
		HF_FREE struct queued *q = take(t->pool, worker_cool(t->worker));
		struct wire_answer answer;
		enum worker_fate fate;

		if (!q)
			continue;
		fate = worker_run(t->worker, &q->work, &output, &answer);
		worker_answer(q->tag, &q->work, &output, &answer);
		hf_wipe(q->body, q->len);
		output_flush(); /* the other threads' operations say nothing about how long ours
		                   would wait */
		after(fate, &answer);
	}
	job_output_done(&output);
	return NULL;
}

static hf_status start_thread(struct pool *p, struct worker *first, struct hf_err *err)
{
	struct pool_thread *thread = &p->threads[p->n];

	thread->pool = p;
	thread->worker = p->n == 0 ? first : &thread->own;
	if (p->n > 0)
		HF_TRY(worker_open(first, &thread->own, err));
	if (pthread_create(&thread->id, NULL, work, thread) != 0)
		return hf_fail(err, HF_IO, "cannot start thread %u", p->n + 1);
	p->n++;
	return HF_SUCCESS;
}

hf_status pool_start(struct token *t, struct worker *first, struct pool **ret, struct hf_err *err)
{
	struct pool *p = calloc(1, sizeof(*p) + t->setup.threads * sizeof(p->threads[0]));

	HF_ENSURE(p, HF_NOMEM);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->come, NULL);
	p->last = &p->first;
	for (unsigned i = 0; i < t->setup.threads; i++) {
		hf_status s = start_thread(p, first, err);

		if (!hf_ok(s)) {
			pool_stop(p);
			return hf_context(err, s, "session %u of %u", i + 1, t->setup.threads);
		}
	}
	*ret = p;
	return HF_SUCCESS;
}

hf_status pool_add(struct pool *p, const struct wire_frame *frame)
{
	HF_FREE struct queued *q = malloc(sizeof(*q) + frame->body.len);

	HF_ENSURE(q, HF_NOMEM);
	*q = (struct queued){ .tag = frame->tag, .len = frame->body.len };
	if (frame->body.len)
		memcpy(q->body, frame->body.ptr, frame->body.len);
	HF_TRY(wire_get_work(&(struct wire_frame){ .type = frame->type,
	                                           .body = HF_SPAN(q->body, frame->body.len) },
	                     &q->work));
	pthread_mutex_lock(&p->lock);
	*p->last = q;
	p->last = &q->next;
	pthread_cond_signal(&p->come);
	pthread_mutex_unlock(&p->lock);
	q = NULL;
	return HF_SUCCESS;
}

void pool_stop(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->come);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n; i++) {
		pthread_join(p->threads[i].id, NULL);
		if (i > 0)
			worker_close(&p->threads[i].own);
	}
	pthread_cond_destroy(&p->come);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
