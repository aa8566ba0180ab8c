/* SPDX-License-Identifier: Apache-2.0
 * The two scalars of a P-256 verification (FIPS 186-5, 6.4.2), by GMP: its modular inverse takes a
 * tenth of OpenSSL's, which is as long as either of the multiplications that follow. Nothing secret
 * goes in here, and time is not constant. For src/crypto only. Thread-safe. */
#ifndef HF_CRYPTO_VERIFY_SCALARS_H
#define HF_CRYPTO_VERIFY_SCALARS_H

#include <stdbool.h>
#include <stdint.h>

#define P256_HALF 32

/* All big-endian. u1 = e / s and u2 = r / s, modulo the order; `e` is below 2^256. False: r or s is
 * zero, or not below the order. */
bool p256_scalars(const uint8_t r[P256_HALF], const uint8_t s[P256_HALF],
                  const uint8_t e[P256_HALF], uint8_t ret_u1[P256_HALF], uint8_t ret_u2[P256_HALF]);

#endif
