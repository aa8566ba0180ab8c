/* SPDX-License-Identifier: Apache-2.0
 * A key from its value. The private half is made first: a repetition finds it, and makes what is
 * missing. */
#include "p11/object.h"

#include "crypto/private_info.h"
#include "p11/object_new.h"
#include "p11/object_transport.h"
#include "p11/rv.h"

#include <string.h>

#define POINT_MAX (EC_POINT_MAX + 3)

/* A value as it was given, taken apart. */
struct material {
	struct key_shape shape;      /* of what is to be made, public_key from the value */
	struct hf_span raw;          /* symmetric; of the private half of a pair: PKCS#8 */
	struct private_info private; /* of a pair, its private half */
	struct public_info public;
	struct public_der der; /* where shape.public_key points */
};

/* Ways in which tokens want private keys on curves; RSA and symmetric ones have the first only. */
enum import_way {
	IMPORT_PLAIN,
	IMPORT_NSS,     /* NSS keeps the public point with it, under an attribute of its own */
	IMPORT_OCTETS,  /* the seed in a DER OCTET STRING */
	IMPORT_EDWARDS, /* SoftHSM2 has Montgomery keys under the type of Edwards keys */
	IMPORT_WRAPPED,
	IMPORT_WAYS,
};

static void material_done(struct material *m)
{
	private_info_done(&m->private);
}

static hf_status mismatch(const struct key_shape *shape, struct hf_err *err)
{
	const struct curve_info *curve = curve_info((int)shape->curve);

	return hf_fail(err, HF_INVALID, "the value is no %s %s of %u bits%s%s",
	               object_type_name((int)shape->type),
	               shape->has_private ? "key" : "public key", shape->bits, curve ? " on " : "",
	               curve ? curve->name : "");
}

static hf_status take_apart(const struct key_shape *shape, struct hf_span value,
                            struct material *to, struct hf_err *err)
{
	size_t len = shape->type == OBJECT_DES3 ? (shape->bits == 112 ? 16 : 24) : shape->bits / 8;
	hf_status status;

	to->shape = *shape;
	to->raw = value;
	if (!object_type_is_asymmetric((int)shape->type)) {
		to->shape.has_private = true;
		return value.len == len ? HF_SUCCESS : mismatch(shape, err);
	}
	if (shape->has_private) {
		status = private_info_parse(value, &to->private);
		to->public = to->private.public;
	} else {
		status = public_info_parse(value, &to->public);
	}
	if (status.code == HF_INVALID || (hf_ok(status) && to->public.type != shape->type) ||
	    (hf_ok(status) && to->public.curve != shape->curve) ||
	    (hf_ok(status) && shape->type == OBJECT_RSA && to->public.bits != shape->bits))
		return mismatch(shape, err);
	HF_TRY(status);
	HF_TRY(public_info_der(&to->public, &to->der));
	to->shape.public_key = HF_SPAN(to->der.bytes, to->der.len);
	if (shape->public_key.len && !hf_span_equal(shape->public_key, to->shape.public_key))
		return hf_fail(err, HF_INVALID, "the value is another key than the expected one");
	return HF_SUCCESS;
}

/* CKA_EC_POINT: a DER OCTET STRING (PKCS#11 2.40, 2.3.3). */
static struct hf_span octets(struct hf_span bytes, uint8_t to[POINT_MAX])
{
	size_t head = bytes.len > 0x7f ? 3 : 2;

	to[0] = 0x04;
	to[1] = 0x81;
	to[head - 1] = (uint8_t)bytes.len;
	memcpy(to + head, bytes.ptr, bytes.len);
	return HF_SPAN(to, head + bytes.len);
}

static CK_RV create(struct p11_session *s, const struct key_shape *shape, struct template *t,
                    CK_OBJECT_HANDLE *ret)
{
	CK_RV rv = s->fn->C_CreateObject(s->handle, t->attr, t->n, ret);

	if (rv == CKR_OK)
		new_count(s, shape);
	return rv;
}

static void begin_as(struct template *t, const struct key_shape *shape, enum object_half half,
                     CK_KEY_TYPE type)
{
	template_number(t, CKA_CLASS, half_class(shape->type, half));
	template_number(t, CKA_KEY_TYPE, type);
	template_new(t, shape, half);
}

static void begin(struct template *t, const struct key_shape *shape, enum object_half half)
{
	begin_as(t, shape, half, new_key_type(shape));
}

