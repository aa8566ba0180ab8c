/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/template.h"

#include "p11/rv.h"

#include <string.h>

static CK_ATTRIBUTE *next(struct template *t, CK_ATTRIBUTE_TYPE type)
{
	if (t->n == TEMPLATE_MAX)
		abort();
	t->attr[t->n].type = type;
	return &t->attr[t->n++];
}

void template_bool(struct template *t, CK_ATTRIBUTE_TYPE type, bool value)
{
	CK_BBOOL *place = &t->flags[t->n];
	CK_ATTRIBUTE *a = next(t, type);

	*place = value ? CK_TRUE : CK_FALSE;
	a->pValue = place;
	a->ulValueLen = sizeof(*place);
}

void template_number(struct template *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	CK_ULONG *place = &t->numbers[t->n];
	CK_ATTRIBUTE *a = next(t, type);

	*place = value;
	a->pValue = place;
	a->ulValueLen = sizeof(*place);
}

void template_bytes(struct template *t, CK_ATTRIBUTE_TYPE type, struct hf_span value)
{
	CK_ATTRIBUTE *a = next(t, type);

	a->pValue = (void *)(uintptr_t)value.ptr; /* PKCS#11 has no const; modules only read it */
	a->ulValueLen = value.len;
}

void template_text(struct template *t, CK_ATTRIBUTE_TYPE type, const char *value)
{
	template_bytes(t, type, hf_span_text(value));
}

hf_status attribute_read(struct p11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                         uint8_t *to, size_t cap, size_t *ret_len, struct hf_err *err)
{
	CK_ATTRIBUTE a = { type, to, cap };
	CK_RV rv = s->fn->C_GetAttributeValue(s->handle, object, &a, 1);

	if (rv == CKR_ATTRIBUTE_TYPE_INVALID ||
	    (rv == CKR_OK && a.ulValueLen == CK_UNAVAILABLE_INFORMATION))
		return hf_fail(err, HF_NOTFOUND, "the object has no attribute 0x%lx", type);
	if (rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && a.ulValueLen > cap))
		return hf_fail(err, HF_CORRUPT, "attribute 0x%lx is longer than %zu bytes", type,
		               cap);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_GetAttributeValue");
	*ret_len = a.ulValueLen;
	return HF_SUCCESS;
}

hf_status attribute_bool(struct p11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                         bool *ret, struct hf_err *err)
{
	CK_BBOOL value = CK_FALSE;
	size_t len = 0;
	hf_status status = attribute_read(s, object, type, &value, sizeof(value), &len, err);

	if (status.code != HF_NOTFOUND)
		HF_TRY(status);
	*ret = len == sizeof(value) && value != CK_FALSE;
	return HF_SUCCESS;
}

hf_status attribute_number(struct p11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                           CK_ULONG *ret, struct hf_err *err)
{
	CK_ULONG value = 0;
	size_t len = 0;

	HF_TRY(attribute_read(s, object, type, (uint8_t *)&value, sizeof(value), &len, err));
	if (len != sizeof(value))
		return hf_fail(err, HF_CORRUPT, "attribute 0x%lx is no number", type);
	*ret = value;
	return HF_SUCCESS;
}

hf_status objects_find(struct p11_session *s, const struct template *t, CK_OBJECT_HANDLE *ret,
                       size_t max, size_t *ret_n, struct hf_err *err)
{
	CK_ULONG n = 0, total = 0;
	CK_RV rv = s->fn->C_FindObjectsInit(s->handle, (CK_ATTRIBUTE *)(uintptr_t)t->attr, t->n);

	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_FindObjectsInit");
	do {
		rv = s->fn->C_FindObjects(s->handle, ret + total, max - total, &n);
		if (rv == CKR_OK)
			total += n;
	} while (rv == CKR_OK && n && total < max);
	s->fn->C_FindObjectsFinal(s->handle);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_FindObjects");
	*ret_n = total;
	return HF_SUCCESS;
}
