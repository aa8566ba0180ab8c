/* SPDX-License-Identifier: Apache-2.0
 * Multiples of a point of P-256, so that k*P is a matter of look-ups: for each window of `width`
 * bits of k one addition. For verification: nothing secret goes in, and time is not constant. For
 * src/crypto only. */
#ifndef HF_CRYPTO_P256_TABLE_H
#define HF_CRYPTO_P256_TABLE_H

#include "base/status.h"
#include "crypto/p256_field.h"

/* Never the point at infinity. p256_pack() of its coordinates, so that it fits a cache's line. */
struct p256_point {
	struct p256_number x, y;
};

/* From plain coordinates, which are below the prime and on the curve. */
struct p256_point p256_point_of(const struct p256_number *x, const struct p256_number *y);

/* A point as a sum comes out: x / zz and y / zzz, with zz^3 = zzz^2. zz is zero: infinity. */
struct p256_sum {
	struct p256_element x, y, zz, zzz;
};

struct p256_multiples; /* read only once made: any thread */

/* `width`: 9 to 12. Takes 32 * 2^width * (256 / width + 1) bytes. HF_INVALID, HF_NOMEM. The caller
 * owns *ret: p256_multiples_free(). */
HF_MUST hf_status p256_multiples_make(const struct p256_point *point, unsigned width,
                                      struct p256_multiples **ret);
void p256_multiples_free(struct p256_multiples *m);

/* sum += k * point */
void p256_multiples_add(const struct p256_multiples *m, const struct p256_number *k,
                        struct p256_sum *sum);

#endif
