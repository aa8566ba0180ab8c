/* SPDX-License-Identifier: Apache-2.0
 * RSA by OpenSSL, and its canonical public key: the DER SubjectPublicKeyInfo of RFC 5280 and RFC
 * 3279, 2.3.1.
 *
 * For a modulus of known size only the exponent's length varies, so that the DER is written and
 * compared here rather than parsed: OpenSSL's decoder takes 25 times as long and accepts more than
 * one encoding. */
#include "crypto/algorithms.h"
#include "crypto/shared.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#define HEAD_LEN 33
#define EXPONENT_MAX 8 /* OpenSSL refuses longer ones for large moduli */
#define EXPONENT_MIN 65537

HF_DEFINE_CLEANUP(EVP_PKEY_free, EVP_PKEY *)
HF_DEFINE_CLEANUP(EVP_PKEY_CTX_free, EVP_PKEY_CTX *)
HF_DEFINE_CLEANUP(BN_free, BIGNUM *)
HF_DEFINE_CLEANUP(OSSL_PARAM_BLD_free, OSSL_PARAM_BLD *)
HF_DEFINE_CLEANUP(OSSL_PARAM_free, OSSL_PARAM *)

struct rsa_numbers {
	struct hf_span n; /* exactly bits / 8 bytes */
	struct hf_span e; /* without leading zeros */
};

static void put_length(uint8_t *to, size_t len)
{
	to[0] = (uint8_t)(len >> 8);
	to[1] = (uint8_t)len;
}

/* All that comes before the modulus, whose top bit is set. `e_len` counts the exponent's INTEGER
 * whole. */
static void write_head(size_t n_len, size_t e_len, uint8_t to[HEAD_LEN])
{
	static const uint8_t head[HEAD_LEN] = {
		0x30, 0x82, 0,    0,                            /* SubjectPublicKeyInfo */
		0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, /* rsaEncryption */
		0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,       /* and NULL */
		0x03, 0x82, 0,    0,    0x00,                   /* BIT STRING */
		0x30, 0x82, 0,    0,                            /* RSAPublicKey */
		0x02, 0x82, 0,    0,    0x00,                   /* modulus */
	};

	memcpy(to, head, HEAD_LEN);
	put_length(to + 30, n_len + 1);
	put_length(to + 26, 5 + n_len + e_len);
	put_length(to + 21, 10 + n_len + e_len);
	put_length(to + 2, HEAD_LEN - 4 + n_len + e_len);
}

static struct hf_span without_zeros(struct hf_span number)
{
	while (number.len && number.ptr[0] == 0)
		number = HF_SPAN(number.ptr + 1, number.len - 1);
	return number;
}

static hf_status check_numbers(const struct key_type_info *type, const struct rsa_numbers *k)
{
	uint64_t e = 0;

	HF_ENSURE(k->n.len == type->bits / 8 && k->n.ptr[0] & 0x80 && k->n.ptr[k->n.len - 1] & 1,
	          HF_INVALID);
	HF_ENSURE(k->e.len >= 1 && k->e.len <= EXPONENT_MAX, HF_INVALID);
	for (size_t i = 0; i < k->e.len; i++)
		e = e << 8 | k->e.ptr[i];
	HF_ENSURE(e >= EXPONENT_MIN && e & 1, HF_INVALID); /* FIPS 186-5, A.1.1 */
	return HF_SUCCESS;
}

hf_status public_key_from_rsa(enum key_type type, struct hf_span n, struct hf_span e,
                              struct public_key *ret)
{
	const struct key_type_info *info = key_type_info((int)type);
	struct rsa_numbers k = { without_zeros(n), without_zeros(e) };
	struct public_key out;
	uint8_t *to = out.bytes + HEAD_LEN;
	size_t pad;

	HF_ENSURE(info && info->family == FAMILY_RSA, HF_INVALID);
	HF_TRY(check_numbers(info, &k));
	pad = k.e.ptr[0] >> 7;
	write_head(k.n.len, 2 + pad + k.e.len, out.bytes);
	memcpy(to, k.n.ptr, k.n.len);
	to += k.n.len;
	*to++ = 0x02;
	*to++ = (uint8_t)(pad + k.e.len);
	if (pad)
		*to++ = 0;
	memcpy(to, k.e.ptr, k.e.len);
	out.len = (size_t)(to + k.e.len - out.bytes);
	memcpy(ret->bytes, out.bytes, out.len);
	ret->len = out.len;
	return HF_SUCCESS;
}

