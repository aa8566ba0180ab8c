/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/wrap.h"

#include "base/random.h"
#include "p11/rv.h"

#include <string.h>

#define AES_BLOCK 16
#define AES_256_LEN 32

static const struct wrap_candidate candidates[] = {
	{ CKM_AES_KEY_WRAP_KWP, WRAP_RFC5649 }, { CKM_AES_KEY_WRAP_PAD, WRAP_RFC5649 },
	{ CKM_LUNA_AES_KWP, WRAP_RFC5649 },     { CKM_AES_KEY_WRAP, WRAP_RFC3394 },
	{ CKM_AES_CBC_PAD, WRAP_CBC_PAD },
};

const struct wrap_candidate *wrap_candidates(size_t *ret_count)
{
	*ret_count = HF_COUNT(candidates);
	return candidates;
}

int wrap_format_detect(CK_MECHANISM_TYPE mechanism, size_t blob_len)
{
	switch (mechanism) {
	case CKM_AES_KEY_WRAP:
		return blob_len == 40 ? WRAP_RFC3394 : 0;
	case CKM_AES_CBC_PAD:
		return blob_len == 48 ? WRAP_CBC_PAD : 0;
	case CKM_AES_KEY_WRAP_KWP:
	case CKM_AES_KEY_WRAP_PAD:
	case CKM_LUNA_AES_KWP:
		if (blob_len == 40)
			return WRAP_RFC5649;
		/* A whole block of PKCS#7 padding, of 8 bytes (NSS) or 16 (openCryptoki). */
		return blob_len == 48 || blob_len == 56 ? WRAP_RFC3394_PKCS7 : 0;
	default: /* a number of the vendor's choice, no enum */
		return 0;
	}
}

static hf_status throwaway_key(struct p11_session *s, CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	CK_MECHANISM mechanism = { .mechanism = CKM_AES_KEY_GEN };
	struct template t = { 0 };
	CK_RV rv;

	template_bool(&t, CKA_TOKEN, false);
	template_bool(&t, CKA_PRIVATE, true);
	template_bool(&t, CKA_SENSITIVE, true);
	template_bool(&t, CKA_EXTRACTABLE, true);
	template_bool(&t, CKA_ENCRYPT, true);
	template_number(&t, CKA_VALUE_LEN, AES_256_LEN);
	rv = s->fn->C_GenerateKey(s->handle, &mechanism, t.attr, t.n, ret);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_GenerateKey");
	s->live++;
	return HF_SUCCESS;
}

/* The module's own bytes, without the IV. */
static hf_status wrap_raw(struct p11_session *s, CK_OBJECT_HANDLE master, CK_MECHANISM *mechanism,
                          CK_OBJECT_HANDLE key, uint8_t blob[WRAP_BLOB_MAX], CK_ULONG *ret_len,
                          struct hf_err *err)
{
	CK_ULONG len = WRAP_BLOB_MAX;
	CK_RV rv = s->fn->C_WrapKey(s->handle, mechanism, master, key, blob, &len);

	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_WrapKey");
	if (!len || len > WRAP_BLOB_MAX - AES_BLOCK)
		return hf_fail(err, HF_CORRUPT,
		               "C_WrapKey: the HSM gave a wrapped key of %lu bytes", len);
	*ret_len = len;
	return HF_SUCCESS;
}

hf_status p11_wrap_probe(struct p11_session *s, CK_OBJECT_HANDLE master,
                         CK_MECHANISM_TYPE mechanism, enum wrap_format *ret, struct hf_err *err)
{
	uint8_t iv[AES_BLOCK] = { 0 }, blob[WRAP_BLOB_MAX];
	CK_MECHANISM m = { .mechanism = mechanism };
	CK_OBJECT_HANDLE key;
	CK_ULONG len = 0;
	hf_status status;
	int format;

	if (mechanism == CKM_AES_CBC_PAD)
		m = (CK_MECHANISM){ mechanism, iv, sizeof(iv) };
	HF_TRY(throwaway_key(s, &key, err));
	status = wrap_raw(s, master, &m, key, blob, &len, err);
	p11_object_destroy(s, key);
	HF_TRY(status);
	format = wrap_format_detect(mechanism, len);
	if (!format)
		return hf_fail(err, HF_UNSUPPORTED,
		               "mechanism 0x%lx wraps an AES-256 key into %lu bytes, a format "
		               "that is not known",
		               mechanism, len);
	*ret = (enum wrap_format)format;
	return HF_SUCCESS;
}

