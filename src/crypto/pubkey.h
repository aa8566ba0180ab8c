/* SPDX-License-Identifier: Apache-2.0
 * Checking signatures against canonical public keys (crypto/key_type.h), and bringing what an HSM
 * answers into canonical form. No private key operation exists here. Thread-safe. */
#ifndef HF_CRYPTO_PUBKEY_H
#define HF_CRYPTO_PUBKEY_H

#include "base/buf.h"
#include "crypto/key_type.h"

struct public_key {
	uint8_t bytes[PUBLIC_KEY_MAX];
	size_t len;
};

struct signature {
	uint8_t bytes[SIGNATURE_MAX];
	size_t len;
	int recid; /* secp256k1: 0 or 1 after signature_finish(); otherwise -1, unknown or none */
};

/* Canonical form of an EC point as tokens give it: DER OCTET STRING around it or not, X9.62
 * uncompressed or compressed, or bare X || Y. The form is decided by length, since a raw point may
 * begin with 04 1e. The point must lie on the curve. HF_INVALID. */
HF_MUST hf_status public_key_from_ec_point(enum key_type type, struct hf_span point,
                                           struct public_key *ret);
/* 32 raw bytes, DER OCTET STRING (34 bytes) or BIT STRING (35 bytes) of them. */
HF_MUST hf_status public_key_from_ed_point(struct hf_span point, struct public_key *ret);
/* SubjectPublicKeyInfo from modulus and public exponent, both big-endian, leading zeros or not. The
 * modulus has exactly the bits of the type; the exponent is odd, at least 65537 and below 2^64.
 * HF_INVALID. */
HF_MUST hf_status public_key_from_rsa(enum key_type type, struct hf_span n, struct hf_span e,
                                      struct public_key *ret);
/* 04 || X || Y of a canonical secp256k1 key, which is what some chains hash. HF_INVALID. */
HF_MUST hf_status public_key_uncompressed(struct hf_span pub, uint8_t ret[65]);
/* Is this a well-formed canonical public key of the type? HF_INVALID. */
HF_MUST hf_status public_key_check(enum key_type type, struct hf_span pub);

/* The gate beside the HSM: takes a raw signature as the HSM made it, checks it against `pub`
 * (HF_UNAUTHENTIC), and for secp256k1 makes s low. *sig is changed only on success; recid is -1.
 * For P-256 and P-384, s stays as the HSM gave it. */
HF_MUST hf_status signature_accept(enum key_type type, struct hf_span pub, int scheme, int hash,
                                   struct hf_span input, struct signature *sig);

/* What signature_accept() does, and finds the recovery id of secp256k1 (SEC 1, 4.1.6), for an
 * interface that shows one. It takes one or two recoveries instead of one verification, and is by
 * itself a verification. */
HF_MUST hf_status signature_finish(enum key_type type, struct hf_span pub, int scheme, int hash,
                                   struct hf_span input, struct signature *sig);

/* Checks only; s may be high. HF_UNAUTHENTIC, or HF_INVALID when key or lengths are malformed. What
 * is to be released goes through signature_accept() or signature_finish(). */
HF_MUST hf_status signature_verify(enum key_type type, struct hf_span pub, int scheme, int hash,
                                   struct hf_span input, struct hf_span sig);

#endif
