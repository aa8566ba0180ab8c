/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/verify_p256.h"

#include "crypto/p256_table.h"
#include "crypto/shared.h"

#include <openssl/err.h>
#include <pthread.h>

/* More bits are fewer additions and more memory; above these a bit saves less than a twentieth. */
enum { WIDTH_OF_G = 12, WIDTH_OF_KEYS = 10, POINT_LEN = 1 + 2 * P256_HALF };

HF_DEFINE_CLEANUP(EC_POINT_free, EC_POINT *)

struct p256_table {
	struct p256_multiples *of_g; /* everybody's */
	struct p256_multiples *of_key;
};

static struct p256_multiples *of_g; /* NULL: no memory */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct p256_point load_point(const uint8_t xy[2 * P256_HALF])
{
	struct p256_number x, y;

	p256_number_load(xy, &x);
	p256_number_load(xy + P256_HALF, &y);
	return p256_point_of(&x, &y);
}

/* OpenSSL's word that a point is on the curve is what all that follows stands on. */
static hf_status write_point(const EC_POINT *point, struct p256_point *ret)
{
	uint8_t bytes[POINT_LEN];

	HF_ENSURE(EC_POINT_point2oct(crypto_shared()->p256, point, POINT_CONVERSION_UNCOMPRESSED,
	                             bytes, sizeof(bytes), NULL) == sizeof(bytes),
	          HF_INVALID); /* infinity takes one byte */
	*ret = load_point(bytes + 1);
	return HF_SUCCESS;
}

static hf_status read_point(struct hf_span from, struct p256_point *ret)
{
	const EC_GROUP *curve = crypto_shared()->p256;
	HF_CLEANUP(EC_POINT_free_at) EC_POINT *q = EC_POINT_new(curve);

	HF_ENSURE(q, HF_NOMEM);
	HF_ENSURE(EC_POINT_oct2point(curve, q, from.ptr, from.len, NULL) == 1, HF_INVALID);
	return write_point(q, ret);
}

static void make_of_g(void)
{
	struct p256_point g;

	if (hf_ok(write_point(EC_GROUP_get0_generator(crypto_shared()->p256), &g)))
		hf_ignore(p256_multiples_make(&g, WIDTH_OF_G, &of_g));
}

void p256_table_free(struct p256_table *t)
{
	if (!t)
		return;
	p256_multiples_free(t->of_key);
	free(t);
}

HF_DEFINE_CLEANUP(p256_table_free, struct p256_table *)

hf_status p256_table_make(struct hf_span point, struct p256_table **ret)
{
	HF_CLEANUP(p256_table_free_at) struct p256_table *t = NULL;
	struct p256_point q;
	hf_status s;

	HF_ENSURE(crypto_shared(), HF_INTERNAL);
	s = read_point(point, &q);
	if (!hf_ok(s)) {
		ERR_clear_error();
		return s;
	}
	pthread_once(&once, make_of_g);
	t = calloc(1, sizeof(*t));
	HF_ENSURE(t && of_g, HF_NOMEM);
	t->of_g = of_g;
	HF_TRY(p256_multiples_make(&q, WIDTH_OF_KEYS, &t->of_key));
	*ret = hf_take(t);
	return HF_SUCCESS;
}

/* The prime less the order. */
static const struct p256_number above_order = { { 0x0c46353d039cdaae, 0x4319055358e8617b } };

/* Is the sum's x this number, modulo the order? x is X / ZZ, so that r * ZZ is compared with X,
 * which spares an inversion; and so for r + n, where that is below p still. */
static bool x_is(const struct p256_sum *sum, const struct p256_number *r)
{
	const struct p256_number order = P256_ORDER;
	struct p256_element n = p256_from(&order), x = p256_from(r), scaled;

	scaled = p256_mul(&x, &sum->zz);
	if (p256_equal(&scaled, &sum->x))
		return true;
	if (!p256_number_below(r, &above_order))
		return false;
	x = p256_add(&x, &n);
	scaled = p256_mul(&x, &sum->zz);
	return p256_equal(&scaled, &sum->x);
}

/* The digest's leftmost 256 bits, or all of it, as a number. */
static void number_of(struct hf_span digest, struct p256_number *ret)
{
	size_t n = digest.len < P256_HALF ? digest.len : P256_HALF;
	uint8_t bytes[P256_HALF] = { 0 };

	memcpy(bytes + P256_HALF - n, digest.ptr, n);
	p256_number_load(bytes, ret);
}

hf_status p256_table_verify(const struct p256_table *t, struct hf_span digest,
                            const uint8_t raw[2 * P256_HALF])
{
	struct p256_number r, s, e, u1, u2;
	struct p256_sum sum = { 0 };

	p256_number_load(raw, &r);
	p256_number_load(raw + P256_HALF, &s);
	number_of(digest, &e);
	HF_ENSURE(p256_scalars(&r, &s, &e, &u1, &u2), HF_UNAUTHENTIC);
	p256_multiples_add(t->of_g, &u1, &sum);
	p256_multiples_add(t->of_key, &u2, &sum);
	HF_ENSURE(!p256_is_zero(&sum.zz) && x_is(&sum, &r), HF_UNAUTHENTIC);
	return HF_SUCCESS;
}
