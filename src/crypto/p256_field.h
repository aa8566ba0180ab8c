/* SPDX-License-Identifier: Apache-2.0
 * Arithmetic modulo P-256's prime, for verification: nothing secret goes in, and time is not
 * constant. For src/crypto only.
 *
 * An element is kept in five limbs of 52 bits: their products add up in 128 bits without carries,
 * and the prime looks so in them that a reduction takes shifts only:
 *
 *   p = -1 + 2^44 * 2^52 + 2^36 * 2^156 + (2^48 - 2^16) * 2^208
 *
 * It is in Montgomery's form (x * 2^260) and below 2.1 * p, but not always below p, so that a
 * number has up to three representations. Whatever goes in and comes out here is so: products come
 * out below 2.1^2 / 16 + 1 < 1.3 times p, since p is a sixteenth of 2^260; sums and differences are
 * settled. */
#ifndef HF_CRYPTO_P256_FIELD_H
#define HF_CRYPTO_P256_FIELD_H

#include "crypto/verify_scalars.h"

struct p256_element {
	uint64_t limb[5]; /* the lowest first; the last one has what is above 2^256, too */
};

#define P256_PRIME                                                                                 \
	((struct p256_number){ { 0xffffffffffffffff, 0x00000000ffffffff, 0, 0xffffffff00000001 } })
/* 1 and 2^260 in Montgomery's form */
#define P256_ONE                                                                                   \
	((struct p256_element){                                                                    \
	        { 0x10, 0xf000000000000, 0xfffffffffffff, 0xffeffffffffff, 0xfffff } })
#define P256_RADIX                                                                                 \
	((struct p256_element){                                                                    \
	        { 0x300, 0xffffffff00000, 0xffffefffffffb, 0xfdfffffffffff, 0x4ffffff } })
#define P256_LIMB_MASK (((uint64_t)1 << 52) - 1)

typedef unsigned __int128 p256_wide;

/* t = (t + a * b + m * p) / 2^52, with the m that makes this whole: p being -1 modulo 2^52, m is
 * what the lowest limb has. */
static inline void p256_mul_round(p256_wide t[5], const uint64_t a[5], uint64_t b)
{
	p256_wide m;

	t[0] += (p256_wide)a[0] * b;
	t[1] += (p256_wide)a[1] * b;
	t[2] += (p256_wide)a[2] * b;
	t[3] += (p256_wide)a[3] * b;
	t[4] += (p256_wide)a[4] * b;
	m = (uint64_t)t[0] & P256_LIMB_MASK;
	t[0] = t[1] + (t[0] >> 52) + (m << 44);
	t[1] = t[2];
	t[2] = t[3] + (m << 36);
	t[3] = t[4] + (m << 48) - (m << 16);
	t[4] = 0;
}

/* a * b / 2^260: of two in Montgomery's form, their product in that form. */
static inline struct p256_element p256_mul(const struct p256_element *a,
                                           const struct p256_element *b)
{
	struct p256_element product;
	p256_wide t[5] = { 0 };

	p256_mul_round(t, a->limb, b->limb[0]);
	p256_mul_round(t, a->limb, b->limb[1]);
	p256_mul_round(t, a->limb, b->limb[2]);
	p256_mul_round(t, a->limb, b->limb[3]);
	p256_mul_round(t, a->limb, b->limb[4]);
	t[1] += t[0] >> 52;
	t[2] += t[1] >> 52;
	t[3] += t[2] >> 52;
	product.limb[0] = (uint64_t)t[0] & P256_LIMB_MASK;
	product.limb[1] = (uint64_t)t[1] & P256_LIMB_MASK;
	product.limb[2] = (uint64_t)t[2] & P256_LIMB_MASK;
	product.limb[3] = (uint64_t)t[3] & P256_LIMB_MASK;
	product.limb[4] = (uint64_t)(t[3] >> 52);
	return product;
}

static inline struct p256_element p256_square(const struct p256_element *a)
{
	return p256_mul(a, a);
}

