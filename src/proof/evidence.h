/* SPDX-License-Identifier: Apache-2.0
 * What travels with a job to a driver that checks requests itself: the request as it was made, and
 * the proofs of those who made and approved it. A server only passes it on; nothing in it is
 * believed before proof/request.h has checked it. Of a checkpoint of the audit log, for which
 * nobody asks, the body is its text, and there is no proof.
 *
 * u8 1, field body, field wallet id, field network, field proof, u8 n, n times field proof, field
 * body; in the encoding of base/buf.h. Any thread. */
#ifndef HF_PROOF_EVIDENCE_H
#define HF_PROOF_EVIDENCE_H

#include "proof/action.h"
#include "proof/wallet_id.h"

#define EVIDENCE_APPROVALS_MAX 32
#define EVIDENCE_DECISION_MAX 2048 /* body of one approval's decision */
#define EVIDENCE_MAX                                                                               \
	(PAYLOAD_MAX + ACTION_PROOF_MAX + 512 +                                                    \
	 EVIDENCE_APPROVALS_MAX * (ACTION_PROOF_MAX + EVIDENCE_DECISION_MAX + 8))

struct evidence_approval {
	struct hf_span proof; /* action_proof_encode() */
	struct hf_span body;  /* of the decision's request */
};

struct evidence {
	struct hf_span body;              /* of the signature request */
	char wallet_id[HF_ID_MAX];        /* "": a request on a key */
	char network[WALLET_NETWORK_MAX]; /* the wallet's; "" */
	struct hf_span proof;             /* of the one who asked */
	struct evidence_approval approvals[EVIDENCE_APPROVALS_MAX];
	size_t n_approvals;
};

/* Appends. HF_TOOBIG: beyond the limits above, and `to` is as before. */
HF_MUST hf_status evidence_encode(struct hf_buf *to, const struct evidence *e);
/* Exactly what encoding makes; spans point into `from`. HF_INVALID. */
HF_MUST hf_status evidence_decode(struct hf_span from, struct evidence *ret);

#endif
