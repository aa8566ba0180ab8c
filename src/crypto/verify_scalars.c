/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/verify_scalars.h"

#include <gmp.h>

#define LIMBS 4

_Static_assert(GMP_NUMB_BITS == 64 && P256_HALF == 8 * LIMBS, "limbs of 64 bits");

/* SEC 2, 2.4.2; limbs from the lowest. */
static const mp_limb_t order[LIMBS] = { 0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff,
	                                0xffffffff00000000 };

static void load(const uint8_t from[P256_HALF], mp_limb_t to[LIMBS])
{
	for (unsigned i = 0; i < LIMBS; i++) {
		const uint8_t *p = from + 8 * (LIMBS - 1 - i);

		to[i] = 0;
		for (unsigned j = 0; j < 8; j++)
			to[i] = to[i] << 8 | p[j];
	}
}

static void store(const mp_limb_t from[LIMBS], uint8_t to[P256_HALF])
{
	for (unsigned i = 0; i < P256_HALF; i++)
		to[P256_HALF - 1 - i] = (uint8_t)(from[i / 8] >> (8 * (i % 8)));
}

static bool within(const mp_limb_t x[LIMBS])
{
	return !mpn_zero_p(x, LIMBS) && mpn_cmp(x, order, LIMBS) < 0;
}

/* The functions on limbs take no memory of their own at this size: GMP would abort if there were
 * none. S of the extended algorithm, G = x*S + order*T with G = 1, comes with a sign. */
static void invert(const mp_limb_t x[LIMBS], mp_limb_t ret[LIMBS])
{
	mp_limb_t u[LIMBS + 1], v[LIMBS + 1], g[LIMBS + 1], s[LIMBS + 2];
	mp_size_t sn = 0;

	mpn_copyi(u, x, LIMBS);
	mpn_copyi(v, order, LIMBS);
	mpn_gcdext(g, s, &sn, u, LIMBS, v, LIMBS);
	mpn_zero(ret, LIMBS);
	if (sn >= 0)
		mpn_copyi(ret, s, sn);
	else
		mpn_sub(ret, order, LIMBS, s, -sn);
}

static void multiply(const mp_limb_t a[LIMBS], const mp_limb_t b[LIMBS], mp_limb_t ret[LIMBS])
{
	mp_limb_t product[2 * LIMBS], quotient[LIMBS + 1];

	mpn_mul_n(product, a, b, LIMBS);
	mpn_tdiv_qr(quotient, ret, 0, product, 2 * LIMBS, order, LIMBS);
}

bool p256_scalars(const uint8_t r[P256_HALF], const uint8_t s[P256_HALF],
                  const uint8_t e[P256_HALF], uint8_t ret_u1[P256_HALF], uint8_t ret_u2[P256_HALF])
{
	mp_limb_t lr[LIMBS], ls[LIMBS], le[LIMBS], w[LIMBS], u[LIMBS];

	load(r, lr);
	load(s, ls);
	load(e, le);
	if (!within(lr) || !within(ls))
		return false;
	invert(ls, w);
	multiply(le, w, u);
	store(u, ret_u1);
	multiply(lr, w, u);
	store(u, ret_u2);
	return true;
}
