/* SPDX-License-Identifier: Apache-2.0
 * Checking many signatures of one P-256 key (FIPS 186-5, 6.4.2).
 *
 * A verification is u1*G + u2*Q. OpenSSL has a table of multiples for the curve's G only, and Q
 * costs it four times as much. Such a table can be made for any generator, though: here for Q, on a
 * copy of the group, so that both halves are look-ups. Arithmetic on the curve stays OpenSSL's. A
 * table takes 150 KB, and as long to make as three hundred verifications take without it. For
 * src/crypto only. */
#ifndef HF_CRYPTO_VERIFY_P256_H
#define HF_CRYPTO_VERIFY_P256_H

#include "base/buf.h"
#include "crypto/verify_scalars.h"

struct p256_table; /* read only once made: any thread */

/* `point`: X9.62. HF_INVALID: not on the curve. HF_UNSUPPORTED: OpenSSL makes no such tables. The
 * caller owns *ret: p256_table_free(). */
HF_MUST hf_status p256_table_make(struct hf_span point, struct p256_table **ret);
void p256_table_free(struct p256_table *t);

/* HF_UNAUTHENTIC, exactly where OpenSSL's own verification says so. */
HF_MUST hf_status p256_table_verify(const struct p256_table *t, struct hf_span digest,
                                    const uint8_t raw[2 * P256_HALF]);

#endif
