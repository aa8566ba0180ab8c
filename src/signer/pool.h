/* SPDX-License-Identifier: Apache-2.0
 * Several sessions in one process, each with its thread, for modules where that beats several
 * processes. Jobs are taken in the order in which they came. */
#ifndef HF_SIGNER_POOL_H
#define HF_SIGNER_POOL_H

#include "signer/worker.h"

struct pool;

/* Starts setup.threads threads; the first works with `first`, which stays the caller's. */
HF_MUST hf_status pool_start(struct token *t, struct worker *first, struct pool **ret,
                             struct hf_err *err);
/* Copies the frame. HF_INVALID: it is no job. HF_NOMEM. */
HF_MUST hf_status pool_add(struct pool *p, const struct wire_frame *frame);
/* Ends when all jobs are answered. */
void pool_stop(struct pool *p);

#endif
