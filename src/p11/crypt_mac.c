/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include "base/secret.h"
#include "p11/rv.h"

#include <string.h>

#define MAC_MAX 64

static hf_status not_the_mac(struct hf_err *err)
{
	return hf_fail(err, HF_UNAUTHENTIC, "this is not the MAC of these data under this key");
}

/* A key of DES3 has its own CMAC; every other is taken for AES, which the token checks. */
static hf_status mechanism_of(struct p11_session *s, CK_OBJECT_HANDLE key,
                              const struct crypto_mech *mech, CK_MECHANISM_TYPE *ret,
                              struct hf_err *err)
{
	const struct crypt_hash *hash = crypt_hash(mech->hash);
	CK_ULONG type;

	if (mech->mode == MODE_HMAC) {
		if (!hash)
			return hf_fail(err, HF_UNSUPPORTED, "PKCS#11 has no HMAC with this hash");
		*ret = hash->hmac;
		return HF_SUCCESS;
	}
	if (mech->mode != MODE_CMAC)
		return crypt_no_way(mech->mode, "make a MAC", err);
	HF_TRY(attribute_number(s, key, CKA_KEY_TYPE, &type, err));
	*ret = type == CKK_DES3 ? CKM_DES3_CMAC : CKM_AES_CMAC;
	return HF_SUCCESS;
}

/* True: the token has no such mechanism, but blocks to make it of. */
static bool lacks_cmac(const struct p11_session *s, CK_MECHANISM_TYPE mechanism)
{
	return mechanism == CKM_AES_CMAC && s->rv == CKR_MECHANISM_INVALID;
}

hf_status p11_mac(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                  struct hf_span data, struct hf_buf *ret, struct hf_err *err)
{
	struct crypt_call call = { .kind = CRYPT_SIGN, .key = key, .room = MAC_MAX };
	uint8_t made[CRYPT_BLOCK];
	hf_status status;

	HF_TRY(mechanism_of(s, key, mech, &call.mechanism.mechanism, err));
	status = crypt_run(s, &call, data, ret, err);
	if (hf_ok(status) || !lacks_cmac(s, call.mechanism.mechanism))
		return status;
	HF_TRY(blocks_cmac(s, key, data, made, err));
	hf_buf_put(ret, made, sizeof(made));
	return hf_buf_status(ret);
}

static hf_status make_and_compare(struct p11_session *s, CK_OBJECT_HANDLE key,
                                  const struct crypto_mech *mech, struct hf_span data,
                                  struct hf_span mac, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf made = HF_BUF(2 * MAC_MAX);
	hf_status status;

	HF_TRY(p11_mac(s, key, mech, data, &made, err));
	status = made.len == mac.len && hf_equal_ct(made.ptr, mac.ptr, mac.len) ? HF_SUCCESS
	                                                                        : not_the_mac(err);
	hf_wipe(made.ptr, made.len);
	return status;
}

/* Whole MACs only: what C_Verify makes of a shorter one is the vendor's idea. */
static hf_status check_len(const struct crypto_mech *mech, CK_MECHANISM_TYPE mechanism,
                           size_t mac_len, struct hf_err *err)
{
	size_t whole = mech->mode == MODE_HMAC     ? digest_alg_len((int)mech->hash)
	               : mechanism == CKM_AES_CMAC ? CRYPT_BLOCK
	                                           : CRYPT_BLOCK / 2;

	return mac_len == whole ? HF_SUCCESS : not_the_mac(err);
}

hf_status p11_mac_verify(struct p11_session *s, CK_OBJECT_HANDLE key,
                         const struct crypto_mech *mech, struct hf_span data, struct hf_span mac,
                         struct hf_err *err)
{
	CK_MECHANISM mechanism = { 0 };
	CK_BYTE none = 0, *bytes = data.len ? (CK_BYTE *)(uintptr_t)data.ptr : &none;
	CK_RV rv;

	HF_TRY(mechanism_of(s, key, mech, &mechanism.mechanism, err));
	HF_TRY(check_len(mech, mechanism.mechanism, mac.len, err));
	rv = s->fn->C_VerifyInit(s->handle, &mechanism, key);
	if (rv == CKR_OK)
		rv = s->fn->C_Verify(s->handle, bytes, data.len, (CK_BYTE *)(uintptr_t)mac.ptr,
		                     mac.len);
	if (rv == CKR_OK)
		return HF_SUCCESS;
	if (rv == CKR_SIGNATURE_INVALID || rv == CKR_SIGNATURE_LEN_RANGE)
		return not_the_mac(err);
	/* The key may only make MACs, or the token has no CMAC; and NSS says that the arguments are
	 * bad of a MAC that is. Whatever else it is, making it meets with again. */
	return make_and_compare(s, key, mech, data, mac, err);
}
