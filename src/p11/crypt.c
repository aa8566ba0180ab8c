/* SPDX-License-Identifier: Apache-2.0
 * Which file does what. */
#include "p11/crypt_impl.h"

#include "p11/rv.h"

hf_status crypt_random(struct p11_session *s, uint8_t *to, size_t n, struct hf_err *err)
{
	CK_RV rv = s->fn->C_GenerateRandom(s->handle, to, n);

	return rv == CKR_OK ? HF_SUCCESS : p11_session_fail(s, err, rv, "C_GenerateRandom");
}

hf_status p11_random(struct p11_session *s, size_t n, struct hf_buf *ret, struct hf_err *err)
{
	uint8_t *to;
	hf_status status;

	if (!n || n > P11_RANDOM_MAX)
		return hf_fail(err, HF_INVALID, "1 to %d random bytes at a time", P11_RANDOM_MAX);
	to = hf_buf_grow(ret, n);
	HF_TRY(hf_buf_status(ret));
	status = crypt_random(s, to, n, err);
	if (!hf_ok(status))
		ret->len -= n;
	return status;
}

hf_status p11_encrypt(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                      struct hf_span plain, struct hf_buf *ret, struct hf_buf *ret_iv,
                      struct hf_buf *ret_tag, struct hf_err *err)
{
	switch (mech->mode) {
	case MODE_ECB:
	case MODE_CBC:
	case MODE_CBC_NOPAD:
	case MODE_CTR:
	case MODE_GCM:
	case MODE_CCM:
	case MODE_CFB:
	case MODE_OFB:
		return cipher_encrypt(s, key, mech, plain, ret, ret_iv, ret_tag, err);
	case MODE_KW:
	case MODE_KWP:
		return kw_encrypt(s, key, mech->mode == MODE_KWP, plain, ret, err);
	case MODE_FF1:
		hf_buf_put(ret_iv, mech->iv.ptr, mech->iv.len);
		return ff1_data(s, key, mech, true, plain, ret, err);
	case MODE_RSA_PKCS1:
	case MODE_RSA_OAEP:
	case MODE_RSA_RAW:
		return rsa_encrypt(s, key, mech, plain, ret, err);
	case MODE_NONE:
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
	return crypt_no_way(mech->mode, "encrypt", err);
}

hf_status p11_decrypt(struct p11_session *s, CK_OBJECT_HANDLE key, const struct crypto_mech *mech,
                      struct hf_span cipher, struct hf_buf *ret, struct hf_err *err)
{
	switch (mech->mode) {
	case MODE_ECB:
	case MODE_CBC:
	case MODE_CBC_NOPAD:
	case MODE_CTR:
	case MODE_GCM:
	case MODE_CCM:
	case MODE_CFB:
	case MODE_OFB:
		return cipher_decrypt(s, key, mech, cipher, ret, err);
	case MODE_KW:
	case MODE_KWP:
		return kw_decrypt(s, key, mech->mode == MODE_KWP, cipher, ret, err);
	case MODE_FF1:
		return ff1_data(s, key, mech, false, cipher, ret, err);
	case MODE_RSA_PKCS1:
	case MODE_RSA_OAEP:
	case MODE_RSA_RAW:
		return rsa_decrypt(s, key, mech, cipher, ret, err);
	case MODE_NONE:
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
	return crypt_no_way(mech->mode, "decrypt", err);
}
