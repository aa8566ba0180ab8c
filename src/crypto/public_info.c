/* SPDX-License-Identifier: Apache-2.0
 * Writing is done here, from back to front, so that no length has to be known before: OpenSSL's
 * encoder takes as long as a token takes to give the key, and listings have thousands. Parsing,
 * which is of single keys from outside, is OpenSSL's. */
#include "crypto/public_info.h"

#include "crypto/curves.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

HF_DEFINE_CLEANUP(EVP_PKEY_free, EVP_PKEY *)
HF_DEFINE_CLEANUP(EC_GROUP_free, EC_GROUP *)
HF_DEFINE_CLEANUP(EC_POINT_free, EC_POINT *)
HF_DEFINE_CLEANUP(BN_free, BIGNUM *)

#define TAG_INTEGER 0x02
#define TAG_BIT_STRING 0x03
#define TAG_OCTET_STRING 0x04
#define TAG_SEQUENCE 0x30
#define RSA_BITS_MIN 1024

/* DER from back to front. The caller has seen to it that it fits. */
struct der {
	uint8_t bytes[PUBLIC_DER_MAX];
	size_t at;
};

static void before(struct der *d, const void *bytes, size_t len)
{
	if (len > d->at)
		abort();
	d->at -= len;
	if (len)
		memcpy(d->bytes + d->at, bytes, len);
}

static void before_u8(struct der *d, size_t byte)
{
	uint8_t b = (uint8_t)byte;

	before(d, &b, 1);
}

/* Tag and length of all that was written since `end`. */
static void wrap(struct der *d, uint8_t tag, size_t end)
{
	size_t len = end - d->at;

	before_u8(d, len & 0xff);
	if (len > 0xff) {
		before_u8(d, len >> 8);
		before_u8(d, 0x82);
	} else if (len > 0x7f) {
		before_u8(d, 0x81);
	}
	before_u8(d, tag);
}

static void before_integer(struct der *d, struct hf_span number)
{
	size_t end = d->at;

	before(d, number.ptr, number.len);
	if (number.ptr[0] & 0x80)
		before_u8(d, 0);
	wrap(d, TAG_INTEGER, end);
}

/* The key's bytes stand already: BIT STRING, algorithm, SEQUENCE. */
static void finish(struct der *d, struct hf_span algorithm, struct hf_span params,
                   struct public_der *ret)
{
	size_t end = sizeof(d->bytes), inner;

	before_u8(d, 0); /* no unused bits */
	wrap(d, TAG_BIT_STRING, end);
	inner = d->at;
	before(d, params.ptr, params.len);
	before(d, algorithm.ptr, algorithm.len);
	wrap(d, TAG_SEQUENCE, inner);
	wrap(d, TAG_SEQUENCE, end);
	ret->len = end - d->at;
	memcpy(ret->bytes, d->bytes + d->at, ret->len);
}

static struct hf_span without_zeros(struct hf_span number)
{
	while (number.len && number.ptr[0] == 0)
		number = HF_SPAN(number.ptr + 1, number.len - 1);
	return number;
}

static unsigned bits_of(struct hf_span number)
{
	unsigned bits = (unsigned)number.len * 8;

	for (uint8_t first = number.ptr[0]; !(first & 0x80); first = (uint8_t)(first << 1))
		bits--;
	return bits;
}

hf_status public_der_from_rsa(struct hf_span n, struct hf_span e, struct public_der *ret,
                              unsigned *ret_bits)
{
	static const uint8_t algorithm[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
		                             0xf7, 0x0d, 0x01, 0x01, 0x01 };
	static const uint8_t null[] = { 0x05, 0x00 };
	struct der d = { .at = sizeof(d.bytes) };
	unsigned bits;

	n = without_zeros(n);
	e = without_zeros(e);
	HF_ENSURE(n.len && n.len <= RSA_MODULUS_MAX && n.ptr[n.len - 1] & 1, HF_INVALID);
	HF_ENSURE(e.len && e.len <= RSA_EXPONENT_MAX && e.ptr[e.len - 1] & 1, HF_INVALID);
	HF_ENSURE(e.len > 1 || e.ptr[0] >= 3, HF_INVALID);
	bits = bits_of(n);
	HF_ENSURE(bits >= RSA_BITS_MIN, HF_INVALID);
	before_integer(&d, e);
	before_integer(&d, n);
	wrap(&d, TAG_SEQUENCE, sizeof(d.bytes));
	finish(&d, HF_SPAN(algorithm, sizeof(algorithm)), HF_SPAN(null, sizeof(null)), ret);
	*ret_bits = bits;
	return HF_SUCCESS;
}

