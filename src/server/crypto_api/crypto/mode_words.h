/* SPDX-License-Identifier: Apache-2.0
 * The nested objects in which the Crypto API names paddings of RSA, and its names of digests. */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_MODE_WORDS_H
#define HF_SERVER_CRYPTO_API_CRYPTO_MODE_WORDS_H

#include "base/buf.h"
#include "crypto/digest_alg.h"

struct json_t;

enum padding {
	PADDING_NONE,  /* nothing was said */
	PADDING_OAEP,  /* {"OAEP":{"mgf":{"mgf1":{"hash":"SHA256"}}}} */
	PADDING_PSS,   /* likewise */
	PADDING_PKCS1, /* {"PKCS1_V15":{}} */
	PADDING_RAW,   /* {"RAW_DECRYPT":{}} */
};

struct padding_words {
	enum padding padding;
	enum digest_alg hash; /* of OAEP and PSS: of the mask, and of the padding itself */
};

/* `mode` NULL: PADDING_NONE. HF_INVALID with words. */
HF_MUST hf_status mode_words_padding(const struct json_t *mode, struct padding_words *ret,
                                     struct hf_err *err);

/* What a key of type RSA does when a request names no padding: the first of its policy for
 * signatures or encryption; where that leaves it open, PKCS #1 v1.5 signatures and OAEP with
 * SHA-256. `options` is the object's, or NULL. */
HF_MUST hf_status mode_words_default(const char *options, bool signs, struct padding_words *ret,
                                     struct hf_err *err);

/* A digest by name, out of a field that is named in the words. */
HF_MUST hf_status mode_words_digest(const char *field, const char *name, enum digest_alg *ret,
                                    struct hf_err *err);

/* Broken, or too short to withstand collisions: nothing new is signed with it. */
bool digest_is_legacy(enum digest_alg alg);
/* SHA-1, SHA-2 and SHA-3: those that have a place in PKCS #1 and in HMAC of every HSM's book. */
bool digest_is_sha(enum digest_alg alg);

#endif
