/* SPDX-License-Identifier: Apache-2.0
 * Arithmetic modulo P-256's prime, for verification: nothing secret goes in, and time is not
 * constant. Elements are in Montgomery's form (x * 2^256) and below the prime, so that each has one
 * representation. For src/crypto only. */
#ifndef HF_CRYPTO_P256_FIELD_H
#define HF_CRYPTO_P256_FIELD_H

#include "crypto/verify_scalars.h"

#include <string.h>

/* 2^256 - 2^224 + 2^192 + 2^96 - 1 */
#define P256_PRIME                                                                                 \
	((struct p256_number){ { 0xffffffffffffffff, 0x00000000ffffffff, 0, 0xffffffff00000001 } })
/* 1 and 2^256 in Montgomery's form */
#define P256_ONE                                                                                   \
	((struct p256_number){ { 1, 0xffffffff00000000, 0xffffffffffffffff, 0x00000000fffffffe } })
#define P256_RADIX                                                                                 \
	((struct p256_number){ { 3, 0xfffffffbffffffff, 0xfffffffffffffffe, 0x00000004fffffffd } })

typedef unsigned __int128 p256_wide;

/* a + b + *carry, whose carry goes into *carry; and so on. */
static inline uint64_t p256_add_limb(uint64_t a, uint64_t b, uint64_t *carry)
{
	p256_wide sum = (p256_wide)a + b + *carry;

	*carry = (uint64_t)(sum >> 64);
	return (uint64_t)sum;
}

static inline uint64_t p256_sub_limb(uint64_t a, uint64_t b, uint64_t *borrow)
{
	p256_wide difference = (p256_wide)a - b - *borrow;

	*borrow = (uint64_t)(difference >> 64) & 1;
	return (uint64_t)difference;
}

static inline uint64_t p256_mul_limb(uint64_t plus, uint64_t a, uint64_t b, uint64_t *carry)
{
	p256_wide sum = (p256_wide)a * b + plus + *carry;

	*carry = (uint64_t)(sum >> 64);
	return (uint64_t)sum;
}

/* t + top * 2^256, which is below twice the prime, modulo the prime. */
static inline struct p256_number p256_reduce_once(const uint64_t t[4], uint64_t top)
{
	const struct p256_number p = P256_PRIME;
	uint64_t borrow = 0, keep;
	struct p256_number d;

	d.limb[0] = p256_sub_limb(t[0], p.limb[0], &borrow);
	d.limb[1] = p256_sub_limb(t[1], p.limb[1], &borrow);
	d.limb[2] = p256_sub_limb(t[2], p.limb[2], &borrow);
	d.limb[3] = p256_sub_limb(t[3], p.limb[3], &borrow);
	keep = top < borrow ? UINT64_MAX : 0; /* it was below already */
	d.limb[0] = (t[0] & keep) | (d.limb[0] & ~keep);
	d.limb[1] = (t[1] & keep) | (d.limb[1] & ~keep);
	d.limb[2] = (t[2] & keep) | (d.limb[2] & ~keep);
	d.limb[3] = (t[3] & keep) | (d.limb[3] & ~keep);
	return d;
}

/* t = (t + a * b + m * prime) / 2^64, with the m that makes this whole. The prime being -1 modulo
 * 2^64, m is the lowest limb; and m * prime is m * (2^64 - 2^32 + 1) * 2^192 + m * 2^96 - m. */
static inline void p256_mul_round(uint64_t t[5], const uint64_t a[4], uint64_t b)
{
	uint64_t carry = 0, top = 0, m;
	p256_wide high;

	t[0] = p256_mul_limb(t[0], a[0], b, &carry);
	t[1] = p256_mul_limb(t[1], a[1], b, &carry);
	t[2] = p256_mul_limb(t[2], a[2], b, &carry);
	t[3] = p256_mul_limb(t[3], a[3], b, &carry);
	t[4] = p256_add_limb(t[4], carry, &top);
	m = t[0];
	high = (p256_wide)m * 0xffffffff00000001;
	carry = 0;
	t[0] = p256_add_limb(t[1], m << 32, &carry);
	t[1] = p256_add_limb(t[2], m >> 32, &carry);
	t[2] = p256_add_limb(t[3], (uint64_t)high, &carry);
	t[3] = p256_add_limb(t[4], (uint64_t)(high >> 64), &carry);
	t[4] = top + carry;
}

/* a * b / 2^256: of two in Montgomery's form, their product in that form. */
static inline struct p256_number p256_mul(const struct p256_number *a, const struct p256_number *b)
{
	uint64_t t[5] = { 0 };

	p256_mul_round(t, a->limb, b->limb[0]);
	p256_mul_round(t, a->limb, b->limb[1]);
	p256_mul_round(t, a->limb, b->limb[2]);
	p256_mul_round(t, a->limb, b->limb[3]);
	return p256_reduce_once(t, t[4]);
}

static inline struct p256_number p256_square(const struct p256_number *a)
{
	return p256_mul(a, a);
}

static inline struct p256_number p256_add(const struct p256_number *a, const struct p256_number *b)
{
	uint64_t t[4], carry = 0;

	t[0] = p256_add_limb(a->limb[0], b->limb[0], &carry);
	t[1] = p256_add_limb(a->limb[1], b->limb[1], &carry);
	t[2] = p256_add_limb(a->limb[2], b->limb[2], &carry);
	t[3] = p256_add_limb(a->limb[3], b->limb[3], &carry);
	return p256_reduce_once(t, carry);
}

static inline struct p256_number p256_sub(const struct p256_number *a, const struct p256_number *b)
{
	const struct p256_number p = P256_PRIME;
	uint64_t borrow = 0, carry = 0, again;
	struct p256_number d;

	d.limb[0] = p256_sub_limb(a->limb[0], b->limb[0], &borrow);
	d.limb[1] = p256_sub_limb(a->limb[1], b->limb[1], &borrow);
	d.limb[2] = p256_sub_limb(a->limb[2], b->limb[2], &borrow);
	d.limb[3] = p256_sub_limb(a->limb[3], b->limb[3], &borrow);
	again = borrow ? UINT64_MAX : 0; /* below zero: the prime is added */
	d.limb[0] = p256_add_limb(d.limb[0], p.limb[0] & again, &carry);
	d.limb[1] = p256_add_limb(d.limb[1], p.limb[1] & again, &carry);
	d.limb[2] = p256_add_limb(d.limb[2], p.limb[2] & again, &carry);
	d.limb[3] = p256_add_limb(d.limb[3], p.limb[3] & again, &carry);
	return d;
}

static inline bool p256_equal(const struct p256_number *a, const struct p256_number *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool p256_is_zero(const struct p256_number *a)
{
	return !(a->limb[0] | a->limb[1] | a->limb[2] | a->limb[3]);
}

/* Into Montgomery's form; `a` is below the prime. */
static inline struct p256_number p256_element(const struct p256_number *a)
{
	const struct p256_number radix = P256_RADIX;

	return p256_mul(a, &radix);
}

/* 1 / a; `a` is not zero. */
static inline struct p256_number p256_inverse(const struct p256_number *a)
{
	const struct p256_number p = P256_PRIME;
	struct p256_number inverse;

	p256_invert(a, &p, &inverse);
	inverse = p256_element(&inverse); /* which a's own factor of 2^256 took away twice */
	return p256_element(&inverse);
}

#endif
