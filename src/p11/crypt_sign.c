/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include "crypto/ecdsa_der.h"
#include "p11/rv.h"

#include <string.h>

#define CURVE_PARAMS_MAX 64

static struct crypt_call sign_call(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key)
{
	return (struct crypt_call){ .kind = CRYPT_SIGN,
		                    .mechanism = { .mechanism = mechanism },
		                    .key = key,
		                    .room = CRYPT_SIGNATURE_MAX };
}

static hf_status curve_of_key(struct p11_session *s, CK_OBJECT_HANDLE key, enum curve *ret,
                              struct hf_err *err)
{
	uint8_t params[CURVE_PARAMS_MAX];
	size_t len;

	HF_TRY(attribute_read(s, key, CKA_EC_PARAMS, params, sizeof(params), &len, err));
	if (!hf_ok(curve_of_params(HF_SPAN(params, len), ret)))
		*ret = CURVE_NONE;
	return HF_SUCCESS;
}

/* A digest of the curve's own length, for tokens that take no other: its leftmost bytes, or zeros
 * in front, which is the same number (FIPS 186-5, 6.4.1). HF_UNSUPPORTED: it cannot be done so. */
static hf_status fit_digest(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_span digest,
                            uint8_t to[ECDSA_HALF_MAX], struct hf_span *ret, struct hf_err *err)
{
	const struct curve_info *info;
	enum curve curve;
	size_t n;

	HF_TRY(curve_of_key(s, key, &curve, err));
	info = curve_info((int)curve);
	HF_ENSURE(info && info->bits % 8 == 0 && info->field_len <= ECDSA_HALF_MAX, HF_UNSUPPORTED);
	n = digest.len < info->field_len ? digest.len : info->field_len;
	memset(to, 0, info->field_len);
	memcpy(to + info->field_len - n, digest.ptr, n);
	*ret = HF_SPAN(to, info->field_len);
	return HF_SUCCESS;
}

/* Of a signature of 64 bytes: is it secp256k1's, whose s is to be low? The curve of the key that
 * signed last is remembered. A handle that has become another key's meanwhile would at worst make a
 * signature that does not verify, and so does not leave. */
static hf_status is_k1(struct p11_session *s, CK_OBJECT_HANDLE key, bool *ret, struct hf_err *err)
{
	enum curve curve;

	if (s->learnt.ec_key != key) {
		HF_TRY(curve_of_key(s, key, &curve, err));
		s->learnt.ec_key = key;
		s->learnt.ec_key_is_k1 = curve == CURVE_SECP256K1;
	}
	*ret = s->learnt.ec_key_is_k1;
	return HF_SUCCESS;
}

/* From r || s. */
static hf_status finish_ecdsa(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_buf *raw,
                              struct hf_buf *ret, struct hf_err *err)
{
	bool k1 = false;

	if (raw->len == 64)
		HF_TRY(is_k1(s, key, &k1, err));
	if (k1)
		ecdsa_low_s_k1(raw->ptr);
	if (!hf_ok(ecdsa_der_make(hf_buf_span(raw), ret)))
		return hf_fail(err, HF_CORRUPT,
		               "C_Sign: the HSM gave an ECDSA signature of %zu bytes that is none",
		               raw->len);
	return HF_SUCCESS;
}

static hf_status sign_ecdsa(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_span digest,
                            struct hf_buf *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf raw = HF_BUF(CRYPT_SIGNATURE_MAX);
	struct crypt_call call = sign_call(CKM_ECDSA, key);
	uint8_t fitted[ECDSA_HALF_MAX];
	struct hf_span fit;
	hf_status status;

	if (!digest.len || digest.len > DIGEST_LEN_MAX)
		return hf_fail(err, HF_INVALID, "ECDSA signs a digest of up to %d bytes, not %zu",
		               DIGEST_LEN_MAX, digest.len);
	status = crypt_run(s, &call, digest, &raw, err);
	if (!hf_ok(status) && s->rv == CKR_DATA_LEN_RANGE &&
	    hf_ok(fit_digest(s, key, digest, fitted, &fit, NULL)) && fit.len != digest.len)
		status = crypt_run(s, &call, fit, &raw, err);
	HF_TRY(status);
	return finish_ecdsa(s, key, &raw, ret, err);
}

/* Most take no parameters, some insist on them: PKCS#11 3.0, 6.3.15 allows both. */
static hf_status sign_eddsa(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_span message,
                            struct hf_buf *ret, struct hf_err *err)
{
	struct crypt_call call = sign_call(CKM_EDDSA, key);
	struct p11_eddsa_params params = { 0 };
	hf_status status = crypt_run(s, &call, message, ret, err);

