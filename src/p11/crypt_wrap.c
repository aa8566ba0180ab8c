/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include "p11/rv.h"
#include "p11/wrap.h"

/* A key to look at mechanisms with: the caller's own may be made for one direction only. */
static hf_status probe_key(struct p11_session *s, CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	CK_MECHANISM mechanism = { .mechanism = CKM_AES_KEY_GEN };
	struct template t = { 0 };
	CK_RV rv;

	template_bool(&t, CKA_TOKEN, false);
	template_bool(&t, CKA_PRIVATE, true);
	template_bool(&t, CKA_SENSITIVE, true);
	template_bool(&t, CKA_EXTRACTABLE, false);
	template_bool(&t, CKA_WRAP, true);
	template_bool(&t, CKA_UNWRAP, true);
	template_number(&t, CKA_VALUE_LEN, 32);
	rv = s->fn->C_GenerateKey(s->handle, &mechanism, t.attr, t.n, ret);
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_GenerateKey");
	s->live++;
	return HF_SUCCESS;
}

static hf_status look_for_kwp(struct p11_session *s, struct hf_err *err)
{
	const struct wrap_candidate *candidates;
	CK_OBJECT_HANDLE key;
	size_t n;

	candidates = wrap_candidates(&n);
	HF_TRY(probe_key(s, &key, err));
	for (size_t i = 0; i < n && !s->learnt.kwp; i++) {
		enum wrap_format format;

		if (candidates[i].format == WRAP_RFC5649 &&
		    hf_ok(p11_wrap_probe(s, key, candidates[i].mechanism, &format, NULL)) &&
		    format == WRAP_RFC5649)
			s->learnt.kwp = candidates[i].mechanism;
	}
	p11_object_destroy(s, key);
	s->learnt.kwp_known = true;
	return HF_SUCCESS;
}

/* RFC 5649 has several numbers, and one of them is not always RFC 5649: p11/wrap.h. Looked at once
 * in a session. */
static hf_status kwp_mechanism(struct p11_session *s, CK_MECHANISM_TYPE *ret, struct hf_err *err)
{
	if (!s->learnt.kwp_known)
		HF_TRY(look_for_kwp(s, err));
	if (!s->learnt.kwp)
		return hf_fail(err, HF_UNSUPPORTED, "the HSM does not wrap keys by RFC 5649 (KWP)");
	*ret = s->learnt.kwp;
	return HF_SUCCESS;
}

static hf_status params_wrap(struct p11_session *s, CK_OBJECT_HANDLE wrapper,
                             const struct crypto_mech *mech, bool wrapping, struct crypt_params *p,
                             struct hf_err *err)
{
	*p = (struct crypt_params){ 0 };
	switch (mech->mode) {
	case MODE_KW:
		p->mechanism.mechanism = CKM_AES_KEY_WRAP;
		return HF_SUCCESS;
	case MODE_KWP:
		return kwp_mechanism(s, &p->mechanism.mechanism, err);
	case MODE_ECB:
	case MODE_CBC:
	case MODE_CBC_NOPAD:
	case MODE_CTR:
	case MODE_GCM:
	case MODE_CFB:
	case MODE_OFB:
		return params_cipher(s, wrapper, mech, wrapping, 0, p, err);
	case MODE_RSA_PKCS1:
	case MODE_RSA_OAEP:
		HF_TRY(rsa_check_label(s, mech, err));
		return params_rsa(mech, p, err);
	case MODE_NONE:
	case MODE_CCM: /* needs the length of a key that nobody can see */
	case MODE_FF1:
	case MODE_RSA_RAW:
	case MODE_RSA_PSS:
	case MODE_ECDSA:
	case MODE_EDDSA:
	case MODE_CMAC:
	case MODE_HMAC:
	case MODE_ECDH:
	case MODE_HKDF:
	case MODE_ENCRYPT_DATA_ECB:
	case MODE_ENCRYPT_DATA_CBC:
		break;
	}
	return crypt_no_way(mech->mode, "wrap a key", err);
}

static bool refused(CK_RV rv)
{
	return rv == CKR_ARGUMENTS_BAD || rv == CKR_MECHANISM_PARAM_INVALID;
}

static hf_status wrap_failed(struct p11_session *s, CK_RV rv, const char *name, struct hf_err *err)
{
	hf_status status = p11_session_fail(s, err, rv, name);

	if (rv != CKR_ARGUMENTS_BAD)
		return status;
	return hf_fail(err, HF_UNSUPPORTED,
	               "%s: the HSM does not wrap such a key with this mechanism and these "
	               "parameters",
	               name);
}

hf_status p11_wrap_key(struct p11_session *s, CK_OBJECT_HANDLE wrapper,
                       const struct crypto_mech *mech, CK_OBJECT_HANDLE subject, struct hf_buf *ret,
                       struct hf_buf *ret_iv, struct hf_buf *ret_tag, struct hf_err *err)
{
	uint8_t blob[WRAP_BLOB_MAX];
	CK_ULONG len = sizeof(blob);
	struct crypt_params p;
	CK_RV rv;

