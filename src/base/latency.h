/* SPDX-License-Identifier: Apache-2.0
 * Latencies of a measurement: a histogram of sixteen buckets to each power of two, from 1 us, so
 * that a percentile is within a sixteenth, and histograms of several processes can be added up.
 * Zeroed memory is an empty one. Not thread-safe. */
#ifndef HF_BASE_LATENCY_H
#define HF_BASE_LATENCY_H

#include <stdint.h>

#define HF_LATENCY_BUCKETS 512

struct hf_latency {
	uint64_t count;
	int64_t max_us;
	uint64_t buckets[HF_LATENCY_BUCKETS];
};

void hf_latency_add(struct hf_latency *l, int64_t us);
void hf_latency_merge(struct hf_latency *to, const struct hf_latency *from);
/* The latency that a share of `p` (0 to 1) does not exceed, in us; 0 when empty. */
int64_t hf_latency_percentile(const struct hf_latency *l, double p);

#endif
