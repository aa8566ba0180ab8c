/* SPDX-License-Identifier: Apache-2.0
 * How much one caller or address may ask. For call.c. */
#ifndef HF_SERVER_SIGNING_API_CALL_LIMITS_H
#define HF_SERVER_SIGNING_API_CALL_LIMITS_H

#include "server/signing_api/call.h"

/* Each takes one, or ends the call with 429, with when to try again, and returns false.
 *
 * By the caller's token. */
bool call_within_rate(struct call *c);
/* By address, for what asks for no token. */
bool call_within_open_rate(struct call *c);
/* By address, for tokens that this server has not seen: takes none, call_failed_token() does. */
bool call_may_try_token(struct call *c);
void call_failed_token(struct call *c);

#endif
