/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include "crypto/public_info.h"
#include "p11/object_new.h"
#include "p11/rv.h"

#include <string.h>

#define CURVE_PARAMS_MAX 64
#define SALT_NULL 1 /* CKF_HKDF_SALT_NULL and _DATA: PKCS#11 3.0, 6.61.3 */
#define SALT_DATA 2

struct hkdf_params {
	CK_BBOOL extract, expand;
	CK_MECHANISM_TYPE hash;
	CK_ULONG salt_type;
	CK_BYTE *salt;
	CK_ULONG salt_len;
	CK_OBJECT_HANDLE salt_key;
	CK_BYTE *info;
	CK_ULONG info_len;
};

static CK_BYTE *pointer(struct hf_span bytes)
{
	return bytes.len ? (CK_BYTE *)(uintptr_t)bytes.ptr : NULL; /* PKCS#11 has no const */
}

static hf_status derive(struct p11_session *s, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism,
                        const struct key_shape *shape, CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	CK_OBJECT_HANDLE made = P11_NO_OBJECT;
	struct template t = { 0 };
	CK_RV rv;

	if (object_type_is_asymmetric((int)shape->type))
		return hf_fail(err, HF_INVALID, "what is derived is a symmetric key");
	HF_TRY(new_check(shape, err));
	made_template(&t, shape);
	if (shape->type != OBJECT_DES3)
		template_number(&t, CKA_VALUE_LEN, shape->bits / 8);
	rv = s->fn->C_DeriveKey(s->handle, mechanism, key, t.attr, t.n, &made);
	if (rv == CKR_ARGUMENTS_BAD) {
		hf_ignore(p11_session_fail(s, NULL, rv, "C_DeriveKey"));
		return hf_fail(err, HF_UNSUPPORTED,
		               "C_DeriveKey: the HSM does not derive such a key with this "
		               "mechanism (0x%lx) and these parameters",
		               mechanism->mechanism);
	}
	if (rv != CKR_OK)
		return p11_session_fail(s, err, rv, "C_DeriveKey");
	HF_TRY(made_accept(s, made, shape, err));
	*ret = made;
	return HF_SUCCESS;
}

static hf_status is_des3(struct p11_session *s, CK_OBJECT_HANDLE key, bool *ret, struct hf_err *err)
{
	CK_ULONG type;

	HF_TRY(attribute_number(s, key, CKA_KEY_TYPE, &type, err));
	*ret = type == CKK_DES3;
	return HF_SUCCESS;
}

static hf_status derive_ecb(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_span data,
                            const struct key_shape *shape, CK_OBJECT_HANDLE *ret,
                            struct hf_err *err)
{
	CK_KEY_DERIVATION_STRING_DATA params = { pointer(data), data.len };
	CK_MECHANISM mechanism = { CKM_AES_ECB_ENCRYPT_DATA, &params, sizeof(params) };
	bool des3;

	HF_TRY(is_des3(s, key, &des3, err));
	if (des3)
		mechanism.mechanism = CKM_DES3_ECB_ENCRYPT_DATA;
	return derive(s, key, &mechanism, shape, ret, err);
}

static hf_status derive_cbc(struct p11_session *s, CK_OBJECT_HANDLE key,
                            const struct crypto_mech *mech, struct hf_span data,
                            const struct key_shape *shape, CK_OBJECT_HANDLE *ret,
                            struct hf_err *err)
{
	struct ck_aes_cbc_encrypt_data_params aes = { .data_params = pointer(data),
		                                      .length = data.len };
	struct ck_des_cbc_encrypt_data_params des = { .data_params = pointer(data),
		                                      .length = data.len };
	CK_MECHANISM mechanism = { CKM_AES_CBC_ENCRYPT_DATA, &aes, sizeof(aes) };
	size_t block;
	bool des3;

