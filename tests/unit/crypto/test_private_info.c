/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "crypto/private_info.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

static size_t encode(EVP_PKEY *key, uint8_t *to, size_t cap)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	int len = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);

	CHECK(len > 0 && (size_t)len <= cap);
	CHECK(i2d_PKCS8_PRIV_KEY_INFO(info, &to) == len);
	PKCS8_PRIV_KEY_INFO_free(info);
	return (size_t)len;
}

/* Parsed, written and parsed again, it is the same. */
static void check_round_trip(EVP_PKEY *key, struct private_info *ret)
{
	HF_SECRET struct hf_secret der = { 0 };
	struct private_info again;
	uint8_t own[2048];
	size_t len = encode(key, own, sizeof(own));

	CHECK_OK(private_info_parse(HF_SPAN(own, len), ret));
	CHECK_OK(private_info_der(ret, &der));
	CHECK(hf_secret_equal(&der, own, len));
	CHECK_OK(private_info_parse(HF_SPAN(der.ptr, der.len), &again));
	CHECK(hf_secret_equal(&ret->values, again.values.ptr, again.values.len));
	CHECK(memcmp(&ret->public, &again.public, sizeof(again.public)) == 0);
	private_info_done(&again);
	CHECK_CODE(private_info_parse(HF_SPAN(own, len - 1), &again), HF_INVALID);
	own[len] = 0;
	CHECK_CODE(private_info_parse(HF_SPAN(own, len + 1), &again), HF_INVALID);
}

static void scalars_are_as_long_as_the_order(void **state)
{
	static const struct {
		const char *name;
		enum curve curve;
		size_t len;
	} rows[] = {
		{ "prime256v1", CURVE_P256, 32 },     { "secp384r1", CURVE_P384, 48 },
		{ "secp521r1", CURVE_P521, 66 },      { "secp256k1", CURVE_SECP256K1, 32 },
		{ "secp224k1", CURVE_SECP224K1, 29 },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", rows[i].name);
		struct private_info info;

		check_round_trip(key, &info);
		CHECK(info.public.curve == rows[i].curve);
		CHECK(info.scalar.len == rows[i].len && !info.d.len);
		private_info_done(&info);
		EVP_PKEY_free(key);
	}
}

static void seeds_are_as_they_are(void **state)
{
	static const struct {
		const char *name;
		enum curve curve;
	} rows[] = { { "ED25519", CURVE_ED25519 },
		     { "ED448", CURVE_ED448 },
		     { "X25519", CURVE_X25519 },
		     { "X448", CURVE_X448 } };

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, rows[i].name);
		struct private_info info;

		check_round_trip(key, &info);
		CHECK(info.public.curve == rows[i].curve);
		CHECK(info.scalar.len == curve_info((int)rows[i].curve)->field_len);
		private_info_done(&info);
		EVP_PKEY_free(key);
	}
}

static void rsa_has_all_its_numbers(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	struct private_info info;

	check_round_trip(key, &info);
	CHECK(info.public.type == OBJECT_RSA && info.public.bits == 1024);
	CHECK(info.d.len && info.p.len == 64 && info.q.len == 64);
	CHECK(info.dp.len && info.dq.len && info.qinv.len && !info.scalar.len);
	private_info_done(&info);
	EVP_PKEY_free(key);
}

static void numbers_that_contradict_each_other_are_refused(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	struct private_info info, other;
	HF_SECRET struct hf_secret der = { 0 };
	struct hf_span *parts[6];

	check_round_trip(key, &info);
	memcpy(parts,
	       (struct hf_span *[]){ &info.d, &info.p, &info.q, &info.dp, &info.dq, &info.qinv },
	       sizeof(parts));
	for (size_t i = 0; i < HF_COUNT(parts); i++) {
		uint8_t *last = (uint8_t *)(uintptr_t)parts[i]->ptr + parts[i]->len - 1;

		*last ^= 2;
		CHECK_CODE(private_info_der(&info, &der), HF_INVALID);
		*last ^= 2;
	}
	CHECK_OK(private_info_der(&info, &der));
	der.ptr[der.len - 2] ^= 1; /* of the coefficient, which comes last */
	CHECK_CODE(private_info_parse(HF_SPAN(der.ptr, der.len), &other), HF_INVALID);
	private_info_done(&info);
	EVP_PKEY_free(key);
}

static void a_public_key_of_another_is_refused(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime256v1");
	EVP_PKEY *another = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "prime256v1");
	uint8_t der[256], foreign[256];
	struct private_info info;
	size_t len = encode(key, der, sizeof(der));

	CHECK(encode(another, foreign, sizeof(foreign)) == len);
	memcpy(der + len - 65, foreign + len - 65, 65);
	CHECK_CODE(private_info_parse(HF_SPAN(der, len), &info), HF_INVALID);
	EVP_PKEY_free(key);
	EVP_PKEY_free(another);
}

static void older_forms_are_read(void **state)
{
	EVP_PKEY *const keys[] = { EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048),
		                   EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp384r1") };

	for (size_t i = 0; i < HF_COUNT(keys); i++) {
		struct private_info info, again;
		uint8_t own[2048], older[2048], *at = older;
		int len = i2d_PrivateKey(keys[i], &at);

		CHECK(len > 0);
		CHECK_OK(
		        private_info_parse(HF_SPAN(own, encode(keys[i], own, sizeof(own))), &info));
		CHECK_OK(private_info_parse(HF_SPAN(older, len), &again));
		CHECK(hf_secret_equal(&info.values, again.values.ptr, again.values.len));
		CHECK(memcmp(&info.public, &again.public, sizeof(again.public)) == 0);
		private_info_done(&info);
		private_info_done(&again);
		older[len] = 0;
		CHECK_CODE(private_info_parse(HF_SPAN(older, len + 1), &again), HF_INVALID);
		CHECK_CODE(private_info_parse(HF_SPAN(older, len - 1), &again), HF_INVALID);
		EVP_PKEY_free(keys[i]);
	}
}

static void what_is_no_key_is_refused(void **state)
{
	static const uint8_t zeros[PRIVATE_INPUT_MAX + 1];
	struct private_info info = { 0 };
	struct hf_secret der;

	CHECK_CODE(private_info_parse(HF_SPAN(NULL, 0), &info), HF_INVALID);
	CHECK_CODE(private_info_parse(HF_SPAN(zeros, 100), &info), HF_INVALID);
	CHECK_CODE(private_info_parse(HF_SPAN(zeros, sizeof(zeros)), &info), HF_INVALID);
	CHECK_CODE(private_info_der(&info, &der), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_are_as_long_as_the_order),
		cmocka_unit_test(seeds_are_as_they_are),
		cmocka_unit_test(rsa_has_all_its_numbers),
		cmocka_unit_test(numbers_that_contradict_each_other_are_refused),
		cmocka_unit_test(a_public_key_of_another_is_refused),
		cmocka_unit_test(older_forms_are_read),
		cmocka_unit_test(what_is_no_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