	if (hf_ok(status) || !crypt_params_refused(s, &call))
		return status;
	call.mechanism.pParameter = &params;
	call.mechanism.ulParameterLen = sizeof(params);
	return crypt_run(s, &call, message, ret, err);
}

static hf_status check_digest(const struct crypto_mech *mech, struct hf_span digest,
                              const struct crypt_hash **ret, struct hf_err *err)
{
	const struct crypt_hash *hash = crypt_hash(mech->hash);

	if (!hash)
		return hf_fail(err, HF_UNSUPPORTED, "PKCS#11 has no RSA signature with this hash");
	if (digest.len != digest_alg_len((int)mech->hash))
		return hf_fail(err, HF_INVALID, "a digest of %s has %zu bytes, not %zu",
		               digest_alg_name((int)mech->hash), digest_alg_len((int)mech->hash),
		               digest.len);
	*ret = hash;
	return HF_SUCCESS;
}

/* DigestInfo is put around the digest here: so every token signs with every hash. Without a hash,
 * what comes is padded as it is. */
static hf_status sign_pkcs1(struct p11_session *s, CK_OBJECT_HANDLE key,
                            const struct crypto_mech *mech, struct hf_span digest,
                            struct hf_buf *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf info = HF_BUF(32 + DIGEST_LEN_MAX);
	struct crypt_call call = sign_call(CKM_RSA_PKCS, key);
	const struct crypt_hash *hash;

	if (mech->hash == DIGEST_NONE)
		return crypt_run(s, &call, digest, ret, err);
	HF_TRY(check_digest(mech, digest, &hash, err));
	hf_buf_put(&info, hash->info.ptr, hash->info.len);
	hf_buf_put(&info, digest.ptr, digest.len);
	HF_TRY(hf_buf_status(&info));
	return crypt_run(s, &call, hf_buf_span(&info), ret, err);
}

static hf_status sign_pss(struct p11_session *s, CK_OBJECT_HANDLE key,
                          const struct crypto_mech *mech, struct hf_span digest, struct hf_buf *ret,
                          struct hf_err *err)
{
	struct crypt_call call = sign_call(CKM_RSA_PKCS_PSS, key);
	const struct crypt_hash *hash, *mgf;
	CK_RSA_PKCS_PSS_PARAMS params;

	HF_TRY(check_digest(mech, digest, &hash, err));
	mgf = mech->mgf_hash ? crypt_hash(mech->mgf_hash) : hash;
	if (!mgf || !mgf->mgf)
		return hf_fail(err, HF_UNSUPPORTED, "PKCS#11 has no MGF1 with this hash");
	params = (CK_RSA_PKCS_PSS_PARAMS){
		.hash_alg = hash->digest,
		.mgf = mgf->mgf,
		.s_len = mech->salt_len == CRYPTO_SALT_AS_HASH ? digest.len : mech->salt_len,
	};
	call.mechanism.pParameter = &params;
	call.mechanism.ulParameterLen = sizeof(params);
	return crypt_run(s, &call, digest, ret, err);
}

static hf_status sign_raw(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_span data,
                          struct hf_buf *ret, struct hf_err *err)
{
	struct crypt_call call = sign_call(CKM_RSA_X_509, key);

	return crypt_run(s, &call, data, ret, err);
}

hf_status p11_sign(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                   struct hf_span data, struct hf_buf *ret, struct hf_err *err)
{
	switch (mech->mode) {
	case MODE_ECDSA:
		return sign_ecdsa(s, key, data, ret, err);
	case MODE_EDDSA:
		return sign_eddsa(s, key, data, ret, err);
	case MODE_RSA_PKCS1:
		return sign_pkcs1(s, key, mech, data, ret, err);
	case MODE_RSA_PSS:
		return sign_pss(s, key, mech, data, ret, err);
	case MODE_RSA_RAW:
		return sign_raw(s, key, data, ret, err);
	case MODE_NONE:
	case MODE_ECB:
	case MODE_CBC:
	case MODE_CBC_NOPAD:
	case MODE_CTR:
	case MODE_GCM:
	case MODE_CCM:
	case MODE_KW:
	case MODE_KWP:
	case MODE_FF1:
	case MODE_CFB:
	case MODE_OFB:
	case MODE_RSA_OAEP:
	case MODE_CMAC:
	case MODE_HMAC:
	case MODE_ECDH:
	case MODE_HKDF:
	case MODE_ENCRYPT_DATA_ECB:
	case MODE_ENCRYPT_DATA_CBC:
		break;
	}
	return crypt_no_way(mech->mode, "sign", err);
}
