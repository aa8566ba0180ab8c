/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/walks.h"

#include "base/clock.h"
#include "base/random.h"

#include <pthread.h>

struct kept {
	struct object_walk *walk; /* NULL: nothing here */
	uint64_t cursor;          /* of its next page */
	int64_t used_ms;
};

struct walks {
	pthread_mutex_t lock;
	struct kept list[WIRE_WALKS];
};

hf_status walks_new(struct walks **ret)
{
	struct walks *ws = calloc(1, sizeof(*ws));

	HF_ENSURE(ws, HF_NOMEM);
	pthread_mutex_init(&ws->lock, NULL);
	*ret = ws;
	return HF_SUCCESS;
}

void walks_free(struct walks *ws)
{
	if (!ws)
		return;
	for (size_t i = 0; i < WIRE_WALKS; i++)
		object_walk_end(ws->list[i].walk);
	pthread_mutex_destroy(&ws->lock);
	free(ws);
}

hf_status walks_take(struct walks *ws, uint64_t cursor, struct object_walk **ret,
                     struct hf_err *err)
{
	struct object_walk *walk = NULL;

	pthread_mutex_lock(&ws->lock);
	for (size_t i = 0; i < WIRE_WALKS && !walk; i++)
		if (ws->list[i].walk && ws->list[i].cursor == cursor) {
			walk = ws->list[i].walk;
			ws->list[i].walk = NULL;
		}
	pthread_mutex_unlock(&ws->lock);
	if (!walk)
		return hf_fail(err, HF_STATE,
		               "this list of the slot's keys was given up, or its signer ended: "
		               "begin it again");
	*ret = walk;
	return HF_SUCCESS;
}

/* With the lock held: an empty place, or that of the oldest, whose walk the caller ends. */
static struct kept *place_for(struct walks *ws)
{
	struct kept *best = &ws->list[0];

	for (size_t i = 0; i < WIRE_WALKS; i++) {
		if (!ws->list[i].walk)
			return &ws->list[i];
		if (ws->list[i].used_ms < best->used_ms)
			best = &ws->list[i];
	}
	return best;
}

uint64_t walks_keep(struct walks *ws, struct object_walk *walk, uint64_t cursor, uint32_t given)
{
	uint64_t number = cursor ? WIRE_WALK_OF(cursor) : (hf_random_u64() & 0xffffffff) | 1;
	uint64_t next = number << 32 | ((uint32_t)cursor + given);
	struct object_walk *gone;
	struct kept *k;

	pthread_mutex_lock(&ws->lock);
	k = place_for(ws);
	gone = k->walk;
	*k = (struct kept){ .walk = walk, .cursor = next, .used_ms = hf_mono_ms() };
	pthread_mutex_unlock(&ws->lock);
	object_walk_end(gone);
	return next;
}

void walks_cool(struct walks *ws)
{
	int64_t before = hf_mono_ms() - WALK_IDLE_MS;

	for (size_t i = 0; i < WIRE_WALKS; i++) {
		struct object_walk *gone = NULL;

		pthread_mutex_lock(&ws->lock);
		if (ws->list[i].walk && ws->list[i].used_ms < before) {
			gone = ws->list[i].walk;
			ws->list[i].walk = NULL;
		}
		pthread_mutex_unlock(&ws->lock);
		object_walk_end(gone);
	}
}