hf_status p11_wrap(struct p11_session *s, CK_OBJECT_HANDLE master, CK_MECHANISM_TYPE mechanism,
                   enum wrap_format format, CK_OBJECT_HANDLE key, struct hf_buf *to,
                   struct hf_err *err)
{
	uint8_t iv[AES_BLOCK], blob[WRAP_BLOB_MAX];
	CK_MECHANISM m = { .mechanism = mechanism };
	CK_ULONG len;

	if (format == WRAP_CBC_PAD) {
		hf_random(iv, sizeof(iv));
		m = (CK_MECHANISM){ mechanism, iv, sizeof(iv) };
	}
	HF_TRY(wrap_raw(s, master, &m, key, blob, &len, err));
	if (format == WRAP_CBC_PAD)
		hf_buf_put(to, iv, sizeof(iv));
	hf_buf_put(to, blob, len);
	return hf_buf_status(to);
}

static void build_plan(struct unwrap_plan *to, CK_MECHANISM_TYPE mechanism, enum wrap_format format,
                       enum key_type type, const struct p11_type_profile *profile,
                       enum unwrap_purpose purpose)
{
	const struct p11_kind *kind = p11_kind(type);
	struct template *t = &to->template;

	*to = (struct unwrap_plan){ .mechanism = { .mechanism = mechanism } };
	to->iv_len = format == WRAP_CBC_PAD ? AES_BLOCK : 0;
	template_number(t, CKA_CLASS, CKO_PRIVATE_KEY);
	template_number(t, CKA_KEY_TYPE, kind->ck);
	template_bool(t, CKA_TOKEN, false);
	template_bool(t, CKA_PRIVATE, true);
	template_bool(t, CKA_SENSITIVE, true);
	template_bool(t, CKA_EXTRACTABLE, purpose == UNWRAP_TO_WRAP);
	template_bool(t, CKA_SIGN, true);
	if (profile->quirks & QUIRK_NSS_DB)
		template_bool(t, CKA_NSS_DB, false);
	if (profile->quirks & QUIRK_EC_PARAMS)
		template_bytes(t, CKA_EC_PARAMS, p11_kind_params(kind, profile->params));
}

void unwrap_plan_build(struct unwrap_plan *to, CK_MECHANISM_TYPE mechanism, enum wrap_format format,
                       enum key_type type, const struct p11_type_profile *profile)
{
	build_plan(to, mechanism, format, type, profile, UNWRAP_TO_SIGN);
}

static hf_status check_blob(enum wrap_format format, size_t len, struct hf_err *err)
{
	bool fits = format == WRAP_CBC_PAD ? len % AES_BLOCK == 0 && len >= 2 * AES_BLOCK
	                                   : len % 8 == 0 && len >= 24;

	if (!fits || len > WRAP_BLOB_MAX)
		return hf_fail(err, HF_CORRUPT,
		               "a wrapped key (%s) of %zu bytes cannot be: it was altered",
		               wrap_format_name(format), len);
	return HF_SUCCESS;
}

/* Sensitive, and not extractable unless it is to be wrapped? Both in one call. */
static hf_status is_closed(struct p11_session *s, CK_OBJECT_HANDLE key, enum unwrap_purpose purpose,
                           bool *ret, struct hf_err *err)
{
	CK_BBOOL sensitive = CK_FALSE, extractable = CK_TRUE;
	CK_ATTRIBUTE a[] = { { CKA_SENSITIVE, &sensitive, sizeof(sensitive) },
		             { CKA_EXTRACTABLE, &extractable, sizeof(extractable) } };
	CK_RV rv = s->fn->C_GetAttributeValue(s->handle, key, a, HF_COUNT(a));

	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_GetAttributeValue");
	*ret = sensitive == CK_TRUE && (extractable == CK_FALSE || purpose == UNWRAP_TO_WRAP);
	return HF_SUCCESS;
}

