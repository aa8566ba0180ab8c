/* SPDX-License-Identifier: Apache-2.0
 * Public keys that were parsed, by their SubjectPublicKeyInfo: parsing one takes as long as a
 * signature does. Bounded: the one not used for longest leaves. For src/crypto only. Thread-safe.
 */
#ifndef HF_CRYPTO_VERIFY_KEYS_H
#define HF_CRYPTO_VERIFY_KEYS_H

#include "crypto/object_type.h"
#include "crypto/verify_p256.h"

#include <openssl/types.h>

/* How many verifications a P-256 key has behind it when its table is made: those cost as much again
 * as the table does, so that no order of keys takes more than twice the time it had to. */
#define VERIFY_TABLE_AFTER 100
#define VERIFY_TABLES_MAX 32 /* 27 MB in all */

/* Immutable while held. */
struct verify_key {
	enum object_type type;
	enum curve curve;
	EVP_PKEY *pkey;           /* NULL on secp256k1, which OpenSSL has no part in */
	uint8_t k1[64];           /* secp256k1_pubkey, there only */
	struct p256_table *table; /* or NULL */
	size_t signature_len;     /* RSA: bytes of the modulus; 0 elsewhere */
};

/* `by_table`: a table would be used; only such verifications count towards one. HF_INVALID as
 * verify_any(). The caller gives *ret back: verify_key_release(). */
HF_MUST hf_status verify_key_hold(struct hf_span spki, bool by_table,
                                  const struct verify_key **ret);
void verify_key_release(const struct verify_key *key);

#endif
