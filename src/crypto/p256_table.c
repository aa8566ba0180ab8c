/* SPDX-License-Identifier: Apache-2.0
 * Sums are in the coordinates "XYZZ", whose formulas are in the Explicit-Formulas Database
 * (hyperelliptic.org/EFD/g1p/auto-shortw-xyzz.html: madd-2008-s, mdbl-2008-s-1). */
#include "crypto/p256_table.h"

#include "base/scope.h"

#include <stdlib.h>

enum { WIDTH_MIN = 9, WIDTH_MAX = 12, WINDOWS_MAX = 256 / WIDTH_MIN + 1, CACHE_LINE = 64 };

/* Of window i, the points 1 to 2^(width-1) times 2^(i*width) * P: digits have a sign, and the
 * negative of a point costs nothing. */
struct p256_multiples {
	unsigned width, windows;
	size_t each; /* points of a window */
	struct p256_point *points;
};

struct p256_point p256_point_of(const struct p256_number *x, const struct p256_number *y)
{
	struct p256_element ex = p256_from(x), ey = p256_from(y);

	return (struct p256_point){ p256_pack(&ex), p256_pack(&ey) };
}

/* The same, at hand. */
struct place {
	struct p256_element x, y;
};

static struct place place_of(const struct p256_point *p, bool negative)
{
	const struct p256_element zero = { { 0 } };
	struct place place = { p256_unpack(&p->x), p256_unpack(&p->y) };

	if (negative)
		place.y = p256_sub(&zero, &place.y);
	return place;
}

static struct p256_element twice(const struct p256_element *a)
{
	return p256_add(a, a);
}

static struct p256_sum double_of(const struct place *p)
{
	const struct p256_element one = P256_ONE;
	struct p256_element u = twice(&p->y), v = p256_square(&u), w = p256_mul(&u, &v);
	struct p256_element s = p256_mul(&p->x, &v), s2 = twice(&s), m, wy, t;
	struct p256_sum sum = { .zz = v, .zzz = w };

	/* m = 3 * (x^2 - 1), for the curve's a is -3 */
	m = p256_square(&p->x);
	m = p256_sub(&m, &one);
	t = twice(&m);
	m = p256_add(&m, &t);
	sum.x = p256_square(&m);
	sum.x = p256_sub(&sum.x, &s2);
	t = p256_sub(&s, &sum.x);
	t = p256_mul(&m, &t);
	wy = p256_mul(&w, &p->y);
	sum.y = p256_sub(&t, &wy);
	return sum;
}

/* The two are neither equal nor each other's negative. */
static void add_other(struct p256_sum *sum, const struct p256_element *p,
                      const struct p256_element *r)
{
	struct p256_element pp = p256_square(p), ppp = p256_mul(p, &pp), q = p256_mul(&sum->x, &pp);
	struct p256_element q2 = twice(&q), yppp = p256_mul(&sum->y, &ppp), t;

	sum->x = p256_square(r);
	sum->x = p256_sub(&sum->x, &ppp);
	sum->x = p256_sub(&sum->x, &q2);
	t = p256_sub(&q, &sum->x);
	t = p256_mul(r, &t);
	sum->y = p256_sub(&t, &yppp);
	sum->zz = p256_mul(&sum->zz, &pp);
	sum->zzz = p256_mul(&sum->zzz, &ppp);
}

static void add(struct p256_sum *sum, const struct place *place)
{
	struct p256_element p, r;

	if (p256_is_zero(&sum->zz)) {
		*sum = (struct p256_sum){ place->x, place->y, P256_ONE, P256_ONE };
		return;
	}
	p = p256_mul(&place->x, &sum->zz);
	p = p256_sub(&p, &sum->x);
	r = p256_mul(&place->y, &sum->zzz);
	r = p256_sub(&r, &sum->y);
	if (!p256_is_zero(&p))
		add_other(sum, &p, &r);
	else if (p256_is_zero(&r))
		*sum = double_of(place);
	else
		*sum = (struct p256_sum){ 0 };
}

/* As points: by one inversion of the product of all zzz, from which each one's is taken out. */
static void to_points(const struct p256_sum *sums, struct p256_element *scratch, size_t n,
                      struct p256_point *ret)
{
	struct p256_element product = P256_ONE, inverse, z, zz, x, y;

