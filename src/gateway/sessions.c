/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/sessions.h"

#include "base/clock.h"
#include "base/random.h"

#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

enum { BUCKETS = 1024 };

struct session {
	LIST_ENTRY(session) in_bucket;
	TAILQ_ENTRY(session) by_use; /* longest ago first */
	uint8_t id[SLOT_SESSION_LEN];
	struct session_owner owner;
	struct session_slot slot;
	int64_t used_ms;
};

LIST_HEAD(bucket, session);
TAILQ_HEAD(uses, session);

struct sessions {
	pthread_mutex_t lock;
	size_t n, max;
	struct uses by_use;
	struct bucket buckets[BUCKETS];
};

hf_status sessions_new(size_t max, struct sessions **ret)
{
	struct sessions *s = calloc(1, sizeof(*s));

	HF_ENSURE(s, HF_NOMEM);
	pthread_mutex_init(&s->lock, NULL);
	s->max = max;
	TAILQ_INIT(&s->by_use);
	*ret = s;
	return HF_SUCCESS;
}

static void end(struct sessions *s, struct session *one)
{
	LIST_REMOVE(one, in_bucket);
	TAILQ_REMOVE(&s->by_use, one, by_use);
	s->n--;
	hf_wipe(one, sizeof(*one));
	free(one);
}

void sessions_free(struct sessions *s)
{
	struct session *one;

	if (!s)
		return;
	while ((one = TAILQ_FIRST(&s->by_use)))
		end(s, one);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* The id is random: its bytes spread by themselves. */
static struct bucket *bucket_of(struct sessions *s, const uint8_t id[SLOT_SESSION_LEN])
{
	return &s->buckets[(id[0] | id[1] << 8) % BUCKETS];
}

static struct session *find(struct sessions *s, const uint8_t id[SLOT_SESSION_LEN],
                            const struct session_owner *owner)
{
	struct session *one;

	LIST_FOREACH(one, bucket_of(s, id), in_bucket)
		if (hf_equal_ct(one->id, id, SLOT_SESSION_LEN))
			return strcmp(one->owner.text, owner->text) == 0 ? one : NULL;
	return NULL;
}

hf_status sessions_open(struct sessions *s, const struct session_owner *owner,
                        struct session_slot slot, uint8_t ret[SLOT_SESSION_LEN])
{
	struct session *one = calloc(1, sizeof(*one));

	HF_ENSURE(one, HF_NOMEM);
	hf_random(one->id, sizeof(one->id));
	one->owner = *owner;
	one->slot = slot;
	one->used_ms = hf_mono_ms();
	memcpy(ret, one->id, SLOT_SESSION_LEN);
	pthread_mutex_lock(&s->lock);
	if (s->n == s->max)
		end(s, TAILQ_FIRST(&s->by_use));
	LIST_INSERT_HEAD(bucket_of(s, one->id), one, in_bucket);
	TAILQ_INSERT_TAIL(&s->by_use, one, by_use);
	s->n++;
	pthread_mutex_unlock(&s->lock);
	return HF_SUCCESS;
}

hf_status sessions_find(struct sessions *s, const uint8_t id[SLOT_SESSION_LEN],
                        const struct session_owner *owner, struct session_slot *ret)
{
	struct session *one;

	pthread_mutex_lock(&s->lock);
	one = find(s, id, owner);
	if (one) {
		*ret = one->slot;
		one->used_ms = hf_mono_ms();
		TAILQ_REMOVE(&s->by_use, one, by_use);
		TAILQ_INSERT_TAIL(&s->by_use, one, by_use);
	}
	pthread_mutex_unlock(&s->lock);
	HF_ENSURE(one, HF_NOTFOUND);
	return HF_SUCCESS;
}

void sessions_close(struct sessions *s, const uint8_t id[SLOT_SESSION_LEN],
                    const struct session_owner *owner)
{
	struct session *one;

	pthread_mutex_lock(&s->lock);
	one = find(s, id, owner);
	if (one)
		end(s, one);
	pthread_mutex_unlock(&s->lock);
}

size_t sessions_count(struct sessions *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->n;
	pthread_mutex_unlock(&s->lock);
	return n;
}

void sessions_expire(struct sessions *s, int64_t unused_ms)
{
	int64_t before = hf_mono_ms() - unused_ms;
	struct session *one;

	pthread_mutex_lock(&s->lock);
	while ((one = TAILQ_FIRST(&s->by_use)) && one->used_ms <= before)
		end(s, one);
	pthread_mutex_unlock(&s->lock);
}

bool sessions_have(struct sessions *s, struct session_slot slot)
{
	const struct session *one;
	bool have = false;

	pthread_mutex_lock(&s->lock);
	TAILQ_FOREACH(one, &s->by_use, by_use)
		have = have ||
		       (one->slot.index == slot.index && one->slot.generation == slot.generation);
	pthread_mutex_unlock(&s->lock);
	return have;
}
