/* SPDX-License-Identifier: Apache-2.0
 * Operations on keys in a pool of drivers: each is a job of the queue, whose result comes back
 * through the database, so that any server may be handed it.
 *
 * What an operation brings in lies in the queue sealed (a plaintext, a key that is imported), and
 * is opened only on its way to a driver; what came of it lies in `crypto_results` sealed, until
 * whoever asked takes it, or for POOL_KEEP_MS. Both by a key of the server's secret file. Who gives
 * up takes back the job, if no driver has it yet. */
#ifndef HF_SERVER_CORE_BACKENDS_POOL_H
#define HF_SERVER_CORE_BACKENDS_POOL_H

#include "server/core/backends/backend.h"

#define POOL_KEEP_MS 60000

/* The group's drivers do it (call->group->store_id). Any thread. */
void pool_submit(const struct core *core, struct backend_call *call);

/* The queue's part of it: job_settle of JOB_FOR_CRYPTO, and job_reveal. */
HF_MUST hf_status pool_settle(const struct core *core, struct db *db, const char *org_id,
                              const struct job_settled *settled);
hf_status pool_reveal(void *core, struct hf_span op, struct hf_buf *to);

/* About every 100 ms: results that nobody took are removed. */
void pool_tick(const struct core *core);

#endif
