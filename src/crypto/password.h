/* SPDX-License-Identifier: Apache-2.0
 * Passwords of people: argon2id (RFC 9106) by libsodium, with 64 MiB and two passes each, which
 * takes about a tenth of a second of a core: not on a thread that others wait for. */
#ifndef HF_CRYPTO_PASSWORD_H
#define HF_CRYPTO_PASSWORD_H

#include "base/buf.h"

#define PASSWORD_HASHED_MAX 128 /* text, with its NUL */

/* HF_NOMEM. */
HF_MUST hf_status password_hash(struct hf_span password, char ret[PASSWORD_HASHED_MAX]);
/* HF_UNAUTHENTIC: another one. `hash` NULL: none is right, which takes as long to find out. */
HF_MUST hf_status password_verify(struct hf_span password, const char *hash);

#endif
