/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include "p11/object_new.h"

struct closed {
	bool sensitive, extractable;
};

/* What stays in the token leaves only if it was to (object_new.h). A session key is as its shape
 * says: to be used, to be wrapped, or to be exported; where that says neither, it is to be wrapped,
 * as a generated one. */
static struct closed closed_as(const struct key_shape *shape)
{
	bool leaves = shape->uses_given && (shape->uses & USE_EXPORT);

	if (shape->persistent)
		return (struct closed){ !leaves, leaves };
	if (!shape->sensitive && !shape->extractable)
		return (struct closed){ true, true };
	return (struct closed){ shape->sensitive, shape->extractable };
}

void made_template(struct template *t, const struct key_shape *shape)
{
	bool asymmetric = object_type_is_asymmetric((int)shape->type);
	struct closed closed = closed_as(shape);

	template_number(t, CKA_CLASS, asymmetric ? CKO_PRIVATE_KEY : CKO_SECRET_KEY);
	template_number(t, CKA_KEY_TYPE, new_key_type(shape));
	template_bool(t, CKA_TOKEN, shape->persistent);
	template_bool(t, CKA_PRIVATE, true);
	template_bool(t, CKA_MODIFIABLE, true);
	template_bool(t, CKA_SENSITIVE, closed.sensitive);
	template_bool(t, CKA_EXTRACTABLE, closed.extractable);
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
	struct closed closed = closed_as(shape);
	hf_status status;
	CK_ULONG len = 0;

	if (closed.sensitive)
		HF_TRY(close_key(s, key, CKA_SENSITIVE, true, err));
	if (!closed.extractable)
		HF_TRY(close_key(s, key, CKA_EXTRACTABLE, false, err));
	if (!shape->bits || object_type_is_asymmetric((int)shape->type) ||
	    shape->type == OBJECT_DES3)
		return HF_SUCCESS;
	status = attribute_number(s, key, CKA_VALUE_LEN, &len, err);
	if (status.code != HF_NOTFOUND)
		HF_TRY(status);
	if (len && len * 8 != shape->bits) /* not all modules tell: SoftHSM2 has 0 */
		return hf_fail(err, HF_INVALID, "the key has %lu bits, not %u", len * 8,
		               shape->bits);
	return HF_SUCCESS;
}

hf_status made_accept(struct p11_session *s, CK_OBJECT_HANDLE key, const struct key_shape *shape,
                      struct hf_err *err)
{
	hf_status status;

	new_count(s, shape);
	status = check(s, key, shape, err);
	if (!hf_ok(status))
		new_destroy(s, key, shape);
	return status;
}
