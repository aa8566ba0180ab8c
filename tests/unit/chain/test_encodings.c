/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "chain/base58.h"
#include "chain/bech32.h"

#include <string.h>

static struct hf_buf unhex(const char *hex)
{
	struct hf_buf b = HF_BUF(512);

	CHECK_OK(hf_unhex(hf_span_text(hex), &b));
	return b;
}

/* https://datatracker.ietf.org/doc/html/draft-msporny-base58, 5, and Bitcoin Core's
 * base58_encode_decode.json */
static void base58_gives_the_published_vectors_and_takes_them_back(void **state)
{
	static const struct {
		const char *hex, *text;
	} rows[] = {
		{ "", "" },
		{ "61", "2g" },
		{ "626262", "a3gV" },
		{ "48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U" },
		{ "0000287fb4cd", "11233QC4" },
		{ "00eb15231dfceb60925886b67d065299925915aeb172c06647",
		  "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L" },
		{ "00000000000000000000", "1111111111" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		HF_BUF_SCOPED struct hf_buf bytes = unhex(rows[i].hex);
		HF_BUF_SCOPED struct hf_buf text = HF_BUF(256);
		HF_BUF_SCOPED struct hf_buf back = HF_BUF(256);

		CHECK_OK(base58_encode(BASE58_BITCOIN, hf_buf_span(&bytes), &text));
		CHECK(hf_span_is(hf_buf_span(&text), rows[i].text));
		CHECK_OK(base58_decode(BASE58_BITCOIN, hf_buf_span(&text), &back));
		CHECK(hf_span_equal(hf_buf_span(&bytes), hf_buf_span(&back)));
	}
}

static void base58_refuses_other_characters_and_what_is_too_long(void **state)
{
	HF_BUF_SCOPED struct hf_buf to = HF_BUF(512);
	char ones[BASE58_BYTES_MAX + 2];
	uint8_t zeros[BASE58_BYTES_MAX + 1] = { 0 };

	CHECK_CODE(base58_decode(BASE58_BITCOIN, hf_span_text("2g0"), &to), HF_INVALID);
	CHECK_CODE(base58_decode(BASE58_BITCOIN, hf_span_text("2gl"), &to), HF_INVALID);
	CHECK_CODE(base58_decode(BASE58_BITCOIN, HF_SPAN("2g", 3), &to), HF_INVALID);
	memset(ones, '1', sizeof(ones));
	CHECK_OK(base58_decode(BASE58_BITCOIN, HF_SPAN(ones, BASE58_BYTES_MAX), &to));
	CHECK_CODE(base58_decode(BASE58_BITCOIN, HF_SPAN(ones, BASE58_BYTES_MAX + 1), &to),
	           HF_TOOBIG);
	CHECK_CODE(base58_encode(BASE58_BITCOIN, HF_SPAN(zeros, sizeof(zeros)), &to), HF_TOOBIG);
}

static void base58check_finds_a_wrong_character(void **state)
{
	HF_BUF_SCOPED struct hf_buf to = HF_BUF(128);
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(128);

	/* Bitcoin Wiki, "Technical background of version 1 Bitcoin addresses" */
	CHECK_OK(base58check_decode(BASE58_BITCOIN,
	                            hf_span_text("1PMycacnJaSqwwJqjawXBErnLsZ7RkXUAs"), &to));
	assert_int_equal(to.len, 21);
	CHECK_OK(base58check_encode(BASE58_BITCOIN, hf_buf_span(&to), &text));
	CHECK(hf_span_is(hf_buf_span(&text), "1PMycacnJaSqwwJqjawXBErnLsZ7RkXUAs"));
	CHECK_CODE(base58check_decode(BASE58_BITCOIN,
	                              hf_span_text("1PMycacnJaSqwwJqjawXBErnLsZ7RkXUAt"), &to),
	           HF_INVALID);
	CHECK_CODE(base58check_decode(BASE58_BITCOIN, hf_span_text("2g"), &to), HF_INVALID);
	assert_int_equal(to.len, 21);
}

static void base58check_has_the_alphabet_of_the_xrp_ledger(void **state)
{
	HF_BUF_SCOPED struct hf_buf id = unhex("000000000000000000000000000000000000000000");
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(128);

	/* https://xrpl.org/docs/concepts/accounts/addresses#special-addresses: ACCOUNT_ZERO */
	CHECK_OK(base58check_encode(BASE58_XRPL, hf_buf_span(&id), &text));
	CHECK(hf_span_is(hf_buf_span(&text), "rrrrrrrrrrrrrrrrrrrrrhoLvTp"));
}

/* BIP-350, "Test vectors for v0-v16 native segregated witness addresses": the script is version,
 * length, program. */
static void segwit_addresses_of_bip_350(void **state)
{
	static const struct {
		const char *prefix, *address, *program;
		unsigned version;
	} rows[] = {
		{ "bc", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
		  "751e76e8199196d454941c45d1b3a323f1433bd6", 0 },
		{ "tb", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
		  "1863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262", 0 },
		{ "bc",
		  "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
		  "751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd"
		  "6",
		  1 },
		{ "bc", "BC1SW50QGDZ25J", "751e", 16 },
		{ "bc", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "751e76e8199196d454941c45d1b3a323",
		  2 },
		{ "bc", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
		  "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", 1 },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		HF_BUF_SCOPED struct hf_buf want = unhex(rows[i].program);
		HF_BUF_SCOPED struct hf_buf program = HF_BUF(64);
		HF_BUF_SCOPED struct hf_buf text = HF_BUF(128);
		HF_BUF_SCOPED struct hf_buf again = HF_BUF(64);
		unsigned version;

		CHECK_OK(segwit_decode(rows[i].prefix, hf_span_text(rows[i].address), &version,
		                       &program));
		assert_int_equal(version, rows[i].version);
		CHECK(hf_span_equal(hf_buf_span(&program), hf_buf_span(&want)));
		CHECK_OK(segwit_encode(rows[i].prefix, version, hf_buf_span(&program), &text));
		CHECK_OK(segwit_decode(rows[i].prefix, hf_buf_span(&text), &version, &again));
		CHECK(hf_span_equal(hf_buf_span(&program), hf_buf_span(&again)));
		assert_int_equal(text.len, strlen(rows[i].address));
	}
}

/* BIP-350, "invalid segwit addresses" */
static void segwit_addresses_that_bip_350_refuses(void **state)
{
	static const char *const rows[] = {
		"tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty",
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
		"BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2",
		"bc1rw5uspcuh",
		"bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90",
		"BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
		"BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
		"bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
		"BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",
		"bc1pw5dgrnzv",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",
		"bc1gmk9yu",
		"",
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		HF_BUF_SCOPED struct hf_buf program = HF_BUF(64);
		unsigned version;

		CHECK_CODE(segwit_decode("bc", hf_span_text(rows[i]), &version, &program),
		           HF_INVALID);
		assert_int_equal(program.len, 0);
	}
}

static void bech32_is_taken_in_one_case_only(void **state)
{
	HF_BUF_SCOPED struct hf_buf bytes = unhex("00112233445566778899aabbccddeeff00112233");
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(128);
	HF_BUF_SCOPED struct hf_buf back = HF_BUF(128);

	CHECK_OK(bech32_encode(BECH32, "cosmos", hf_buf_span(&bytes), &text));
	CHECK_OK(bech32_decode(BECH32, "cosmos", hf_buf_span(&text), &back));
	CHECK(hf_span_equal(hf_buf_span(&bytes), hf_buf_span(&back)));
	CHECK_CODE(bech32_decode(BECH32M, "cosmos", hf_buf_span(&text), &back), HF_INVALID);
	CHECK_CODE(bech32_decode(BECH32, "cosmo", hf_buf_span(&text), &back), HF_INVALID);
	text.ptr[0] = 'C';
	CHECK_CODE(bech32_decode(BECH32, "cosmos", hf_buf_span(&text), &back), HF_INVALID);
	/* Upper case in a prefix of ours is a mistake of ours */
	CHECK_CODE(bech32_encode(BECH32, "Cosmos", hf_buf_span(&bytes), &text), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base58_gives_the_published_vectors_and_takes_them_back),
		cmocka_unit_test(base58_refuses_other_characters_and_what_is_too_long),
		cmocka_unit_test(base58check_finds_a_wrong_character),
		cmocka_unit_test(base58check_has_the_alphabet_of_the_xrp_ledger),
		cmocka_unit_test(segwit_addresses_of_bip_350),
		cmocka_unit_test(segwit_addresses_that_bip_350_refuses),
		cmocka_unit_test(bech32_is_taken_in_one_case_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
