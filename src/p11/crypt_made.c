/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include "p11/object.h"
#include "p11/rv.h"

static CK_KEY_TYPE key_type_of(const struct key_shape *shape)
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
		if (curve && curve->montgomery)
			return CKK_EC_MONTGOMERY;
		return curve && curve->edwards ? CKK_EC_EDWARDS : CKK_EC;
	case OBJECT_HMAC:
	case OBJECT_SECRET:
	case OBJECT_OPAQUE:
	case OBJECT_CERTIFICATE:
		break;
	}
	return CKK_GENERIC_SECRET;
}

void made_template(struct template *t, const struct key_shape *shape)
{
	bool asymmetric = object_type_is_asymmetric((int)shape->type);

	template_number(t, CKA_CLASS, asymmetric ? CKO_PRIVATE_KEY : CKO_SECRET_KEY);
	template_number(t, CKA_KEY_TYPE, key_type_of(shape));
	template_bool(t, CKA_TOKEN, shape->persistent);
	template_bool(t, CKA_PRIVATE, true);
	template_bool(t, CKA_SENSITIVE, shape->sensitive);
	template_bool(t, CKA_EXTRACTABLE, shape->extractable);
	if (shape->id.len)
		template_bytes(t, CKA_ID, shape->id);
	if (shape->label.len)
		template_bytes(t, CKA_LABEL, shape->label);
	template_uses(t, shape, HALF_PRIVATE);
}

/* Sensitive and not extractable where it was to be; where a module ignored the template it is set
 * afterwards. */
static hf_status close_key(struct p11_session *s, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type,
                           bool want, struct hf_err *err)
{
	CK_BBOOL value = want ? CK_TRUE : CK_FALSE;
	CK_ATTRIBUTE a = { type, &value, sizeof(value) };
	bool is;

	HF_TRY(attribute_bool(s, key, type, &is, err));
	if (is == want)
		return HF_SUCCESS;
	s->fn->C_SetAttributeValue(s->handle, key, &a, 1); /* reading back decides */
	HF_TRY(attribute_bool(s, key, type, &is, err));
	if (is != want)
		return hf_fail(err, HF_DENIED,
		               "the HSM left the new key readable (not SENSITIVE, or EXTRACTABLE), "
		               "so it was destroyed");
	return HF_SUCCESS;
}

static hf_status check(struct p11_session *s, CK_OBJECT_HANDLE key, const struct key_shape *shape,
                       struct hf_err *err)
{
	hf_status status;
	CK_ULONG len = 0;

	if (shape->sensitive)
		HF_TRY(close_key(s, key, CKA_SENSITIVE, true, err));
	if (!shape->extractable)
		HF_TRY(close_key(s, key, CKA_EXTRACTABLE, false, err));
	if (!shape->bits || object_type_is_asymmetric((int)shape->type) ||
	    shape->type == OBJECT_DES3)
		return HF_SUCCESS;
	status = attribute_number(s, key, CKA_VALUE_LEN, &len, err);
	if (status.code == HF_NOTFOUND) /* not all modules tell */
		return HF_SUCCESS;
	HF_TRY(status);
	if (len * 8 != shape->bits)
		return hf_fail(err, HF_INVALID, "the key has %lu bits, not %u", len * 8,
		               shape->bits);
	return HF_SUCCESS;
}

hf_status made_accept(struct p11_session *s, CK_OBJECT_HANDLE key, const struct key_shape *shape,
                      struct hf_err *err)
{
	hf_status status;

	if (!shape->persistent)
		s->live++;
	status = check(s, key, shape, err);
	if (hf_ok(status))
		return status;
	if (shape->persistent)
		s->fn->C_DestroyObject(s->handle, key);
	else
		p11_object_destroy(s, key);
	return status;
}
