/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/object_new.h"

#include "p11/rv.h"

#include <stdio.h>

#define SAME_ID_MAX 16

static bool may_export(const struct key_shape *shape)
{
	return shape->persistent && shape->uses_given && (shape->uses & USE_EXPORT);
}

void template_new(struct template *t, const struct key_shape *shape, enum object_half half)
{
	bool hidden = half_class(shape->type, half) != CKO_PUBLIC_KEY;

	template_bool(t, CKA_TOKEN, shape->persistent);
	template_bool(t, CKA_PRIVATE, hidden);
	template_bool(t, CKA_MODIFIABLE, true);
	if (hidden) {
		template_bool(t, CKA_SENSITIVE, !may_export(shape));
		template_bool(t, CKA_EXTRACTABLE, may_export(shape) || !shape->persistent);
	}
	if (shape->id.len)
		template_bytes(t, CKA_ID, shape->id);
	if (shape->label.len)
		template_bytes(t, CKA_LABEL, shape->label);
	template_uses(t, shape, half);
}

hf_status new_check(const struct key_shape *shape, struct hf_err *err)
{
	const char *name = object_type_name((int)shape->type);
	const struct curve_info *curve = curve_info((int)shape->curve);

	if (!name || shape->type == OBJECT_OPAQUE || shape->type == OBJECT_CERTIFICATE)
		return hf_fail(err, HF_INVALID, "%s is not kept in an HSM", name ? name : "this");
	if (shape->type == OBJECT_EC && !curve)
		return hf_fail(err, HF_INVALID, "no such curve");
	if (shape->type != OBJECT_EC &&
	    !object_type_has_bits((int)shape->type, CURVE_NONE, shape->bits, false))
		return hf_fail(err, HF_INVALID, "there are no %s keys of %u bits", name,
		               shape->bits);
	if (shape->persistent && !shape->id.len)
		return hf_fail(err, HF_INVALID, "a key in an HSM needs a CKA_ID");
	if (shape->id.len > CKA_ID_MAX || shape->label.len > CKA_LABEL_MAX)
		return hf_fail(err, HF_INVALID, "CKA_ID or CKA_LABEL is longer than %d bytes",
		               CKA_ID_MAX);
	return HF_SUCCESS;
}

static bool is_like(const struct key_shape *is, const struct key_shape *wanted)
{
	if (is->has_private != wanted->has_private || is->type != wanted->type ||
	    is->curve != wanted->curve)
		return false;
	if (wanted->type != OBJECT_EC && is->bits != wanted->bits)
		return false;
	return !wanted->public_key.len || hf_span_equal(is->public_key, wanted->public_key);
}

static hf_status taken(const struct key_shape *by, struct hf_err *err)
{
	const struct curve_info *curve = curve_info((int)by->curve);
	char bits[16];

	snprintf(bits, sizeof(bits), "%u bits", by->bits);
	return hf_fail(err, HF_EXISTS,
	               "the token has another key with this CKA_ID already: %s, %s%s",
	               object_type_name((int)by->type), curve ? curve->name : bits,
	               by->has_private ? "" : ", its public half only");
}

/* Is there anything of this CKA_ID that is a key? NSS would replace it. */
static hf_status any_key(struct p11_session *s, struct hf_span id, CK_OBJECT_HANDLE *ret,
                         struct hf_err *err)
{
	CK_OBJECT_HANDLE found[SAME_ID_MAX];
	struct template t = { 0 };
	size_t n;

	template_bool(&t, CKA_TOKEN, true);
	template_bytes(&t, CKA_ID, id);
	HF_TRY(objects_find(s, &t, found, SAME_ID_MAX, &n, err));
	for (size_t i = 0; i < n; i++) {
		CK_ULONG class = CKO_DATA;
		hf_status status = attribute_number(s, found[i], CKA_CLASS, &class, err);

		if (status.code == HF_CLOSED || status.code == HF_NOTFOUND)
			continue; /* gone since */
		HF_TRY(status);
		if (class != CKO_SECRET_KEY && class != CKO_PRIVATE_KEY && class != CKO_PUBLIC_KEY)
			continue;
		*ret = found[i];
		return HF_SUCCESS;
	}
	return HF_FAILURE(HF_NOTFOUND);
}

hf_status new_is_there(struct p11_session *s, const struct key_shape *shape,
                       CK_OBJECT_HANDLE *ret_handle, struct key_shape *ret, struct hf_buf *store,
                       struct hf_err *err)
{
	struct key_name name = { .id = shape->id, .label = shape->label, .type = shape->type };
	enum object_half half = shape->has_private ? HALF_PRIVATE : HALF_PUBLIC;
	CK_OBJECT_HANDLE object = P11_NO_OBJECT;
	struct key_shape is = { 0 };
	hf_status status;

