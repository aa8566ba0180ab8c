/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/attempts.h"

#include "base/random.h"
#include "base/scope.h"
#include "crypto/digest.h"

#include <pthread.h>
#include <string.h>

enum { SETS = 512, WAYS = 8 };

struct entry {
	uint64_t hash; /* 0: free */
	int64_t since_ms;
	unsigned failed;
};

struct attempts {
	pthread_mutex_t lock;
	uint8_t key[SHA256_LEN]; /* so that nobody chooses whose place he takes */
	struct entry entries[SETS][WAYS];
};

hf_status attempts_new(struct attempts **ret)
{
	struct attempts *a = calloc(1, sizeof(*a));

	HF_ENSURE(a, HF_NOMEM);
	pthread_mutex_init(&a->lock, NULL);
	hf_random(a->key, sizeof(a->key));
	*ret = a;
	return HF_SUCCESS;
}

void attempts_free(struct attempts *a)
{
	if (!a)
		return;
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* 0 when memory is short: then nothing is counted. */
static uint64_t hash_of(const struct attempts *a, const char *what)
{
	uint8_t mac[SHA256_LEN];
	uint64_t hash;

	if (!hf_ok(hmac_sha256(HF_SPAN(a->key, sizeof(a->key)), hf_span_text(what), mac)))
		return 0;
	memcpy(&hash, mac, sizeof(hash));
	return hash;
}

static bool is_over(const struct entry *e, int64_t now_ms)
{
	return now_ms < e->since_ms || now_ms >= e->since_ms + ATTEMPTS_WINDOW_MS;
}

static struct entry *find(struct attempts *a, uint64_t hash)
{
	struct entry *set = a->entries[hash % SETS];

	for (int w = 0; hash && w < WAYS; w++)
		if (set[w].hash == hash)
			return &set[w];
	return NULL;
}

bool attempts_allowed(struct attempts *a, const char *what, int64_t now_ms)
{
	uint64_t hash = hash_of(a, what);
	struct entry *e;
	bool allowed;

	pthread_mutex_lock(&a->lock);
	e = find(a, hash);
	allowed = !e || is_over(e, now_ms) || e->failed < ATTEMPTS_MAX;
	pthread_mutex_unlock(&a->lock);
	return allowed;
}

void attempts_failed(struct attempts *a, const char *what, int64_t now_ms)
{
	uint64_t hash = hash_of(a, what);
	struct entry *set = a->entries[hash % SETS], *e;

	pthread_mutex_lock(&a->lock);
	e = find(a, hash);
	if (!e) {
		e = &set[0];
		for (int w = 1; w < WAYS; w++)
			if (set[w].since_ms < e->since_ms)
				e = &set[w];
		*e = (struct entry){ .hash = hash, .since_ms = now_ms };
	}
	if (is_over(e, now_ms))
		*e = (struct entry){ .hash = hash, .since_ms = now_ms };
	e->failed++;
	pthread_mutex_unlock(&a->lock);
}
