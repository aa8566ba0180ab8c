/* SPDX-License-Identifier: Apache-2.0
 * Load over the Crypto API: callers that each send the same request again as soon as its answer is
 * there. */
#ifndef HF_CLI_BENCH_CRYPTO_H
#define HF_CLI_BENCH_CRYPTO_H

#include "cli/bench.h"

struct crypto_load {
	uint16_t port;
	const char *ca_file;
	const char *authorization; /* "Bearer …" */
	const char *path;
	struct hf_span body;
	const char *expect; /* that stands in every right answer, once for each of `items` */
	unsigned callers;
	unsigned items; /* operations in a request */
	int64_t ms;
};

/* The rate counts operations, the latencies requests. An answer that is not as expected fails all.
 */
HF_MUST hf_status crypto_load_run(const struct crypto_load *load, struct bench_result *ret,
                                  double *ret_rate, struct hf_err *err);

#endif
