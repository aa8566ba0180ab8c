/* SPDX-License-Identifier: Apache-2.0
 * The queue alone in this process: its database, its leases and its mTLS listener, without the
 * Signing API. For measurements that put jobs straight into it. */
#ifndef HF_CLI_BENCH_HOST_H
#define HF_CLI_BENCH_HOST_H

#include "cli/bench_rig.h"
#include "crypto/tls.h"
#include "server/core/core.h"
#include "server/queue_api/queue_api.h"

struct bench_host {
	struct core core;
	struct tls_server *tls;
	struct queue_api *api;
	struct http_server *listener;
};

struct bench_host_config {
	const struct rig *rig;
	struct db_config db;
	bool relaxed; /* commits without waiting for the disk */
	job_settle settle;
	job_announce announce;
	void *ctx;
};

/* The caller owns *h, which does not move: bench_host_stop(), also after a failure. */
HF_MUST hf_status bench_host_start(struct bench_host *h, const struct bench_host_config *config,
                                   struct hf_err *err);
unsigned bench_host_port(const struct bench_host *h);
void bench_host_tick(struct bench_host *h); /* about every 100 ms */
/* Answers parked polls; results are still taken. */
void bench_host_release(struct bench_host *h);
void bench_host_stop(struct bench_host *h);

#endif
