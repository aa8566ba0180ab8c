/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "crypto/pubkey.h"
#include "soft_key.h"

#include <openssl/x509.h>
#include <string.h>

struct curve_point {
	enum key_type type;
	const char *x;
	const char *y;
};

static const struct curve_point points[] = {
	/* the base points, SEC 2 */
	{ KEY_SECP256K1, "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
	  "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8" },
	{ KEY_P256, "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
	  "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5" },
	{ KEY_P384,
	  "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c"
	  "3a545e3872760ab7",
	  "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d"
	  "7a431d7c90ea0e5f" },
	/* 137 and 422 times the base point: uncompressed they begin with 04 1e, as an OCTET STRING
	   of 30 bytes */
	{ KEY_SECP256K1, "1e33f1a746c9c5778133344d9299fcaa20b0938e8acff2544bb40284b8c5fb94",
	  "060660257dd11b3aa9c8ed618d24edff2306d320f1d03010e33a7d2057f3b3b6" },
	{ KEY_P256, "1e5344bd8f88fa6c479782ef27b9adf84f060cbae349146360cdc3c8967e8ca3",
	  "11c5f8e05a7e7835e199462c0b4ac235e8c17ca907f5e91cc6dc69de42116ea3" },
};

#define FORM_MAX 128

/* Appends prefix bytes, X, and Y where wanted. */
static void spell(const struct curve_point *p, const char *prefix, bool with_y, struct hf_buf *to)
{
	hf_buf_clear(to);
	CHECK_OK(hf_unhex(hf_span_text(prefix), to));
	CHECK_OK(hf_unhex(hf_span_text(p->x), to));
	if (with_y)
		CHECK_OK(hf_unhex(hf_span_text(p->y), to));
}

static const char *sign_of_y(const struct curve_point *p)
{
	char last = p->y[strlen(p->y) - 1];

	return strchr("13579bdf", last) ? "03" : "02";
}

static void gives_compressed(const struct curve_point *p, struct hf_span form)
{
	HF_BUF_SCOPED struct hf_buf want = HF_BUF(FORM_MAX);
	struct public_key got;

	spell(p, sign_of_y(p), false, &want);
	CHECK_OK(public_key_from_ec_point(p->type, form, &got));
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.bytes, want.ptr, want.len);
	CHECK_OK(public_key_check(p->type, HF_SPAN(got.bytes, got.len)));
}

static void every_form_of_a_point_gives_the_compressed_one(void **state)
{
	for (size_t i = 0; i < HF_COUNT(points); i++) {
		const struct curve_point *p = &points[i];
		bool p384 = p->type == KEY_P384;
		HF_BUF_SCOPED struct hf_buf form = HF_BUF(FORM_MAX);
		char der[8];

		spell(p, "04", true, &form);
		gives_compressed(p, hf_buf_span(&form));
		spell(p, sign_of_y(p), false, &form);
		gives_compressed(p, hf_buf_span(&form));
		spell(p, "", true, &form);
		gives_compressed(p, hf_buf_span(&form));
		spell(p, p384 ? "046104" : "044104", true, &form);
		gives_compressed(p, hf_buf_span(&form));
		snprintf(der, sizeof(der), "%s%s", p384 ? "0431" : "0421", sign_of_y(p));
		spell(p, der, false, &form);
		gives_compressed(p, hf_buf_span(&form));
	}
}

static void refused(enum key_type type, struct hf_span form)
{
	struct public_key ret = { .len = 77 };

	CHECK_CODE(public_key_from_ec_point(type, form, &ret), HF_INVALID);
	assert_int_equal(ret.len, 77);
}

static void points_of_other_lengths_are_refused(void **state)
{
	for (size_t i = 0; i < HF_COUNT(points); i++) {
		HF_BUF_SCOPED struct hf_buf form = HF_BUF(FORM_MAX);
		size_t field = strlen(points[i].x) / 2;

		spell(&points[i], "04", true, &form);
		CHECK_OK(hf_unhex(hf_span_text("00000000"), &form));
		for (size_t len = 0; len <= form.len; len++)
			if (len != field + 1 && len != 2 * field && len != 2 * field + 1)
				refused(points[i].type, HF_SPAN(form.ptr, len));
	}
}

