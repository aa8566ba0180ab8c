/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metrics.h"

#include <stdio.h>

static const int64_t bounds_us[HF_HISTOGRAM_BOUNDS] = {
	250,   500,    1000,   2000,   3000,    5000,    10000,    20000,
	50000, 100000, 200000, 500000, 1000000, 2000000, 10000000, 20000000,
};

void hf_histogram_add(struct hf_histogram *h, int64_t us)
{
	size_t i = 0;

	if (us < 0)
		us = 0;
	while (i < HF_HISTOGRAM_BOUNDS && us > bounds_us[i])
		i++;
	hf_count(&h->buckets[i], 1);
	hf_count(&h->sum_us, (uint64_t)us);
}

static const char *type_name(enum hf_metric_type type)
{
	switch (type) {
	case HF_METRIC_COUNTER:
		return "counter";
	case HF_METRIC_GAUGE:
		return "gauge";
	case HF_METRIC_HISTOGRAM:
		return "histogram";
	}
	return "untyped";
}

void hf_metric_head(struct hf_buf *to, const char *name, const char *help, enum hf_metric_type type)
{
	hf_buf_printf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type_name(type));
}

static void label(struct hf_buf *to, bool first, const char *name, const char *value)
{
	hf_buf_printf(to, "%s%s=\"", first ? "{" : ",", name);
	for (; *value; value++) {
		if (*value == '\n') {
			hf_buf_text(to, "\\n");
			continue;
		}
		if (*value == '"' || *value == '\\')
			hf_buf_u8(to, '\\');
		hf_buf_u8(to, (uint8_t)*value);
	}
	hf_buf_u8(to, '"');
}

/* `le` is the bucket's bound, or NULL. */
static void sample(struct hf_buf *to, const char *name, const char *suffix,
                   const struct hf_label *labels, size_t n, const char *le, double value)
{
	hf_buf_printf(to, "%s%s", name, suffix);
	for (size_t i = 0; i < n; i++)
		label(to, i == 0, labels[i].name, labels[i].value);
	if (le)
		label(to, n == 0, "le", le);
	hf_buf_text(to, n || le ? "} " : " ");
	/* Counters stay exact up to 2^53; measurements need no more digits than a person reads. */
	hf_buf_printf(to, value == (double)(int64_t)value ? "%.0f\n" : "%.9g\n", value);
}

void hf_metric_sample(struct hf_buf *to, const char *name, const struct hf_label *labels, size_t n,
                      double value)
{
	sample(to, name, "", labels, n, NULL, value);
}

void hf_metric(struct hf_buf *to, const char *name, const char *help, enum hf_metric_type type,
               double value)
{
	hf_metric_head(to, name, help, type);
	sample(to, name, "", NULL, 0, NULL, value);
}

void hf_metric_histogram(struct hf_buf *to, const char *name, const struct hf_label *labels,
                         size_t n, struct hf_histogram *h)
{
	uint64_t below = 0;
	char le[32];

	for (size_t i = 0; i < HF_HISTOGRAM_BOUNDS; i++) {
		below += hf_counted(&h->buckets[i]);
		snprintf(le, sizeof(le), "%g", (double)bounds_us[i] / 1e6);
		sample(to, name, "_bucket", labels, n, le, (double)below);
	}
	below += hf_counted(&h->buckets[HF_HISTOGRAM_BOUNDS]);
	sample(to, name, "_bucket", labels, n, "+Inf", (double)below);
	sample(to, name, "_sum", labels, n, NULL, (double)hf_counted(&h->sum_us) / 1e6);
	sample(to, name, "_count", labels, n, NULL, (double)below);
}
