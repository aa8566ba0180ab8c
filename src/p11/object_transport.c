/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/object_transport.h"

#include "base/random.h"
#include "p11/rv.h"

#define AES_BLOCK 16
#define AES_256_LEN 32
#define WRAPPED_MAX (HF_SECRET_MAX + 2 * AES_BLOCK)

static CK_RV make_key(struct p11_session *s, bool in, CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM mechanism = { .mechanism = CKM_AES_KEY_GEN };
	struct template t = { 0 };
	CK_RV rv;

	template_bool(&t, CKA_TOKEN, false);
	template_bool(&t, CKA_PRIVATE, true);
	template_bool(&t, CKA_SENSITIVE, true);
	template_bool(&t, CKA_EXTRACTABLE, false);
	template_bool(&t, CKA_ENCRYPT, in);
	template_bool(&t, CKA_UNWRAP, in);
	template_bool(&t, CKA_WRAP, !in);
	template_bool(&t, CKA_DECRYPT, !in);
	template_number(&t, CKA_VALUE_LEN, AES_256_LEN);
	rv = s->fn->C_GenerateKey(s->handle, &mechanism, t.attr, t.n, ret);
	if (rv == CKR_OK)
		s->live++;
	return rv;
}

static CK_RV put_in(struct p11_session *s, CK_OBJECT_HANDLE key, const struct template *t,
                    struct hf_span value, CK_OBJECT_HANDLE *ret)
{
	HF_BUF_SCOPED struct hf_buf wrapped = HF_BUF(WRAPPED_MAX);
	uint8_t iv[AES_BLOCK], *at = hf_buf_grow(&wrapped, value.len + 2 * AES_BLOCK);
	CK_MECHANISM mechanism = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
	CK_ULONG len = wrapped.len;
	CK_RV rv;

	if (!at)
		return CKR_HOST_MEMORY;
	hf_random(iv, sizeof(iv));
	rv = s->fn->C_EncryptInit(s->handle, &mechanism, key);
	if (rv == CKR_OK)
		rv = s->fn->C_Encrypt(s->handle, (uint8_t *)(uintptr_t)value.ptr, value.len, at,
		                      &len);
	if (rv == CKR_OK)
		rv = s->fn->C_UnwrapKey(s->handle, &mechanism, key, at, len,
		                        (CK_ATTRIBUTE *)(uintptr_t)t->attr, t->n, ret);
	return rv;
}

CK_RV transport_in(struct p11_session *s, const struct template *t, struct hf_span value,
                   CK_OBJECT_HANDLE *ret)
{
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	CK_RV rv = make_key(s, true, &key);

	if (rv == CKR_OK)
		rv = put_in(s, key, t, value, ret);
	p11_object_destroy(s, key);
	return rv;
}

static CK_RV take_out(struct p11_session *s, CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE subject,
                      struct hf_secret *to)
{
	HF_BUF_SCOPED struct hf_buf wrapped = HF_BUF(WRAPPED_MAX);
	uint8_t iv[AES_BLOCK], *at = hf_buf_grow(&wrapped, WRAPPED_MAX);
	CK_MECHANISM mechanism = { CKM_AES_CBC_PAD, iv, sizeof(iv) };
	CK_ULONG len = WRAPPED_MAX, plain = to->cap;
	CK_RV rv;

	if (!at)
		return CKR_HOST_MEMORY;
	hf_random(iv, sizeof(iv));
	rv = s->fn->C_WrapKey(s->handle, &mechanism, key, subject, at, &len);
	if (rv == CKR_OK)
		rv = s->fn->C_DecryptInit(s->handle, &mechanism, key);
	if (rv == CKR_OK)
		rv = s->fn->C_Decrypt(s->handle, at, len, to->ptr, &plain);
	to->len = rv == CKR_OK && plain <= to->cap ? plain : 0;
	return rv;
}

hf_status transport_out(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_secret *ret,
                        struct hf_err *err)
{
	HF_SECRET struct hf_secret value = { 0 };
	CK_OBJECT_HANDLE transport = P11_NO_OBJECT;
	CK_RV rv;

	HF_TRY(hf_secret_new(HF_SECRET_MAX, &value));
	rv = make_key(s, false, &transport);
	if (rv == CKR_OK)
		rv = take_out(s, transport, key, &value);
	p11_object_destroy(s, transport);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_WrapKey");
	if (!value.len)
		return hf_fail(err, HF_CORRUPT, "the HSM wrapped an empty key");
	*ret = hf_secret_take(&value);
	return HF_SUCCESS;
}