/* t - times * p, whose limbs have signs, with all carries done; it is not negative. */
static inline struct p256_element p256_less(const int64_t t[5], int64_t times)
{
	int64_t l0 = t[0] + times;
	int64_t l1 = t[1] - times * ((int64_t)1 << 44) + (l0 >> 52);
	int64_t l2 = t[2] + (l1 >> 52);
	int64_t l3 = t[3] - times * ((int64_t)1 << 36) + (l2 >> 52);
	int64_t l4 = t[4] - times * (((int64_t)1 << 48) - (1 << 16)) + (l3 >> 52);

	return (struct p256_element){
		{ (uint64_t)l0 & P256_LIMB_MASK, (uint64_t)l1 & P256_LIMB_MASK,
		  (uint64_t)l2 & P256_LIMB_MASK, (uint64_t)l3 & P256_LIMB_MASK, (uint64_t)l4 }
	};
}

/* Below 2.1 * p, and above zero. What the highest limb has above 2^256 is how often p is in it, but
 * for the carries, which are why one is left. */
static inline struct p256_element p256_settle(const int64_t t[5])
{
	return p256_less(t, (t[4] >> 48) - 1);
}

static inline struct p256_element p256_add(const struct p256_element *a,
                                           const struct p256_element *b)
{
	int64_t t[5];

	for (unsigned i = 0; i < 5; i++)
		t[i] = (int64_t)(a->limb[i] + b->limb[i]);
	return p256_settle(t);
}

/* a - b + 4 * p */
static inline struct p256_element p256_sub(const struct p256_element *a,
                                           const struct p256_element *b)
{
	int64_t t[5];

	t[0] = (int64_t)(a->limb[0] - b->limb[0]) - 4;
	t[1] = (int64_t)(a->limb[1] - b->limb[1]) + ((int64_t)4 << 44);
	t[2] = (int64_t)(a->limb[2] - b->limb[2]);
	t[3] = (int64_t)(a->limb[3] - b->limb[3]) + ((int64_t)4 << 36);
	t[4] = (int64_t)(a->limb[4] - b->limb[4]) + ((int64_t)4 << 48) - (4 << 16);
	return p256_settle(t);
}

/* As one number below p, still in Montgomery's form; and back. */
static inline struct p256_number p256_pack(const struct p256_element *a)
{
	struct p256_element e = *a;
	const uint64_t *l = e.limb;

	for (unsigned i = 0; i < 2; i++) {
		struct p256_element less = p256_less((const int64_t *)e.limb, 1);

		if (!(less.limb[4] >> 63)) /* not negative */
			e = less;
	}
	return (struct p256_number){ { l[0] | l[1] << 52, l[1] >> 12 | l[2] << 40,
		                       l[2] >> 24 | l[3] << 28, l[3] >> 36 | l[4] << 16 } };
}

static inline struct p256_element p256_unpack(const struct p256_number *n)
{
	const uint64_t *l = n->limb;

	return (struct p256_element){ { l[0] & P256_LIMB_MASK,
		                        (l[0] >> 52 | l[1] << 12) & P256_LIMB_MASK,
		                        (l[1] >> 40 | l[2] << 24) & P256_LIMB_MASK,
		                        (l[2] >> 28 | l[3] << 36) & P256_LIMB_MASK, l[3] >> 16 } };
}

/* 0, p and 2 * p end in 0, -1 and -2: of nearly all others that is enough to know. */
static inline bool p256_is_zero(const struct p256_element *a)
{
	struct p256_number n;

	if (((a->limb[0] + 2) & P256_LIMB_MASK) > 2)
		return false;
	n = p256_pack(a);
	return !(n.limb[0] | n.limb[1] | n.limb[2] | n.limb[3]);
}

static inline bool p256_equal(const struct p256_element *a, const struct p256_element *b)
{
	struct p256_element difference = p256_sub(a, b);

	return p256_is_zero(&difference);
}

/* Into Montgomery's form; `n` is below p. */
static inline struct p256_element p256_from(const struct p256_number *n)
{
	const struct p256_element radix = P256_RADIX, plain = p256_unpack(n);

	return p256_mul(&plain, &radix);
}

/* 1 / a; `a` is not zero. */
static inline struct p256_element p256_inverse(const struct p256_element *a)
{
	const struct p256_element radix = P256_RADIX;
	const struct p256_number p = P256_PRIME;
	struct p256_number packed = p256_pack(a);
	struct p256_element inverse;

	p256_invert(&packed, &p, &packed);
	inverse = p256_from(&packed); /* which a's own factor of 2^260 took away twice */
	return p256_mul(&inverse, &radix);
}

#endif
