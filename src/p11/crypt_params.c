/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include <string.h>

#define GCM_IV_LEN 12
#define GCM_TAG_LEN 16
#define SOURCE_DATA 1 /* CKZ_DATA_SPECIFIED */

/* What AES and DES3 call a mode, and its initial value. */
struct cipher_kind {
	CK_MECHANISM_TYPE aes, des3; /* 0: there is none */
	size_t iv, iv_min, iv_max;   /* blocks, where 1; or bytes */
	bool by_block;
};

static const struct cipher_kind kinds[CRYPTO_MODE_MAX + 1] = {
	[MODE_ECB] = { CKM_AES_ECB, CKM_DES3_ECB, 0, 0, 0, false },
	[MODE_CBC] = { CKM_AES_CBC_PAD, CKM_DES3_CBC_PAD, 0, 0, 0, true },
	[MODE_CBC_NOPAD] = { CKM_AES_CBC, CKM_DES3_CBC, 0, 0, 0, true },
	[MODE_CFB] = { CKM_AES_CFB128, 0, 0, 0, 0, true },
	[MODE_OFB] = { CKM_AES_OFB, 0, 0, 0, 0, true },
	[MODE_CTR] = { CKM_AES_CTR, 0, 0, 0, 0, true },
	[MODE_GCM] = { CKM_AES_GCM, 0, GCM_IV_LEN, 1, CRYPTO_IV_MAX, false },
	[MODE_CCM] = { CKM_AES_CCM, 0, GCM_IV_LEN, 7, 13, false },
};

/* Modes that both have: a token may take a key of 24 bytes for either, and say nothing. */
static hf_status mechanism_of(struct p11_session *s, CK_OBJECT_HANDLE key,
                              const struct cipher_kind *kind, CK_MECHANISM_TYPE *ret,
                              size_t *ret_block, struct hf_err *err)
{
	CK_ULONG type = CKK_AES;

	if (kind->des3)
		HF_TRY(attribute_number(s, key, CKA_KEY_TYPE, &type, err));
	if (type != CKK_AES && type != CKK_DES3 && type != CKK_DES2)
		return hf_fail(err, HF_INVALID,
		               "this mode is for AES and DES3 keys, which this key is not");
	*ret = type == CKK_AES ? kind->aes : kind->des3;
	*ret_block = type == CKK_AES ? CRYPT_BLOCK : CRYPT_BLOCK / 2;
	return HF_SUCCESS;
}

static hf_status take_iv(struct p11_session *s, const struct cipher_kind *kind, size_t block,
                         const struct crypto_mech *mech, bool encrypting, struct crypt_params *p,
                         struct hf_err *err)
{
	size_t usual = kind->by_block ? block : kind->iv;
	size_t min = kind->by_block ? block : kind->iv_min;
	size_t max = kind->by_block ? block : kind->iv_max;

	if (!mech->iv.len && encrypting && usual) {
		HF_TRY(crypt_random(s, p->iv, usual, err));
		p->iv_len = usual;
		return HF_SUCCESS;
	}
	if (mech->iv.len < min || mech->iv.len > max)
		return hf_fail(err, HF_INVALID,
		               "an initial value (iv) of %zu bytes: this mode has %zu%s%.0zu",
		               mech->iv.len, min, max > min ? " to " : "", max > min ? max : 0);
	if (mech->iv.len)
		memcpy(p->iv, mech->iv.ptr, mech->iv.len);
	p->iv_len = mech->iv.len;
	return HF_SUCCESS;
}

static hf_status take_tag_len(const struct crypto_mech *mech, struct crypt_params *p,
                              struct hf_err *err)
{
	size_t len = mech->tag_len ? mech->tag_len : mech->tag.len ? mech->tag.len : GCM_TAG_LEN;
	/* SP 800-38D, 5.2.1.2; SP 800-38C, A.1 */
	bool fits = mech->mode == MODE_GCM ? len == 4 || len == 8 || (len >= 12 && len <= 16)
	                                   : len >= 4 && len <= 16 && len % 2 == 0;

	if (!fits)
		return hf_fail(err, HF_INVALID, "a tag of %zu bytes is none of this mode", len);
	p->tag_len = len;
	return HF_SUCCESS;
}

static CK_BYTE *pointer(struct hf_span bytes)
{
	return bytes.len ? (CK_BYTE *)(uintptr_t)bytes.ptr : NULL; /* PKCS#11 has no const */
}

