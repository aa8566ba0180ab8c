/* SPDX-License-Identifier: Apache-2.0
 * AES in software for crypto/ff1.h, where a test is about what is around it. */
#ifndef HF_TESTS_SOFT_AES_H
#define HF_TESTS_SOFT_AES_H

#include "check.h"

#include "crypto/ff1.h"

#include <openssl/evp.h>
#include <string.h>

struct soft_aes {
	struct hf_span key;
	unsigned calls;
};

static inline hf_status soft_run(struct soft_aes *aes, const char *mode, const uint8_t *in,
                                 size_t len, uint8_t *out)
{
	static const uint8_t iv[16];
	char name[32];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER *cipher;
	int n;

	snprintf(name, sizeof(name), "AES-%zu-%s", aes->key.len * 8, mode);
	cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	aes->calls++;
	CHECK(cipher && EVP_EncryptInit_ex2(ctx, cipher, aes->key.ptr, iv, NULL) == 1);
	CHECK(EVP_CIPHER_CTX_set_padding(ctx, 0) == 1);
	CHECK(EVP_EncryptUpdate(ctx, out, &n, in, (int)len) == 1 && (size_t)n == len);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return HF_SUCCESS;
}

static inline hf_status soft_mac(void *ctx, const uint8_t *in, size_t len, uint8_t ret[16])
{
	uint8_t out[8192];

	CHECK(len % 16 == 0 && len >= 16 && len <= sizeof(out));
	HF_TRY(soft_run(ctx, "CBC", in, len, out));
	memcpy(ret, out + len - 16, 16);
	return HF_SUCCESS;
}

static inline hf_status soft_encipher(void *ctx, const uint8_t *in, size_t len, uint8_t *ret)
{
	CHECK(len % 16 == 0 && len >= 16);
	return soft_run(ctx, "ECB", in, len, ret);
}

static inline struct ff1_cipher soft_cipher(struct soft_aes *aes)
{
	return (struct ff1_cipher){ soft_mac, soft_encipher, aes };
}

#endif