static void hybrid_points_and_points_at_infinity_are_refused(void **state)
{
	for (size_t i = 0; i < HF_COUNT(points); i++) {
		HF_BUF_SCOPED struct hf_buf form = HF_BUF(FORM_MAX);

		spell(&points[i], "06", true, &form);
		refused(points[i].type, hf_buf_span(&form));
		spell(&points[i], "07", true, &form);
		refused(points[i].type, hf_buf_span(&form));
		spell(&points[i], "04", false, &form);
		refused(points[i].type, hf_buf_span(&form));
		spell(&points[i], "02", true, &form);
		refused(points[i].type, hf_buf_span(&form));
		refused(points[i].type, HF_SPAN("", 1));
	}
}

static void points_beside_the_curve_are_refused(void **state)
{
	for (size_t i = 0; i < HF_COUNT(points); i++) {
		HF_BUF_SCOPED struct hf_buf form = HF_BUF(FORM_MAX);

		spell(&points[i], "04", true, &form);
		form.ptr[form.len - 1] ^= 1;
		refused(points[i].type, hf_buf_span(&form));
	}
}

static void a_der_wrapper_that_lies_about_its_length_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf form = HF_BUF(FORM_MAX);

	spell(&points[1], "044004", true, &form);
	refused(KEY_P256, hf_buf_span(&form));
	spell(&points[1], "034104", true, &form);
	refused(KEY_P256, hf_buf_span(&form));
}

static void a_point_is_refused_for_a_key_type_without_points(void **state)
{
	HF_BUF_SCOPED struct hf_buf form = HF_BUF(FORM_MAX);

	spell(&points[1], "04", true, &form);
	refused(KEY_RSA_2048, hf_buf_span(&form));
	refused(KEY_ED25519, hf_buf_span(&form));
	refused((enum key_type)99, hf_buf_span(&form));
}

static const uint8_t ed_point[32] = {
	0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
	0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
	0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
};

static void every_form_of_an_ed25519_point_gives_32_bytes(void **state)
{
	static const char *const prefixes[] = { "", "0420", "032100" };

	for (size_t i = 0; i < HF_COUNT(prefixes); i++) {
		HF_BUF_SCOPED struct hf_buf form = HF_BUF(FORM_MAX);
		struct public_key got;

		CHECK_OK(hf_unhex(hf_span_text(prefixes[i]), &form));
		hf_buf_put(&form, ed_point, sizeof(ed_point));
		CHECK_OK(public_key_from_ed_point(hf_buf_span(&form), &got));
		assert_int_equal(got.len, 32);
		assert_memory_equal(got.bytes, ed_point, 32);
	}
}

static void ed25519_points_in_other_wrappers_are_refused(void **state)
{
	static const char *const prefixes[] = {
		"00", "0320", "0421", "032101", "032000", "04200420"
	};

	for (size_t i = 0; i < HF_COUNT(prefixes); i++) {
		HF_BUF_SCOPED struct hf_buf form = HF_BUF(FORM_MAX);
		struct public_key got;

		CHECK_OK(hf_unhex(hf_span_text(prefixes[i]), &form));
		hf_buf_put(&form, ed_point, sizeof(ed_point));
		CHECK_CODE(public_key_from_ed_point(hf_buf_span(&form), &got), HF_INVALID);
	}
}

static void ed25519_points_of_small_order_or_spelt_twice_are_refused(void **state)
{
	static const char *const weak[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		/* p, p + 1: zero and one again */
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};

	for (size_t i = 0; i < HF_COUNT(weak); i++) {
		HF_BUF_SCOPED struct hf_buf point = HF_BUF(FORM_MAX);

		CHECK_OK(hf_unhex(hf_span_text(weak[i]), &point));
		CHECK_CODE(public_key_check(KEY_ED25519, hf_buf_span(&point)), HF_INVALID);
	}
}

