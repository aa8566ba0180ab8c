/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "crypto/digest.h"

#include <string.h>

static void same_as(const uint8_t *got, size_t len, const char *hex)
{
	char text[2 * SHA512_LEN + 1];

	hf_hex(got, len, text);
	assert_string_equal(text, hex);
}

static void sha_gives_the_vectors_of_fips_180(void **state)
{
	uint8_t out[SHA512_LEN];

	CHECK_OK(sha256(hf_span_text("abc"), out));
	same_as(out, SHA256_LEN,
	        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_OK(sha256((struct hf_span){ 0 }, out));
	same_as(out, SHA256_LEN,
	        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_OK(sha512(hf_span_text("abc"), out));
	same_as(out, SHA512_LEN,
	        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

static void hmac_gives_the_vectors_of_rfc_4231(void **state)
{
	uint8_t key[20], out[SHA256_LEN];

	memset(key, 0x0b, sizeof(key));
	CHECK_OK(hmac_sha256(HF_SPAN(key, 20), hf_span_text("Hi There"), out));
	same_as(out, SHA256_LEN,
	        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	CHECK_OK(hmac_sha256(hf_span_text("Jefe"), hf_span_text("what do ya want for nothing?"),
	                     out));
	same_as(out, SHA256_LEN,
	        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hmac_takes_an_empty_key_and_an_empty_message(void **state)
{
	uint8_t out[SHA256_LEN];

	CHECK_OK(hmac_sha256((struct hf_span){ 0 }, (struct hf_span){ 0 }, out));
	same_as(out, SHA256_LEN,
	        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void hkdf_gives_the_vector_of_rfc_5869(void **state)
{
	static const uint8_t salt[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	static const uint8_t info[] = {
		0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9
	};
	HF_SECRET struct hf_secret out = { 0 };
	uint8_t secret[22];

	memset(secret, 0x0b, sizeof(secret));
	CHECK_OK(hkdf_sha256(HF_SPAN(secret, 22), HF_SPAN(salt, 13), HF_SPAN(info, 10), 42, &out));
	assert_int_equal(out.len, 42);
	same_as(out.ptr, out.len,
	        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8871858"
	        "65");
}

static void hkdf_refuses_what_it_cannot_give(void **state)
{
	struct hf_secret out = { 0 };
	struct hf_span none = { 0 }, secret = hf_span_text("secret");

	CHECK_CODE(hkdf_sha256(secret, none, none, 255 * 32 + 1, &out), HF_INVALID);
	CHECK_CODE(hkdf_sha256(secret, none, none, 0, &out), HF_INVALID);
	CHECK_CODE(hkdf_sha256(none, none, none, 32, &out), HF_INVALID);
	CHECK(!out.ptr);
}

static void hkdf_takes_no_salt_and_no_info(void **state)
{
	HF_SECRET struct hf_secret out = { 0 };
	struct hf_span none = { 0 };
	uint8_t secret[22];

	memset(secret, 0x0b, sizeof(secret));
	CHECK_OK(hkdf_sha256(HF_SPAN(secret, 22), none, none, 42, &out)); /* RFC 5869, A.3 */
	same_as(out.ptr, out.len,
	        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96"
	        "c8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha_gives_the_vectors_of_fips_180),
		cmocka_unit_test(hmac_gives_the_vectors_of_rfc_4231),
		cmocka_unit_test(hmac_takes_an_empty_key_and_an_empty_message),
		cmocka_unit_test(hkdf_gives_the_vector_of_rfc_5869),
		cmocka_unit_test(hkdf_refuses_what_it_cannot_give),
		cmocka_unit_test(hkdf_takes_no_salt_and_no_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
