/* SPDX-License-Identifier: Apache-2.0
 * The value of a key that may leave its token. */
#include "p11/object.h"

#include "crypto/private_info.h"
#include "p11/object_half.h"
#include "p11/object_transport.h"
#include "p11/rv.h"
#include "p11/template.h"

#include <string.h>

#define VALUE_MAX (OBJECT_BITS_MAX / 8)
#define PART_MAX RSA_MODULUS_MAX

static hf_status denied(struct hf_err *err)
{
	return hf_fail(err, HF_DENIED,
	               "this key never leaves its HSM: it is CKA_SENSITIVE, or not "
	               "CKA_EXTRACTABLE");
}

static hf_status read_value(struct p11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                            uint8_t *to, size_t cap, size_t *ret_len, struct hf_err *err)
{
	hf_status status = attribute_read(s, object, type, to, cap, ret_len, err);

	if (status.code == HF_NOTFOUND || (hf_ok(status) && *ret_len == 0))
		return denied(err); /* "there is none" is how some tokens say that it is secret */
	return status;
}

static hf_status export_secret(struct p11_session *s, CK_OBJECT_HANDLE object,
                               struct hf_secret *ret, struct hf_err *err)
{
	HF_SECRET struct hf_secret value = { 0 };

	HF_TRY(hf_secret_new(VALUE_MAX, &value));
	HF_TRY(read_value(s, object, CKA_VALUE, value.ptr, value.cap, &value.len, err));
	*ret = hf_secret_take(&value);
	return HF_SUCCESS;
}

static hf_status export_rsa(struct p11_session *s, CK_OBJECT_HANDLE object,
                            struct private_info *info, struct hf_secret *ret, struct hf_err *err)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
		                                   CKA_PRIME_2,          CKA_EXPONENT_1,
		                                   CKA_EXPONENT_2,       CKA_COEFFICIENT };
	struct hf_span *const parts[] = { &info->d,  &info->p,  &info->q,
		                          &info->dp, &info->dq, &info->qinv };

	HF_TRY(hf_secret_new(HF_COUNT(types) * PART_MAX, &info->values));
	for (size_t i = 0; i < HF_COUNT(types); i++) {
		uint8_t *at = info->values.ptr + i * PART_MAX;

		HF_TRY(read_value(s, object, types[i], at, PART_MAX, &parts[i]->len, err));
		parts[i]->ptr = at;
	}
	return private_info_der(info, ret);
}

static hf_status export_scalar(struct p11_session *s, CK_OBJECT_HANDLE object,
                               struct private_info *info, struct hf_secret *ret, struct hf_err *err)
{
	const struct curve_info *curve = curve_info((int)info->public.curve);
	struct hf_span *scalar = &info->scalar;

	HF_TRY(hf_secret_new(EC_POINT_MAX, &info->values));
	scalar->ptr = info->values.ptr;
	HF_TRY(read_value(s, object, CKA_VALUE, info->values.ptr, info->values.cap, &scalar->len,
	                  err));
	/* some keep a seed as a DER OCTET STRING */
	if ((curve->edwards || curve->montgomery) && scalar->len == curve->field_len + 2 &&
	    scalar->ptr[0] == 0x04 && scalar->ptr[1] == curve->field_len)
		*scalar = HF_SPAN(scalar->ptr + 2, curve->field_len);
	return private_info_der(info, ret);
}

static hf_status export_private(struct p11_session *s, CK_OBJECT_HANDLE object,
                                const struct key_shape *shape, struct hf_secret *ret,
                                struct hf_err *err)
{
	HF_CLEANUP(private_info_done) struct private_info info = { 0 };
	hf_status status;

	if (!shape->public_key.len || !hf_ok(public_info_parse(shape->public_key, &info.public)))
		return hf_fail(err, HF_UNSUPPORTED,
		               "the token has no public half of this key, without which it is not "
		               "exported");
	if (shape->type == OBJECT_RSA)
		status = export_rsa(s, object, &info, ret, err);
	else
		status = export_scalar(s, object, &info, ret, err);
	if (status.code == HF_INVALID)
		return hf_fail(err, HF_CORRUPT,
		               "the HSM gave a private key whose numbers do not fit together");
	return status;
}

/* In the form of p11_object_export(), whatever form the token gave. */
static hf_status normal_form(const struct key_shape *shape, struct hf_secret *value,
                             struct hf_secret *ret, struct hf_err *err)
{
	HF_CLEANUP(private_info_done) struct private_info info = { 0 };

	if (!object_type_is_asymmetric((int)shape->type)) {
		*ret = hf_secret_take(value);
		return HF_SUCCESS;
	}
	if (!hf_ok(private_info_parse(HF_SPAN(value->ptr, value->len), &info)))
		return hf_fail(err, HF_CORRUPT, "the HSM gave a private key that is no PKCS#8");
	return private_info_der(&info, ret);
}

/* NSS does not give the value of any key in its database, also of those that may leave. */
static hf_status export_wrapped(struct p11_session *s, CK_OBJECT_HANDLE object,
                                const struct key_shape *shape, struct hf_secret *ret,
                                struct hf_err *err)
{
	HF_SECRET struct hf_secret value = { 0 };

	if (!hf_ok(transport_out(s, object, &value, NULL)))
		return denied(err);
	return normal_form(shape, &value, ret, err);
}

hf_status p11_object_value(struct p11_session *s, CK_OBJECT_HANDLE object,
                           const struct key_shape *shape, struct hf_secret *ret, struct hf_err *err)
{
	hf_status status;

	if (shape->type == OBJECT_RSA || shape->type == OBJECT_EC)
		status = export_private(s, object, shape, ret, err);
	else
		status = export_secret(s, object, ret, err);
	if (status.code == HF_DENIED && !shape->sensitive)
		return export_wrapped(s, object, shape, ret, err);
	return status;
}

hf_status p11_object_export(struct p11_session *s, const struct key_name *name,
                            struct hf_secret *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf store = HF_BUF(4096);
	struct key_shape shape = { 0 };
	CK_OBJECT_HANDLE object;

	HF_TRY(p11_object_describe(s, name, &shape, &store, err));
	if (!shape.has_private)
		return hf_secret_copy(shape.public_key.ptr, shape.public_key.len, ret);
	if (!(shape.uses & USE_EXPORT))
		return denied(err);
	HF_TRY(p11_object_find(s, name, HALF_PRIVATE, &object, err));
	return p11_object_value(s, object, &shape, ret, err);
}
