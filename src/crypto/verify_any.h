/* SPDX-License-Identifier: Apache-2.0
 * Checking a signature of any kind against a SubjectPublicKeyInfo, outside the HSM: what a signer
 * does with everything before it leaves, and what "verify" of the Crypto API is. The wallets' own
 * keys have crypto/pubkey.h.
 *
 * Keys that were parsed are kept, at most VERIFY_KEYS_MAX of them, the least recently used leaves
 * first. What an HSM of ours has just made with a P-256 key that comes again and again is checked
 * by a table of the key's multiples (crypto/verify_p256.h); what others send, always by OpenSSL.
 * The answers are the same. Thread-safe. */
#ifndef HF_CRYPTO_VERIFY_ANY_H
#define HF_CRYPTO_VERIFY_ANY_H

#include "base/buf.h"
#include "crypto/digest_alg.h"

enum verify_kind {
	VERIFY_ECDSA,     /* data: a digest, cut off at the order's length (FIPS 186-5, 6.4.2);
	                     signature: DER, strictly; s may be high */
	VERIFY_EDDSA,     /* data: the message; R || S (RFC 8032), no context */
	VERIFY_RSA_PKCS1, /* data: a digest of `hash`; DIGEST_NONE: what was padded, as it is */
	VERIFY_RSA_PSS,   /* data: a digest of `hash`; mgf_hash (DIGEST_NONE: as hash), salt_len */
};

struct verify_how {
	enum verify_kind kind;
	enum digest_alg hash, mgf_hash;
	uint16_t salt_len; /* VERIFY_SALT_AS_HASH */
	bool by_table;     /* an HSM of ours has just made it */
};
#define VERIFY_SALT_AS_HASH 0xffff
#define VERIFY_KEYS_MAX 256

/* HF_UNAUTHENTIC: it does not verify, or is no well-formed signature. HF_INVALID: the key is not
 * as public_info_der() writes it (crypto/public_info.h), not on its curve, or not of this kind, or
 * the data have an impossible length. HF_UNSUPPORTED: a hash that is not here.
 */
HF_MUST hf_status verify_any(struct hf_span spki, const struct verify_how *how, struct hf_span data,
                             struct hf_span signature);

#endif
