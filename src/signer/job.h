/* SPDX-License-Identifier: Apache-2.0
 * One job in one session. Errors are classed by p11/rv.h; nothing is repeated here. */
#ifndef HF_SIGNER_JOB_H
#define HF_SIGNER_JOB_H

#include "p11/key.h"
#include "signer/checked.h"
#include "signer/crypto_output.h"
#include "signer/keycache.h"
#include "signer/masters.h"
#include "signer/token.h"

struct desk {
	struct token *token;
	struct p11_session session;
	struct masters masters;
	struct keycache *warm;     /* unwrapped keys; NULL: unwrap, sign, destroy */
	struct keycache *resident; /* handles of token objects: searching is slow */
	struct keycache *found;    /* handles of the slot's keys of any kind: crypto_keys.h */
	struct hf_buf name;        /* for looking there */
	struct checked *checked;   /* records whose MAC was seen to be right; NULL: ask each time */
	struct unwrap_watch watch;
};

/* job_output(), and job_output_done(). */
struct job_output {
	struct hf_buf record; /* of a generated key */
	struct public_key public_key;
	bool resident;
	struct signature signature; /* raw: signature_accept() is the host's */
	struct crypto_output crypto;
};

struct job_output job_output(void);
void job_output_done(struct job_output *o);

/* Makes a key, seals its record, and proves the record before anybody hears of it: has its MAC made
 * once more, unwraps the key from it again, signs, and verifies in software. A key whose record
 * does not give it back is worse than none. */
HF_MUST hf_status job_generate(struct desk *d, enum key_type type, const char *key_id,
                               struct job_output *ret, struct hf_err *err);

/* Where the token has authorizers, nothing is signed that these do not allow: HF_UNAUTHENTIC. The
 * one exception is the canary's key (CANARY_KEY_ID), which no job of a queue can name.
 *
 * Refuses a record that is another key's, or altered, or not from a master key that is here, before
 * the HSM is asked to unwrap anything: HF_UNAUTHENTIC, HF_CORRUPT, HF_STATE.
 *
 * In steady state three HSM calls: unwrap, sign, destroy (four C_ functions: C_UnwrapKey,
 * C_SignInit and C_Sign, C_DestroyObject); with a warm key one. A record's first use has its MAC
 * checked, one call more; now and then an unwrapped key is read back (p11/wrap.h), one more. */
HF_MUST hf_status job_sign(struct desk *d, const struct wire_job *job, struct signature *ret,
                           struct hf_err *err);

/* The record's key under another of our master keys: into *ret (RECORD_ENCODED_MAX) goes a new
 * record of the same key, sealed by it. The private key is unwrapped as SENSITIVE and wrapped again
 * inside the HSM; a resident key's record is sealed anew. That the new record gives the key back is
 * the caller's to see, by signing with it, before anything is replaced. HF_EXISTS: it is that
 * master's already. */
HF_MUST hf_status job_rewrap(struct desk *d, struct hf_span record, const char *to_master,
                             struct hf_buf *ret, struct hf_err *err);

/* Unwraps, signs something random, verifies. HF_UNAUTHENTIC: it is not this public key's. */
HF_MUST hf_status job_prove(struct desk *d, const struct key_record *r, struct hf_err *err);

#endif
