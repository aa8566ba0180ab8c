/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/verify_any.h"

#include "crypto/algorithms.h"
#include "crypto/ecdsa_der.h"
#include "crypto/verify_keys.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <secp256k1.h>
#include <string.h>

HF_DEFINE_CLEANUP(EVP_PKEY_CTX_free, EVP_PKEY_CTX *)
HF_DEFINE_CLEANUP(EVP_MD_CTX_free, EVP_MD_CTX *)
HF_DEFINE_CLEANUP(EVP_MD_free, EVP_MD *)
HF_DEFINE_CLEANUP(verify_key_release, const struct verify_key *)

/* The digest as libsecp256k1 wants it: 32 bytes of a number, its leftmost bits if it is longer. */
static void to_32(struct hf_span digest, uint8_t to[32])
{
	size_t n = digest.len < 32 ? digest.len : 32;

	memset(to, 0, 32);
	memcpy(to + 32 - n, digest.ptr, n);
}

static hf_status verify_k1(const struct verify_key *key, struct hf_span digest,
                           const uint8_t raw[64])
{
	secp256k1_ecdsa_signature parsed;
	secp256k1_pubkey pub;
	uint8_t hash[32];

	to_32(digest, hash);
	memcpy(&pub, key->k1, sizeof(key->k1));
	HF_ENSURE(secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &parsed, raw),
	          HF_UNAUTHENTIC);
	secp256k1_ecdsa_signature_normalize(secp256k1_context_static, &parsed, &parsed);
	HF_ENSURE(secp256k1_ecdsa_verify(secp256k1_context_static, &parsed, hash, &pub),
	          HF_UNAUTHENTIC);
	return HF_SUCCESS;
}

static hf_status verify_ecdsa(const struct verify_key *key, bool by_table, struct hf_span digest,
                              struct hf_span signature)
{
	HF_CLEANUP(EVP_PKEY_CTX_free_at) EVP_PKEY_CTX *ctx = NULL;
	const struct curve_info *info = curve_info((int)key->curve);
	uint8_t raw[2 * ECDSA_HALF_MAX];
	size_t half;

	HF_ENSURE(key->type == OBJECT_EC && info && !info->edwards && !info->montgomery,
	          HF_INVALID);
	HF_ENSURE(digest.len >= 1 && digest.len <= DIGEST_LEN_MAX, HF_INVALID);
	/* the order of secp224k1 has one bit more than its field */
	half = info->field_len + (key->curve == CURVE_SECP224K1);
	if (!hf_ok(ecdsa_der_read(signature, half, raw)))
		return HF_FAILURE(HF_UNAUTHENTIC);
	if (key->curve == CURVE_SECP256K1)
		return verify_k1(key, digest, raw);
	if (by_table && key->table)
		return p256_table_verify(key->table, digest, raw);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	HF_ENSURE(ctx && EVP_PKEY_verify_init(ctx) == 1, HF_NOMEM);
	return verify_status(
	        EVP_PKEY_verify(ctx, signature.ptr, signature.len, digest.ptr, digest.len));
}

static hf_status verify_eddsa(const struct verify_key *key, struct hf_span message,
                              struct hf_span signature)
{
	HF_CLEANUP(EVP_MD_CTX_free_at) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const struct curve_info *info = curve_info((int)key->curve);

	HF_ENSURE(key->type == OBJECT_EC && info && info->edwards, HF_INVALID);
	HF_ENSURE(ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) == 1, HF_NOMEM);
	return verify_status(
	        EVP_DigestVerify(ctx, signature.ptr, signature.len, message.ptr, message.len));
}

