/* SPDX-License-Identifier: Apache-2.0
 * The user action's proof in an entry: that it commits to what the entry says, and that the
 * credential has signed it. Pure. */
#ifndef HF_AUDIT_PROOFS_H
#define HF_AUDIT_PROOFS_H

#include "audit/entry.h"
#include "proof/authorizers.h"

enum proof_found {
	PROOF_NONE,      /* the entry has none */
	PROOF_UNCHECKED, /* commits to what the entry says; no credentials were given */
	PROOF_UNKNOWN,   /* the same, by a credential that is not among those given */
	PROOF_VERIFIED,
};

/* `credentials` may be NULL. HF_UNAUTHENTIC, HF_INVALID with words. */
HF_MUST hf_status proof_of_entry(const struct entry *e, const struct authorizers *credentials,
                                 enum proof_found *ret, struct hf_err *err);

#endif