static void write_point(const struct curve_info *info, struct hf_span point, struct public_der *ret)
{
	static const uint8_t ec[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
	struct der d = { .at = sizeof(d.bytes) };

	before(&d, point.ptr, point.len);
	if (info->edwards || info->montgomery)
		finish(&d, info->oid, HF_SPAN(NULL, 0), ret);
	else
		finish(&d, HF_SPAN(ec, sizeof(ec)), info->oid, ret);
}

/* What stands in a DER string of this tag; the whole span where it is none. */
static struct hf_span inside(struct hf_span s, uint8_t tag)
{
	size_t head = 2;

	if (s.len < 3 || s.ptr[0] != tag)
		return s;
	if (s.ptr[1] == 0x81)
		head = 3;
	if (s.ptr[head - 1] != s.len - head || (head == 3) != (s.len - head > 0x7f))
		return s;
	return HF_SPAN(s.ptr + head, s.len - head);
}

static hf_status raw_key(const struct curve_info *info, struct hf_span point,
                         struct public_der *ret)
{
	if (point.len == info->field_len + 2)
		point = inside(point, TAG_OCTET_STRING);
	if (point.len == info->field_len + 3) {
		point = inside(point, TAG_BIT_STRING);
		HF_ENSURE(point.len == info->field_len + 1 && point.ptr[0] == 0, HF_INVALID);
		point = HF_SPAN(point.ptr + 1, point.len - 1);
	}
	HF_ENSURE(point.len == info->field_len, HF_INVALID);
	write_point(info, point, ret);
	return HF_SUCCESS;
}

static hf_status decompress(const struct curve_info *info, struct hf_span point,
                            struct public_der *ret)
{
	HF_CLEANUP(EC_GROUP_free_at) EC_GROUP *group = curve_group_new(info->curve);
	HF_CLEANUP(EC_POINT_free_at) EC_POINT *at = group ? EC_POINT_new(group) : NULL;
	uint8_t out[EC_POINT_MAX];
	size_t len = 0;

	HF_ENSURE(at, HF_NOMEM);
	HF_ENSURE(point.ptr[0] == 2 || point.ptr[0] == 3, HF_INVALID);
	if (EC_POINT_oct2point(group, at, point.ptr, point.len, NULL) == 1)
		len = EC_POINT_point2oct(group, at, POINT_CONVERSION_UNCOMPRESSED, out, sizeof(out),
		                         NULL);
	ERR_clear_error();
	HF_ENSURE(len == 1 + 2 * info->field_len, HF_INVALID);
	write_point(info, HF_SPAN(out, len), ret);
	return HF_SUCCESS;
}

hf_status public_der_from_point(enum curve curve, struct hf_span point, struct public_der *ret)
{
	const struct curve_info *info = curve_info((int)curve);
	uint8_t sec1[EC_POINT_MAX] = { 4 };

	HF_ENSURE(info && point.len && point.len <= EC_POINT_MAX + 3, HF_INVALID);
	if (info->edwards || info->montgomery)
		return raw_key(info, point, ret);
	/* only the length tells: 04 1e begins a point as well as a 30-byte OCTET STRING */
	if (point.len == 2 * info->field_len) {
		memcpy(sec1 + 1, point.ptr, point.len);
		point = HF_SPAN(sec1, point.len + 1);
	}
	if (point.len != 2 * info->field_len + 1 && point.len != info->field_len + 1)
		point = inside(point, TAG_OCTET_STRING);
	if (point.len == info->field_len + 1)
		return decompress(info, point, ret);
	HF_ENSURE(point.len == 2 * info->field_len + 1 && point.ptr[0] == 4, HF_INVALID);
	write_point(info, point, ret);
	return HF_SUCCESS;
}

hf_status public_info_der(const struct public_info *info, struct public_der *ret)
{
	unsigned bits;

	if (info->type == OBJECT_RSA)
		return public_der_from_rsa(HF_SPAN(info->n, info->n_len),
		                           HF_SPAN(info->e, info->e_len), ret, &bits);
	HF_ENSURE(info->type == OBJECT_EC, HF_INVALID);
	return public_der_from_point(info->curve, HF_SPAN(info->point, info->point_len), ret);
}

static hf_status take_number(EVP_PKEY *key, const char *name, uint8_t *to, size_t cap,
                             size_t *ret_len)
{
	HF_CLEANUP(BN_free_at) BIGNUM *number = NULL;

	HF_ENSURE(EVP_PKEY_get_bn_param(key, name, &number) == 1, HF_INVALID);
	HF_ENSURE((size_t)BN_num_bytes(number) <= cap, HF_INVALID);
	*ret_len = (size_t)BN_bn2bin(number, to);
	return HF_SUCCESS;
}

static hf_status take_rsa(EVP_PKEY *key, struct public_info *ret)
{
	struct public_der der;

	ret->type = OBJECT_RSA;
	HF_TRY(take_number(key, OSSL_PKEY_PARAM_RSA_N, ret->n, sizeof(ret->n), &ret->n_len));
	HF_TRY(take_number(key, OSSL_PKEY_PARAM_RSA_E, ret->e, sizeof(ret->e), &ret->e_len));
	return public_der_from_rsa(HF_SPAN(ret->n, ret->n_len), HF_SPAN(ret->e, ret->e_len), &der,
	                           &ret->bits);
}

static hf_status take_point(EVP_PKEY *key, struct public_info *ret)
{
	const struct curve_info *info;
	struct public_der der;

	HF_TRY(curve_of_pkey(key, &ret->curve));
	info = curve_info((int)ret->curve);
	ret->type = OBJECT_EC;
	ret->bits = info->bits;
	HF_ENSURE(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, ret->point,
	                                          sizeof(ret->point), &ret->point_len) == 1,
	          HF_INVALID);
	if (info->edwards || info->montgomery)
		return HF_SUCCESS;
	if (ret->point_len == 1 + 2 * info->field_len) {
		HF_ENSURE(ret->point[0] == 4, HF_INVALID); /* "hybrid" is none of ours */
		return HF_SUCCESS;
	}
	/* it was compressed: 04 || X || Y is at the end of our encoding */
	HF_TRY(public_der_from_point(ret->curve, HF_SPAN(ret->point, ret->point_len), &der));
	ret->point_len = 1 + 2 * info->field_len;
	memcpy(ret->point, der.bytes + der.len - ret->point_len, ret->point_len);
	return HF_SUCCESS;
}

hf_status public_info_of_pkey(EVP_PKEY *key, struct public_info *ret)
{
	struct public_info info = { 0 };

	HF_TRY(EVP_PKEY_is_a(key, "RSA") ? take_rsa(key, &info) : take_point(key, &info));
	*ret = info;
	return HF_SUCCESS;
}

hf_status public_info_parse(struct hf_span der, struct public_info *ret)
{
	HF_CLEANUP(EVP_PKEY_free_at) EVP_PKEY *key = NULL;
	const uint8_t *at = der.ptr;
	hf_status status;

	HF_ENSURE(der.len && der.len <= PUBLIC_INPUT_MAX, HF_INVALID);
	key = d2i_PUBKEY(NULL, &at, (long)der.len);
	status = key && at == der.ptr + der.len ? public_info_of_pkey(key, ret)
	                                        : HF_FAILURE(HF_INVALID);
	ERR_clear_error();
	return status;
}
