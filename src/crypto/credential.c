/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/credential.h"

#include "crypto/algorithms.h"
#include "crypto/digest.h"
#include "crypto/shared.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096

struct credential_key {
	EVP_PKEY *pkey;
	bool ed25519; /* otherwise SHA-256 of the message is signed */
	bool rsa;
	size_t signature_len; /* exact for Ed25519 and RSA, the longest for ECDSA */
};

HF_DEFINE_CLEANUP(EVP_PKEY_free, EVP_PKEY *)
HF_DEFINE_CLEANUP(EVP_PKEY_CTX_free, EVP_PKEY_CTX *)
HF_DEFINE_CLEANUP(EVP_MD_CTX_free, EVP_MD_CTX *)
HF_DEFINE_CLEANUP(BIO_free_all, BIO *)

const char *credential_kind_name(enum credential_kind kind)
{
	switch (kind) {
	case CREDENTIAL_KEY:
		return "Key";
	case CREDENTIAL_FIDO2:
		return "Fido2";
	case CREDENTIAL_PASSWORD_PROTECTED_KEY:
		return "PasswordProtectedKey";
	}
	return "";
}

hf_status credential_kind_parse(const char *name, enum credential_kind *ret)
{
	static const enum credential_kind all[] = { CREDENTIAL_KEY, CREDENTIAL_FIDO2,
		                                    CREDENTIAL_PASSWORD_PROTECTED_KEY };

	for (size_t i = 0; i < HF_COUNT(all); i++) {
		if (strcmp(name, credential_kind_name(all[i])) != 0)
			continue;
		*ret = all[i];
		return HF_SUCCESS;
	}
	return HF_FAILURE(HF_INVALID);
}

static bool only_blanks(const char *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", from[i]) || !from[i])
			return false;
	return true;
}

/* The DER inside one PEM block and nothing else. OPENSSL_free(*ret). */
static hf_status unwrap_pem(struct hf_span pem, unsigned char **ret, long *ret_len)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----";
	HF_CLEANUP(BIO_free_all_at) BIO *bio = NULL;
	char *name = NULL, *header = NULL, *rest;
	unsigned char *der = NULL;
	long len = 0;
	bool good;

	/* OpenSSL skips whatever stands before and after */
	while (pem.len && only_blanks((const char *)pem.ptr, 1))
		pem = HF_SPAN(pem.ptr + 1, pem.len - 1);
	HF_ENSURE(pem.len > strlen(begin) && memcmp(pem.ptr, begin, strlen(begin)) == 0,
	          HF_INVALID);
	bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	HF_ENSURE(bio, HF_NOMEM);
	good = PEM_read_bio(bio, &name, &header, &der, &len) == 1;
	if (good) {
		size_t left = (size_t)BIO_get_mem_data(bio, &rest);

		good = strcmp(name, PEM_STRING_PUBLIC) == 0 && !header[0] &&
		       only_blanks(rest, left);
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	if (!good) {
		OPENSSL_free(der);
		ERR_clear_error();
		return HF_FAILURE(HF_INVALID);
	}
	*ret = der;
	*ret_len = len;
	return HF_SUCCESS;
}

static hf_status decode(struct hf_span pem, EVP_PKEY **ret)
{
	unsigned char *der = NULL;
	const unsigned char *at;
	EVP_PKEY *key;
	long len;

	HF_TRY(unwrap_pem(pem, &der, &len));
	at = der;
	key = d2i_PUBKEY(NULL, &at, len);
	if (key && at != der + len) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	OPENSSL_free(der);
	ERR_clear_error();
	HF_ENSURE(key, HF_INVALID);
	*ret = key;
	return HF_SUCCESS;
}

static hf_status check_curve(EVP_PKEY *key, struct hf_err *err)
{
	static const char *const taken[] = { "prime256v1", "secp384r1", "secp521r1", "secp256k1" };
	HF_CLEANUP(EVP_PKEY_CTX_free_at) EVP_PKEY_CTX *ctx = NULL;
	char group[64] = "", encoding[32] = "";
	size_t len, i = 0;

	EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), &len);
	EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding, sizeof(encoding),
	                               &len);
	while (i < HF_COUNT(taken) && strcmp(group, taken[i]) != 0)
		i++;
	/* parameters spelt out may be a curve of the sender's own making (CVE-2020-0601) */
	if (i == HF_COUNT(taken) || strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) != 0)
		return hf_fail(err, HF_UNSUPPORTED,
		               "this curve is not taken (%s): use Ed25519, P-256, P-384, P-521 or "
		               "secp256k1, by name",
		               group[0] ? group : "without a name");
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	HF_ENSURE(ctx, HF_NOMEM);
	if (EVP_PKEY_public_check(ctx) != 1) {
		ERR_clear_error();
		return hf_fail(err, HF_INVALID, "the public key is not a point of %s", group);
	}
	return HF_SUCCESS;
}

