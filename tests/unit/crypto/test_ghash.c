/* SPDX-License-Identifier: Apache-2.0
 * GHASH by the examples of the GCM specification (McGrew, Viega: cases 1, 2 and 4). In pieces, with
 * the state between them: tests/unit/server/test_crypto_stream.c. */
#include "check.h"

#include "base/text.h"
#include "crypto/ghash.h"

#include <string.h>

static void sums_are_those_of_the_specification(void **state)
{
	static const struct {
		const char *key, *ad, *cipher, *sum;
	} rows[] = {
		{ "66e94bd4ef8a2c3b884cfa59ca342b2e", "", "", "00000000000000000000000000000000" },
		{ "66e94bd4ef8a2c3b884cfa59ca342b2e", "", "0388dace60b6a392f328c2b971b2fe78",
		  "f38cbb1ad69223dcc3457ae5b6b0f885" },
		{ "b83b533708bf535d0aa6e52980d53b78", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
		  "698e57f70e6ecc7fd9463b7260a9ae5f" },
	};

	(void)state;
	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		HF_BUF_SCOPED struct hf_buf key = HF_BUF(16), ad = HF_BUF(64), cipher = HF_BUF(64),
		                            sum = HF_BUF(16);
		uint8_t got[GHASH_LEN];
		struct ghash g;

		CHECK_OK(hf_unhex(hf_span_text(rows[i].key), &key));
		CHECK_OK(hf_unhex(hf_span_text(rows[i].ad), &ad));
		CHECK_OK(hf_unhex(hf_span_text(rows[i].cipher), &cipher));
		CHECK_OK(hf_unhex(hf_span_text(rows[i].sum), &sum));
		ghash_begin(&g, key.ptr, hf_buf_span(&ad));
		for (size_t at = 0; at < cipher.len; at += 7)
			ghash_add(&g, HF_SPAN(cipher.ptr + at,
			                      cipher.len - at < 7 ? cipher.len - at : 7));
		for (int twice = 0; twice < 2; twice++) {
			ghash_sum(&g, got);
			assert_memory_equal(got, sum.ptr, GHASH_LEN);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_the_specification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