	HF_TRY(params_wrap(s, wrapper, mech, true, &p, err));
	rv = s->fn->C_WrapKey(s->handle, &p.mechanism, wrapper, subject, blob, &len);
	if (refused(rv) && params_other_form(&p, mech))
		rv = s->fn->C_WrapKey(s->handle, &p.mechanism, wrapper, subject, blob, &len);
	if (rv != CKR_OK)
		return wrap_failed(s, rv, "C_WrapKey", err);
	if (len > sizeof(blob) || len <= p.tag_len)
		return hf_fail(err, HF_CORRUPT,
		               "C_WrapKey: the HSM gave a wrapped key of %lu bytes", len);
	hf_buf_put(ret, blob, len - p.tag_len);
	hf_buf_put(ret_tag, blob + len - p.tag_len, p.tag_len);
	hf_buf_put(ret_iv, p.iv, p.iv_len);
	HF_TRY(hf_buf_status(ret));
	HF_TRY(hf_buf_status(ret_tag));
	return hf_buf_status(ret_iv);
}

static hf_status unwrap_failed(struct p11_session *s, CK_RV rv, struct hf_err *err)
{
	hf_status status = wrap_failed(s, rv, "C_UnwrapKey", err);

	if (rv != CKR_WRAPPED_KEY_INVALID && rv != CKR_WRAPPED_KEY_LEN_RANGE &&
	    (rv == CKR_ARGUMENTS_BAD || !crypt_is_about_data(s, rv)))
		return status;
	return hf_fail(err, HF_UNAUTHENTIC,
	               "this does not unwrap: it was altered, or is another kind of key, or was "
	               "wrapped with another key or other parameters");
}

/* NSS wants an attribute of its own for elliptic keys, and others refuse it. */
static CK_RV unwrap(struct p11_session *s, CK_OBJECT_HANDLE wrapper, CK_MECHANISM *mechanism,
                    struct hf_span wrapped, const struct key_shape *shape, CK_OBJECT_HANDLE *ret)
{
	CK_BYTE *bytes = (CK_BYTE *)(uintptr_t)wrapped.ptr; /* PKCS#11 has no const */
	struct template t = { 0 };
	CK_RV rv;

	made_template(&t, shape);
	rv = s->fn->C_UnwrapKey(s->handle, mechanism, wrapper, bytes, wrapped.len, t.attr, t.n,
	                        ret);
	if (rv != CKR_TEMPLATE_INCOMPLETE || shape->type != OBJECT_EC)
		return rv;
	template_bool(&t, CKA_NSS_DB, false);
	return s->fn->C_UnwrapKey(s->handle, mechanism, wrapper, bytes, wrapped.len, t.attr, t.n,
	                          ret);
}

/* What a symmetric key of that many bytes is when it is wrapped; 0: that does not tell. */
static size_t wrapped_len(enum crypto_mode mode, size_t key)
{
	switch (mode) {
	case MODE_KW:
	case MODE_KWP:
		return (key + 7) / 8 * 8 + 8;
	case MODE_CBC:
		return 0; /* AES or DES3 */
	case MODE_ECB:
	case MODE_CBC_NOPAD:
	case MODE_CTR:
	case MODE_GCM:
	case MODE_CFB:
	case MODE_OFB:
		return key;
	case MODE_NONE:
	case MODE_CCM:
	case MODE_FF1:
	case MODE_RSA_PKCS1:
	case MODE_RSA_OAEP:
	case MODE_RSA_RAW:
	case MODE_RSA_PSS:
	case MODE_ECDSA:
	case MODE_EDDSA:
	case MODE_CMAC:
	case MODE_HMAC:
	case MODE_ECDH:
	case MODE_HKDF:
	case MODE_ENCRYPT_DATA_ECB:
	case MODE_ENCRYPT_DATA_CBC:
		break;
	}
	return 0;
}

/* Before it is unwrapped, since SoftHSM2 does not tell the length of a key that was. */
static hf_status check_wrapped(const struct crypto_mech *mech, size_t len,
                               const struct key_shape *shape, struct hf_err *err)
{
	size_t want = wrapped_len(mech->mode, shape->bits / 8);

	if (!len || len + mech->tag.len > WRAP_BLOB_MAX)
		return hf_fail(err, HF_INVALID, "a wrapped key has 1 to %d bytes", WRAP_BLOB_MAX);
	if (!shape->bits || object_type_is_asymmetric((int)shape->type) || !want || len == want ||
	    shape->type == OBJECT_DES3) /* whose parity bits do not count */
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "a wrapped key of %u bits has %zu bytes, not %zu",
	               shape->bits, want, len);
}

hf_status p11_unwrap_key(struct p11_session *s, CK_OBJECT_HANDLE wrapper,
                         const struct crypto_mech *mech, struct hf_span wrapped,
                         const struct key_shape *shape, CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf tagged = HF_BUF(WRAP_BLOB_MAX);
	CK_OBJECT_HANDLE key = P11_NO_OBJECT;
	struct crypt_params p;
	CK_RV rv;

	HF_TRY(check_wrapped(mech, wrapped.len, shape, err));
	HF_TRY(params_wrap(s, wrapper, mech, false, &p, err));
	if (mech->tag.len != p.tag_len)
		return hf_fail(err, HF_INVALID, "a tag of %zu bytes is wanted, not of %zu",
		               p.tag_len, mech->tag.len);
	hf_buf_put(&tagged, wrapped.ptr, wrapped.len);
	hf_buf_put(&tagged, mech->tag.ptr, mech->tag.len);
	HF_TRY(hf_buf_status(&tagged));
	rv = unwrap(s, wrapper, &p.mechanism, hf_buf_span(&tagged), shape, &key);
	if (refused(rv) && params_other_form(&p, mech))
		rv = unwrap(s, wrapper, &p.mechanism, hf_buf_span(&tagged), shape, &key);
	if (rv != CKR_OK)
		return unwrap_failed(s, rv, err);
	HF_TRY(made_accept(s, key, shape, err));
	*ret = key;
	return HF_SUCCESS;
}
