/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/spki.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <string.h>

#define DER_MAX 256
#define PEM_MAX 4096

HF_DEFINE_CLEANUP(EVP_PKEY_free, EVP_PKEY *)
HF_DEFINE_CLEANUP(EVP_PKEY_CTX_free, EVP_PKEY_CTX *)
HF_DEFINE_CLEANUP(BIO_free_all, BIO *)

static const struct {
	enum key_type type;
	const char *group; /* OpenSSL's name; NULL: Ed25519 */
} kinds[] = {
	{ KEY_SECP256K1, "secp256k1" },
	{ KEY_P256, "prime256v1" },
	{ KEY_P384, "secp384r1" },
	{ KEY_ED25519, NULL },
};

static EVP_PKEY *ec_key(const char *group, struct hf_span pub)
{
	HF_CLEANUP(EVP_PKEY_CTX_free_at)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)pub.ptr,
		                                  pub.len),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	if (EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
	                                   OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static EVP_PKEY *key_of(enum key_type type, struct hf_span pub)
{
	for (size_t i = 0; i < HF_COUNT(kinds); i++) {
		if (kinds[i].type != type)
			continue;
		if (kinds[i].group)
			return ec_key(kinds[i].group, pub);
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub.ptr, pub.len);
	}
	return NULL;
}

hf_status spki_der(enum key_type type, struct hf_span pub, struct hf_buf *to)
{
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = key_of(type, pub);
	uint8_t der[DER_MAX], *at = der;
	int len = key ? i2d_PUBKEY(key, NULL) : 0;

	ERR_clear_error();
	HF_ENSURE(len > 0 && len <= DER_MAX, HF_INVALID);
	HF_ENSURE(i2d_PUBKEY(key, &at) == len, HF_INTERNAL);
	hf_buf_put(to, der, (size_t)len);
	return hf_buf_status(to);
}

hf_status spki_pem(enum key_type type, struct hf_span pub, struct hf_buf *to)
{
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = key_of(type, pub);
	HF_CLEANUP(BIO_free_all_at) BIO *out = BIO_new(BIO_s_mem());
	char *text;
	long len;

	ERR_clear_error();
	HF_ENSURE(out, HF_NOMEM);
	HF_ENSURE(key, HF_INVALID);
	HF_ENSURE(PEM_write_bio_PUBKEY(out, key) == 1, HF_INTERNAL);
	len = BIO_get_mem_data(out, &text);
	hf_buf_put(to, text, (size_t)len);
	return hf_buf_status(to);
}

static hf_status read_ec(EVP_PKEY *key, enum key_type *ret_type, struct public_key *ret)
{
	char group[32] = "";
	uint8_t point[128];
	size_t len = 0;

	HF_ENSURE(EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1, HF_INVALID);
	HF_ENSURE(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
	                                          sizeof(point), &len) == 1,
	          HF_INVALID);
	for (size_t i = 0; i < HF_COUNT(kinds); i++)
		if (kinds[i].group && strcmp(kinds[i].group, group) == 0) {
			*ret_type = kinds[i].type;
			return public_key_from_ec_point(kinds[i].type, HF_SPAN(point, len), ret);
		}
	return HF_FAILURE(HF_INVALID);
}

hf_status spki_pem_parse(struct hf_span pem, enum key_type *ret_type, struct public_key *ret)
{
	HF_CLEANUP(BIO_free_all_at) BIO *in = NULL;
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = NULL;
	struct public_key pub = { .len = sizeof(pub.bytes) };

	HF_ENSURE(pem.len && pem.len <= PEM_MAX, HF_INVALID);
	in = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	key = in ? PEM_read_bio_PUBKEY(in, NULL, NULL, NULL) : NULL;
	ERR_clear_error();
	HF_ENSURE(key, HF_INVALID);
	if (EVP_PKEY_is_a(key, "EC"))
		return read_ec(key, ret_type, ret);
	HF_ENSURE(EVP_PKEY_is_a(key, "ED25519"), HF_INVALID);
	HF_ENSURE(EVP_PKEY_get_raw_public_key(key, pub.bytes, &pub.len) == 1, HF_INVALID);
	*ret_type = KEY_ED25519;
	*ret = pub;
	return HF_SUCCESS;
}

/* DER INTEGER of 32 bytes, big-endian, without what is not needed. */
static size_t put_integer(const uint8_t *from, uint8_t *to)
{
	size_t skip = 0, n;

	while (skip < 31 && from[skip] == 0)
		skip++;
	n = 32 - skip;
	to[0] = 0x02;
	to[1] = (uint8_t)(n + (from[skip] >> 7));
	to[2] = 0;
	memcpy(to + 2 + (from[skip] >> 7), from + skip, n);
	return 2 + (size_t)to[1];
}

hf_status ecdsa_to_der(const uint8_t raw[64], struct hf_buf *to)
{
	uint8_t der[2 * 35 + 2] = { 0x30 };
	size_t len = put_integer(raw, der + 2);

	len += put_integer(raw + 32, der + 2 + len);
	der[1] = (uint8_t)len;
	hf_buf_put(to, der, 2 + len);
	return hf_buf_status(to);
}

static hf_status take_integer(struct hf_reader *r, uint8_t to[32])
{
	struct hf_span n;

	HF_ENSURE(hf_read_u8(r) == 0x02, HF_INVALID);
	n = hf_read_bytes(r, hf_read_u8(r));
	HF_ENSURE(!r->failed && n.len >= 1 && n.len <= 33, HF_INVALID);
	if (n.len == 33) {
		HF_ENSURE(n.ptr[0] == 0, HF_INVALID);
		n = HF_SPAN(n.ptr + 1, 32);
	} else if (n.len > 1 && n.ptr[0] == 0) {
		n = HF_SPAN(n.ptr + 1, n.len - 1);
	}
	memset(to, 0, 32);
	memcpy(to + 32 - n.len, n.ptr, n.len);
	return HF_SUCCESS;
}

hf_status ecdsa_from_der(struct hf_span der, uint8_t ret[64])
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(80);
	struct hf_reader r = hf_reader(der);
	uint8_t raw[64];

	HF_ENSURE(hf_read_u8(&r) == 0x30 && hf_read_u8(&r) == r.left, HF_INVALID);
	HF_TRY(take_integer(&r, raw));
	HF_TRY(take_integer(&r, raw + 32));
	HF_TRY(hf_reader_end(&r));
	HF_TRY(ecdsa_to_der(raw, &again)); /* its one encoding only */
	HF_ENSURE(hf_span_equal(der, hf_buf_span(&again)), HF_INVALID);
	memcpy(ret, raw, 64);
	return HF_SUCCESS;
}
