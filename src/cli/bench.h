/* SPDX-License-Identifier: Apache-2.0
 * What the benchmarks share: the raw loop on a token, and a line of a table. */
#ifndef HF_CLI_BENCH_H
#define HF_CLI_BENCH_H

#include "base/latency.h"
#include "hsmhost/host.h"

struct bench_result {
	double seconds;
	struct hf_latency latency;
};

double bench_rate(const struct bench_result *r); /* per second */

/* The raw loop of `kind` ("sign", "unwrap", "generate") in `processes` signers of setup->threads
 * sessions each, for about `ms`. Their rates add up. */
HF_MUST hf_status bench_raw(const struct hsmhost_config *config, const char *kind,
                            const char *key_type, int64_t ms, struct bench_result *ret,
                            struct hf_err *err);

void bench_print_head(const char *first_column);
void bench_print(const char *name, const struct bench_result *r);

#endif
