/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints of the audit log, as C2SP tlog-checkpoint and signed-note have them:
 *
 *   holdfast/audit/or-…          the origin: whose log
 *   20852163                     how many entries
 *   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=   the root of their tree (RFC 9162, 2.1.1)
 *                                (an empty line)
 *   — holdfast/audit/or-… base64(key id || signature)
 *
 * The first three lines are what is signed. Ed25519 signs them as they are (type 0x01 of
 * signed-note), P-256 signs their SHA-256, in DER (type 0x02). Pure functions: any thread. */
#ifndef HF_PROOF_CHECKPOINT_H
#define HF_PROOF_CHECKPOINT_H

#include "base/id.h"
#include "crypto/digest.h"
#include "crypto/pubkey.h"

#define CHECKPOINT_ORIGIN "holdfast/audit/" /* and the organisation's id */
#define CHECKPOINT_TEXT_MAX 256
#define CHECKPOINT_NOTE_MAX 4096 /* ours, and some cosignatures of others */

struct checkpoint {
	char org_id[HF_ID_MAX];
	uint64_t size;
	uint8_t root[SHA256_LEN];
};

struct checkpoint_key {
	enum key_type type; /* KEY_ED25519 or KEY_P256 */
	struct public_key public_key;
};

/* Appends what is signed. */
void checkpoint_text(struct hf_buf *to, const struct checkpoint *c);
/* Exactly what checkpoint_text() makes. HF_INVALID. */
HF_MUST hf_status checkpoint_text_parse(struct hf_span text, struct checkpoint *ret);
/* What the HSM is given: the text itself, or its digest, in `room`. */
HF_MUST hf_status checkpoint_input(enum key_type type, struct hf_span text,
                                   uint8_t room[SHA256_LEN], struct hf_span *ret);

/* Appends text, empty line and signature line. `raw` is R || S or r || s. */
HF_MUST hf_status checkpoint_note(struct hf_buf *to, struct hf_span text,
                                  const struct checkpoint_key *key, struct hf_span raw);
/* The checkpoint of a note that one of the keys has signed; lines of other signers are passed over.
 * HF_INVALID: no checkpoint; HF_NOTFOUND: not signed by any of these keys; HF_UNAUTHENTIC: a
 * signature that is said to be by one of them does not verify; all with words. */
HF_MUST hf_status checkpoint_open(struct hf_span note, const struct checkpoint_key *keys,
                                  size_t n_keys, struct checkpoint *ret, struct hf_err *err);

/* For a driver that checks what it signs: a key that is there for checkpoints signs nothing else.
 * Is `input` a checkpoint of this organisation's log? For ECDSA, `evidence` is the text that the
 * digest is of. HF_UNAUTHENTIC with words. */
HF_MUST hf_status checkpoint_request_check(const char *organization, enum key_type type,
                                           struct hf_span input, struct hf_span evidence,
                                           struct hf_err *err);

#endif
