/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kcv.h"

#include "base/secret.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#define DES3_PART 8
#define DES3_LEN (3 * DES3_PART)
#define BLOCK_MAX 16

struct plan {
	const char *ecb, *cbc;
	size_t block;
	uint8_t key[32];
	size_t len;
};

/* A DES3 key of two parts has the first again as its third. */
static hf_status choose(enum object_type type, struct hf_span value, struct plan *ret)
{
	static const char *const names[][2] = { { "AES-128-ECB", "AES-128-CBC" },
		                                { "AES-192-ECB", "AES-192-CBC" },
		                                { "AES-256-ECB", "AES-256-CBC" } };
	size_t two = 2 * DES3_PART;

	HF_ENSURE(value.len == 16 || value.len == 24 || value.len == 32, HF_INVALID);
	*ret = (struct plan){ .len = value.len };
	memcpy(ret->key, value.ptr, value.len);
	if (type == OBJECT_AES) {
		ret->ecb = names[value.len / 8 - 2][0];
		ret->cbc = names[value.len / 8 - 2][1];
		ret->block = 16;
		return HF_SUCCESS;
	}
	HF_ENSURE(type == OBJECT_DES3 && value.len <= DES3_LEN, HF_INVALID);
	if (value.len == two)
		memcpy(ret->key + two, value.ptr, DES3_PART);
	ret->len = DES3_LEN;
	ret->ecb = "DES-EDE3-ECB";
	ret->cbc = "DES-EDE3-CBC";
	ret->block = DES3_PART;
	return HF_SUCCESS;
}

static hf_status encrypt_zeros(const struct plan *p, uint8_t ret[2 * BLOCK_MAX])
{
	static const uint8_t zeros[BLOCK_MAX];
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, p->ecb, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;
	bool ok = cipher && ctx && EVP_EncryptInit_ex2(ctx, cipher, p->key, NULL, NULL) == 1 &&
	          EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	          EVP_EncryptUpdate(ctx, ret, &len, zeros, (int)p->block) == 1 &&
	          len == (int)p->block;

	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	HF_ENSURE(ok, HF_INTERNAL);
	return HF_SUCCESS;
}

static hf_status cmac_zeros(const struct plan *p, uint8_t ret[2 * BLOCK_MAX])
{
	static const uint8_t zeros[BLOCK_MAX];
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
		                              OSSL_MAC_PARAM_CIPHER, (char *)(uintptr_t)p->cbc, 0),
		                      OSSL_PARAM_construct_end() };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	size_t len = 0;
	bool ok = ctx && EVP_MAC_init(ctx, p->key, p->len, params) == 1 &&
	          EVP_MAC_update(ctx, zeros, p->block) == 1 &&
	          EVP_MAC_final(ctx, ret, &len, 2 * BLOCK_MAX) == 1 && len >= KCV_CMAC_LEN;

	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	HF_ENSURE(ok, HF_INTERNAL);
	return HF_SUCCESS;
}

hf_status kcv_of_value(enum object_type type, struct hf_span value, enum kcv_method method,
                       char ret[KCV_HEX_MAX])
{
	size_t n = method == KCV_CMAC ? KCV_CMAC_LEN : KCV_ENCRYPT_LEN;
	uint8_t out[2 * BLOCK_MAX];
	struct plan plan;
	hf_status s;

	HF_TRY(choose(type, value, &plan));
	if (method == KCV_CMAC && type == OBJECT_DES3 && value.len != DES3_LEN)
		s = HF_FAILURE(HF_INVALID);
	else
		s = method == KCV_CMAC ? cmac_zeros(&plan, out) : encrypt_zeros(&plan, out);
	hf_wipe(&plan, sizeof(plan));
	HF_TRY(s);
	for (size_t i = 0; i < n; i++)
		snprintf(ret + 2 * i, 3, "%02X", out[i]);
	return HF_SUCCESS;
}