static void ratchet(struct p11_session *s, CK_OBJECT_HANDLE key, enum unwrap_purpose purpose)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE sensitive = { CKA_SENSITIVE, &yes, sizeof(yes) };
	CK_ATTRIBUTE extractable = { CKA_EXTRACTABLE, &no, sizeof(no) };

	/* One after the other, since the one that is right already may be refused; reading back
	 * decides. */
	s->fn->C_SetAttributeValue(s->handle, key, &sensitive, 1);
	if (purpose == UNWRAP_TO_SIGN)
		s->fn->C_SetAttributeValue(s->handle, key, &extractable, 1);
}

static hf_status make_sure_closed(struct p11_session *s, CK_OBJECT_HANDLE key, uint32_t quirks,
                                  enum unwrap_purpose purpose, struct hf_err *err)
{
	bool closed;

	HF_TRY(is_closed(s, key, purpose, &closed, err));
	if (!closed && (quirks & QUIRK_RATCHET)) {
		ratchet(s, key, purpose);
		HF_TRY(is_closed(s, key, purpose, &closed, err));
	}
	if (!closed)
		return hf_fail(err, HF_DENIED,
		               "the HSM left an unwrapped private key readable (not SENSITIVE, or "
		               "EXTRACTABLE), so it was "
		               "destroyed: run `holdfast hsm check` against this module");
	return HF_SUCCESS;
}

/* True when this one need not be read back: see UNWRAP_TRUST. */
static bool is_trusted(const struct unwrap_ask *ask, uint32_t quirks)
{
	uint16_t *trust;

	if (!ask->watch || ask->purpose != UNWRAP_TO_SIGN || (quirks & QUIRK_RATCHET))
		return false;
	trust = &ask->watch->trust[ask->type][ask->format];
	if (*trust == 0)
		return false;
	--*trust;
	return true;
}

static hf_status close_key(struct p11_session *s, CK_OBJECT_HANDLE key,
                           const struct unwrap_ask *ask, uint32_t quirks, struct hf_err *err)
{
	if (is_trusted(ask, quirks))
		return HF_SUCCESS;
	HF_TRY(make_sure_closed(s, key, quirks, ask->purpose, err));
	if (ask->watch && ask->purpose == UNWRAP_TO_SIGN)
		ask->watch->trust[ask->type][ask->format] = UNWRAP_TRUST - 1;
	return HF_SUCCESS;
}

hf_status p11_unwrap_as(struct p11_session *s, CK_OBJECT_HANDLE master, CK_MECHANISM_TYPE mechanism,
                        const struct unwrap_ask *ask, const struct p11_type_profile *profile,
                        CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	struct unwrap_plan plan;
	uint8_t *bytes = (uint8_t *)(uintptr_t)ask->blob.ptr; /* PKCS#11 has no const */
	hf_status status;
	CK_RV rv;

	HF_TRY(check_blob(ask->format, ask->blob.len, err));
	build_plan(&plan, mechanism, ask->format, ask->type, profile, ask->purpose);
	if (plan.iv_len) {
		plan.mechanism.pParameter = bytes;
		plan.mechanism.ulParameterLen = plan.iv_len;
	}
	rv = s->fn->C_UnwrapKey(s->handle, &plan.mechanism, master, bytes + plan.iv_len,
	                        ask->blob.len - plan.iv_len, plan.template.attr, plan.template.n,
	                        &key);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_UnwrapKey");
	s->live++;
	status = close_key(s, key, ask, profile->quirks, err);
	if (!hf_ok(status)) {
		p11_object_destroy(s, key);
		return status;
	}
	*ret = key;
	return HF_SUCCESS;
}

hf_status p11_unwrap(struct p11_session *s, CK_OBJECT_HANDLE master, CK_MECHANISM_TYPE mechanism,
                     enum wrap_format format, enum key_type type,
                     const struct p11_type_profile *profile, struct hf_span blob,
                     CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	struct unwrap_ask ask = { .type = type, .format = format, .blob = blob };

	return p11_unwrap_as(s, master, mechanism, &ask, profile, ret, err);
}
