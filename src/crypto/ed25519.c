/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 (RFC 8032) by OpenSSL. */
#include "crypto/algorithms.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#define POINT 32

HF_DEFINE_CLEANUP(EVP_PKEY_free, EVP_PKEY *)
HF_DEFINE_CLEANUP(EVP_MD_CTX_free, EVP_MD_CTX *)

/* The y of the points whose order divides 8, as they are encoded, without the sign of x. One
 * signature fits many messages under such a key, so none may stand as a public key. */
static const uint8_t small_order[][POINT] = {
	{ 0 },
	{ 1 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	  0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	  0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	  0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	  0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
};

/* y < p = 2^255 - 19: little-endian, so 2^255 - 19 begins with ed and ends with 7f. */
static bool below_p(const uint8_t y[POINT])
{
	if (y[0] < 0xed || y[POINT - 1] != 0x7f)
		return true;
	for (size_t i = 1; i < POINT - 1; i++)
		if (y[i] != 0xff)
			return true;
	return false;
}

hf_status ed25519_check(struct hf_span pub)
{
	uint8_t y[POINT];

	memcpy(y, pub.ptr, POINT);
	y[POINT - 1] &= 0x7f;
	HF_ENSURE(below_p(y), HF_INVALID);
	for (size_t i = 0; i < HF_COUNT(small_order); i++)
		HF_ENSURE(memcmp(y, small_order[i], POINT) != 0, HF_INVALID);
	return HF_SUCCESS;
}

hf_status ed25519_verify(struct hf_span pub, struct hf_span message, struct hf_span sig)
{
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = NULL;
	HF_CLEANUP(EVP_MD_CTX_free_at) EVP_MD_CTX *ctx = NULL;

	HF_TRY(ed25519_check(pub));
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub.ptr, pub.len);
	ctx = EVP_MD_CTX_new();
	HF_ENSURE(key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1, HF_NOMEM);
	return verify_status(EVP_DigestVerify(ctx, sig.ptr, sig.len, message.ptr, message.len));
}
