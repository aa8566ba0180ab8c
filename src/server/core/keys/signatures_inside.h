/* SPDX-License-Identifier: Apache-2.0
 * What the files of signature requests share: signatures.c (making, releasing), signatures_settle.c
 * (what comes back). For these only. */
#ifndef HF_SERVER_CORE_KEYS_SIGNATURES_INSIDE_H
#define HF_SERVER_CORE_KEYS_SIGNATURES_INSIDE_H

#include "server/core/keys/signatures.h"

/* Its answers are several signatures, or one with nothing else to be made of it, or neither. */
bool signature_is_several(const struct chain_request *r, const struct chain_plan *plan);

/* The job that signs input `i` of the plan. */
struct signature_job {
	const char *id, *key_id, *store_id;
	const struct chain_request *request;
	const struct chain_plan *plan;
	size_t input;
};
HF_MUST hf_status signature_add_job(struct jobs *jobs, struct db *db, const struct signature_job *j,
                                    struct hf_err *err);

/* The event "wallet.signature.<what>", if anybody wants it, with the row as this transaction sees
 * it. */
HF_MUST hf_status signature_tell(struct db *db, const char *org_id, const char *id,
                                 const char *what, int64_t now_ms);

#endif