	for (size_t i = 0; i < n; i++) {
		scratch[i] = product; /* of those before */
		product = p256_mul(&product, &sums[i].zzz);
	}
	product = p256_inverse(&product);
	for (size_t i = n; i-- > 0;) {
		inverse = p256_mul(&product, &scratch[i]); /* 1 / zzz, which is 1 / z^3 */
		product = p256_mul(&product, &sums[i].zzz);
		z = p256_mul(&inverse, &sums[i].zz);
		zz = p256_square(&z);
		x = p256_mul(&sums[i].x, &zz);
		y = p256_mul(&sums[i].y, &inverse);
		ret[i] = (struct p256_point){ p256_pack(&x), p256_pack(&y) };
	}
}

/* base, 2*base, …, n*base; none is infinity, n being far below the order. */
static void fill_window(const struct p256_point *base, struct p256_sum *sums,
                        struct p256_element *products, size_t n, struct p256_point *ret)
{
	struct place place = place_of(base, false);
	struct p256_sum sum = { 0 };

	for (size_t i = 0; i < n; i++) {
		add(&sum, &place);
		sums[i] = sum;
	}
	to_points(sums, products, n, ret);
}

static hf_status fill(struct p256_multiples *m, const struct p256_point *point)
{
	HF_FREE struct p256_element *products = calloc(m->each, sizeof(*products));
	HF_FREE struct p256_sum *sums = calloc(m->each, sizeof(*sums));
	struct p256_point base = *point;

	HF_ENSURE(sums && products, HF_NOMEM);
	for (unsigned i = 0; i < m->windows; i++) {
		struct p256_point *window = m->points + i * m->each;
		struct place last;

		fill_window(&base, sums, products, m->each, window);
		last = place_of(&window[m->each - 1], false);
		sums[0] = double_of(&last);
		to_points(sums, products, 1, &base);
	}
	return HF_SUCCESS;
}

hf_status p256_multiples_make(const struct p256_point *point, unsigned width,
                              struct p256_multiples **ret)
{
	struct p256_multiples *m;
	hf_status s;

	HF_ENSURE(width >= WIDTH_MIN && width <= WIDTH_MAX, HF_INVALID);
	m = calloc(1, sizeof(*m));
	HF_ENSURE(m, HF_NOMEM);
	m->width = width;
	m->windows = 256 / width + 1; /* the topmost has a bit to spare, for the carry */
	m->each = (size_t)1 << (width - 1);
	m->points = aligned_alloc(CACHE_LINE, m->windows * m->each * sizeof(*m->points));
	s = m->points ? fill(m, point) : HF_FAILURE(HF_NOMEM);
	if (!hf_ok(s)) {
		p256_multiples_free(m);
		return s;
	}
	*ret = m;
	return HF_SUCCESS;
}

void p256_multiples_free(struct p256_multiples *m)
{
	if (!m)
		return;
	free(m->points);
	free(m);
}

static unsigned bits_at(const struct p256_number *k, unsigned at, unsigned width)
{
	unsigned limb = at / 64, shift = at % 64;
	uint64_t v = k->limb[limb] >> shift;

	if (shift + width > 64 && limb < 3)
		v |= k->limb[limb + 1] << (64 - shift);
	return (unsigned)v & ((1u << width) - 1);
}

/* All of them are asked of memory before the first is used. Digits above half of 2^width are
 * negative, and carry into the next. Returns how many there are. */
static unsigned look_up(const struct p256_multiples *m, const struct p256_number *k,
                        const struct p256_point *ret[WINDOWS_MAX], bool ret_negative[WINDOWS_MAX])
{
	unsigned n = 0, carry = 0;

	for (unsigned i = 0; i < m->windows; i++) {
		unsigned digit = bits_at(k, i * m->width, m->width) + carry;

		carry = digit > m->each;
		if (carry)
			digit = (1u << m->width) - digit;
		if (!digit)
			continue;
		ret[n] = m->points + i * m->each + digit - 1;
		__builtin_prefetch(ret[n]);
		ret_negative[n++] = carry;
	}
	return n;
}

void p256_multiples_add(const struct p256_multiples *m, const struct p256_number *k,
                        struct p256_sum *sum)
{
	const struct p256_point *points[WINDOWS_MAX];
	bool negative[WINDOWS_MAX];
	unsigned n = look_up(m, k, points, negative);

	for (unsigned i = 0; i < n; i++) {
		struct place place = place_of(points[i], negative[i]);

		add(sum, &place);
	}
}
