/* SPDX-License-Identifier: Apache-2.0
 * What is stored of who asked for a signature, and who approved it. Inside a task. */
#ifndef HF_SERVER_STORE_EVIDENCE_ROWS_H
#define HF_SERVER_STORE_EVIDENCE_ROWS_H

#include "db/db.h"

/* Of one signature request; valid during the call. */
struct evidence_row {
	struct hf_span body, proof;
	const char *wallet_id, *network, *approval_id; /* "": none */
};
typedef hf_status (*evidence_row_fn)(void *ctx, const struct evidence_row *row);
/* Of the request that a job signs for. HF_NOTFOUND: it signs for none. */
HF_MUST hf_status evidence_row_get(struct db *db, uint64_t job, evidence_row_fn fn, void *ctx);

/* The text of the checkpoint that a job signs, as `body`. HF_NOTFOUND: it signs none. */
HF_MUST hf_status evidence_row_checkpoint(struct db *db, uint64_t job, evidence_row_fn fn,
                                          void *ctx);

typedef hf_status (*evidence_decision_fn)(void *ctx, struct hf_span body, struct hf_span proof);
/* The first `max` decisions that approved. */
HF_MUST hf_status evidence_rows_decisions(struct db *db, const char *approval_id, size_t max,
                                          evidence_decision_fn fn, void *ctx);

#endif
