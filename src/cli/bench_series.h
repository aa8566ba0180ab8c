/* SPDX-License-Identifier: Apache-2.0
 * Rounds of a measurement beside the raw loop. Machines are noisy, so each round stands between two
 * raw loops and is compared with their mean; the median of the rounds' ratios is what to quote. */
#ifndef HF_CLI_BENCH_SERIES_H
#define HF_CLI_BENCH_SERIES_H

#include "cli/bench.h"

#define SERIES_MAX 64

struct series {
	double rates[SERIES_MAX], ratios[SERIES_MAX];
	size_t n;
	struct hf_latency latency; /* of all rounds */
};

/* `raw_before` and `raw_after` are rates; 0: no ratio. */
void series_add(struct series *s, const struct bench_result *r, double raw_before,
                double raw_after);
/* The upper of the two in the middle when n is even; 0 when empty. Sorts `values`. */
double series_median(double *values, size_t n);

void series_print_head(const char *first_column, const char *against);
void series_print(const char *name, struct series *s);

#endif
