/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "crypto/public_info.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

static const char *const names[CURVE_MAX + 1] = {
	NULL,        "prime192v1", "secp224r1", "prime256v1", "secp384r1", "secp521r1", "secp192k1",
	"secp224k1", "secp256k1",  "ED25519",   "ED448",      "X25519",    "X448",
};

static EVP_PKEY *make_key(enum curve curve)
{
	const struct curve_info *info = curve_info((int)curve);
	EVP_PKEY *key = info->edwards || info->montgomery
	                        ? EVP_PKEY_Q_keygen(NULL, NULL, names[curve])
	                        : EVP_PKEY_Q_keygen(NULL, NULL, "EC", names[curve]);

	assert_non_null(key);
	return key;
}

/* OpenSSL's own encoding, against which ours is held. */
static size_t encode(EVP_PKEY *key, uint8_t *to, size_t cap)
{
	int len = i2d_PUBKEY(key, NULL);

	CHECK(len > 0 && (size_t)len <= cap);
	CHECK(i2d_PUBKEY(key, &to) == len);
	return (size_t)len;
}

static void check_form(enum curve curve, struct hf_span point, struct hf_span want)
{
	struct public_der der = { .len = 0 };

	CHECK_OK(public_der_from_point(curve, point, &der));
	CHECK(hf_span_equal(HF_SPAN(der.bytes, der.len), want));
}

static size_t octets(uint8_t tag, struct hf_span s, uint8_t *to)
{
	size_t head = s.len > 127 ? 3 : 2;

	to[0] = tag;
	to[1] = 0x81;
	to[head - 1] = (uint8_t)s.len;
	memcpy(to + head, s.ptr, s.len);
	return head + s.len;
}

static void check_point(enum curve curve)
{
	const struct curve_info *info = curve_info((int)curve);
	uint8_t want[256], form[160], small[80];
	EVP_PKEY *key = make_key(curve);
	struct hf_span der = HF_SPAN(want, encode(key, want, sizeof(want))), point;
	bool raw = info->edwards || info->montgomery;

	point = HF_SPAN(want, raw ? info->field_len : 1 + 2 * info->field_len);
	point.ptr += der.len - point.len;
	check_form(curve, point, der);
	check_form(curve, HF_SPAN(form, octets(4, point, form)), der);
	if (raw) {
		small[0] = 0;
		memcpy(small + 1, point.ptr, point.len);
		check_form(curve, HF_SPAN(form, octets(3, HF_SPAN(small, point.len + 1), form)),
		           der);
	} else {
		check_form(curve, HF_SPAN(point.ptr + 1, point.len - 1), der);
		small[0] = 2 + (point.ptr[point.len - 1] & 1);
		memcpy(small + 1, point.ptr + 1, info->field_len);
		check_form(curve, HF_SPAN(small, info->field_len + 1), der);
		check_form(curve,
		           HF_SPAN(form, octets(4, HF_SPAN(small, info->field_len + 1), form)),
		           der);
	}
	EVP_PKEY_free(key);
}

static void every_form_of_a_point_gives_the_encoding_of_openssl(void **state)
{
	for (int curve = 1; curve <= CURVE_MAX; curve++)
		check_point((enum curve)curve);
}

static void a_curve_comes_back_with_its_point(void **state)
{
	for (int curve = 1; curve <= CURVE_MAX; curve++) {
		EVP_PKEY *key = make_key((enum curve)curve);
		struct public_info info;
		struct public_der der;
		uint8_t want[256];
		size_t len = encode(key, want, sizeof(want));

		CHECK_OK(public_info_parse(HF_SPAN(want, len), &info));
		CHECK(info.type == OBJECT_EC && (int)info.curve == curve);
		CHECK(info.bits == curve_info(curve)->bits);
		CHECK_OK(public_info_der(&info, &der));
		CHECK(hf_span_equal(HF_SPAN(der.bytes, der.len), HF_SPAN(want, len)));
		CHECK_CODE(public_info_parse(HF_SPAN(want, len - 1), &info), HF_INVALID);
		EVP_PKEY_free(key);
	}
}

static void rsa_numbers_give_the_encoding_of_openssl_and_come_back(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	uint8_t want[512], n[RSA_MODULUS_MAX + 1] = { 0 };
	size_t len = encode(key, want, sizeof(want));
	struct public_info info;
	struct public_der der;
	unsigned bits;

	CHECK_OK(public_info_parse(HF_SPAN(want, len), &info));
	CHECK(info.type == OBJECT_RSA && info.bits == 1024 && info.n_len == 128);
	memcpy(n + 1, info.n, info.n_len);
	CHECK_OK(public_der_from_rsa(HF_SPAN(n, info.n_len + 1), HF_SPAN(info.e, info.e_len), &der,
	                             &bits));
	CHECK(bits == 1024);
	CHECK(hf_span_equal(HF_SPAN(der.bytes, der.len), HF_SPAN(want, len)));
	EVP_PKEY_free(key);
}

