/* SPDX-License-Identifier: Apache-2.0
 * Tokens of our own: compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037), made and checked by
 * one key. The header is always the same bytes, {"alg":"EdDSA","typ":"JWT","kid":"…"}, and a token
 * with any other is refused: there is no algorithm to choose. Claims are the caller's, who also
 * checks expiry. */
#ifndef HF_CRYPTO_JWS_H
#define HF_CRYPTO_JWS_H

#include "base/buf.h"
#include "base/secret.h"

#define JWS_SEED_LEN 32
#define JWS_KID_MAX 64
#define JWS_TOKEN_MAX 8192

struct jws_key; /* immutable: any thread */

/* `seed`: JWS_SEED_LEN random bytes; the caller keeps it. `kid`: 1 to JWS_KID_MAX letters, digits,
 * '-', '_', '.'. HF_INVALID, HF_NOMEM. The caller owns *ret. */
HF_MUST hf_status jws_key_new(const struct hf_secret *seed, const char *kid, struct jws_key **ret);
void jws_key_free(struct jws_key *key);
const char *jws_key_id(const struct jws_key *key);
#define JWS_PUBLIC_LEN 32
/* The public key, for others who verify (RFC 8037, 2). */
HF_MUST hf_status jws_key_public(const struct jws_key *key, uint8_t ret[JWS_PUBLIC_LEN]);

/* Appends the token. HF_TOOBIG when it would exceed JWS_TOKEN_MAX; then `to` is as before. */
HF_MUST hf_status jws_sign(const struct jws_key *key, struct hf_span payload, struct hf_buf *to);

/* Appends the payload of a token that this key has signed; `payload` is as before otherwise.
 * HF_TOOBIG above JWS_TOKEN_MAX; HF_INVALID when it is no token of this form; HF_UNAUTHENTIC when
 * another key made it, or it was altered, or is spelt in another way. */
HF_MUST hf_status jws_verify(const struct jws_key *key, struct hf_span token,
                             struct hf_buf *payload);

#endif
