/* SPDX-License-Identifier: Apache-2.0
 * FF1 by NIST's samples and Wycheproof's vectors. */
#include "check.h"

#include "soft_aes.h"
#include "vectors.h"

static size_t numerals_of(struct hf_span bytes, size_t width, uint16_t *to)
{
	size_t n = bytes.len / width;

	for (size_t i = 0; i < n; i++)
		to[i] = width == 1 ? bytes.ptr[i]
		                   : (uint16_t)(bytes.ptr[2 * i] << 8 | bytes.ptr[2 * i + 1]);
	return n;
}

static void check_valid(const struct vectors *v, const struct ff1_cipher *cipher, uint32_t radix,
                        struct hf_span tweak, uint16_t *x, const uint16_t *want, size_t n)
{
	uint16_t plain[FF1_LEN_MAX];

	memcpy(plain, x, n * sizeof(*x));
	CHECK_OK(ff1_encrypt(cipher, radix, tweak, x, n));
	if (memcmp(x, want, n * sizeof(*x)) != 0)
		fail_msg("line %u: encrypts to something else", v->line);
	CHECK_OK(ff1_decrypt(cipher, radix, tweak, x, n));
	if (memcmp(x, plain, n * sizeof(*x)) != 0)
		fail_msg("line %u: decrypts to something else", v->line);
}

static void the_published_vectors_hold(void **state)
{
	uint16_t x[FF1_LEN_MAX], want[FF1_LEN_MAX];
	const char *other = getenv("HF_TEST_FF1_VECTORS"); /* all of Wycheproof, say */
	uint32_t radix = 0;
	size_t width = 1, n;
	unsigned valid = 0, refused = 0;
	struct vectors v;

	vectors_open(&v, other ? other : VECTORS "/ff1.txt");
	while (vectors_next(&v)) {
		struct soft_aes aes = { 0 };
		struct ff1_cipher cipher = soft_cipher(&aes);
		struct hf_span tweak;

		if (vectors_is(&v, "radix")) {
			radix = (uint32_t)strtoul(v.field[1], NULL, 10);
			width = v.field[2][0] == '1' ? 1 : 2;
			continue;
		}
		if (strcmp(v.field[5], "InvalidKeySize") == 0)
			continue; /* the token's to refuse */
		aes.key = vectors_bytes(&v, 0);
		tweak = vectors_bytes(&v, 1);
		n = numerals_of(vectors_bytes(&v, 2), width, x);
		numerals_of(vectors_bytes(&v, 3), width, want);
		if (strcmp(v.field[4], "valid") == 0) {
			check_valid(&v, &cipher, radix, tweak, x, want, n);
			valid++;
			continue;
		}
		CHECK_CODE(ff1_encrypt(&cipher, radix, tweak, x, n), HF_INVALID);
		CHECK_CODE(ff1_decrypt(&cipher, radix, tweak, x, n), HF_INVALID);
		assert_int_equal(aes.calls, 0);
		refused++;
	}
	CHECK(valid >= 200 && refused >= 60);
}

static void a_domain_is_a_million_at_least(void **state)
{
	CHECK(ff1_has_domain(10, 6) && !ff1_has_domain(10, 5));
	CHECK(ff1_has_domain(2, 20) && !ff1_has_domain(2, 19));
	CHECK(ff1_has_domain(1000, 2) && !ff1_has_domain(999, 2));
	CHECK(ff1_has_domain(65536, 2) && !ff1_has_domain(65536, 1));
	CHECK(!ff1_has_domain(65537, 6) && !ff1_has_domain(1, 4096) && !ff1_has_domain(0, 6));
	CHECK(ff1_has_domain(65536, FF1_LEN_MAX) && !ff1_has_domain(10, FF1_LEN_MAX + 1));
}

static void the_longest_string_and_tweak_go_there_and_back(void **state)
{
	static uint16_t x[FF1_LEN_MAX], was[FF1_LEN_MAX];
	uint8_t key[32] = { 1 }, tweak[FF1_TWEAK_MAX] = { 2 };
	struct soft_aes aes = { HF_SPAN(key, sizeof(key)), 0 };
	struct ff1_cipher cipher = soft_cipher(&aes);
	struct hf_span t = HF_SPAN(tweak, sizeof(tweak));

	for (size_t i = 0; i < FF1_LEN_MAX; i++)
		was[i] = x[i] = (uint16_t)(i * 31337);
	CHECK_OK(ff1_encrypt(&cipher, 65536, t, x, FF1_LEN_MAX));
	assert_int_equal(aes.calls, 20); /* a MAC and the further blocks of each round */
	CHECK(memcmp(x, was, sizeof(x)) != 0);
	CHECK_OK(ff1_decrypt(&cipher, 65536, t, x, FF1_LEN_MAX));
	assert_memory_equal(x, was, sizeof(x));
	CHECK_CODE(ff1_encrypt(&cipher, 65536, HF_SPAN(tweak, FF1_TWEAK_MAX + 1), x, 10),
	           HF_INVALID);
}

static void a_card_number_takes_one_call_a_round(void **state)
{
	uint16_t x[16] = { 4, 1, 1, 1 };
	uint8_t key[16] = { 1 };
	struct soft_aes aes = { HF_SPAN(key, sizeof(key)), 0 };
	struct ff1_cipher cipher = soft_cipher(&aes);

	CHECK_OK(ff1_encrypt(&cipher, 10, HF_SPAN(NULL, 0), x, 16));
	assert_int_equal(aes.calls, 10);
}

static hf_status breaks(void *ctx, const uint8_t *in, size_t len, uint8_t ret[16])
{
	return HF_FAILURE(HF_IO);
}

static void what_the_cipher_says_is_the_answer(void **state)
{
	struct ff1_cipher cipher = { breaks, soft_encipher, NULL };
	uint16_t x[6] = { 0 };

	CHECK_CODE(ff1_encrypt(&cipher, 10, HF_SPAN(NULL, 0), x, 6), HF_IO);
	CHECK_CODE(ff1_decrypt(&cipher, 10, HF_SPAN(NULL, 0), x, 6), HF_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_vectors_hold),
		cmocka_unit_test(a_domain_is_a_million_at_least),
		cmocka_unit_test(the_longest_string_and_tweak_go_there_and_back),
		cmocka_unit_test(a_card_number_takes_one_call_a_round),
		cmocka_unit_test(what_the_cipher_says_is_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
