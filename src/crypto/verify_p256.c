/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for a generator of one's own are deprecated since OpenSSL 3.0, with nothing in their
 * place; where they are gone, p256_table_make() says so and all goes on without them. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/verify_p256.h"

#include "crypto/shared.h"
#include "crypto/verify_scalars.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <string.h>

HF_DEFINE_CLEANUP(EC_POINT_free, EC_POINT *)
HF_DEFINE_CLEANUP(BN_CTX_free, BN_CTX *)

struct p256_table {
	EC_GROUP *group; /* the curve, with Q as its generator */
	BIGNUM *p;       /* of the field */
};

void p256_table_free(struct p256_table *t)
{
	if (!t)
		return;
	EC_GROUP_free(t->group);
	BN_free(t->p);
	free(t);
}

HF_DEFINE_CLEANUP(p256_table_free, struct p256_table *)

hf_status p256_table_make(struct hf_span point, struct p256_table **ret)
{
	const struct crypto_shared *shared = crypto_shared();
	HF_CLEANUP(p256_table_free_at) struct p256_table *t = NULL;
	HF_CLEANUP(EC_POINT_free_at) EC_POINT *q = NULL;
	const EC_GROUP *curve;

	HF_ENSURE(shared, HF_INTERNAL);
	curve = shared->p256;
	t = calloc(1, sizeof(*t));
	q = EC_POINT_new(curve);
	HF_ENSURE(t && q, HF_NOMEM);
	t->group = EC_GROUP_dup(curve);
	t->p = BN_new();
	HF_ENSURE(t->group && t->p && EC_GROUP_get_curve(curve, t->p, NULL, NULL, NULL), HF_NOMEM);
	if (EC_POINT_oct2point(curve, q, point.ptr, point.len, NULL) != 1 ||
	    EC_POINT_is_at_infinity(curve, q)) {
		ERR_clear_error();
		return HF_FAILURE(HF_INVALID);
	}
	if (EC_GROUP_set_generator(t->group, q, EC_GROUP_get0_order(curve),
	                           EC_GROUP_get0_cofactor(curve)) != 1 ||
	    EC_GROUP_precompute_mult(t->group, NULL) != 1 ||
	    !EC_GROUP_have_precompute_mult(t->group)) {
		ERR_clear_error();
		return HF_FAILURE(HF_UNSUPPORTED);
	}
	*ret = hf_take(t);
	return HF_SUCCESS;
}

/* Numbers of one verification, in a BN_CTX's frame. */
struct work {
	BN_CTX *ctx;
	BIGNUM *r, *u1, *u2, *x, *z, *rz;
};

static bool work_begin(struct work *w, BN_CTX *ctx)
{
	w->ctx = ctx;
	w->r = BN_CTX_get(ctx);
	w->u1 = BN_CTX_get(ctx);
	w->u2 = BN_CTX_get(ctx);
	w->x = BN_CTX_get(ctx);
	w->z = BN_CTX_get(ctx);
	w->rz = BN_CTX_get(ctx); /* the last one fails where any did */
	return w->rz != NULL;
}

/* Is the x of this point r, modulo the order? In projective coordinates x is X / Z^2, so that r *
 * Z^2 is compared with X, which spares an inversion; and so for r + n, where that is below p still.
 */
static bool x_is_r(const struct p256_table *t, const EC_POINT *point, struct work *w)
{
	if (EC_POINT_is_at_infinity(t->group, point) ||
	    !EC_POINT_get_Jprojective_coordinates_GFp(t->group, point, w->x, NULL, w->z, w->ctx) ||
	    !BN_mod_sqr(w->z, w->z, t->p, w->ctx) || !BN_mod_mul(w->rz, w->r, w->z, t->p, w->ctx))
		return false;
	if (BN_ucmp(w->rz, w->x) == 0)
		return true;
	return BN_add(w->r, w->r, EC_GROUP_get0_order(t->group)) && BN_ucmp(w->r, t->p) < 0 &&
	       BN_mod_mul(w->rz, w->r, w->z, t->p, w->ctx) && BN_ucmp(w->rz, w->x) == 0;
}

static bool verify(const struct p256_table *t, const EC_GROUP *curve, struct work *w)
{
	HF_CLEANUP(EC_POINT_free_at) EC_POINT *a = EC_POINT_new(curve);
	HF_CLEANUP(EC_POINT_free_at) EC_POINT *b = EC_POINT_new(curve);

	return a && b && EC_POINT_mul(curve, a, w->u1, NULL, NULL, w->ctx) == 1 &&
	       EC_POINT_mul(t->group, b, w->u2, NULL, NULL, w->ctx) == 1 &&
	       EC_POINT_add(curve, a, a, b, w->ctx) == 1 && x_is_r(t, a, w);
}

/* The digest's leftmost 256 bits, or all of it, as a number. */
static void number_of(struct hf_span digest, uint8_t to[P256_HALF])
{
	size_t n = digest.len < P256_HALF ? digest.len : P256_HALF;

	memset(to, 0, P256_HALF);
	memcpy(to + P256_HALF - n, digest.ptr, n);
}

hf_status p256_table_verify(const struct p256_table *t, struct hf_span digest,
                            const uint8_t raw[2 * P256_HALF])
{
	const struct crypto_shared *shared = crypto_shared();
	HF_CLEANUP(BN_CTX_free_at) BN_CTX *ctx = NULL;
	uint8_t e[P256_HALF], u1[P256_HALF], u2[P256_HALF];
	bool begun, good;
	struct work w;

	HF_ENSURE(shared, HF_INTERNAL);
	number_of(digest, e);
	HF_ENSURE(p256_scalars(raw, raw + P256_HALF, e, u1, u2), HF_UNAUTHENTIC);
	ctx = BN_CTX_new();
	HF_ENSURE(ctx, HF_NOMEM);
	BN_CTX_start(ctx);
	begun = work_begin(&w, ctx) && BN_bin2bn(raw, P256_HALF, w.r) &&
	        BN_bin2bn(u1, P256_HALF, w.u1) && BN_bin2bn(u2, P256_HALF, w.u2);
	good = begun && verify(t, shared->p256, &w);
	BN_CTX_end(ctx);
	if (good)
		return HF_SUCCESS;
	ERR_clear_error();
	return HF_FAILURE(begun ? HF_UNAUTHENTIC : HF_NOMEM);
}
