/* SPDX-License-Identifier: Apache-2.0
 * A driver that is played: polls over mTLS on a thread of its own, and answers every job with one
 * signature. */
#ifndef HF_CLI_BENCH_PULLER_H
#define HF_CLI_BENCH_PULLER_H

#include "cli/bench_rig.h"

struct puller;

struct puller_config {
	const struct rig *rig; /* its certificates */
	unsigned port, batch;
	const struct db_config *keys_db; /* where wrapped keys are looked up; NULL: they are not */
	struct hf_span signature;        /* the caller's, valid throughout */
	void (*failed)(void *ctx, const char *why); /* on the puller's thread; it ends then */
	void *ctx;
};

HF_MUST hf_status puller_start(const struct puller_config *config, struct puller **ret,
                               struct hf_err *err);
void puller_stopping(struct puller *p); /* after its next answer; any thread; NULL is fine */
void puller_free(struct puller *p);     /* waits for that */

#endif
