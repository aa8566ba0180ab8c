/* SPDX-License-Identifier: Apache-2.0
 * What a driver that checks requests itself is told of a job (proof/evidence.h): the request's body
 * and proof, and the approvals' proofs, as they are stored. This server has no part in it but to
 * hand it on. */
#ifndef HF_SERVER_CORE_QUEUE_EVIDENCE_H
#define HF_SERVER_CORE_QUEUE_EVIDENCE_H

#include "server/core/queue/jobs.h"

/* The queue's job_evidence. */
HF_MUST hf_status job_evidence_load(void *ctx, struct db *db, uint64_t job, struct hf_buf *to);

#endif
