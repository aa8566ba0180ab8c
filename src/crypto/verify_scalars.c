/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/verify_scalars.h"

#include <gmp.h>

#define LIMBS 4

_Static_assert(GMP_NUMB_BITS == 64 && P256_HALF == 8 * LIMBS &&
                       sizeof(mp_limb_t) == sizeof(uint64_t),
               "limbs of 64 bits");

void p256_number_load(const uint8_t from[P256_HALF], struct p256_number *ret)
{
	for (unsigned i = 0; i < LIMBS; i++) {
		const uint8_t *p = from + 8 * (LIMBS - 1 - i);

		ret->limb[i] = 0;
		for (unsigned j = 0; j < 8; j++)
			ret->limb[i] = ret->limb[i] << 8 | p[j];
	}
}

bool p256_number_below(const struct p256_number *a, const struct p256_number *b)
{
	return mpn_cmp(a->limb, b->limb, LIMBS) < 0;
}

static bool within(const struct p256_number *x, const struct p256_number *order)
{
	return !mpn_zero_p(x->limb, LIMBS) && p256_number_below(x, order);
}

/* The functions on limbs take no memory of their own at this size: GMP would abort if there were
 * none. S of the extended algorithm, G = x*S + prime*T with G = 1, comes with a sign. */
void p256_invert(const struct p256_number *x, const struct p256_number *prime,
                 struct p256_number *ret)
{
	mp_limb_t u[LIMBS + 1], v[LIMBS + 1], g[LIMBS + 1], s[LIMBS + 2];
	mp_size_t sn = 0;

	mpn_copyi(u, x->limb, LIMBS);
	mpn_copyi(v, prime->limb, LIMBS);
	mpn_gcdext(g, s, &sn, u, LIMBS, v, LIMBS);
	mpn_zero(ret->limb, LIMBS);
	if (sn >= 0)
		mpn_copyi(ret->limb, s, sn);
	else
		mpn_sub(ret->limb, prime->limb, LIMBS, s, -sn);
}

static void multiply(const struct p256_number *a, const struct p256_number *b,
                     const struct p256_number *order, struct p256_number *ret)
{
	mp_limb_t product[2 * LIMBS], quotient[LIMBS + 1];

	mpn_mul_n(product, a->limb, b->limb, LIMBS);
	mpn_tdiv_qr(quotient, ret->limb, 0, product, 2 * LIMBS, order->limb, LIMBS);
}

bool p256_scalars(const struct p256_number *r, const struct p256_number *s,
                  const struct p256_number *e, struct p256_number *ret_u1,
                  struct p256_number *ret_u2)
{
	const struct p256_number order = P256_ORDER;
	struct p256_number w;

	if (!within(r, &order) || !within(s, &order))
		return false;
	p256_invert(s, &order, &w);
	multiply(e, &w, &order, ret_u1);
	multiply(r, &w, &order, ret_u2);
	return true;
}
