/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include "base/random.h"

#include <openssl/err.h>
#include <openssl/evp.h>

enum { VERSION = 1, NONCE = 12, TAG = 16, HEAD = 1 + NONCE };

HF_DEFINE_CLEANUP(EVP_CIPHER_CTX_free, EVP_CIPHER_CTX *)

/* The thread's queue of OpenSSL errors belongs to whoever speaks TLS on it. */
static hf_status failed(enum hf_code code)
{
	ERR_clear_error();
	return HF_FAILURE(code);
}

hf_status aead_seal(const struct hf_secret *key, struct hf_span bound, struct hf_span plain,
                    struct hf_buf *to)
{
	HF_CLEANUP(EVP_CIPHER_CTX_free_at) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *out;
	int n;

	HF_ENSURE(ctx, HF_NOMEM);
	HF_ENSURE(key->len == AEAD_KEY_LEN && plain.len <= HF_SECRET_MAX, HF_INVALID);
	out = hf_buf_grow(to, plain.len + AEAD_OVERHEAD);
	HF_ENSURE(out, HF_TOOBIG);
	out[0] = VERSION;
	hf_random(out + 1, NONCE);
	if (EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->ptr, out + 1) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &n, out, 1) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &n, bound.ptr, (int)bound.len) != 1 ||
	    EVP_EncryptUpdate(ctx, out + HEAD, &n, plain.ptr, (int)plain.len) != 1 ||
	    EVP_EncryptFinal_ex(ctx, out + HEAD + plain.len, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, out + HEAD + plain.len) != 1)
		return failed(HF_INTERNAL);
	return HF_SUCCESS;
}

hf_status aead_open(const struct hf_secret *key, struct hf_span bound, struct hf_span sealed,
                    struct hf_secret *ret)
{
	HF_CLEANUP(EVP_CIPHER_CTX_free_at) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	HF_SECRET struct hf_secret plain = { 0 };
	size_t len = sealed.len - AEAD_OVERHEAD;
	int n;

	HF_ENSURE(ctx, HF_NOMEM);
	HF_ENSURE(key->len == AEAD_KEY_LEN, HF_INVALID);
	HF_ENSURE(sealed.len > AEAD_OVERHEAD && len <= HF_SECRET_MAX && sealed.ptr[0] == VERSION,
	          HF_UNAUTHENTIC);
	HF_TRY(hf_secret_new(len, &plain));
	if (EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->ptr, sealed.ptr + 1) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &n, sealed.ptr, 1) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &n, bound.ptr, (int)bound.len) != 1 ||
	    EVP_DecryptUpdate(ctx, plain.ptr, &n, sealed.ptr + HEAD, (int)len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG,
	                        (void *)(sealed.ptr + HEAD + len)) != 1 ||
	    EVP_DecryptFinal_ex(ctx, plain.ptr + len, &n) != 1)
		return failed(HF_UNAUTHENTIC);
	*ret = hf_secret_take(&plain);
	return HF_SUCCESS;
}
