/* SPDX-License-Identifier: Apache-2.0
 * Canonical public keys (crypto/key_type.h) as SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) and back,
 * and ECDSA signatures as DER: what other programs read. Thread-safe. */
#ifndef HF_CRYPTO_SPKI_H
#define HF_CRYPTO_SPKI_H

#include "crypto/pubkey.h"

/* Appends DER, points uncompressed. EC and Ed25519 only; HF_INVALID for what is no such key. */
HF_MUST hf_status spki_der(enum key_type type, struct hf_span pub, struct hf_buf *to);
/* The same in PEM. */
HF_MUST hf_status spki_pem(enum key_type type, struct hf_span pub, struct hf_buf *to);
/* Exactly one "PUBLIC KEY" of type secp256k1, P-256, P-384 or Ed25519. HF_INVALID. */
HF_MUST hf_status spki_pem_parse(struct hf_span pem, enum key_type *ret_type,
                                 struct public_key *ret);

/* r || s, 32 bytes each, as the Ecdsa-Sig-Value of RFC 3279, and back; only what the first makes is
 * taken. HF_INVALID. */
HF_MUST hf_status ecdsa_to_der(const uint8_t raw[64], struct hf_buf *to);
HF_MUST hf_status ecdsa_from_der(struct hf_span der, uint8_t ret[64]);

#endif
