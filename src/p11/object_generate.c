/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/object.h"

#include "p11/object_new.h"
#include "p11/rv.h"

#define WAYS_MAX 4
#define EXPONENT_DEFAULT 65537

/* How tokens want to be asked, best first. */
struct way {
	CK_MECHANISM_TYPE mechanism;
	CK_KEY_TYPE type;
	struct hf_span params; /* CKA_EC_PARAMS */
};

/* What the templates of one attempt borrow from. */
struct attempt {
	const struct key_shape *shape;
	struct way way;
	uint8_t exponent[4];
};

#define BYTES(literal) HF_SPAN(literal, sizeof(literal) - 1)

/* CKA_EC_PARAMS as PrintableString, for tokens that take no OBJECT IDENTIFIER. */
static struct hf_span printable(enum curve curve)
{
	switch ((int)curve) {
	case CURVE_ED25519:
		return BYTES("\x13\x0c"
		             "edwards25519");
	case CURVE_ED448:
		return BYTES("\x13\x0a"
		             "edwards448");
	case CURVE_X25519:
		return BYTES("\x13\x0a"
		             "curve25519");
	case CURVE_X448:
		return BYTES("\x13\x08"
		             "curve448");
	default: /* the others are named by their identifiers everywhere */
		return HF_SPAN(NULL, 0);
	}
}

static size_t ways_of_curve(const struct curve_info *curve, struct way ways[WAYS_MAX])
{
	size_t n = 0;

	if (!curve->edwards && !curve->montgomery) {
		ways[n++] = (struct way){ CKM_EC_KEY_PAIR_GEN, CKK_EC, curve->oid };
		return n;
	}
	if (curve->montgomery)
		ways[n++] = (struct way){ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY,
			                  curve->oid };
	ways[n++] = (struct way){ CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, curve->oid };
	ways[n++] = (struct way){ ways[0].mechanism, ways[0].type, printable(curve->curve) };
	ways[n++] = (struct way){ CKM_EC_KEY_PAIR_GEN, CKK_EC, curve->oid };
	return n;
}

static size_t ways_of(const struct key_shape *shape, struct way ways[WAYS_MAX])
{
	switch (shape->type) {
	case OBJECT_AES:
		ways[0] = (struct way){ .mechanism = CKM_AES_KEY_GEN, .type = CKK_AES };
		return 1;
	case OBJECT_DES3:
		ways[0] = (struct way){ .mechanism = shape->bits == 112 ? CKM_DES2_KEY_GEN
			                                                : CKM_DES3_KEY_GEN,
			                .type = new_key_type(shape) };
		return 1;
	case OBJECT_RSA:
		ways[0] = (struct way){ .mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN, .type = CKK_RSA };
		ways[1] = (struct way){ .mechanism = CKM_RSA_X9_31_KEY_PAIR_GEN, .type = CKK_RSA };
		return 2;
	case OBJECT_EC:
		return ways_of_curve(curve_info((int)shape->curve), ways);
	case OBJECT_HMAC:
	case OBJECT_SECRET:
		ways[0] = (struct way){ .mechanism = CKM_GENERIC_SECRET_KEY_GEN,
			                .type = CKK_GENERIC_SECRET };
		ways[1] = (struct way){ .mechanism = CKM_GENERIC_SECRET_KEY_GEN,
			                .type = CKK_SHA256_HMAC };
		ways[2] = (struct way){ .mechanism = CKM_NC_SHA256_HMAC_KEY_GEN,
			                .type = CKK_SHA256_HMAC };
		return shape->type == OBJECT_HMAC ? 3 : 1;
	case OBJECT_OPAQUE:
	case OBJECT_CERTIFICATE:
		break;
	}
	return 0;
}

static CK_RV generate_secret(struct p11_session *s, struct attempt *a, CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM mechanism = { .mechanism = a->way.mechanism };
	struct template t = { 0 };

	template_number(&t, CKA_CLASS, CKO_SECRET_KEY);
	template_number(&t, CKA_KEY_TYPE, a->way.type);
	if (a->shape->type != OBJECT_DES3) /* whose length is its type */
		template_number(&t, CKA_VALUE_LEN, a->shape->bits / 8);
	template_new(&t, a->shape, HALF_PRIVATE);
	return s->fn->C_GenerateKey(s->handle, &mechanism, t.attr, t.n, ret);
}

