/* SPDX-License-Identifier: Apache-2.0
 * Checking many signatures of one P-256 key (FIPS 186-5, 6.4.2).
 *
 * A verification is u1*G + u2*Q. OpenSSL has a table of multiples for the curve's G only, and Q
 * costs it four times as much. Here both have one (crypto/p256_table.h): the one of Q takes 832 KB,
 * and as long to make as a hundred verifications without it; the one of G, made with the first key,
 * 2.8 MB. For src/crypto only. */
#ifndef HF_CRYPTO_VERIFY_P256_H
#define HF_CRYPTO_VERIFY_P256_H

#include "base/buf.h"
#include "crypto/verify_scalars.h"

struct p256_table; /* read only once made: any thread */

/* `point`: X9.62. HF_INVALID: not on the curve. HF_NOMEM. The caller owns *ret: p256_table_free().
 */
HF_MUST hf_status p256_table_make(struct hf_span point, struct p256_table **ret);
void p256_table_free(struct p256_table *t);

/* HF_UNAUTHENTIC, exactly where OpenSSL's own verification says so. */
HF_MUST hf_status p256_table_verify(const struct p256_table *t, struct hf_span digest,
                                    const uint8_t raw[2 * P256_HALF]);

#endif
