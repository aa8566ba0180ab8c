/* SPDX-License-Identifier: Apache-2.0
 * The arithmetic behind fast verification, against OpenSSL's. Whole signatures: test_vectors.c. */
#include "check.h"

#include "crypto/p256_table.h"
#include "crypto/verify_p256.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

enum { NUMBERS = 300 };

static EC_GROUP *curve;
static BN_CTX *ctx;
static BIGNUM *prime;

static int set_up(void **state)
{
	curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	ctx = BN_CTX_new();
	prime = BN_new();
	return EC_GROUP_get_curve(curve, prime, NULL, NULL, NULL) == 1 ? 0 : -1;
}

static int tear_down(void **state)
{
	EC_GROUP_free(curve);
	BN_CTX_free(ctx);
	BN_free(prime);
	return 0;
}

static struct p256_number number_of(const BIGNUM *bn)
{
	uint8_t bytes[P256_HALF];
	struct p256_number n;

	CHECK(BN_bn2binpad(bn, bytes, sizeof(bytes)) == sizeof(bytes));
	p256_number_load(bytes, &n);
	return n;
}

static struct p256_element element_of(const BIGNUM *bn)
{
	struct p256_number n = number_of(bn);

	return p256_from(&n);
}

static bool same(const struct p256_number *a, const struct p256_number *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Edges first: 0 and up, the modulus and down, powers of two and what is below them; then chance,
 * with long runs of the same bit in every other one. */
static void some_number(int i, const BIGNUM *modulus, BIGNUM *to)
{
	if (i < 20) {
		BN_set_word(to, (BN_ULONG)i);
	} else if (i < 40) {
		BN_copy(to, modulus);
		BN_sub_word(to, (BN_ULONG)(i - 19));
	} else if (i < 168) {
		BN_one(to);
		BN_lshift(to, to, 2 * (i - 40) + 1);
		BN_sub_word(to, i % 2);
	} else {
		BN_rand(to, 256, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
		for (int bit = i % 64; i % 2 && bit < 190; bit++)
			BN_set_bit(to, bit);
	}
	CHECK(BN_nnmod(to, to, modulus, ctx) == 1);
}

/* Sums and differences need not be below p; zero comes out of them as p or as 2 * p, too. */
static void check_unsettled(const struct p256_element *x, const struct p256_element *y,
                            const BIGNUM *a, const BIGNUM *b)
{
	struct p256_element l = p256_sub(x, y), r = p256_sub(y, x), zero = p256_add(&l, &r), want;
	BIGNUM *left = BN_new(), *right = BN_new();

	CHECK(p256_is_zero(&zero));
	zero = p256_mul(&zero, x);
	CHECK(p256_is_zero(&zero));
	zero = p256_sub(x, x);
	CHECK(p256_is_zero(&zero));
	l = p256_sub(&l, x); /* l = -b, r = b - 2 * a */
	l = p256_add(&l, &zero);
	r = p256_sub(&r, x);
	BN_mod_sub(left, prime, b, prime, ctx);
	BN_mod_sub(right, b, a, prime, ctx);
	BN_mod_sub(right, right, a, prime, ctx);
	BN_mod_mul(left, left, right, prime, ctx);
	l = p256_mul(&l, &r);
	want = element_of(left);
	CHECK(p256_equal(&l, &want));
	BN_free(left);
	BN_free(right);
}

static void the_field_is_openssls(void **state)
{
	BIGNUM *a = BN_new(), *b = BN_new(), *c = BN_new();

	for (int i = 0; i < NUMBERS; i++) {
		struct p256_element x, y, got, want;

		some_number(i, prime, a);
		some_number((i * 7 + 3) % NUMBERS, prime, b);
		x = element_of(a);
		y = element_of(b);
		BN_mod_mul(c, a, b, prime, ctx);
		got = p256_mul(&x, &y);
		want = element_of(c);
		CHECK(p256_equal(&got, &want));
		BN_mod_add(c, a, b, prime, ctx);
		got = p256_add(&x, &y);
		want = element_of(c);
		CHECK(p256_equal(&got, &want));
		BN_mod_sub(c, a, b, prime, ctx);
		got = p256_sub(&x, &y);
		want = element_of(c);
		CHECK(p256_equal(&got, &want));
		check_unsettled(&x, &y, a, b);
		if (BN_is_zero(a)) {
			CHECK(p256_is_zero(&x));
			continue;
		}
		CHECK(BN_mod_inverse(c, a, prime, ctx) == c);
		got = p256_inverse(&x);
		want = element_of(c);
		CHECK(p256_equal(&got, &want));
	}
	BN_free(a);
	BN_free(b);
	BN_free(c);
}

static struct p256_point point_of(const EC_POINT *point)
{
	BIGNUM *x = BN_new(), *y = BN_new();
	struct p256_number nx, ny;
	struct p256_point p;

	CHECK(EC_POINT_get_affine_coordinates(curve, point, x, y, ctx) == 1);
	nx = number_of(x);
	ny = number_of(y);
	p = p256_point_of(&nx, &ny);
	BN_free(x);
	BN_free(y);
	return p;
}

static void check_sum(const struct p256_sum *sum, const EC_POINT *want)
{
	struct p256_element cube, square, x, y;
	struct p256_point p;

	CHECK(p256_is_zero(&sum->zz) == EC_POINT_is_at_infinity(curve, want));
	if (p256_is_zero(&sum->zz))
		return;
	p = point_of(want);
	x = p256_unpack(&p.x);
	y = p256_unpack(&p.y);
	x = p256_mul(&x, &sum->zz);
	y = p256_mul(&y, &sum->zzz);
	CHECK(p256_equal(&x, &sum->x) && p256_equal(&y, &sum->y));
	cube = p256_square(&sum->zz);
	cube = p256_mul(&cube, &sum->zz);
	square = p256_square(&sum->zzz);
	CHECK(p256_equal(&cube, &square));
}

/* a*P + b*P, for numbers that make the second a doubling, or its opposite, too. */
static void check_two(const struct p256_multiples *m, const EC_POINT *p, const BIGNUM *a,
                      const BIGNUM *b)
{
	struct p256_number first = number_of(a), second = number_of(b);
	EC_POINT *want = EC_POINT_new(curve);
	struct p256_sum sum = { 0 };
	BIGNUM *both = BN_new();

	p256_multiples_add(m, &first, &sum);
	EC_POINT_mul(curve, want, NULL, p, a, ctx);
	check_sum(&sum, want);
	p256_multiples_add(m, &second, &sum);
	BN_mod_add(both, a, b, EC_GROUP_get0_order(curve), ctx);
	EC_POINT_mul(curve, want, NULL, p, both, ctx);
	check_sum(&sum, want);
	EC_POINT_free(want);
	BN_free(both);
}

static void check_point(const EC_POINT *point, unsigned width)
{
	const BIGNUM *order = EC_GROUP_get0_order(curve);
	struct p256_multiples *m = NULL;
	struct p256_point p = point_of(point);
	BIGNUM *a = BN_new(), *b = BN_new();

	CHECK_OK(p256_multiples_make(&p, width, &m));
	for (int i = 0; i < NUMBERS; i++) {
		some_number(i, order, a);
		some_number((i * 7 + 3) % NUMBERS, order, b);
		check_two(m, point, a, b);
		if (i % 10 == 0)
			check_two(m, point, a, a);
		BN_sub(b, order, a);
		if (i % 10 == 0 && !BN_is_zero(a))
			check_two(m, point, a, b);
	}
	p256_multiples_free(m);
	BN_free(a);
	BN_free(b);
}

static void multiples_are_openssls_at_every_width(void **state)
{
	struct p256_point p = point_of(EC_GROUP_get0_generator(curve));
	EC_POINT *point = EC_POINT_new(curve);
	struct p256_multiples *m = NULL;
	BIGNUM *k = BN_new();

	check_point(EC_GROUP_get0_generator(curve), 9);
	for (unsigned width = 9; width <= 12; width++) {
		BN_rand_range(k, EC_GROUP_get0_order(curve));
		EC_POINT_mul(curve, point, k, NULL, NULL, ctx);
		check_point(point, width);
	}
	CHECK_CODE(p256_multiples_make(&p, 8, &m), HF_INVALID);
	CHECK_CODE(p256_multiples_make(&p, 13, &m), HF_INVALID);
	EC_POINT_free(point);
	BN_free(k);
}

static void scalars_are_quotients_modulo_the_order(void **state)
{
	const BIGNUM *order = EC_GROUP_get0_order(curve);
	BIGNUM *r = BN_new(), *s = BN_new(), *e = BN_new(), *u = BN_new(), *max = BN_new();

	BN_set_bit(max, 256);
	for (int i = 1; i < NUMBERS; i++) {
		struct p256_number nr, ns, ne, u1, u2, want;

		some_number(i, order, r);
		some_number((i * 7 + 3) % NUMBERS, order, s);
		some_number((i * 11 + 5) % NUMBERS, max, e);
		nr = number_of(r);
		ns = number_of(s);
		ne = number_of(e);
		if (BN_is_zero(r) || BN_is_zero(s)) {
			CHECK(!p256_scalars(&nr, &ns, &ne, &u1, &u2));
			continue;
		}
		CHECK(p256_scalars(&nr, &ns, &ne, &u1, &u2));
		BN_mod_inverse(s, s, order, ctx);
		BN_mod_mul(u, e, s, order, ctx);
		want = number_of(u);
		CHECK(same(&u1, &want));
		BN_mod_mul(u, r, s, order, ctx);
		want = number_of(u);
		CHECK(same(&u2, &want));
		nr = number_of(order);
		CHECK(!p256_scalars(&nr, &ns, &ne, &u1, &u2));
		nr.limb[0]++;
		CHECK(!p256_scalars(&ne, &nr, &ne, &u1, &u2));
	}
	BN_free(r);
	BN_free(s);
	BN_free(e);
	BN_free(u);
	BN_free(max);
}

/* A point whose x is not below the order: one in 2^128, found only by looking for it. */
static void find_large_x(EC_POINT *to, BIGNUM *x)
{
	BN_copy(x, EC_GROUP_get0_order(curve));
	while (EC_POINT_set_compressed_coordinates(curve, to, x, 0, ctx) != 1)
		BN_add_word(x, 1);
}

/* The public key for which u1*G + u2*Q is this point: Q = (R - u1*G) / u2. */
static struct p256_table *table_of(const EC_POINT *r, const BIGNUM *u1, const BIGNUM *u2)
{
	EC_POINT *q = EC_POINT_new(curve);
	struct p256_table *table = NULL;
	BIGNUM *inverse = BN_new();
	uint8_t bytes[65];

	EC_POINT_mul(curve, q, u1, NULL, NULL, ctx);
	EC_POINT_invert(curve, q, ctx);
	EC_POINT_add(curve, q, q, r, ctx);
	BN_mod_inverse(inverse, u2, EC_GROUP_get0_order(curve), ctx);
	EC_POINT_mul(curve, q, NULL, q, inverse, ctx);
	EC_POINT_point2oct(curve, q, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof(bytes), ctx);
	CHECK_OK(p256_table_make(HF_SPAN(bytes, sizeof(bytes)), &table));
	EC_POINT_free(q);
	BN_free(inverse);
	return table;
}

static void an_x_beyond_the_order_counts_as_its_remainder(void **state)
{
	const BIGNUM *order = EC_GROUP_get0_order(curve);
	BIGNUM *r = BN_new(), *s = BN_new(), *e = BN_new(), *u1 = BN_new(), *u2 = BN_new();
	EC_POINT *point = EC_POINT_new(curve);
	uint8_t raw[64], digest[32];
	struct p256_table *table;

	BN_rand_range(u1, order);
	BN_rand_range(u2, order);
	find_large_x(point, r);
	table = table_of(point, u1, u2);
	BN_bn2binpad(r, raw, 32); /* x itself is no r */
	BN_sub(r, r, order);
	BN_mod_inverse(s, u2, order, ctx);
	BN_mod_mul(s, s, r, order, ctx);
	BN_mod_mul(e, u1, s, order, ctx);
	BN_bn2binpad(s, raw + 32, 32);
	BN_bn2binpad(e, digest, 32);
	CHECK_CODE(p256_table_verify(table, HF_SPAN(digest, 32), raw), HF_UNAUTHENTIC);
	BN_bn2binpad(r, raw, 32);
	CHECK_OK(p256_table_verify(table, HF_SPAN(digest, 32), raw));
	raw[31] ^= 1;
	CHECK_CODE(p256_table_verify(table, HF_SPAN(digest, 32), raw), HF_UNAUTHENTIC);
	p256_table_free(table);
	EC_POINT_free(point);
	BN_free(r);
	BN_free(s);
	BN_free(e);
	BN_free(u1);
	BN_free(u2);
}

/* As of a key that is G itself or its opposite. */
static void a_sum_that_doubles_or_vanishes_is_judged_rightly(void **state)
{
	uint8_t bytes[65], raw[64] = { 0 }, digest[32] = { 0 };
	EC_POINT *q = EC_POINT_new(curve);
	BIGNUM *two_g_x = BN_new(), *two = BN_new();

	BN_set_word(two, 2);
	EC_POINT_mul(curve, q, two, NULL, NULL, ctx);
	EC_POINT_get_affine_coordinates(curve, q, two_g_x, NULL, ctx);
	BN_bn2binpad(two_g_x, raw, 32); /* r = s = e: u1 = u2 = 1 */
	memcpy(raw + 32, raw, 32);
	memcpy(digest, raw, 32);
	for (int negative = 0; negative <= 1; negative++) {
		struct p256_table *table = NULL;

		EC_POINT_copy(q, EC_GROUP_get0_generator(curve));
		if (negative)
			EC_POINT_invert(curve, q, ctx);
		EC_POINT_point2oct(curve, q, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof(bytes),
		                   ctx);
		CHECK_OK(p256_table_make(HF_SPAN(bytes, sizeof(bytes)), &table));
		CHECK_CODE(p256_table_verify(table, HF_SPAN(digest, 32), raw),
		           negative ? HF_UNAUTHENTIC : HF_OK);
		p256_table_free(table);
	}
	EC_POINT_free(q);
	BN_free(two_g_x);
	BN_free(two);
}

static void what_is_no_point_gets_no_table(void **state)
{
	struct p256_table *table = NULL;
	uint8_t bytes[65] = { 4 };

	CHECK_CODE(p256_table_make(HF_SPAN(bytes, 65), &table), HF_INVALID); /* not on the curve */
	CHECK_CODE(p256_table_make(HF_SPAN(bytes + 1, 1), &table), HF_INVALID); /* infinity */
	CHECK_CODE(p256_table_make(HF_SPAN(bytes, 33), &table), HF_INVALID);
	assert_null(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_field_is_openssls),
		cmocka_unit_test(multiples_are_openssls_at_every_width),
		cmocka_unit_test(scalars_are_quotients_modulo_the_order),
		cmocka_unit_test(an_x_beyond_the_order_counts_as_its_remainder),
		cmocka_unit_test(a_sum_that_doubles_or_vanishes_is_judged_rightly),
		cmocka_unit_test(what_is_no_point_gets_no_table),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
