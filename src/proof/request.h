/* SPDX-License-Identifier: Apache-2.0
 * Was this very signature asked for by somebody who may ask, and approved by those who have to? A
 * function of its arguments alone, so that it can be asked where no server has a say: inside the
 * process that signs. Any thread. */
#ifndef HF_PROOF_REQUEST_H
#define HF_PROOF_REQUEST_H

#include "crypto/key_type.h"
#include "proof/authorizers.h"
#include "proof/evidence.h"

#define REQUEST_AHEAD_MS (60 * 1000) /* clocks differ: so far may a proof be from the future */

/* What the HSM is about to sign. */
struct request_subject {
	const char *key_id;
	enum key_type key_type;
	struct hf_span public_key; /* the key's own */
	int scheme, hash;
	struct hf_span input;
};

/* HF_OK only if all of this holds:
 * - a rule names the key, and every rule that names it has the initiator among its initiators and
 *   its groups of approvers reached (proof/authorizers.h says how they combine);
 * - the initiator's proof is by a credential of the file, over a commitment to the file's
 *   organisation, that credential's identity, method POST, the path of this key's signatures or of
 *   a wallet of this key's, and the payload that the evidence's body is;
 * - what is to be signed is one of the inputs that this body means for this key (chain/chain.h);
 * - the proof is not older than the rules allow, and not from the future;
 * - each approval that counts is such a proof over "Approved" for exactly this request.
 * Or if it is a checkpoint of the organisation's audit log, and the key one of the file's for that.
 * HF_UNAUTHENTIC otherwise, with words; HF_NOMEM. */
HF_MUST hf_status request_check(const struct authorizers *a, const struct request_subject *subject,
                                struct hf_span evidence, int64_t now_ms, struct hf_err *err);

/* What a signature spends: the user action that asked for it. Each action allows each of its inputs
 * to be signed once. */
struct request_spends {
	char action_id[HF_ID_MAX];
	int64_t issued_ms;
};
/* HF_NOTFOUND: there is no proof in it, so that nothing is spent (a checkpoint). HF_INVALID: not
 * evidence at all. Believes nothing: only request_check() says that it is true. */
HF_MUST hf_status request_spends(struct hf_span evidence, struct request_spends *ret);

#endif
