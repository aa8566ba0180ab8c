/* SPDX-License-Identifier: Apache-2.0
 * Kinds of key, ways to sign, hashes: the words that every layer shares. The numbers are stored and
 * sent, so they never change; new ones are added at the end. */
#ifndef HF_CRYPTO_KEY_TYPE_H
#define HF_CRYPTO_KEY_TYPE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Stored and sent: append only. */
enum key_type {
	KEY_SECP256K1 = 1,
	KEY_P256 = 2,
	KEY_P384 = 3,
	KEY_ED25519 = 4,
	KEY_RSA_2048 = 5,
	KEY_RSA_3072 = 6,
	KEY_RSA_4096 = 7,
};
#define KEY_TYPE_MAX 7 /* arrays by key type have KEY_TYPE_MAX + 1 entries */

/* Stored and sent: append only. */
enum hash_alg {
	HASH_NONE = 0,
	HASH_SHA256 = 1,
	HASH_SHA384 = 2,
	HASH_SHA512 = 3,
};

/* Stored and sent: append only. */
enum sign_scheme {
	SIGN_ECDSA = 1,     /* HASH_NONE; input: a digest as long as the field; output r ||
	                       s, fixed width */
	SIGN_ED25519 = 2,   /* HASH_NONE; input: the message; output R || S (RFC 8032) */
	SIGN_RSA_PKCS1 = 3, /* input: a digest of `hash`; RFC 8017, 8.2 */
	SIGN_RSA_PSS = 4,   /* input: a digest of `hash`; MGF1 and salt length of the same
	                       hash; 8.1 */
};

enum key_family { FAMILY_EC, FAMILY_ED, FAMILY_RSA };

struct key_type_info {
	enum key_type type;
	const char *name; /* "secp256k1", "P-256", "P-384", "Ed25519", "RSA-2048", … */
	enum key_family family;
	unsigned bits;     /* field or modulus */
	size_t public_len; /* canonical public key; RSA: 0, it varies */
	size_t signature_len;
};

/* Canonical public keys: EC = compressed point (SEC 1, 2.3.3); Ed25519 = 32 bytes (RFC 8032);
 * RSA = DER SubjectPublicKeyInfo (RFC 5280). */
#define PUBLIC_KEY_MAX 640
#define SIGNATURE_MAX 512
#define SIGN_INPUT_MAX 65536 /* longest message that is signed in one piece */

/* NULL for a number that is no key type: every decoder asks. */
const struct key_type_info *key_type_info(int type);
/* By name, case-insensitive. HF_NOTFOUND. */
HF_MUST hf_status key_type_parse(const char *name, enum key_type *ret);

/* Digest length in bytes; 0 for HASH_NONE and unknown numbers. */
size_t hash_len(int hash);

/* The plainest way in which a key type signs, for trials and benchmarks: ECDSA, Ed25519 or PKCS#1.
 */
enum sign_scheme sign_scheme_plain(enum key_type type);

/* Whether this key type signs this way, with an input of this length. HF_INVALID, with words. */
HF_MUST hf_status sign_scheme_check(enum key_type type, int scheme, int hash, size_t input_len,
                                    struct hf_err *err);

#endif
