/* SPDX-License-Identifier: Apache-2.0
 * JWTs of others: compact JWS (RFC 7515) by RS256, PS256, ES256, ES384 (RFC 7518) or EdDSA with
 * Ed25519 (RFC 8037), by a public key whose kind decides which of these may be. There are no other
 * algorithms here: "none" and HMACs are refused before any key is looked at. Thread-safe. */
#ifndef HF_SERVER_CORE_ACCESS_JWT_H
#define HF_SERVER_CORE_ACCESS_JWT_H

#include "crypto/public_info.h"
#include "json/read.h"

#define JWT_MAX 8192
#define JWT_KID_MAX 128

struct jwt {
	struct json_t *header, *claims;
	struct hf_span signed_part; /* points into the token */
	uint8_t signature[1024];
	size_t signature_len;
};
/* Three parts of base64url without padding, the first two objects. HF_INVALID. The caller owns
 * *ret. */
HF_MUST hf_status jwt_parse(const char *token, struct jwt *ret);
void jwt_done(struct jwt *j);
#define JWT_SCOPED HF_CLEANUP(jwt_done) struct jwt

struct jwt_key {
	char kid[JWT_KID_MAX]; /* "": none */
	char alg[16];          /* the only one that it is for; "": what its kind allows */
	enum object_type type;
	enum curve curve;
	struct public_der spki;
};
/* A JWK (RFC 7517) with a public key for signatures. HF_UNSUPPORTED: of another kind, or for
 * another use. HF_INVALID. */
HF_MUST hf_status jwt_key_of_jwk(const struct json_t *jwk, struct jwt_key *ret);
/* A SubjectPublicKeyInfo, DER. */
HF_MUST hf_status jwt_key_of_der(const char *kid, struct hf_span der, struct jwt_key *ret);

/* "kid" of the header, or NULL. */
const char *jwt_kid(const struct jwt *j);
/* The signature only. HF_UNAUTHENTIC with words. */
HF_MUST hf_status jwt_verify(const struct jwt *j, const struct jwt_key *key, struct hf_err *err);

#endif