static hf_status check_rsa(EVP_PKEY *key, struct hf_err *err)
{
	int bits = EVP_PKEY_get_bits(key);
	BIGNUM *e = NULL;
	bool good;

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return hf_fail(err, HF_UNSUPPORTED,
		               "an RSA credential has %d to %d bits, not %d: make a new one",
		               RSA_BITS_MIN, RSA_BITS_MAX, bits);
	HF_ENSURE(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1, HF_NOMEM);
	good = BN_is_odd(e) && BN_num_bits(e) >= 17 && BN_num_bits(e) <= 64; /* FIPS 186-5, A.1.1 */
	BN_free(e);
	if (!good)
		return hf_fail(
		        err, HF_UNSUPPORTED,
		        "the public exponent of an RSA credential is odd, at least 65537 and "
		        "below 2^64");
	return HF_SUCCESS;
}

static hf_status check_ed25519(EVP_PKEY *key, struct hf_err *err)
{
	uint8_t pub[32];
	size_t len = sizeof(pub);

	HF_ENSURE(EVP_PKEY_get_raw_public_key(key, pub, &len) == 1 && len == sizeof(pub),
	          HF_INTERNAL);
	if (!hf_ok(ed25519_check(HF_SPAN(pub, len))))
		return hf_fail(err, HF_INVALID, "the public key is not a usable point of Ed25519");
	return HF_SUCCESS;
}

static hf_status check_kind(EVP_PKEY *key, struct hf_err *err)
{
	if (EVP_PKEY_is_a(key, "ED25519"))
		return check_ed25519(key, err);
	if (EVP_PKEY_is_a(key, "EC"))
		return check_curve(key, err);
	if (EVP_PKEY_is_a(key, "RSA"))
		return check_rsa(key, err);
	return hf_fail(err, HF_UNSUPPORTED,
	               "this kind of credential key is not taken: use Ed25519, ECDSA or RSA");
}

hf_status credential_key_parse(struct hf_span pem, struct credential_key **ret, struct hf_err *err)
{
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *pkey = NULL;
	struct credential_key *key;
	hf_status s;

	if (pem.len > CREDENTIAL_PEM_MAX)
		return hf_fail(err, HF_TOOBIG,
		               "a credential's public key has at most %d characters",
		               CREDENTIAL_PEM_MAX);
	s = decode(pem, &pkey);
	if (!hf_ok(s))
		return hf_fail(
		        err, s.code,
		        "a credential's public key is PEM, \"-----BEGIN PUBLIC KEY-----\", and "
		        "nothing else (openssl pkey -pubout)");
	HF_TRY(check_kind(pkey, err));
	key = calloc(1, sizeof(*key));
	HF_ENSURE(key, HF_NOMEM);
	key->ed25519 = EVP_PKEY_is_a(pkey, "ED25519");
	key->rsa = EVP_PKEY_is_a(pkey, "RSA");
	key->signature_len = (size_t)EVP_PKEY_get_size(pkey);
	key->pkey = hf_take(pkey);
	*ret = key;
	return HF_SUCCESS;
}

EVP_PKEY *credential_key_pkey(const struct credential_key *key)
{
	return key->pkey;
}

void credential_key_free(struct credential_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

/* OpenSSL itself refuses ECDSA signatures that are not the canonical DER of their two numbers, and
 * its default padding for RSA is PKCS#1 v1.5. */
/* ECDSA and RSA over a digest of ours: OpenSSL's own digest-and-verify takes a tenth longer, for
 * setting up what it hashes with. */
static hf_status verify_digest(const struct crypto_shared *shared, const struct credential_key *key,
                               struct hf_span message, struct hf_span signature)
{
	HF_CLEANUP(EVP_PKEY_CTX_free_at) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
	uint8_t digest[SHA256_LEN];

	HF_ENSURE(ctx, HF_NOMEM);
	HF_TRY(sha256(message, digest));
	HF_ENSURE(EVP_PKEY_verify_init(ctx) == 1, HF_NOMEM);
	HF_ENSURE(!key->rsa || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1, HF_NOMEM);
	HF_ENSURE(EVP_PKEY_CTX_set_signature_md(ctx, shared->sha256) == 1, HF_NOMEM);
	return verify_status(
	        EVP_PKEY_verify(ctx, signature.ptr, signature.len, digest, sizeof(digest)));
}

static hf_status verify_message(const struct credential_key *key, struct hf_span message,
                                struct hf_span signature)
{
	HF_CLEANUP(EVP_MD_CTX_free_at) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	HF_ENSURE(ctx, HF_NOMEM);
	HF_ENSURE(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) == 1, HF_NOMEM);
	return verify_status(
	        EVP_DigestVerify(ctx, signature.ptr, signature.len, message.ptr, message.len));
}

hf_status credential_verify(const struct credential_key *key, struct hf_span message,
                            struct hf_span signature)
{
	const struct crypto_shared *shared = crypto_shared();

	HF_ENSURE(shared, HF_INTERNAL);
	HF_ENSURE(signature.len > 0 && signature.len <= key->signature_len, HF_UNAUTHENTIC);
	HF_ENSURE(!(key->ed25519 || key->rsa) || signature.len == key->signature_len,
	          HF_UNAUTHENTIC);
	return key->ed25519 ? verify_message(key, message, signature)
	                    : verify_digest(shared, key, message, signature);
}
