/* SPDX-License-Identifier: Apache-2.0
 * What is made once in a process and then only read: OpenSSL's algorithms (fetching one for each
 * call costs more than a small hash) and an empty key of each NIST curve. For src/crypto only. */
#ifndef HF_CRYPTO_SHARED_H
#define HF_CRYPTO_SHARED_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

struct crypto_shared {
	EVP_MD *sha256;
	EVP_MD *sha384;
	EVP_MD *sha512;
	EVP_MAC_CTX *hmac_sha256; /* without a key; to be duplicated */
	EVP_KDF *hkdf;
	EC_GROUP *p256;
	EC_GROUP *p384;
	EVP_PKEY *p256_params; /* the curve without a point; to be duplicated */
	EVP_PKEY *p384_params;
};

/* NULL when OpenSSL lacks an algorithm (a configuration that switches them off) or memory. Any
 * thread. */
const struct crypto_shared *crypto_shared(void);

#endif
