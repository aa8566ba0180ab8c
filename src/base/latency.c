/* SPDX-License-Identifier: Apache-2.0 */
#include "base/latency.h"

#include <stddef.h>

#define STEPS 16 /* buckets in each power of two */

static size_t bucket_of(int64_t us)
{
	uint64_t v = us < 1 ? 1 : (uint64_t)us;
	unsigned power = 63 - (unsigned)__builtin_clzll(v);
	uint64_t part = power >= 4 ? v >> (power - 4) : v << (4 - power);
	size_t bucket = power * STEPS + (part & (STEPS - 1));

	return bucket < HF_LATENCY_BUCKETS ? bucket : HF_LATENCY_BUCKETS - 1;
}

static int64_t bucket_us(size_t bucket)
{
	double base = (double)(1ull << (bucket / STEPS));

	return (int64_t)(base + base * (double)(bucket % STEPS) / STEPS);
}

void hf_latency_add(struct hf_latency *l, int64_t us)
{
	l->count++;
	l->buckets[bucket_of(us)]++;
	if (us > l->max_us)
		l->max_us = us;
}

void hf_latency_merge(struct hf_latency *to, const struct hf_latency *from)
{
	to->count += from->count;
	if (from->max_us > to->max_us)
		to->max_us = from->max_us;
	for (size_t i = 0; i < HF_LATENCY_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
}

int64_t hf_latency_percentile(const struct hf_latency *l, double p)
{
	uint64_t before = 0, rank = (uint64_t)(p * (double)l->count);

	for (size_t i = 0; i < HF_LATENCY_BUCKETS; i++) {
		before += l->buckets[i];
		if (before > rank)
			return bucket_us(i);
	}
	return l->max_us;
}
