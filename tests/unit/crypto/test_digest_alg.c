/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "crypto/digest_alg.h"

#include <string.h>

/* of "abc": FIPS 180-4, FIPS 202, RFC 7693 and the RIPEMD-160 paper */
static const struct {
	enum digest_alg alg;
	const char *name, *of_abc;
} rows[] = {
	{ DIGEST_SHA1, "SHA1", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ DIGEST_SHA224, "SHA224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ DIGEST_SHA256, "SHA256",
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ DIGEST_SHA384, "SHA384",
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	  "8086072ba1e7cc2358baeca134c825a7" },
	{ DIGEST_SHA512, "SHA512",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ DIGEST_SHA3_224, "SHA3_224", "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf" },
	{ DIGEST_SHA3_256, "SHA3_256",
	  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ DIGEST_SHA3_384, "SHA3_384",
	  "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
	  "98d88cea927ac7f539f1edf228376d25" },
	{ DIGEST_SHA3_512, "SHA3_512",
	  "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
	  "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0" },
	{ DIGEST_RIPEMD160, "RIPEMD160", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc" },
	{ DIGEST_BLAKE2B_256, "BLAKE2B256",
	  "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319" },
	{ DIGEST_BLAKE2B_384, "BLAKE2B384",
	  "6f56a82c8e7ef526dfe182eb5212f7db9df1317e57815dbda46083fc30f54ee6"
	  "c66ba83be64b302d7cba6ce15bb556f4" },
	{ DIGEST_BLAKE2B_512, "BLAKE2B512",
	  "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
	  "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923" },
	{ DIGEST_BLAKE2S_256, "BLAKE2S256",
	  "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982" },
};

static void each_digest_is_that_of_its_specification(void **state)
{
	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		uint8_t digest[DIGEST_LEN_MAX];
		char hex[2 * DIGEST_LEN_MAX + 1];
		size_t len = 0;

		CHECK_OK(digest_alg_hash(rows[i].alg, hf_span_text("abc"), digest, &len));
		CHECK(len == digest_alg_len((int)rows[i].alg));
		hf_hex(digest, len, hex);
		assert_string_equal(hex, rows[i].of_abc);
	}
	CHECK(HF_COUNT(rows) == DIGEST_ALG_MAX);
}

static void nothing_has_a_digest_too(void **state)
{
	for (int i = 1; i <= DIGEST_ALG_MAX; i++) {
		uint8_t digest[DIGEST_LEN_MAX];
		size_t len;

		CHECK_OK(digest_alg_hash((enum digest_alg)i, HF_SPAN(NULL, 0), digest, &len));
	}
}

static void names_are_the_apis_in_any_case(void **state)
{
	enum digest_alg alg;

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		assert_string_equal(digest_alg_name((int)rows[i].alg), rows[i].name);
		CHECK_OK(digest_alg_parse(rows[i].name, &alg));
		CHECK(alg == rows[i].alg);
	}
	CHECK_OK(digest_alg_parse("sha3_256", &alg));
	CHECK(alg == DIGEST_SHA3_256);
	CHECK_CODE(digest_alg_parse("SHA-256", &alg), HF_NOTFOUND);
	CHECK_CODE(digest_alg_parse("SSL3", &alg), HF_NOTFOUND);
}

static void other_numbers_are_no_digest(void **state)
{
	static const int numbers[] = { -1, DIGEST_NONE, DIGEST_ALG_MAX + 1 };
	uint8_t digest[DIGEST_LEN_MAX];
	size_t len;

	for (size_t n = 0; n < HF_COUNT(numbers); n++) {
		int i = numbers[n];

		CHECK(digest_alg_len(i) == 0);
		CHECK(!digest_alg_name(i));
		CHECK_CODE(digest_alg_hash((enum digest_alg)i, hf_span_text("abc"), digest, &len),
		           HF_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_digest_is_that_of_its_specification),
		cmocka_unit_test(nothing_has_a_digest_too),
		cmocka_unit_test(names_are_the_apis_in_any_case),
		cmocka_unit_test(other_numbers_are_no_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
