/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/scope.h"
#include "crypto/key_type.h"

#include <string.h>

static void every_number_has_its_row_and_others_have_none(void **state)
{
	for (int i = 1; i <= KEY_TYPE_MAX; i++) {
		const struct key_type_info *info = key_type_info(i);
		enum key_type type;

		CHECK(info && (int)info->type == i);
		CHECK(info->signature_len <= SIGNATURE_MAX && info->public_len <= PUBLIC_KEY_MAX);
		CHECK_OK(key_type_parse(info->name, &type));
		CHECK((int)type == i);
	}
	CHECK(!key_type_info(0));
	CHECK(!key_type_info(-1));
	CHECK(!key_type_info(KEY_TYPE_MAX + 1));
}

static void names_are_found_in_any_case_and_whole_only(void **state)
{
	enum key_type type;

	CHECK_OK(key_type_parse("ed25519", &type));
	CHECK(type == KEY_ED25519);
	CHECK_CODE(key_type_parse("ed2551", &type), HF_NOTFOUND);
	CHECK_CODE(key_type_parse("", &type), HF_NOTFOUND);
}

static void each_key_type_signs_its_own_way_only(void **state)
{
	static const struct {
		enum key_type type;
		int scheme;
		int hash;
		size_t len;
		enum hf_code want;
	} rows[] = {
		{ KEY_SECP256K1, SIGN_ECDSA, HASH_NONE, 32, HF_OK },
		{ KEY_SECP256K1, SIGN_ECDSA, HASH_SHA256, 32, HF_INVALID },
		{ KEY_SECP256K1, SIGN_ECDSA, HASH_NONE, 31, HF_INVALID },
		{ KEY_SECP256K1, SIGN_ED25519, HASH_NONE, 32, HF_INVALID },
		{ KEY_P384, SIGN_ECDSA, HASH_NONE, 48, HF_OK },
		{ KEY_P384, SIGN_ECDSA, HASH_NONE, 32, HF_INVALID },
		{ KEY_ED25519, SIGN_ED25519, HASH_NONE, 0, HF_OK },
		{ KEY_ED25519, SIGN_ED25519, HASH_NONE, SIGN_INPUT_MAX, HF_OK },
		{ KEY_ED25519, SIGN_ED25519, HASH_NONE, SIGN_INPUT_MAX + 1, HF_INVALID },
		{ KEY_ED25519, SIGN_ED25519, HASH_SHA512, 64, HF_INVALID },
		{ KEY_ED25519, SIGN_ECDSA, HASH_NONE, 32, HF_INVALID },
		{ KEY_RSA_2048, SIGN_RSA_PKCS1, HASH_SHA256, 32, HF_OK },
		{ KEY_RSA_4096, SIGN_RSA_PSS, HASH_SHA512, 64, HF_OK },
		{ KEY_RSA_4096, SIGN_RSA_PSS, HASH_SHA512, 32, HF_INVALID },
		{ KEY_RSA_2048, SIGN_RSA_PKCS1, HASH_NONE, 32, HF_INVALID },
		{ KEY_RSA_2048, SIGN_RSA_PKCS1, 9, 32, HF_INVALID },
		{ KEY_RSA_2048, SIGN_ECDSA, HASH_NONE, 32, HF_INVALID },
		{ KEY_P256, 0, HASH_NONE, 32, HF_INVALID },
		{ KEY_P256, 5, HASH_NONE, 32, HF_INVALID },
		{ (enum key_type)0, SIGN_ECDSA, HASH_NONE, 32, HF_INVALID },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		struct hf_err err = { 0 };

		CHECK_CODE(sign_scheme_check(rows[i].type, rows[i].scheme, rows[i].hash,
		                             rows[i].len, &err),
		           rows[i].want);
		CHECK((rows[i].want == HF_OK) == (err.text[0] == 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_has_its_row_and_others_have_none),
		cmocka_unit_test(names_are_found_in_any_case_and_whole_only),
		cmocka_unit_test(each_key_type_signs_its_own_way_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
