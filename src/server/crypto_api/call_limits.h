/* SPDX-License-Identifier: Apache-2.0
 * How much one caller or address may ask: the Signing API's limits (--rate-limit, --login-rate),
 * counted apart. For call.c. */
#ifndef HF_SERVER_CRYPTO_API_CALL_LIMITS_H
#define HF_SERVER_CRYPTO_API_CALL_LIMITS_H

#include "server/crypto_api/call.h"

/* Each takes one, or ends the call with 429, with when to try again, and returns false.
 *
 * By the caller. */
bool crypto_within_rate(struct crypto_call *c);
/* By address, for what asks for no caller. */
bool crypto_within_open_rate(struct crypto_call *c);
/* By address, for proofs that this server does not know: takes none, crypto_failed_proof() does. */
bool crypto_may_try(struct crypto_call *c);
void crypto_failed_proof(struct crypto_call *c);

#endif
