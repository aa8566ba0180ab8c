/* SPDX-License-Identifier: Apache-2.0 */
#include "authenticator.h"

#include "base/random.h"
#include "check.h"
#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

void authenticator_make(struct authenticator *a, int algorithm)
{
	*a = (struct authenticator){
		.algorithm = algorithm, .id_len = 32, .flags = 5, .counter = 1
	};
	hf_random(a->id, a->id_len);
	switch (algorithm) {
	case AUTHENTICATOR_ES256:
		a->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		break;
	case AUTHENTICATOR_EDDSA:
		a->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	default:
		a->key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
		break;
	}
	CHECK(a->key != NULL);
}

void authenticator_done(struct authenticator *a)
{
	EVP_PKEY_free(a->key);
}

static void head(struct hf_buf *to, unsigned major, size_t value)
{
	if (value < 24) {
		hf_buf_u8(to, (uint8_t)(major << 5 | value));
	} else if (value < 256) {
		hf_buf_u8(to, (uint8_t)(major << 5 | 24));
		hf_buf_u8(to, (uint8_t)value);
	} else {
		hf_buf_u8(to, (uint8_t)(major << 5 | 25));
		hf_buf_u16(to, (uint16_t)value);
	}
}

static void number(struct hf_buf *to, int v)
{
	if (v < 0)
		head(to, 1, (size_t)(-1 - v));
	else
		head(to, 0, (size_t)v);
}

static void bytes(struct hf_buf *to, const void *p, size_t n)
{
	head(to, 2, n);
	hf_buf_put(to, p, n);
}

static void text(struct hf_buf *to, const char *s)
{
	head(to, 3, strlen(s));
	hf_buf_text(to, s);
}

static void cose_number(struct hf_buf *to, int label, int value)
{
	number(to, label);
	number(to, value);
}

static void cose_bytes(struct hf_buf *to, int label, const void *p, size_t n)
{
	number(to, label);
	bytes(to, p, n);
}

static void cose_bn(struct hf_buf *to, int label, EVP_PKEY *key, const char *name, int width)
{
	uint8_t out[512];
	BIGNUM *bn = NULL;

	CHECK(EVP_PKEY_get_bn_param(key, name, &bn) == 1);
	if (!width)
		width = (BN_num_bits(bn) + 7) / 8;
	CHECK(BN_bn2binpad(bn, out, width) == width);
	BN_free(bn);
	cose_bytes(to, label, out, (size_t)width);
}

void authenticator_cose(const struct authenticator *a, struct hf_buf *to)
{
	uint8_t raw[32];
	size_t len = sizeof(raw);

	switch (a->algorithm) {
	case AUTHENTICATOR_ES256:
		head(to, 5, 5);
		cose_number(to, 1, 2);
		cose_number(to, 3, a->algorithm);
		cose_number(to, -1, 1);
		cose_bn(to, -2, a->key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
		cose_bn(to, -3, a->key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
		break;
	case AUTHENTICATOR_EDDSA:
		head(to, 5, 4);
		cose_number(to, 1, 1);
		cose_number(to, 3, a->algorithm);
		cose_number(to, -1, 6);
		CHECK(EVP_PKEY_get_raw_public_key(a->key, raw, &len) == 1);
		cose_bytes(to, -2, raw, len);
		break;
	default:
		head(to, 5, 4);
		cose_number(to, 1, 3);
		cose_number(to, 3, a->algorithm);
		cose_bn(to, -1, a->key, OSSL_PKEY_PARAM_RSA_N, 0);
		cose_bn(to, -2, a->key, OSSL_PKEY_PARAM_RSA_E, 0);
		break;
	}
}

void authenticator_data(const struct authenticator *a, const char *rp_id, bool registration,
                        struct hf_buf *to)
{
	static const uint8_t aaguid[16];
	uint8_t hash[SHA256_LEN];

	CHECK_OK(sha256(hf_span_text(rp_id), hash));
	hf_buf_put(to, hash, sizeof(hash));
	hf_buf_u8(to, registration ? a->flags | 0x40 : a->flags);
	hf_buf_u32(to, a->counter);
	if (!registration)
		return;
	hf_buf_put(to, aaguid, sizeof(aaguid));
	hf_buf_u16(to, (uint16_t)a->id_len);
	hf_buf_put(to, a->id, a->id_len);
	authenticator_cose(a, to);
}

void authenticator_sign(const struct authenticator *a, struct hf_span data,
                        struct hf_span client_data, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf message = HF_BUF(4096);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool hashed = a->algorithm != AUTHENTICATOR_EDDSA;
	uint8_t hash[SHA256_LEN], sig[512];
	size_t len = sizeof(sig);

	CHECK_OK(sha256(client_data, hash));
	hf_buf_put(&message, data.ptr, data.len);
	hf_buf_put(&message, hash, sizeof(hash));
	CHECK(EVP_DigestSignInit(ctx, NULL, hashed ? EVP_sha256() : NULL, NULL, a->key) == 1);
	CHECK(EVP_DigestSign(ctx, sig, &len, message.ptr, message.len) == 1);
	EVP_MD_CTX_free(ctx);
	hf_buf_put(to, sig, len);
}

void authenticator_attest(const struct authenticator *a, const char *rp_id, const char *format,
                          struct hf_span client_data, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf data = HF_BUF(4096);
	HF_BUF_SCOPED struct hf_buf sig = HF_BUF(512);

	authenticator_data(a, rp_id, true, &data);
	authenticator_sign(a, hf_buf_span(&data), client_data, &sig);
	head(to, 5, 3);
	text(to, "fmt");
	text(to, format);
	text(to, "attStmt");
	if (strcmp(format, "packed") == 0) {
		head(to, 5, 2);
		text(to, "alg");
		number(to, a->algorithm);
		text(to, "sig");
		bytes(to, sig.ptr, sig.len);
	} else {
		head(to, 5, 0);
	}
	text(to, "authData");
	bytes(to, data.ptr, data.len);
}
