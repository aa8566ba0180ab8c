/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/queue/waiters.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096 /* a power of two; some thousand requests wait at the most */

/* A power of two; many times what is settled between a commit and its done(). */
#define RECENT 1024

struct waiters {
	pthread_mutex_t lock;
	size_t count;
	bool released;
	struct waiter *buckets[BUCKETS];
	char recent[RECENT][HF_ID_MAX]; /* by hash: a newer one takes the place of an older */
};

/* FNV-1a. The ids are our own, so nobody can choose them to collide. */
static size_t hash_of(const char *id)
{
	uint32_t h = 2166136261u;

	for (; *id; id++)
		h = (h ^ (uint8_t)*id) * 16777619u;
	return h;
}

static size_t bucket_of(const char *id)
{
	return hash_of(id) & (BUCKETS - 1);
}

static char *recent_of(struct waiters *ws, const char *id)
{
	return ws->recent[hash_of(id) & (RECENT - 1)];
}

hf_status waiters_new(struct waiters **ret)
{
	struct waiters *ws = calloc(1, sizeof(*ws));

	HF_ENSURE(ws, HF_NOMEM);
	pthread_mutex_init(&ws->lock, NULL);
	*ret = ws;
	return HF_SUCCESS;
}

void waiters_free(struct waiters *ws)
{
	if (!ws)
		return;
	pthread_mutex_destroy(&ws->lock);
	free(ws);
}

/* fn() may free the waiter, and may add another. */
static void call_all(struct waiter *list, enum waiter_reason reason)
{
	while (list) {
		struct waiter *w = list;

		list = w->next;
		w->next = NULL;
		w->fn(w, reason);
	}
}

void waiters_add(struct waiters *ws, struct waiter *w)
{
	struct waiter **bucket = &ws->buckets[bucket_of(w->subject_id)];
	char *recent = recent_of(ws, w->subject_id);
	bool released, woken;

	pthread_mutex_lock(&ws->lock);
	released = ws->released;
	woken = strcmp(recent, w->subject_id) == 0;
	if (woken)
		*recent = '\0'; /* for one look: what he finds then may not be what he waits for */
	if (!released && !woken) {
		w->next = *bucket;
		*bucket = w;
		ws->count++;
	}
	pthread_mutex_unlock(&ws->lock);
	if (released || woken)
		w->fn(w, released ? WAITER_RELEASED : WAITER_WOKEN);
}

/* Moves those out of one bucket that are for `subject_id` (NULL: any) and whose deadline is not
 * after `until`. */
static void take(struct waiters *ws, struct waiter **bucket, const char *subject_id, int64_t until,
                 struct waiter **to)
{
	while (*bucket) {
		struct waiter *w = *bucket;

		if ((subject_id && strcmp(w->subject_id, subject_id) != 0) ||
		    w->deadline_ms > until) {
			bucket = &w->next;
			continue;
		}
		*bucket = w->next;
		w->next = *to;
		*to = w;
		ws->count--;
	}
}

static struct waiter *take_all(struct waiters *ws, int64_t until)
{
	struct waiter *taken = NULL;

	for (size_t i = 0; ws->count && i < BUCKETS; i++)
		take(ws, &ws->buckets[i], NULL, until, &taken);
	return taken;
}

/* NULL: all. `told`: what was told before counts. */
static void wake(struct waiters *ws, const char *subject_id, bool told)
{
	struct waiter *taken = NULL;

	pthread_mutex_lock(&ws->lock);
	if (subject_id)
		take(ws, &ws->buckets[bucket_of(subject_id)], subject_id, INT64_MAX, &taken);
	else
		taken = take_all(ws, INT64_MAX);
	if (!taken && subject_id)
		snprintf(recent_of(ws, subject_id), HF_ID_MAX, "%s", subject_id);
	pthread_mutex_unlock(&ws->lock);
	for (struct waiter *w = taken; w && !told; w = w->next)
		w->told = false;
	call_all(taken, WAITER_WOKEN);
}

void waiters_wake(struct waiters *ws, const char *subject_id)
{
	wake(ws, subject_id, true);
}

void waiters_look(struct waiters *ws, const char *subject_id)
{
	wake(ws, subject_id, false);
}

void waiters_tell(struct waiters *ws, const char *subject_id, const void *news, size_t len)
{
	pthread_mutex_lock(&ws->lock);
	for (struct waiter *w = ws->buckets[bucket_of(subject_id)]; w; w = w->next) {
		if (!w->news || strcmp(w->subject_id, subject_id) != 0)
			continue;
		memcpy(w->news, news, len);
		w->told = true;
	}
	pthread_mutex_unlock(&ws->lock);
}

void waiters_tick(struct waiters *ws)
{
	struct waiter *taken;

	pthread_mutex_lock(&ws->lock);
	taken = take_all(ws, hf_mono_ms());
	pthread_mutex_unlock(&ws->lock);
	call_all(taken, WAITER_TIMEOUT);
}

void waiters_release_all(struct waiters *ws)
{
	struct waiter *taken;

	pthread_mutex_lock(&ws->lock);
	ws->released = true;
	taken = take_all(ws, INT64_MAX);
	pthread_mutex_unlock(&ws->lock);
	call_all(taken, WAITER_RELEASED);
}

size_t waiters_count(struct waiters *ws)
{
	size_t n;

	pthread_mutex_lock(&ws->lock);
	n = ws->count;
	pthread_mutex_unlock(&ws->lock);
	return n;
}