static struct hf_span exponent(struct attempt *a)
{
	uint32_t e = a->shape->public_exponent ? a->shape->public_exponent : EXPONENT_DEFAULT;
	size_t n = 0;

	for (int shift = 24; shift >= 0; shift -= 8)
		if (n || e >> shift)
			a->exponent[n++] = (uint8_t)(e >> shift);
	return HF_SPAN(a->exponent, n);
}

static CK_RV generate_pair(struct p11_session *s, struct attempt *a, CK_OBJECT_HANDLE *ret,
                           CK_OBJECT_HANDLE *ret_public)
{
	CK_MECHANISM mechanism = { .mechanism = a->way.mechanism };
	struct template public = { 0 }, private = { 0 };

	template_new(&public, a->shape, HALF_PUBLIC);
	template_new(&private, a->shape, HALF_PRIVATE);
	if (a->shape->type == OBJECT_RSA) {
		template_number(&public, CKA_MODULUS_BITS, a->shape->bits);
		template_bytes(&public, CKA_PUBLIC_EXPONENT, exponent(a));
	} else {
		template_bytes(&public, CKA_EC_PARAMS, a->way.params);
	}
	return s->fn->C_GenerateKeyPair(s->handle, &mechanism, public.attr, public.n, private.attr,
	                                private.n, ret_public, ret);
}

static CK_RV attempt(struct p11_session *s, struct attempt *a, CK_OBJECT_HANDLE *ret,
                     CK_OBJECT_HANDLE *ret_public)
{
	CK_RV rv;

	if (!object_type_is_asymmetric((int)a->shape->type))
		rv = generate_secret(s, a, ret);
	else
		rv = generate_pair(s, a, ret, ret_public);
	if (rv != CKR_OK)
		return rv;
	new_count(s, a->shape);
	if (*ret_public != P11_NO_OBJECT)
		new_count(s, a->shape);
	return CKR_OK;
}

static hf_status finish(struct p11_session *s, const struct key_shape *shape,
                        CK_OBJECT_HANDLE object, CK_OBJECT_HANDLE public, struct key_shape *ret,
                        struct hf_buf *store, struct hf_err *err)
{
	struct key_name name = { .id = shape->id, .label = shape->label, .type = shape->type };

	HF_TRY(new_close(s, object, shape, err));
	new_trim(s, object, shape, HALF_PRIVATE);
	new_trim(s, public, shape, HALF_PUBLIC);
	HF_TRY(p11_object_shape(s, object, public, &name, ret, store, err));
	ret->persistent = shape->persistent;
	return HF_SUCCESS;
}

hf_status p11_object_generate(struct p11_session *s, const struct key_shape *shape,
                              CK_OBJECT_HANDLE *ret_handle, struct key_shape *ret,
                              struct hf_buf *store, struct hf_err *err)
{
	struct key_shape wanted = *shape;
	CK_OBJECT_HANDLE object = P11_NO_OBJECT, public = P11_NO_OBJECT;
	struct attempt a = { .shape = shape };
	struct way ways[WAYS_MAX];
	CK_RV rv = CKR_MECHANISM_INVALID;
	hf_status status;
	size_t n;

	HF_TRY(new_check(shape, err));
	wanted.has_private = true;
	wanted.public_key = HF_SPAN(NULL, 0);
	status = new_is_there(s, &wanted, ret_handle, ret, store, err);
	if (status.code != HF_NOTFOUND)
		return status;
	n = ways_of(shape, ways);
	for (size_t i = 0; i < n && (i == 0 || (rv != CKR_OK && new_try_another(rv))); i++) {
		a.way = ways[i];
		rv = attempt(s, &a, &object, &public);
	}
	if (rv != CKR_OK)
		return new_refused(s, rv, "C_GenerateKey", shape, err);
	status = finish(s, shape, object, public, ret, store, err);
	if (!hf_ok(status) || !shape->persistent)
		new_destroy(s, public, shape);
	if (!hf_ok(status)) {
		new_destroy(s, object, shape);
		return status;
	}
	*ret_handle = object;
	return HF_SUCCESS;
}
