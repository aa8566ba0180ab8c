/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/object_readers.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <string.h>

struct object_readers {
	struct p11_module *module;
	struct p11_token token;
	unsigned wanted;
	pthread_mutex_t turn; /* of who opens or closes; taken before `lock` */
	unsigned started;     /* under it: threads to join */
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t come, done;
	struct object_batch *batch; /* that has objects which nobody has taken yet */
	unsigned ended, at_work;
	bool closing;
	int64_t used_ms;
	pthread_t threads[];
};

/* Under the lock, which is not held while the token is asked. False: not in this session. */
static bool read_one(struct object_readers *r, struct object_batch *b, struct p11_session *s)
{
	size_t i = b->next++;
	hf_status status;

	if (b->next == b->n)
		r->batch = NULL;
	b->at_work++;
	r->at_work++;
	pthread_mutex_unlock(&r->lock);
	status = facts_read(s, b->handles[i], &b->facts[i], NULL);
	pthread_mutex_lock(&r->lock);
	b->read[i] = hf_ok(status);
	r->at_work--;
	if (--b->at_work == 0)
		pthread_cond_broadcast(&r->done);
	return hf_ok(status) || status.code == HF_NOTFOUND;
}

static void serve(struct object_readers *r, struct p11_session *s)
{
	bool works = true;

	pthread_mutex_lock(&r->lock);
	while (works && !r->closing)
		if (r->batch)
			works = read_one(r, r->batch, s);
		else
			pthread_cond_wait(&r->come, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

static void *run(void *arg)
{
	struct object_readers *r = arg;
	struct hf_err err = { 0 };
	struct p11_session s;

	if (hf_ok(p11_session_open(r->module, &r->token, false, &s, &err))) {
		serve(r, &s);
		p11_session_close(&s);
	} else {
		HF_INFO("one session fewer than wanted reads the slot's keys",
		        HF_KS("reason", err.text));
	}
	pthread_mutex_lock(&r->lock);
	r->ended++;
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

hf_status object_readers_new(struct p11_module *m, const struct p11_token *token, unsigned n,
                             struct object_readers **ret)
{
	struct object_readers *r = calloc(1, sizeof(*r) + n * sizeof(r->threads[0]));

	HF_ENSURE(r, HF_NOMEM);
	r->module = m;
	r->token = *token;
	r->wanted = n;
	pthread_mutex_init(&r->turn, NULL);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->come, NULL);
	pthread_cond_init(&r->done, NULL);
	*ret = r;
	return HF_SUCCESS;
}

/* In turn. A batch that is given meanwhile is read by whoever finishes it. */
static void stop(struct object_readers *r)
{
	pthread_mutex_lock(&r->lock);
	r->closing = true;
	pthread_cond_broadcast(&r->come);
	pthread_mutex_unlock(&r->lock);
	while (r->started)
		pthread_join(r->threads[--r->started], NULL);
	pthread_mutex_lock(&r->lock);
	r->closing = false;
	r->ended = 0;
	pthread_mutex_unlock(&r->lock);
}

void object_readers_free(struct object_readers *r)
{
	if (!r)
		return;
	stop(r);
	pthread_cond_destroy(&r->done);
	pthread_cond_destroy(&r->come);
	pthread_mutex_destroy(&r->lock);
	pthread_mutex_destroy(&r->turn);
	free(r);
}

/* Nobody reads, and some have failed. */
static bool is_worn(struct object_readers *r)
{
	bool worn;

	pthread_mutex_lock(&r->lock);
	worn = r->ended && !r->batch && !r->at_work;
	r->used_ms = hf_mono_ms();
	pthread_mutex_unlock(&r->lock);
	return worn;
}

void object_readers_begin(struct object_readers *r)
{
	pthread_mutex_lock(&r->turn);
	if (is_worn(r))
		stop(r);
	if (!r->started)
		while (r->started < r->wanted &&
		       pthread_create(&r->threads[r->started], NULL, run, r) == 0)
			r->started++;
	pthread_mutex_unlock(&r->turn);
}

void object_readers_give(struct object_readers *r, struct object_batch *b,
                         const CK_OBJECT_HANDLE *handles, size_t n)
{
	b->handles = handles;
	b->n = n < OBJECT_BATCH ? n : OBJECT_BATCH;
	b->next = b->at_work = 0;
	memset(b->read, 0, sizeof(b->read));
	pthread_mutex_lock(&r->lock);
	r->used_ms = hf_mono_ms();
	if (b->n && !r->batch) {
		r->batch = b;
		pthread_cond_broadcast(&r->come);
	}
	pthread_mutex_unlock(&r->lock);
}

/* Under the lock. */
static void wait_for(struct object_readers *r, struct object_batch *b)
{
	if (r->batch == b)
		r->batch = NULL;
	while (b->at_work)
		pthread_cond_wait(&r->done, &r->lock);
}

void object_readers_finish(struct object_readers *r, struct object_batch *b, struct p11_session *s)
{
	pthread_mutex_lock(&r->lock);
	while (r->batch == b && read_one(r, b, s))
		;
	wait_for(r, b);
	pthread_mutex_unlock(&r->lock);
}

void object_readers_drop(struct object_readers *r, struct object_batch *b)
{
	pthread_mutex_lock(&r->lock);
	wait_for(r, b);
	pthread_mutex_unlock(&r->lock);
}

int object_readers_cool(struct object_readers *r)
{
	bool idle, open;

	pthread_mutex_lock(&r->turn);
	pthread_mutex_lock(&r->lock);
	idle = !r->batch && !r->at_work && hf_mono_ms() - r->used_ms >= READERS_IDLE_MS;
	pthread_mutex_unlock(&r->lock);
	if (r->started && idle)
		stop(r);
	open = r->started > 0;
	pthread_mutex_unlock(&r->turn);
	return open ? READERS_LOOK_MS : -1;
}