static void the_longest_modulus_fits(void **state)
{
	uint8_t n[RSA_MODULUS_MAX], e[RSA_EXPONENT_MAX];
	struct public_info info;
	struct public_der der;
	unsigned bits;

	memset(n, 0xff, sizeof(n));
	memset(e, 0xff, sizeof(e));
	CHECK_OK(public_der_from_rsa(HF_SPAN(n, sizeof(n)), HF_SPAN(e, sizeof(e)), &der, &bits));
	CHECK(bits == 8192);
	CHECK_OK(public_info_parse(HF_SPAN(der.bytes, der.len), &info));
	CHECK(info.bits == 8192 && info.e_len == 8);
}

static void what_is_no_key_is_refused(void **state)
{
	uint8_t n[RSA_MODULUS_MAX + 1], point[70] = { 4 };
	struct public_info info;
	struct public_der der;
	unsigned bits;

	memset(n, 0xff, sizeof(n));
	CHECK_CODE(public_der_from_rsa(HF_SPAN(n, sizeof(n)), HF_SPAN("\1\0\1", 3), &der, &bits),
	           HF_INVALID);
	CHECK_CODE(public_der_from_rsa(HF_SPAN(n, 127), HF_SPAN("\1\0\1", 3), &der, &bits),
	           HF_INVALID);
	CHECK_CODE(public_der_from_rsa(HF_SPAN(n, 128), HF_SPAN("\1\0\2", 3), &der, &bits),
	           HF_INVALID);
	CHECK_CODE(public_der_from_rsa(HF_SPAN(n, 128), HF_SPAN("\1", 1), &der, &bits), HF_INVALID);
	CHECK_CODE(public_der_from_rsa(HF_SPAN(NULL, 0), HF_SPAN(NULL, 0), &der, &bits),
	           HF_INVALID);
	CHECK_CODE(public_der_from_point(CURVE_P256, HF_SPAN(point, 66), &der), HF_INVALID);
	CHECK_CODE(public_der_from_point(CURVE_P256, HF_SPAN(point, 33), &der), HF_INVALID);
	CHECK_CODE(public_der_from_point(CURVE_P256, HF_SPAN(NULL, 0), &der), HF_INVALID);
	CHECK_CODE(public_der_from_point(CURVE_ED25519, HF_SPAN(point, 35), &der), HF_INVALID);
	CHECK_CODE(public_der_from_point(CURVE_NONE, HF_SPAN(point, 65), &der), HF_INVALID);
	/* a token's word is taken for the point, but what comes from outside is looked at */
	CHECK_OK(public_der_from_point(CURVE_P256, HF_SPAN(point, 65), &der));
	CHECK_CODE(public_info_parse(HF_SPAN(der.bytes, der.len), &info), HF_INVALID);
	CHECK_CODE(public_info_parse(HF_SPAN(NULL, 0), &info), HF_INVALID);
	CHECK_CODE(public_info_parse(HF_SPAN(n, PUBLIC_INPUT_MAX + 1), &info), HF_INVALID);
}

static void a_key_with_something_behind_it_is_refused(void **state)
{
	EVP_PKEY *key = make_key(CURVE_ED25519);
	struct public_info info;
	uint8_t der[64] = { 0 };
	size_t len = encode(key, der, sizeof(der));

	CHECK_OK(public_info_parse(HF_SPAN(der, len), &info));
	CHECK_CODE(public_info_parse(HF_SPAN(der, len + 1), &info), HF_INVALID);
	EVP_PKEY_free(key);
}

static void a_curve_spelled_out_in_numbers_is_refused(void **state)
{
	EVP_PKEY *key = make_key(CURVE_P256);
	struct public_info info;
	uint8_t der[512];
	size_t len;

	CHECK(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING,
	                                     OSSL_PKEY_EC_ENCODING_EXPLICIT) == 1);
	len = encode(key, der, sizeof(der));
	CHECK(len > 200);
	CHECK_CODE(public_info_parse(HF_SPAN(der, len), &info), HF_INVALID);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_point_gives_the_encoding_of_openssl),
		cmocka_unit_test(a_curve_comes_back_with_its_point),
		cmocka_unit_test(rsa_numbers_give_the_encoding_of_openssl_and_come_back),
		cmocka_unit_test(the_longest_modulus_fits),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(a_key_with_something_behind_it_is_refused),
		cmocka_unit_test(a_curve_spelled_out_in_numbers_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
