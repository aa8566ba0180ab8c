/* SPDX-License-Identifier: Apache-2.0
 * ECDSA signatures of any curve between r || s, as PKCS#11 has them, and the Ecdsa-Sig-Value of RFC
 * 3279, 2.2.3. Thread-safe. */
#ifndef HF_CRYPTO_ECDSA_DER_H
#define HF_CRYPTO_ECDSA_DER_H

#include "base/buf.h"

#define ECDSA_HALF_MAX 66 /* P-521 */
#define ECDSA_DER_MAX (3 + 2 * (3 + ECDSA_HALF_MAX))

/* Both halves of equal width. HF_INVALID: of no such length, or a half is zero. */
HF_MUST hf_status ecdsa_der_make(struct hf_span raw, struct hf_buf *to);
/* Each half at the width given. HF_INVALID: not the one encoding that DER allows, negative, or
 * wider. */
HF_MUST hf_status ecdsa_der_read(struct hf_span der, size_t half, uint8_t *ret);
/* s of a secp256k1 signature made low, in place, as everywhere in Holdfast: both are valid, chains
 * take only this one. One with r or s not below the order, which verifies nowhere, stays as it is.
 */
void ecdsa_low_s_k1(uint8_t raw[64]);

#endif