	if (!shape->persistent)
		return HF_FAILURE(HF_NOTFOUND);
	HF_TRY(any_key(s, shape->id, &object, err));
	status = p11_object_find(s, &name, half, &object, err);
	if (status.code == HF_NOTFOUND) /* of another type: any_key() has found it */
		return hf_fail(err, HF_EXISTS,
		               "the token has a key of another kind with this CKA_ID already");
	HF_TRY(status);
	HF_TRY(p11_object_shape(s, object, P11_NO_OBJECT, &name, &is, store, err));
	if (!is_like(&is, shape))
		return taken(&is, err);
	*ret_handle = object;
	*ret = is;
	return HF_SUCCESS;
}

static hf_status is_closed(struct p11_session *s, CK_OBJECT_HANDLE object,
                           const struct key_shape *shape, bool *ret, struct hf_err *err)
{
	bool sensitive, extractable;

	HF_TRY(attribute_bool(s, object, CKA_SENSITIVE, &sensitive, err));
	HF_TRY(attribute_bool(s, object, CKA_EXTRACTABLE, &extractable, err));
	*ret = sensitive && (!extractable || !shape->persistent);
	return HF_SUCCESS;
}

static void set_bool(struct p11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                     bool value)
{
	struct template t = { 0 };

	template_bool(&t, type, value);
	s->fn->C_SetAttributeValue(s->handle, object, t.attr, t.n); /* reading back decides */
}

hf_status new_close(struct p11_session *s, CK_OBJECT_HANDLE object, const struct key_shape *shape,
                    struct hf_err *err)
{
	bool closed;

	if (may_export(shape))
		return HF_SUCCESS;
	HF_TRY(is_closed(s, object, shape, &closed, err));
	if (!closed) {
		set_bool(s, object, CKA_SENSITIVE, true);
		if (shape->persistent)
			set_bool(s, object, CKA_EXTRACTABLE, false);
		HF_TRY(is_closed(s, object, shape, &closed, err));
	}
	if (!closed)
		return hf_fail(err, HF_DENIED,
		               "the HSM left a new key readable (not SENSITIVE, or EXTRACTABLE), "
		               "so it was destroyed: run `holdfast hsm check` against this module");
	return HF_SUCCESS;
}

void new_trim(struct p11_session *s, CK_OBJECT_HANDLE object, const struct key_shape *shape,
              enum object_half half)
{
	struct template t = { 0 };

	if (object == P11_NO_OBJECT || !shape->persistent)
		return;
	template_other_uses(&t, shape, half);
	if (t.n)
		s->fn->C_SetAttributeValue(s->handle, object, t.attr, t.n);
}

void new_count(struct p11_session *s, const struct key_shape *shape)
{
	if (!shape->persistent)
		s->live++;
}

void new_destroy(struct p11_session *s, CK_OBJECT_HANDLE object, const struct key_shape *shape)
{
	if (object == P11_NO_OBJECT)
		return;
	if (shape->persistent)
		s->fn->C_DestroyObject(s->handle, object);
	else
		p11_object_destroy(s, object);
}

bool new_try_another(CK_RV rv)
{
	enum hf_code code = p11_rv_info(rv)->code;

	return code == HF_UNSUPPORTED || code == HF_INVALID || rv == CKR_ATTRIBUTE_READ_ONLY;
}

hf_status new_refused(struct p11_session *s, CK_RV rv, const char *call,
                      const struct key_shape *shape, struct hf_err *err)
{
	const struct curve_info *curve = curve_info((int)shape->curve);
	struct hf_err why = { 0 };
	hf_status status = p11_session_fail(s, &why, rv, call);

	if (!new_try_another(rv)) {
		if (err)
			*err = why;
		return status;
	}
	return hf_fail(err, HF_UNSUPPORTED, "this HSM does not take %s keys of %u bits%s%s: %s",
	               object_type_name((int)shape->type), shape->bits, curve ? " on " : "",
	               curve ? curve->name : "", why.text);
}

CK_KEY_TYPE new_key_type(const struct key_shape *shape)
{
	const struct curve_info *curve = curve_info((int)shape->curve);

	switch (shape->type) {
	case OBJECT_AES:
		return CKK_AES;
	case OBJECT_DES3:
		return shape->bits == 112 ? CKK_DES2 : CKK_DES3;
	case OBJECT_RSA:
		return CKK_RSA;
	case OBJECT_EC:
		if (curve && curve->edwards)
			return CKK_EC_EDWARDS;
		return curve && curve->montgomery ? CKK_EC_MONTGOMERY : CKK_EC;
	case OBJECT_HMAC:
	case OBJECT_SECRET:
	case OBJECT_OPAQUE:
	case OBJECT_CERTIFICATE:
		break;
	}
	return CKK_GENERIC_SECRET;
}