static const char *const md_names[DIGEST_ALG_MAX + 1] = {
	[DIGEST_SHA1] = "SHA1",         [DIGEST_SHA224] = "SHA2-224",
	[DIGEST_SHA256] = "SHA2-256",   [DIGEST_SHA384] = "SHA2-384",
	[DIGEST_SHA512] = "SHA2-512",   [DIGEST_SHA3_224] = "SHA3-224",
	[DIGEST_SHA3_256] = "SHA3-256", [DIGEST_SHA3_384] = "SHA3-384",
	[DIGEST_SHA3_512] = "SHA3-512", [DIGEST_RIPEMD160] = "RIPEMD160",
};

static hf_status fetch(enum digest_alg alg, EVP_MD **ret)
{
	HF_ENSURE(alg > DIGEST_NONE && alg <= DIGEST_ALG_MAX && md_names[alg], HF_UNSUPPORTED);
	*ret = EVP_MD_fetch(NULL, md_names[alg], NULL);
	if (*ret)
		return HF_SUCCESS;
	ERR_clear_error();
	return HF_FAILURE(HF_UNSUPPORTED);
}

static bool set_pss(EVP_PKEY_CTX *ctx, const EVP_MD *md, const EVP_MD *mgf, int salt)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1;
}

static bool set_pkcs1(EVP_PKEY_CTX *ctx, const EVP_MD *md)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	       (!md || EVP_PKEY_CTX_set_signature_md(ctx, md) == 1);
}

static hf_status set_padding(EVP_PKEY_CTX *ctx, const struct verify_how *how)
{
	HF_CLEANUP(EVP_MD_free_at) EVP_MD *md = NULL;
	HF_CLEANUP(EVP_MD_free_at) EVP_MD *mgf = NULL;
	bool set;

	if (how->hash != DIGEST_NONE || how->kind == VERIFY_RSA_PSS)
		HF_TRY(fetch(how->hash, &md));
	if (how->kind == VERIFY_RSA_PSS) {
		int salt = how->salt_len == VERIFY_SALT_AS_HASH ? RSA_PSS_SALTLEN_DIGEST
		                                                : (int)how->salt_len;

		HF_TRY(fetch(how->mgf_hash ? how->mgf_hash : how->hash, &mgf));
		set = set_pss(ctx, md, mgf, salt);
	} else {
		set = set_pkcs1(ctx, md);
	}
	if (set)
		return HF_SUCCESS;
	ERR_clear_error(); /* no DigestInfo is defined for this hash, say */
	return HF_FAILURE(HF_UNSUPPORTED);
}

static hf_status verify_rsa(const struct verify_key *key, const struct verify_how *how,
                            struct hf_span digest, struct hf_span signature)
{
	HF_CLEANUP(EVP_PKEY_CTX_free_at) EVP_PKEY_CTX *ctx = NULL;
	size_t wanted = digest_alg_len((int)how->hash);

	HF_ENSURE(key->type == OBJECT_RSA, HF_INVALID);
	HF_ENSURE(how->hash == DIGEST_NONE || digest.len == wanted, HF_INVALID);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	HF_ENSURE(ctx && EVP_PKEY_verify_init(ctx) == 1, HF_NOMEM);
	HF_TRY(set_padding(ctx, how));
	HF_ENSURE(signature.len == key->signature_len, HF_UNAUTHENTIC);
	return verify_status(
	        EVP_PKEY_verify(ctx, signature.ptr, signature.len, digest.ptr, digest.len));
}

hf_status verify_any(struct hf_span spki, const struct verify_how *how, struct hf_span data,
                     struct hf_span signature)
{
	HF_CLEANUP(verify_key_release_at) const struct verify_key *key = NULL;

	HF_TRY(verify_key_hold(spki, how->by_table, &key));
	switch (how->kind) {
	case VERIFY_ECDSA:
		return verify_ecdsa(key, how->by_table, data, signature);
	case VERIFY_EDDSA:
		return verify_eddsa(key, data, signature);
	case VERIFY_RSA_PKCS1:
	case VERIFY_RSA_PSS:
		return verify_rsa(key, how, data, signature);
	}
	return HF_FAILURE(HF_INVALID);
}
