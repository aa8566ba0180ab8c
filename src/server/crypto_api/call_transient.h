/* SPDX-License-Identifier: Apache-2.0
 * The session that the transient keys of a call live in. */
#ifndef HF_SERVER_CRYPTO_API_CALL_TRANSIENT_H
#define HF_SERVER_CRYPTO_API_CALL_TRANSIENT_H

#include "server/core/objects/transient_key.h"
#include "server/crypto_api/call.h"

/* Borrowed from the call. */
struct transient_session crypto_call_session(const struct crypto_call *c);

#endif