static CK_RV create_public_as(struct p11_session *s, const struct material *m, CK_KEY_TYPE type,
                              CK_OBJECT_HANDLE *ret)
{
	struct template t = { 0 };
	uint8_t point[POINT_MAX];

	begin_as(&t, &m->shape, HALF_PUBLIC, type);
	if (m->shape.type == OBJECT_RSA) {
		template_bytes(&t, CKA_MODULUS, HF_SPAN(m->public.n, m->public.n_len));
		template_bytes(&t, CKA_PUBLIC_EXPONENT, HF_SPAN(m->public.e, m->public.e_len));
	} else {
		template_bytes(&t, CKA_EC_PARAMS, curve_info((int)m->shape.curve)->oid);
		template_bytes(&t, CKA_EC_POINT,
		               octets(HF_SPAN(m->public.point, m->public.point_len), point));
	}
	return create(s, &m->shape, &t, ret);
}

static CK_RV create_public(struct p11_session *s, const struct material *m, CK_OBJECT_HANDLE *ret)
{
	CK_KEY_TYPE type = new_key_type(&m->shape);
	CK_RV rv = create_public_as(s, m, type, ret);

	if (type == CKK_EC_MONTGOMERY && rv != CKR_OK && new_try_another(rv))
		rv = create_public_as(s, m, CKK_EC_EDWARDS, ret);
	return rv;
}

static CK_RV create_secret(struct p11_session *s, const struct material *m, bool with_len,
                           CK_OBJECT_HANDLE *ret)
{
	struct template t = { 0 };

	begin(&t, &m->shape, HALF_PRIVATE);
	template_bytes(&t, CKA_VALUE, m->raw);
	if (with_len)
		template_number(&t, CKA_VALUE_LEN, m->raw.len);
	return create(s, &m->shape, &t, ret);
}

/* PKCS#11 has the token tell the length by itself, and most refuse to be told. openCryptoki knows
 * it only when it was. */
static CK_RV create_with_length(struct p11_session *s, const struct material *m,
                                CK_OBJECT_HANDLE *ret)
{
	CK_ULONG len = 0;
	CK_RV rv = create_secret(s, m, false, ret);

	if (rv != CKR_OK || m->shape.type == OBJECT_DES3 ||
	    (hf_ok(attribute_number(s, *ret, CKA_VALUE_LEN, &len, NULL)) && len == m->raw.len))
		return rv;
	new_destroy(s, *ret, &m->shape);
	*ret = P11_NO_OBJECT;
	return create_secret(s, m, true, ret);
}

static void put_rsa(struct template *t, const struct private_info *k)
{
	template_bytes(t, CKA_MODULUS, HF_SPAN(k->public.n, k->public.n_len));
	template_bytes(t, CKA_PUBLIC_EXPONENT, HF_SPAN(k->public.e, k->public.e_len));
	template_bytes(t, CKA_PRIVATE_EXPONENT, k->d);
	template_bytes(t, CKA_PRIME_1, k->p);
	template_bytes(t, CKA_PRIME_2, k->q);
	template_bytes(t, CKA_EXPONENT_1, k->dp);
	template_bytes(t, CKA_EXPONENT_2, k->dq);
	template_bytes(t, CKA_COEFFICIENT, k->qinv);
}

static CK_RV create_private(struct p11_session *s, const struct material *m, enum import_way way,
                            CK_OBJECT_HANDLE *ret)
{
	uint8_t point[POINT_MAX], seed[POINT_MAX];
	struct template t = { 0 };
	CK_RV rv;

	begin_as(&t, &m->shape, HALF_PRIVATE,
	         way == IMPORT_EDWARDS ? CKK_EC_EDWARDS : new_key_type(&m->shape));
	if (m->shape.type == OBJECT_RSA) {
		put_rsa(&t, &m->private);
		return create(s, &m->shape, &t, ret);
	}
	template_bytes(&t, CKA_EC_PARAMS, curve_info((int)m->shape.curve)->oid);
	template_bytes(&t, CKA_VALUE,
	               way == IMPORT_OCTETS ? octets(m->private.scalar, seed) : m->private.scalar);
	if (way == IMPORT_NSS)
		template_bytes(&t, CKA_NSS_DB,
		               octets(HF_SPAN(m->public.point, m->public.point_len), point));
	rv = create(s, &m->shape, &t, ret);
	hf_wipe(seed, sizeof(seed));
	return rv;
}

/* For tokens that take no key in the clear. */
static CK_RV create_wrapped(struct p11_session *s, const struct material *m, CK_OBJECT_HANDLE *ret)
{
	struct template t = { 0 };
	CK_RV rv;

	begin(&t, &m->shape, HALF_PRIVATE);
	rv = transport_in(s, &t, m->raw, ret);
	if (rv == CKR_OK)
		new_count(s, &m->shape);
	return rv;
}

