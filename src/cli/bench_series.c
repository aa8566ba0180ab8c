/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench_series.h"

#include <stdio.h>

void series_add(struct series *s, const struct bench_result *r, double raw_before, double raw_after)
{
	double raw = (raw_before + raw_after) / 2;

	if (s->n == SERIES_MAX)
		return;
	s->rates[s->n] = bench_rate(r);
	s->ratios[s->n] = raw > 0 ? bench_rate(r) / raw : 0;
	s->n++;
	hf_latency_merge(&s->latency, &r->latency);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double series_median(double *values, size_t n)
{
	if (n == 0)
		return 0;
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

void series_print_head(const char *first_column, const char *against)
{
	printf("%-46s %9s %17s %8s %8s %8s   %s\n", first_column, "a second", "(from - to)",
	       "p50 ms", "p90 ms", "p99 ms", against);
}

void series_print(const char *name, struct series *s)
{
	double rate = series_median(s->rates, s->n), ratio = series_median(s->ratios, s->n);

	if (s->n == 0)
		return;
	printf("%-46s %9.0f %8.0f - %6.0f %8.3f %8.3f %8.3f", name, rate, s->rates[0],
	       s->rates[s->n - 1], (double)hf_latency_percentile(&s->latency, 0.5) / 1000,
	       (double)hf_latency_percentile(&s->latency, 0.9) / 1000,
	       (double)hf_latency_percentile(&s->latency, 0.99) / 1000);
	if (ratio > 0)
		printf("   %.0f %% (%.0f - %.0f)", 100 * ratio, 100 * s->ratios[0],
		       100 * s->ratios[s->n - 1]);
	putchar('\n');
	fflush(stdout);
}
