/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/limits.h"

#include "base/random.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SETS = 4096, WAYS = 4, LOCKS = 64 };

struct entry {
	uint64_t who;
	int64_t full_ns; /* when it will be full again; in the past: it is */
};

struct limit {
	int64_t each_ns; /* to earn one; 0: no limit */
	int64_t most_ns; /* that it may be away from full before it takes the last one */
	uint64_t seed;   /* so that nobody can choose who shares an entry with whom */
	pthread_mutex_t locks[LOCKS];
	struct entry entries[SETS][WAYS];
};

hf_status limit_new(unsigned count, int64_t period_ms, struct limit **ret)
{
	struct limit *l = calloc(1, sizeof(*l));

	HF_ENSURE(l, HF_NOMEM);
	if (count) {
		l->each_ns = period_ms * 1000000 / count;
		l->most_ns = (count - 1) * l->each_ns;
	}
	hf_random(&l->seed, sizeof(l->seed));
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&l->locks[i], NULL);
	*ret = l;
	return HF_SUCCESS;
}

void limit_free(struct limit *l)
{
	if (!l)
		return;
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&l->locks[i]);
	free(l);
}

/* FNV-1a from a secret start, and the finish of MurmurHash3. */
static uint64_t hash(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

/* Its own, or the one that makes room. */
static struct entry *entry_of(struct entry set[WAYS], uint64_t who)
{
	struct entry *first = &set[0];

	for (int w = 0; w < WAYS; w++) {
		if (set[w].who == who)
			return &set[w];
		if (set[w].full_ns < first->full_ns)
			first = &set[w];
	}
	return first;
}

static int64_t use(struct limit *l, const char *who, int64_t now_us, bool take)
{
	const uint64_t h = hash(l->seed, who);
	const size_t set = h % SETS;
	const int64_t now = now_us * 1000;
	struct entry *e;
	int64_t full, over;

	if (!l->each_ns)
		return 0;
	pthread_mutex_lock(&l->locks[set % LOCKS]);
	e = entry_of(l->entries[set], h);
	full = e->who == h && e->full_ns > now ? e->full_ns : now;
	over = full - now - l->most_ns;
	if (take && over <= 0)
		*e = (struct entry){ h, full + l->each_ns };
	pthread_mutex_unlock(&l->locks[set % LOCKS]);
	return over > 0 ? over / 1000 + 1 : 0;
}

int64_t limit_take(struct limit *l, const char *who, int64_t now_us)
{
	return use(l, who, now_us, true);
}

int64_t limit_ask(struct limit *l, const char *who, int64_t now_us)
{
	return use(l, who, now_us, false);
}

void limit_address(const char *peer, char to[LIMIT_ADDRESS_MAX])
{
	struct in6_addr six;

	hf_bare_host(peer, to, LIMIT_ADDRESS_MAX);
	if (inet_pton(AF_INET6, to, &six) != 1)
		return;
	if (IN6_IS_ADDR_V4MAPPED(&six)) {
		inet_ntop(AF_INET, &six.s6_addr[12], to, LIMIT_ADDRESS_MAX);
		return;
	}
	memset(&six.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &six, to, LIMIT_ADDRESS_MAX);
}