static void point_at(struct crypt_params *p, void *params, size_t len)
{
	p->mechanism.pParameter = params;
	p->mechanism.ulParameterLen = len;
}

static void set_gcm(struct crypt_params *p, const struct crypto_mech *mech)
{
	p->gcm = (CK_GCM_PARAMS){
		.iv_ptr = p->iv,
		.iv_len = p->iv_len,
		.iv_bits = 8 * p->iv_len,
		.aad_ptr = pointer(mech->ad),
		.aad_len = mech->ad.len,
		.tag_bits = 8 * p->tag_len,
	};
	point_at(p, &p->gcm, sizeof(p->gcm));
}

bool params_other_form(struct crypt_params *p, const struct crypto_mech *mech)
{
	if (mech->mode != MODE_GCM || p->mechanism.ulParameterLen == sizeof(p->old_gcm))
		return false;
	p->old_gcm = (struct crypt_gcm_2_40){
		.iv = p->iv,
		.iv_len = p->iv_len,
		.aad = pointer(mech->ad),
		.aad_len = mech->ad.len,
		.tag_bits = 8 * p->tag_len,
	};
	point_at(p, &p->old_gcm, sizeof(p->old_gcm));
	return true;
}

static void set_ccm(struct crypt_params *p, const struct crypto_mech *mech, size_t data_len)
{
	p->ccm = (struct crypt_ccm){
		.data_len = data_len,
		.nonce = p->iv,
		.nonce_len = p->iv_len,
		.aad = pointer(mech->ad),
		.aad_len = mech->ad.len,
		.mac_len = p->tag_len,
	};
	point_at(p, &p->ccm, sizeof(p->ccm));
}

static void set_ctr(struct crypt_params *p)
{
	p->ctr.counter_bits = 128;
	memcpy(p->ctr.cb, p->iv, sizeof(p->ctr.cb));
	point_at(p, &p->ctr, sizeof(p->ctr));
}

hf_status params_cipher(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                        bool encrypting, size_t data_len, struct crypt_params *ret,
                        struct hf_err *err)
{
	const struct cipher_kind *kind = &kinds[mech->mode];
	size_t block;

	*ret = (struct crypt_params){ 0 };
	HF_TRY(mechanism_of(s, key, kind, &ret->mechanism.mechanism, &block, err));
	if (!ret->mechanism.mechanism)
		return hf_fail(err, HF_UNSUPPORTED, "PKCS#11 has no such mode of DES3");
	HF_TRY(take_iv(s, kind, block, mech, encrypting, ret, err));
	if (mech->mode == MODE_GCM || mech->mode == MODE_CCM)
		HF_TRY(take_tag_len(mech, ret, err));
	if (mech->mode == MODE_GCM)
		set_gcm(ret, mech);
	else if (mech->mode == MODE_CCM)
		set_ccm(ret, mech, data_len);
	else if (mech->mode == MODE_CTR)
		set_ctr(ret);
	else if (ret->iv_len)
		point_at(ret, ret->iv, ret->iv_len);
	return HF_SUCCESS;
}

static hf_status set_oaep(const struct crypto_mech *mech, struct crypt_params *p,
                          struct hf_err *err)
{
	enum digest_alg alg = mech->hash ? mech->hash : DIGEST_SHA1;
	const struct crypt_hash *hash = crypt_hash(alg);
	const struct crypt_hash *mgf = crypt_hash(mech->mgf_hash ? mech->mgf_hash : alg);

	if (!hash || !mgf || !mgf->mgf)
		return hf_fail(err, HF_UNSUPPORTED, "PKCS#11 has no OAEP with this hash");
	p->oaep = (CK_RSA_PKCS_OAEP_PARAMS){
		.hash_alg = hash->digest,
		.mgf = mgf->mgf,
		.source = SOURCE_DATA,
		.source_data = pointer(mech->ad),
		.source_data_len = mech->ad.len,
	};
	point_at(p, &p->oaep, sizeof(p->oaep));
	return HF_SUCCESS;
}

hf_status params_rsa(const struct crypto_mech *mech, struct crypt_params *ret, struct hf_err *err)
{
	*ret = (struct crypt_params){ 0 };
	if (mech->mode == MODE_RSA_OAEP) {
		ret->mechanism.mechanism = CKM_RSA_PKCS_OAEP;
		return set_oaep(mech, ret, err);
	}
	ret->mechanism.mechanism = mech->mode == MODE_RSA_RAW ? CKM_RSA_X_509 : CKM_RSA_PKCS;
	return HF_SUCCESS;
}
