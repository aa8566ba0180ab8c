/* SPDX-License-Identifier: Apache-2.0
 * A block of zeros encrypted is what SP 800-38B's examples call CIPH_K(0). */
#include "check.h"

#include "base/text.h"
#include "crypto/kcv.h"

static struct hf_span bytes(const char *hex, uint8_t to[64])
{
	struct hf_buf b = { .ptr = to, .cap = 64, .max = 64 };

	CHECK_OK(hf_unhex(hf_span_text(hex), &b));
	return hf_buf_span(&b);
}

static void it_is_the_beginning_of_a_block_of_zeros_encrypted(void **state)
{
	static const struct {
		enum object_type type;
		const char *key, *kcv;
	} published[] = {
		{ OBJECT_AES, "2b7e151628aed2a6abf7158809cf4f3c", "7DF76B" },
		{ OBJECT_AES, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "22452D" },
		{ OBJECT_AES, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
		  "E568F6" },
		{ OBJECT_DES3, "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5", "C8CC74" },
		{ OBJECT_DES3, "4cf15134a2850dd58a3d10ba80570d38", "C7679B" },
	};

	for (size_t i = 0; i < HF_COUNT(published); i++) {
		uint8_t key[64];
		char kcv[KCV_HEX_MAX];

		CHECK_OK(kcv_of_value(published[i].type, bytes(published[i].key, key), KCV_ENCRYPT,
		                      kcv));
		assert_string_equal(kcv, published[i].kcv);
	}
}

static void by_cmac_it_has_five_bytes(void **state)
{
	uint8_t key[64];
	char kcv[KCV_HEX_MAX];

	CHECK_OK(kcv_of_value(OBJECT_AES, bytes("2b7e151628aed2a6abf7158809cf4f3c", key), KCV_CMAC,
	                      kcv));
	assert_string_equal(kcv, "7AD386C376");
}

static void what_is_no_such_key_has_none(void **state)
{
	static const uint8_t zeros[64];
	char kcv[KCV_HEX_MAX];

	for (size_t n = 0; n <= sizeof(zeros); n++)
		if (n != 16 && n != 24 && n != 32)
			CHECK_CODE(kcv_of_value(OBJECT_AES, HF_SPAN(zeros, n), KCV_ENCRYPT, kcv),
			           HF_INVALID);
	CHECK_CODE(kcv_of_value(OBJECT_DES3, HF_SPAN(zeros, 32), KCV_ENCRYPT, kcv), HF_INVALID);
	CHECK_CODE(kcv_of_value(OBJECT_DES3, HF_SPAN(zeros, 16), KCV_CMAC, kcv), HF_INVALID);
	CHECK_CODE(kcv_of_value(OBJECT_HMAC, HF_SPAN(zeros, 16), KCV_ENCRYPT, kcv), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_beginning_of_a_block_of_zeros_encrypted),
		cmocka_unit_test(by_cmac_it_has_five_bytes),
		cmocka_unit_test(what_is_no_such_key_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