static void an_rsa_key_is_the_der_that_openssl_writes(void **state)
{
	EVP_PKEY *key = soft_key_new(KEY_RSA_2048);
	struct public_key got = soft_key_public(key, KEY_RSA_2048);
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	assert_int_equal(got.len, len);
	assert_memory_equal(got.bytes, der, got.len);
	CHECK_OK(public_key_check(KEY_RSA_2048, HF_SPAN(got.bytes, got.len)));
	CHECK_CODE(public_key_check(KEY_RSA_3072, HF_SPAN(got.bytes, got.len)), HF_INVALID);
	CHECK_CODE(public_key_check(KEY_RSA_2048, HF_SPAN(got.bytes, got.len - 1)), HF_INVALID);
	for (size_t i = 0; i < 33; i++) { /* all that stands before the modulus */
		got.bytes[i] ^= 1;
		CHECK_CODE(public_key_check(KEY_RSA_2048, HF_SPAN(got.bytes, got.len)), HF_INVALID);
		got.bytes[i] ^= 1;
	}
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void rsa_numbers_are_checked(void **state)
{
	uint8_t n[257] = { 0, 0x80 };
	struct hf_span f4 = HF_SPAN("\x01\x00\x01", 3);
	struct public_key ret;

	n[256] = 1;
	CHECK_OK(public_key_from_rsa(KEY_RSA_2048, HF_SPAN(n + 1, 256), f4, &ret));
	CHECK_OK(public_key_from_rsa(KEY_RSA_2048, HF_SPAN(n, 257), f4, &ret)); /* as a token may */
	/* an exponent with its top bit set, which DER begins with a zero */
	CHECK_OK(public_key_from_rsa(KEY_RSA_2048, HF_SPAN(n, 257), HF_SPAN("\xff\xff\xff", 3),
	                             &ret));
	CHECK_OK(public_key_check(KEY_RSA_2048, HF_SPAN(ret.bytes, ret.len)));
	CHECK_CODE(public_key_from_rsa(KEY_RSA_2048, HF_SPAN(n, 257), HF_SPAN("\x03", 1), &ret),
	           HF_INVALID);
	CHECK_CODE(public_key_from_rsa(KEY_RSA_2048, HF_SPAN(n, 257), HF_SPAN("\1\0\2", 3), &ret),
	           HF_INVALID);
	CHECK_CODE(public_key_from_rsa(KEY_RSA_2048, HF_SPAN(n, 257), HF_SPAN("", 0), &ret),
	           HF_INVALID);
	CHECK_CODE(public_key_from_rsa(KEY_RSA_2048, HF_SPAN(n, 257), HF_SPAN(n + 1, 9), &ret),
	           HF_INVALID);
	CHECK_CODE(public_key_from_rsa(KEY_RSA_3072, HF_SPAN(n, 257), f4, &ret), HF_INVALID);
	CHECK_CODE(public_key_from_rsa(KEY_P256, HF_SPAN(n, 257), f4, &ret), HF_INVALID);
	n[256] = 2; /* an even modulus */
	CHECK_CODE(public_key_from_rsa(KEY_RSA_2048, HF_SPAN(n, 257), f4, &ret), HF_INVALID);
	n[256] = 1;
	n[1] = 0x40; /* 2047 bits */
	CHECK_CODE(public_key_from_rsa(KEY_RSA_2048, HF_SPAN(n, 257), f4, &ret), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_point_gives_the_compressed_one),
		cmocka_unit_test(points_of_other_lengths_are_refused),
		cmocka_unit_test(hybrid_points_and_points_at_infinity_are_refused),
		cmocka_unit_test(points_beside_the_curve_are_refused),
		cmocka_unit_test(a_der_wrapper_that_lies_about_its_length_is_refused),
		cmocka_unit_test(a_point_is_refused_for_a_key_type_without_points),
		cmocka_unit_test(every_form_of_an_ed25519_point_gives_32_bytes),
		cmocka_unit_test(ed25519_points_in_other_wrappers_are_refused),
		cmocka_unit_test(ed25519_points_of_small_order_or_spelt_twice_are_refused),
		cmocka_unit_test(an_rsa_key_is_the_der_that_openssl_writes),
		cmocka_unit_test(rsa_numbers_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