static CK_RV create_by(struct p11_session *s, const struct material *m, enum import_way way,
                       CK_OBJECT_HANDLE *ret)
{
	bool pair = object_type_is_asymmetric((int)m->shape.type);

	if (way == IMPORT_WRAPPED)
		return create_wrapped(s, m, ret);
	if (way != IMPORT_PLAIN && m->shape.type != OBJECT_EC)
		return CKR_TEMPLATE_INCONSISTENT;
	if (way == IMPORT_EDWARDS && new_key_type(&m->shape) != CKK_EC_MONTGOMERY)
		return CKR_TEMPLATE_INCONSISTENT;
	return pair ? create_private(s, m, way, ret) : create_with_length(s, m, ret);
}

/* In the clear where the token takes it, and what it said to that is what is told. */
static hf_status make_private(struct p11_session *s, const struct material *m,
                              CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	CK_RV first = create_by(s, m, IMPORT_PLAIN, ret), rv = first;

	for (int way = IMPORT_PLAIN + 1; way < IMPORT_WAYS && rv != CKR_OK; way++) {
		if (p11_rv_info(rv)->class != RV_REQUEST)
			break;
		rv = create_by(s, m, (enum import_way)way, ret);
	}
	if (rv == CKR_OK)
		return HF_SUCCESS;
	return new_refused(s, p11_rv_info(rv)->class == RV_REQUEST ? first : rv, "C_CreateObject",
	                   &m->shape, err);
}

static hf_status make(struct p11_session *s, const struct material *m, CK_OBJECT_HANDLE *ret,
                      CK_OBJECT_HANDLE *ret_public, struct hf_err *err)
{
	bool pair = object_type_is_asymmetric((int)m->shape.type);
	CK_RV rv;

	if (m->shape.has_private && *ret == P11_NO_OBJECT) {
		HF_TRY(make_private(s, m, ret, err));
		HF_TRY(new_close(s, *ret, &m->shape, err));
		new_trim(s, *ret, &m->shape, HALF_PRIVATE);
	}
	if (!pair)
		return HF_SUCCESS;
	rv = create_public(s, m, ret_public);
	if (rv != CKR_OK)
		return new_refused(s, rv, "C_CreateObject", &m->shape, err);
	new_trim(s, *ret_public, &m->shape, HALF_PUBLIC);
	return HF_SUCCESS;
}

/* What there is already: HF_NOTFOUND when something is still to be made; *ret_handle: the private
 * half that there is. */
static hf_status look(struct p11_session *s, const struct material *m, CK_OBJECT_HANDLE *ret_handle,
                      struct key_shape *ret, struct hf_buf *store, struct hf_err *err)
{
	struct key_name name = { .id = m->shape.id,
		                 .label = m->shape.label,
		                 .type = m->shape.type,
		                 .public_key = m->shape.public_key };
	CK_OBJECT_HANDLE public;
	struct key_shape is = m->shape;
	hf_status status;

	status = new_is_there(s, &m->shape, ret_handle, ret, store, err);
	if (!hf_ok(status) || !object_type_is_asymmetric((int)m->shape.type))
		return status;
	/* a private half that was made, and then we were interrupted */
	if (is.has_private)
		return p11_object_find(s, &name, HALF_PUBLIC, &public, err);
	return HF_SUCCESS;
}

static hf_status import(struct p11_session *s, const struct material *m,
                        CK_OBJECT_HANDLE *ret_handle, struct key_shape *ret, struct hf_buf *store,
                        struct hf_err *err)
{
	struct key_name name = { .id = m->shape.id,
		                 .label = m->shape.label,
		                 .type = m->shape.type };
	CK_OBJECT_HANDLE object = P11_NO_OBJECT, public = P11_NO_OBJECT, before;
	hf_status status = look(s, m, &object, ret, store, err);

	if (status.code != HF_NOTFOUND) {
		if (hf_ok(status))
			*ret_handle = object;
		return status;
	}
	before = object;
	status = make(s, m, &object, &public, err);
	if (hf_ok(status) && !m->shape.has_private)
		object = public;
	if (hf_ok(status))
		status = p11_object_shape(s, object, public, &name, ret, store, err);
	if (public != object && (!hf_ok(status) || !m->shape.persistent))
		new_destroy(s, public, &m->shape);
	if (!hf_ok(status)) {
		if (object != before)
			new_destroy(s, object, &m->shape);
		return status;
	}
	ret->persistent = m->shape.persistent;
	*ret_handle = object;
	return HF_SUCCESS;
}

hf_status p11_object_import(struct p11_session *s, const struct key_shape *shape,
                            struct hf_span value, CK_OBJECT_HANDLE *ret_handle,
                            struct key_shape *ret, struct hf_buf *store, struct hf_err *err)
{
	HF_CLEANUP(material_done) struct material m = { 0 };

	HF_TRY(new_check(shape, err));
	HF_TRY(take_apart(shape, value, &m, err));
	return import(s, &m, ret_handle, ret, store, err);
}