static hf_status read_numbers(const struct key_type_info *type, struct hf_span pub,
                              struct rsa_numbers *ret)
{
	size_t n_len = type->bits / 8;
	uint8_t head[HEAD_LEN];
	struct rsa_numbers k;
	const uint8_t *e; /* tag, length, number */
	size_t e_len;

	HF_ENSURE(pub.len >= HEAD_LEN + n_len + 3 && pub.len <= HEAD_LEN + n_len + 3 + EXPONENT_MAX,
	          HF_INVALID);
	e = pub.ptr + HEAD_LEN + n_len;
	e_len = pub.len - HEAD_LEN - n_len;
	write_head(n_len, e_len, head);
	HF_ENSURE(memcmp(pub.ptr, head, HEAD_LEN) == 0, HF_INVALID);
	HF_ENSURE(e[0] == 0x02 && e[1] == e_len - 2, HF_INVALID);
	k.n = HF_SPAN(pub.ptr + HEAD_LEN, n_len);
	k.e = without_zeros(HF_SPAN(e + 2, e_len - 2));
	HF_TRY(check_numbers(type, &k));
	/* one zero in front where the number would be negative without, and only there */
	HF_ENSURE(e_len - 2 - k.e.len == k.e.ptr[0] >> 7, HF_INVALID);
	*ret = k;
	return HF_SUCCESS;
}

hf_status rsa_check(const struct key_type_info *type, struct hf_span pub)
{
	struct rsa_numbers k;

	return read_numbers(type, pub, &k);
}

static hf_status make_key(const struct rsa_numbers *k, EVP_PKEY **ret)
{
	HF_CLEANUP(BN_free_at) BIGNUM *n = BN_bin2bn(k->n.ptr, (int)k->n.len, NULL);
	HF_CLEANUP(BN_free_at) BIGNUM *e = BN_bin2bn(k->e.ptr, (int)k->e.len, NULL);
	HF_CLEANUP(OSSL_PARAM_BLD_free_at) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	HF_CLEANUP(OSSL_PARAM_free_at) OSSL_PARAM *params = NULL;
	HF_CLEANUP(EVP_PKEY_CTX_free_at)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	HF_ENSURE(n && e && build && ctx, HF_NOMEM);
	HF_ENSURE(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1, HF_NOMEM);
	HF_ENSURE(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1, HF_NOMEM);
	params = OSSL_PARAM_BLD_to_param(build);
	HF_ENSURE(params && EVP_PKEY_fromdata_init(ctx) == 1, HF_NOMEM);
	if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		ERR_clear_error();
		return HF_FAILURE(HF_INVALID);
	}
	*ret = key;
	return HF_SUCCESS;
}

static const EVP_MD *hash_md(const struct crypto_shared *shared, int hash)
{
	if (hash == HASH_SHA256)
		return shared->sha256;
	return hash == HASH_SHA384 ? shared->sha384 : shared->sha512;
}

static bool set_scheme(EVP_PKEY_CTX *ctx, int scheme, const EVP_MD *md)
{
	if (EVP_PKEY_verify_init(ctx) != 1)
		return false;
	if (scheme == SIGN_RSA_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_signature_md(ctx, md) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

hf_status rsa_verify(const struct key_type_info *type, struct hf_span pub, int scheme, int hash,
                     struct hf_span digest, struct hf_span sig)
{
	const struct crypto_shared *shared = crypto_shared();
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = NULL;
	HF_CLEANUP(EVP_PKEY_CTX_free_at) EVP_PKEY_CTX *ctx = NULL;
	struct rsa_numbers k;

	HF_ENSURE(shared, HF_INTERNAL);
	HF_TRY(read_numbers(type, pub, &k));
	HF_TRY(make_key(&k, &key));
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	HF_ENSURE(ctx && set_scheme(ctx, scheme, hash_md(shared, hash)), HF_NOMEM);
	return verify_status(EVP_PKEY_verify(ctx, sig.ptr, sig.len, digest.ptr, digest.len));
}
