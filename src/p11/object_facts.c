/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/object_facts.h"

#include "p11/rv.h"

#include <string.h>

/* What no module writes: an attribute that still has it was not answered. Neither a CK_BBOOL nor a
 * number, and no text of 255 of them is a label. */
#define UNTOUCHED 0xa5

static const struct {
	CK_ATTRIBUTE_TYPE type;
	size_t cap;
} asked[FACT_COUNT] = {
	[FACT_CLASS] = { CKA_CLASS, sizeof(CK_ULONG) },
	[FACT_KEY_TYPE] = { CKA_KEY_TYPE, sizeof(CK_ULONG) },
	[FACT_ID] = { CKA_ID, CKA_ID_MAX },
	[FACT_LABEL] = { CKA_LABEL, CKA_LABEL_MAX },
	[FACT_SENSITIVE] = { CKA_SENSITIVE, 1 },
	[FACT_EXTRACTABLE] = { CKA_EXTRACTABLE, 1 },
	[FACT_NEVER_EXTRACTABLE] = { CKA_NEVER_EXTRACTABLE, 1 },
	[FACT_LOCAL] = { CKA_LOCAL, 1 },
	[FACT_SIGN] = { CKA_SIGN, 1 },
	[FACT_VERIFY] = { CKA_VERIFY, 1 },
	[FACT_ENCRYPT] = { CKA_ENCRYPT, 1 },
	[FACT_DECRYPT] = { CKA_DECRYPT, 1 },
	[FACT_WRAP] = { CKA_WRAP, 1 },
	[FACT_UNWRAP] = { CKA_UNWRAP, 1 },
	[FACT_DERIVE] = { CKA_DERIVE, 1 },
	[FACT_VALUE_LEN] = { CKA_VALUE_LEN, sizeof(CK_ULONG) },
	[FACT_CHECK_VALUE] = { CKA_CHECK_VALUE, 16 },
	[FACT_EC_PARAMS] = { CKA_EC_PARAMS, 64 },
	[FACT_EC_POINT] = { CKA_EC_POINT, 192 },
	[FACT_MODULUS] = { CKA_MODULUS, 1040 },
	[FACT_PUBLIC_EXPONENT] = { CKA_PUBLIC_EXPONENT, 64 },
	[FACT_PUBLIC_KEY_INFO] = { CKA_PUBLIC_KEY_INFO, 1200 },
};

static void lay_out(struct object_facts *f)
{
	size_t at = 0;

	memset(f->bytes, UNTOUCHED, sizeof(f->bytes));
	f->too_long = false;
	for (int i = 0; i < FACT_COUNT; i++) {
		if (at + asked[i].cap > sizeof(f->bytes))
			abort();
		f->attr[i] = (CK_ATTRIBUTE){ asked[i].type, f->bytes + at, asked[i].cap };
		at += (asked[i].cap + 7) & ~(size_t)7; /* modules write numbers as such */
	}
}

/* PKCS#11 2.40, 5.7: with these, all attributes have been looked at, and those without an answer
 * are marked. */
static bool is_partial(CK_RV rv)
{
	return rv == CKR_OK || rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ||
	       rv == CKR_BUFFER_TOO_SMALL;
}

static bool is_untouched(const CK_ATTRIBUTE *a, size_t cap)
{
	const uint8_t *bytes = a->pValue;

	if (a->ulValueLen != cap)
		return false;
	for (size_t i = 0; i < cap; i++)
		if (bytes[i] != UNTOUCHED)
			return false;
	return true;
}

/* A handle that is not valid is an object that is gone, unless it is the session that is: then no
 * handle is. */
static hf_status gone(struct p11_session *s, struct hf_err *err)
{
	CK_SESSION_INFO info = { 0 };
	CK_RV rv = s->fn->C_GetSessionInfo(s->handle, &info);

	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_GetSessionInfo");
	if (info.state != CKS_RO_USER_FUNCTIONS && info.state != CKS_RW_USER_FUNCTIONS &&
	    (s->token.flags & CKF_LOGIN_REQUIRED))
		return p11_session_fail(s, err, CKR_USER_NOT_LOGGED_IN, "C_GetAttributeValue");
	return hf_fail(err, HF_NOTFOUND, "the token does not have this key any more");
}

static hf_status failed(struct p11_session *s, CK_RV rv, struct hf_err *err)
{
	if (rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_KEY_HANDLE_INVALID)
		return gone(s, err);
	return p11_session_fail(s, err, rv, "C_GetAttributeValue");
}

/* For a module that stops at the first attribute that it does not like. */
static hf_status ask_alone(struct p11_session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *a,
                           struct hf_err *err)
{
	CK_RV rv = s->fn->C_GetAttributeValue(s->handle, object, a, 1);

	if (rv == CKR_OK)
		return HF_SUCCESS;
	a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	return is_partial(rv) ? HF_SUCCESS : failed(s, rv, err);
}

/* A name that is longer than any of ours is not the same as none. */
static bool is_longer(struct p11_session *s, CK_OBJECT_HANDLE object, enum fact which)
{
	CK_ATTRIBUTE a = { asked[which].type, NULL, 0 };

	return s->fn->C_GetAttributeValue(s->handle, object, &a, 1) == CKR_OK &&
	       a.ulValueLen != CK_UNAVAILABLE_INFORMATION && a.ulValueLen > asked[which].cap;
}

hf_status facts_read(struct p11_session *s, CK_OBJECT_HANDLE object, struct object_facts *ret,
                     struct hf_err *err)
{
	CK_RV rv;

	lay_out(ret);
	rv = s->fn->C_GetAttributeValue(s->handle, object, ret->attr, FACT_COUNT);
	if (!is_partial(rv))
		return failed(s, rv, err);
	for (int i = 0; i < FACT_COUNT; i++) {
		CK_ATTRIBUTE *a = &ret->attr[i];

		if (rv != CKR_OK && is_untouched(a, asked[i].cap))
			HF_TRY(ask_alone(s, object, a, err));
		if (a->ulValueLen > asked[i].cap)
			a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		if ((i == FACT_ID || i == FACT_LABEL) &&
		    a->ulValueLen == CK_UNAVAILABLE_INFORMATION)
			ret->too_long |= is_longer(s, object, (enum fact)i);
	}
	return HF_SUCCESS;
}

struct hf_span facts_span(const struct object_facts *f, enum fact which)
{
	const CK_ATTRIBUTE *a = &f->attr[which];

	if (a->ulValueLen == CK_UNAVAILABLE_INFORMATION)
		return HF_SPAN(NULL, 0);
	return HF_SPAN(a->pValue, a->ulValueLen);
}

bool facts_bool(const struct object_facts *f, enum fact which)
{
	struct hf_span value = facts_span(f, which);

	return value.len == 1 && value.ptr[0] != CK_FALSE && value.ptr[0] != UNTOUCHED;
}

CK_ULONG facts_number(const struct object_facts *f, enum fact which, CK_ULONG none)
{
	struct hf_span value = facts_span(f, which);
	CK_ULONG number;

	if (value.len != sizeof(number))
		return none;
	memcpy(&number, value.ptr, sizeof(number));
	return number;
}
