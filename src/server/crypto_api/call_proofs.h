/* SPDX-License-Identifier: Apache-2.0
 * What a caller who is known shows once more: his password, or what his authenticator has signed.
 * Guesses are counted as at a login. Any thread. */
#ifndef HF_SERVER_CRYPTO_API_CALL_PROOFS_H
#define HF_SERVER_CRYPTO_API_CALL_PROOFS_H

#include "server/core/access/second_factor.h"
#include "server/crypto_api/call.h"

/* Is this the caller's password? HF_UNAUTHENTIC; HF_STATE: too many attempts failed. */
void crypto_call_check_password(struct crypto_call *c, const char *password,
                                void (*then)(void *ctx, hf_status s), void *ctx);
/* Ends the call with words for what is not HF_OK. */
void crypto_call_wrong_password(struct crypto_call *c, hf_status s);

/* A call that may bring an authenticator's answer along; its release() calls
 * factor_proof_done(&proof). */
struct factor_call {
	struct crypto_call call; /* first */
	struct factor_proof proof;
	const char *purpose, *subject; /* of the challenge that it answers: FACTOR_… */
	struct mfa_device_row device;  /* that has signed */
	int64_t counter;
	/* ---- its own */
	char challenge[MFA_CHALLENGE_MAX];
	bool found;
	void (*then)(struct crypto_call *c);
};
/* Takes the challenge, right or wrong, and checks the answer to it: `then`, or the call ends with
 * words. What it is good for calls crypto_call_factor_used() in its transaction. */
void crypto_call_check_factor(struct factor_call *f, void (*then)(struct crypto_call *c));
HF_MUST hf_status crypto_call_factor_used(struct factor_call *f, struct db *db);
/* For recovery codes, which are guessed at together with it. False: the call has ended with 429. */
bool crypto_call_may_prove_factor(struct crypto_call *c);
void crypto_call_wrong_factor(struct crypto_call *c);

#endif
