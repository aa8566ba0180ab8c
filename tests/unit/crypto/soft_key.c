/* SPDX-License-Identifier: Apache-2.0 */
#include "soft_key.h"

#include "check.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

EVP_PKEY *soft_key_new(enum key_type type)
{
	const struct key_type_info *info = key_type_info((int)type);
	EVP_PKEY *key;

	switch (info->family) {
	case FAMILY_EC:
		key = EVP_EC_gen(info->name);
		break;
	case FAMILY_ED:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	case FAMILY_RSA:
		key = EVP_RSA_gen(info->bits);
		break;
	default:
		key = NULL;
	}
	CHECK(key);
	return key;
}

static struct public_key rsa_public(EVP_PKEY *key, enum key_type type)
{
	struct public_key pub;
	BIGNUM *n = NULL, *e = NULL;
	uint8_t n_bytes[513], e_bytes[8];
	int n_len, e_len;

	CHECK(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1);
	CHECK(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1);
	n_len = BN_bn2bin(n, n_bytes);
	e_len = BN_bn2bin(e, e_bytes);
	BN_free(n);
	BN_free(e);
	CHECK_OK(public_key_from_rsa(type, HF_SPAN(n_bytes, n_len), HF_SPAN(e_bytes, e_len), &pub));
	return pub;
}

struct public_key soft_key_public(EVP_PKEY *key, enum key_type type)
{
	struct public_key pub;
	uint8_t raw[128];
	size_t len = sizeof(raw);

	if (key_type_info((int)type)->family == FAMILY_RSA)
		return rsa_public(key, type);
	if (type == KEY_ED25519) {
		CHECK(EVP_PKEY_get_raw_public_key(key, raw, &len) == 1);
		CHECK_OK(public_key_from_ed_point(HF_SPAN(raw, len), &pub));
		return pub;
	}
	CHECK(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, raw, sizeof(raw),
	                                      &len) == 1);
	CHECK_OK(public_key_from_ec_point(type, HF_SPAN(raw, len), &pub));
	return pub;
}

static struct signature ecdsa_raw(const uint8_t *der, size_t der_len, size_t field)
{
	struct signature sig = { .len = 2 * field, .recid = -1 };
	ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &der, (long)der_len);

	CHECK(parsed);
	CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(parsed), sig.bytes, (int)field) > 0);
	CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(parsed), sig.bytes + field, (int)field) > 0);
	ECDSA_SIG_free(parsed);
	return sig;
}

static const EVP_MD *hash_md(int hash)
{
	if (hash == HASH_SHA256)
		return EVP_sha256();
	return hash == HASH_SHA384 ? EVP_sha384() : EVP_sha512();
}

static struct signature sign_digest(EVP_PKEY *key, const struct key_type_info *info, int scheme,
                                    int hash, int salt, struct hf_span input)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	struct signature sig = { .recid = -1 };

	CHECK(ctx && EVP_PKEY_sign_init(ctx) == 1);
	if (info->family == FAMILY_RSA) {
		int pad = scheme == SIGN_RSA_PSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;

		CHECK(EVP_PKEY_CTX_set_rsa_padding(ctx, pad) == 1);
		CHECK(EVP_PKEY_CTX_set_signature_md(ctx, hash_md(hash)) == 1);
		if (scheme == SIGN_RSA_PSS)
			CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1);
	}
	sig.len = sizeof(sig.bytes);
	CHECK(EVP_PKEY_sign(ctx, sig.bytes, &sig.len, input.ptr, input.len) == 1);
	EVP_PKEY_CTX_free(ctx);
	return sig;
}

struct signature soft_key_sign(EVP_PKEY *key, enum key_type type, int scheme, int hash, int salt,
                               struct hf_span input)
{
	const struct key_type_info *info = key_type_info((int)type);
	struct signature sig = { .len = sizeof(sig.bytes), .recid = -1 };

	if (type == KEY_ED25519) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		CHECK(ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1);
		CHECK(EVP_DigestSign(ctx, sig.bytes, &sig.len, input.ptr, input.len) == 1);
		EVP_MD_CTX_free(ctx);
		return sig;
	}
	sig = sign_digest(key, info, scheme, hash, salt, input);
	return info->family == FAMILY_EC ? ecdsa_raw(sig.bytes, sig.len, info->bits / 8) : sig;
}

void soft_key_pem(EVP_PKEY *key, struct hf_buf *to)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	CHECK(bio && PEM_write_bio_PUBKEY(bio, key) == 1);
	len = BIO_get_mem_data(bio, &text);
	hf_buf_put(to, text, (size_t)len);
	BIO_free(bio);
	CHECK_OK(hf_buf_status(to));
}
