/* SPDX-License-Identifier: Apache-2.0
 * How an operation is to be done: from the words of the Crypto API (CryptMode, SignatureMode,
 * DigestAlgorithm) to those of p11/mech.h. Closed: what a key of this type does not do, a hash that
 * is too weak for the purpose, or a parameter that the mode has not, is HF_INVALID with words that
 * say what would be right.
 *
 * Whether the HSM can do it is not asked here: it says so itself. */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_MODE_H
#define HF_SERVER_CRYPTO_API_CRYPTO_MODE_H

#include "op/crypto_op.h"

struct json_t;

/* What is to be known of a key. */
struct mode_key {
	enum object_type type;
	enum curve curve;
	uint32_t bits;
	const char *options; /* of the object: JSON, or NULL */
};

/* What a request says; nothing of it is owned. A span whose ptr is NULL was not given. */
struct mode_said {
	const char *alg;           /* NULL: not given */
	const struct json_t *mode; /* likewise */
	struct hf_span iv, ad, tag, label;
	int64_t tag_bits; /* 0: not given */
};

#define MODE_GCM_TAG_MIN 12
#define MODE_GCM_IV_MIN 12 /* to encrypt; what others made with less is still decrypted */

/* `kind`: CRYPTO_ENCRYPT, _DECRYPT, _WRAP or _UNWRAP. Spans of *ret are those of `said`. */
HF_MUST hf_status mode_of_cipher(const struct mode_key *key, enum crypto_op_kind kind,
                                 const struct mode_said *said, struct crypto_mech *ret,
                                 struct hf_err *err);
/* Whether data of this length can be encrypted or decrypted so: whole blocks where there is no
 * padding, what RSA can hold. */
HF_MUST hf_status mode_takes(const struct mode_key *key, enum crypto_op_kind kind,
                             const struct crypto_mech *mech, size_t len, struct hf_err *err);

/* `mode` NULL: what the key does of itself; only RSA has a mode. `hash_alg` NULL: not given, as
 * EdDSA has it. `verify`: SHA-1 and RIPEMD-160 are good enough to check what is there already. */
HF_MUST hf_status mode_of_signature(const struct mode_key *key, bool verify, const char *hash_alg,
                                    const struct json_t *mode, struct crypto_mech *ret,
                                    struct hf_err *err);

/* `alg` is the hash of an HMAC, and NULL for a CMAC. *ret_len: bytes of the MAC. */
HF_MUST hf_status mode_of_mac(const struct mode_key *key, const char *alg, struct crypto_mech *ret,
                              size_t *ret_len, struct hf_err *err);

/* Bytes of a block of the cipher, 8 or 16; 0: the key is of none. */
size_t mode_block_len(enum object_type type);

#endif
