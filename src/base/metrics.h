/* SPDX-License-Identifier: Apache-2.0
 * Metrics as Prometheus reads them (text exposition format 0.0.4): latency histograms that any
 * thread may feed without a lock, and appending samples to a buffer. */
#ifndef HF_BASE_METRICS_H
#define HF_BASE_METRICS_H

#include "base/buf.h"

#include <stdatomic.h>

#define HF_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define HF_METRICS_TEXT_MAX (1u << 20)

/* A counter of ours, for structs: atomic_fetch_add_explicit is spelled out once, here. */
typedef _Atomic uint64_t hf_counter;
static inline void hf_count(hf_counter *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}
static inline uint64_t hf_counted(hf_counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

#define HF_HISTOGRAM_BOUNDS 16
/* Latencies, in buckets from 250 µs to 20 s. Zeroed memory is an empty one. */
struct hf_histogram {
	hf_counter buckets[HF_HISTOGRAM_BOUNDS + 1]; /* the last: above all bounds */
	hf_counter sum_us;
};
void hf_histogram_add(struct hf_histogram *h, int64_t us);

enum hf_metric_type { HF_METRIC_COUNTER, HF_METRIC_GAUGE, HF_METRIC_HISTOGRAM };

struct hf_label {
	const char *name;
	const char *value; /* any text: escaped when written */
};

/* "# HELP" and "# TYPE"; once before the samples of one name. `help` is a plain sentence. */
void hf_metric_head(struct hf_buf *to, const char *name, const char *help,
                    enum hf_metric_type type);
/* One sample; `labels` has n entries, or is NULL. */
void hf_metric_sample(struct hf_buf *to, const char *name, const struct hf_label *labels, size_t n,
                      double value);
/* Head and one sample without labels. */
void hf_metric(struct hf_buf *to, const char *name, const char *help, enum hf_metric_type type,
               double value);
/* The _bucket, _sum (in seconds) and _count samples of one histogram; the head comes before. */
void hf_metric_histogram(struct hf_buf *to, const char *name, const struct hf_label *labels,
                         size_t n, struct hf_histogram *h);

#endif
