/* SPDX-License-Identifier: Apache-2.0
 * A task of the database that a thread of its own waits for: for those that have nothing else to do
 * meanwhile. Never on a thread that serves requests or runs tasks. */
#ifndef HF_SERVER_ERRAND_H
#define HF_SERVER_ERRAND_H

#include "db/work.h"

/* run() is a db_task's, and may be called twice; `ctx` stays the caller's. Its result, or the
 * commit's; HF_BUSY, HF_CLOSED: not taken. A commit may be lost to a power cut. */
HF_MUST hf_status errand_run(struct db_work *work, hf_status (*run)(void *ctx, struct db *db),
                             void *ctx);

#endif
