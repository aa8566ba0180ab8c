/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/shared.h"

#include "base/scope.h"

#include <openssl/core_names.h>
#include <pthread.h>
#include <secp256k1.h>
#include <stdbool.h>

static struct crypto_shared shared;
static bool complete;
static pthread_once_t once = PTHREAD_ONCE_INIT;

HF_DEFINE_CLEANUP(EVP_PKEY_CTX_free, EVP_PKEY_CTX *)

static EVP_MAC_CTX *hmac_new(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	EVP_MAC_free(mac); /* the context holds it */
	if (ctx && EVP_MAC_CTX_set_params(ctx, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

static EVP_PKEY *curve_new(char *name)
{
	HF_CLEANUP(EVP_PKEY_CTX_free_at)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEY_PARAMETERS, params) != 1)
		return NULL;
	return key;
}

static void make(void)
{
	char p256[] = "P-256", p384[] = "P-384";

	secp256k1_selftest(); /* aborts on a miscompiled library */
	shared = (struct crypto_shared){
		.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL),
		.sha384 = EVP_MD_fetch(NULL, "SHA384", NULL),
		.sha512 = EVP_MD_fetch(NULL, "SHA512", NULL),
		.hmac_sha256 = hmac_new(),
		.hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL),
		.p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1),
		.p384 = EC_GROUP_new_by_curve_name(NID_secp384r1),
		.p256_params = curve_new(p256),
		.p384_params = curve_new(p384),
	};
	complete = shared.sha256 && shared.sha384 && shared.sha512 && shared.hmac_sha256 &&
	           shared.hkdf && shared.p256 && shared.p384 && shared.p256_params &&
	           shared.p384_params;
}

const struct crypto_shared *crypto_shared(void)
{
	pthread_once(&once, make);
	return complete ? &shared : NULL;
}