	HF_TRY(is_des3(s, key, &des3, err));
	block = des3 ? sizeof(des.iv) : sizeof(aes.iv);
	if (mech->iv.len != block)
		return hf_fail(err, HF_INVALID, "an initial value (iv) of %zu bytes is wanted",
		               block);
	memcpy(des3 ? des.iv : aes.iv, mech->iv.ptr, block);
	if (des3)
		mechanism = (CK_MECHANISM){ CKM_DES3_CBC_ENCRYPT_DATA, &des, sizeof(des) };
	return derive(s, key, &mechanism, shape, ret, err);
}

static hf_status derive_hkdf(struct p11_session *s, CK_OBJECT_HANDLE key,
                             const struct crypto_mech *mech, const struct key_shape *shape,
                             CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	const struct crypt_hash *hash = crypt_hash(mech->hash);
	struct hkdf_params params = {
		.extract = CK_TRUE,
		.expand = CK_TRUE,
		.hash = hash ? hash->digest : 0,
		.salt_type = mech->iv.len ? SALT_DATA : SALT_NULL,
		.salt = pointer(mech->iv),
		.salt_len = mech->iv.len,
		.info = pointer(mech->ad),
		.info_len = mech->ad.len,
	};
	CK_MECHANISM mechanism = { CKM_HKDF_DERIVE, &params, sizeof(params) };

	if (!hash)
		return hf_fail(err, HF_UNSUPPORTED, "PKCS#11 has no HKDF with this hash");
	return derive(s, key, &mechanism, shape, ret, err);
}

static hf_status data_blocks(struct hf_span data, struct hf_err *err)
{
	if (data.len && data.len % 8 == 0)
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID,
	               "a key is derived from whole blocks of data, which %zu bytes are not",
	               data.len);
}

hf_status p11_derive(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                     struct hf_span data, const struct key_shape *shape, CK_OBJECT_HANDLE *ret,
                     struct hf_err *err)
{
	if (mech->mode == MODE_HKDF && data.len)
		return hf_fail(err, HF_INVALID, "HKDF takes a salt and an info, and no data");
	if (mech->mode == MODE_HKDF)
		return derive_hkdf(s, key, mech, shape, ret, err);
	if (mech->mode != MODE_ENCRYPT_DATA_ECB && mech->mode != MODE_ENCRYPT_DATA_CBC)
		return crypt_no_way(mech->mode, "derive a key", err);
	HF_TRY(data_blocks(data, err));
	if (mech->mode == MODE_ENCRYPT_DATA_ECB)
		return derive_ecb(s, key, data, shape, ret, err);
	return derive_cbc(s, key, mech, data, shape, ret, err);
}

static hf_status check_peer(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_span peer,
                            struct public_info *ret, struct hf_err *err)
{
	uint8_t params[CURVE_PARAMS_MAX];
	enum curve own;
	size_t len;

	if (!hf_ok(public_info_parse(peer, ret)) || ret->type != OBJECT_EC)
		return hf_fail(
		        err, HF_INVALID,
		        "the peer's key is no SubjectPublicKeyInfo of an elliptic curve, or its "
		        "point is not on it");
	HF_TRY(attribute_read(s, key, CKA_EC_PARAMS, params, sizeof(params), &len, err));
	if (!hf_ok(curve_of_params(HF_SPAN(params, len), &own)))
		return hf_fail(err, HF_UNSUPPORTED, "the key is on a curve that is not known here");
	if (own != ret->curve)
		return hf_fail(err, HF_INVALID, "the peer's key is on %s, this one on %s",
		               curve_info((int)ret->curve)->name, curve_info((int)own)->name);
	return HF_SUCCESS;
}

hf_status p11_agree(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_span peer,
                    const struct key_shape *shape, CK_OBJECT_HANDLE *ret, struct hf_err *err)
{
	CK_ECDH1_DERIVE_PARAMS params = { .kdf = CKD_NULL };
	CK_MECHANISM mechanism = { CKM_ECDH1_DERIVE, &params, sizeof(params) };
	struct public_info info;

	HF_TRY(check_peer(s, key, peer, &info, err));
	params.public_data = info.point;
	params.public_data_len = info.point_len;
	return derive(s, key, &mechanism, shape, ret, err);
}
