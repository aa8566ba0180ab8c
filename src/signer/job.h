/* SPDX-License-Identifier: Apache-2.0
 * One job in one session. Errors are classed by p11/rv.h; nothing is repeated here. */
#ifndef HF_SIGNER_JOB_H
#define HF_SIGNER_JOB_H

#include "p11/key.h"
#include "signer/keycache.h"
#include "signer/token.h"

struct desk {
	struct token *token;
	struct p11_session session;
	struct p11_master master;
	struct keycache *warm;     /* unwrapped keys; NULL: unwrap, sign, destroy */
	struct keycache *resident; /* handles of token objects: searching is slow */
};

struct job_output {
	struct hf_buf record; /* of a generated key */
	struct public_key public_key;
	bool resident;
	struct signature signature; /* raw: signature_accept() is the host's */
};

/* Makes a key, seals its record, and proves the record before anybody hears of it: unwraps the key
 * from it again, signs, and verifies in software. A key whose record does not give it back is worse
 * than none. */
HF_MUST hf_status job_generate(struct desk *d, enum key_type type, const char *key_id,
                               struct job_output *ret, struct hf_err *err);

/* Refuses a record that is another key's, or altered, or not from this master key, before the HSM
 * is asked to unwrap anything: HF_UNAUTHENTIC, HF_CORRUPT, HF_STATE. */
HF_MUST hf_status job_sign(struct desk *d, const struct op *op, struct hf_span record,
                           struct signature *ret, struct hf_err *err);

/* The MAC of a record, by the HSM. HF_UNAUTHENTIC. */
HF_MUST hf_status job_check_mac(struct desk *d, const struct key_record *r, struct hf_err *err);
/* Unwraps, signs something random, verifies. HF_UNAUTHENTIC: it is not this public key's. */
HF_MUST hf_status job_prove(struct desk *d, const struct key_record *r, struct hf_err *err);

#endif
