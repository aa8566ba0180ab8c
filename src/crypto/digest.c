/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include "crypto/shared.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

HF_DEFINE_CLEANUP(EVP_MAC_CTX_free, EVP_MAC_CTX *)
HF_DEFINE_CLEANUP(EVP_KDF_CTX_free, EVP_KDF_CTX *)
HF_DEFINE_CLEANUP(EVP_MD_CTX_free, EVP_MD_CTX *)

/* Failures here are of memory only: the algorithms have been fetched. The thread's error queue
 * belongs to whoever speaks TLS on it. */
static hf_status no_memory(void)
{
	ERR_clear_error();
	return HF_FAILURE(HF_NOMEM);
}

hf_status sha256(struct hf_span in, uint8_t ret[SHA256_LEN])
{
	const struct crypto_shared *shared = crypto_shared();

	HF_ENSURE(shared, HF_INTERNAL);
	if (EVP_Digest(in.ptr, in.len, ret, NULL, shared->sha256, NULL) != 1)
		return no_memory();
	return HF_SUCCESS;
}

struct sha256_run {
	EVP_MD_CTX *ctx;
};

hf_status sha256_begin(struct sha256_run **ret)
{
	const struct crypto_shared *shared = crypto_shared();
	struct sha256_run *r;

	HF_ENSURE(shared, HF_INTERNAL);
	r = calloc(1, sizeof(*r));
	HF_ENSURE(r, HF_NOMEM);
	r->ctx = EVP_MD_CTX_new();
	if (!r->ctx || EVP_DigestInit_ex(r->ctx, shared->sha256, NULL) != 1) {
		sha256_done(r);
		return no_memory();
	}
	*ret = r;
	return HF_SUCCESS;
}

hf_status sha256_add(struct sha256_run *r, struct hf_span more)
{
	return EVP_DigestUpdate(r->ctx, more.ptr, more.len) == 1 ? HF_SUCCESS : no_memory();
}

hf_status sha256_so_far(const struct sha256_run *r, uint8_t ret[SHA256_LEN])
{
	HF_CLEANUP(EVP_MD_CTX_free_at) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || EVP_MD_CTX_copy_ex(ctx, r->ctx) != 1 || EVP_DigestFinal_ex(ctx, ret, NULL) != 1)
		return no_memory();
	return HF_SUCCESS;
}

void sha256_done(struct sha256_run *r)
{
	if (!r)
		return;
	EVP_MD_CTX_free(r->ctx);
	free(r);
}

hf_status sha512(struct hf_span in, uint8_t ret[SHA512_LEN])
{
	const struct crypto_shared *shared = crypto_shared();

	HF_ENSURE(shared, HF_INTERNAL);
	if (EVP_Digest(in.ptr, in.len, ret, NULL, shared->sha512, NULL) != 1)
		return no_memory();
	return HF_SUCCESS;
}

hf_status hmac_sha256(struct hf_span key, struct hf_span in, uint8_t ret[SHA256_LEN])
{
	const struct crypto_shared *shared = crypto_shared();
	HF_CLEANUP(EVP_MAC_CTX_free_at) EVP_MAC_CTX *ctx = NULL;
	size_t len;

	HF_ENSURE(shared, HF_INTERNAL);
	ctx = EVP_MAC_CTX_dup(shared->hmac_sha256);
	/* OpenSSL takes a NULL key for "keep the one that was set" */
	if (!ctx ||
	    EVP_MAC_init(ctx, key.ptr ? key.ptr : (const uint8_t *)"", key.len, NULL) != 1 ||
	    EVP_MAC_update(ctx, in.ptr, in.len) != 1 ||
	    EVP_MAC_final(ctx, ret, &len, SHA256_LEN) != 1)
		return no_memory();
	return HF_SUCCESS;
}

hf_status hkdf_sha256(struct hf_span secret, struct hf_span salt, struct hf_span info, size_t len,
                      struct hf_secret *ret)
{
	const struct crypto_shared *shared = crypto_shared();
	HF_CLEANUP(EVP_KDF_CTX_free_at) EVP_KDF_CTX *ctx = NULL;
	HF_SECRET struct hf_secret out = { 0 };
	char digest[] = "SHA256";
	OSSL_PARAM params[5], *p = params;

	/* OpenSSL takes a NULL for an error, not for "none" */
	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret.ptr,
	                                         secret.len);
	if (salt.len)
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt.ptr,
		                                         salt.len);
	if (info.len)
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info.ptr,
		                                         info.len);
	*p = OSSL_PARAM_construct_end();
	HF_ENSURE(shared, HF_INTERNAL);
	HF_ENSURE(secret.len > 0 && len > 0 && len <= 255 * SHA256_LEN, HF_INVALID);
	HF_TRY(hf_secret_new(len, &out));
	ctx = EVP_KDF_CTX_new(shared->hkdf);
	if (!ctx || EVP_KDF_derive(ctx, out.ptr, len, params) != 1)
		return no_memory();
	*ret = hf_secret_take(&out);
	return HF_SUCCESS;
}
