/* SPDX-License-Identifier: Apache-2.0
 * Two kinds of load: jobs put straight into the queue, and signatures asked for over the Signing
 * API with their user actions. Both keep `outstanding` requests under way and sign digests with one
 * secp256k1 key. */
#ifndef HF_CLI_BENCH_LOAD_H
#define HF_CLI_BENCH_LOAD_H

#include "cli/bench.h"
#include "cli/bench_rig.h"

struct load {
	unsigned outstanding;
	int64_t ms;    /* how long, or */
	int64_t count; /* how many, when not 0 */
	bool relaxed;  /* commits without waiting for the disk */
	bool policy;   /* load_api: makes one that always triggers and does nothing */
	/* Called about once a second with what is done so far; may be NULL. */
	void (*progress)(void *ctx, uint64_t done);
	void *ctx;
};

/* The queue alone, in this process: database, mTLS listener, leases. Starts the rig's drivers and
 * stops them. What is measured is from a job's being submitted until its completion is committed.
 */
HF_MUST hf_status load_jobs(struct rig *r, const struct rig_driver *driver, const struct load *load,
                            struct bench_result *ret, struct hf_err *err);

/* The Signing API of the rig's running server: three requests for each signature. *ret_sign is the
 * last of the three alone; may be NULL. */
HF_MUST hf_status load_api(struct rig *r, const struct load *load, struct bench_result *ret,
                           struct bench_result *ret_sign, struct hf_err *err);

#endif
