/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "chain/amount.h"

#include <string.h>

#define MAX_256 "115792089237316195423570985008687907853269984665640564039457584007913129639935"

static void print_is(const struct chain_amount *a, unsigned decimals, const char *want)
{
	char text[CHAIN_AMOUNT_TEXT_MAX];

	chain_amount_print(a, decimals, text);
	assert_string_equal(text, want);
}

static void amounts_read_and_written(void **state)
{
	static const struct {
		const char *text;
		unsigned decimals;
		const char *units, *again;
	} rows[] = {
		{ "0", 0, "0", "0" },
		{ "0", 18, "0", "0" },
		{ "1", 18, "1000000000000000000", "1" },
		{ "12.5", 6, "12500000", "12.5" },
		{ "0.000001", 6, "1", "0.000001" },
		{ "0.10", 2, "10", "0.1" },
		{ "18446744073709551616", 0, "18446744073709551616", "18446744073709551616" },
		{ MAX_256, 0, MAX_256, MAX_256 },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		struct chain_amount a;

		CHECK_OK(chain_amount_parse(rows[i].text, rows[i].decimals, &a));
		print_is(&a, 0, rows[i].units);
		print_is(&a, rows[i].decimals, rows[i].again);
	}
}

static void texts_that_are_no_amount_are_refused(void **state)
{
	static const char *const rows[] = { "",    "-1",   "+1",    "1.", ".5", "1.2.3", "01",
		                            "1e3", "0x10", "1.234", " 1", "1 ", "1,5" };
	struct chain_amount a = chain_amount_u64(7);

	for (size_t i = 0; i < HF_COUNT(rows); i++)
		CHECK_CODE(chain_amount_parse(rows[i], 2, &a), HF_INVALID);
	CHECK_CODE(chain_amount_parse("115792089237316195423570985008687907853269984665640564039457"
	                              "584007913129639936",
	                              0, &a),
	           HF_INVALID);
	CHECK_CODE(chain_amount_parse("1.0", 0, &a), HF_INVALID);
	print_is(&a, 0, "7");
}

static void bytes_are_taken_up_to_256_bits(void **state)
{
	uint8_t bytes[34] = { 0, 0, 1 };
	struct chain_amount a;

	CHECK_OK(chain_amount_be(HF_SPAN(bytes, 34), &a));
	bytes[1] = 1;
	CHECK_CODE(chain_amount_be(HF_SPAN(bytes, 34), &a), HF_INVALID);
	CHECK_OK(chain_amount_be(HF_SPAN("\x01\x00", 2), &a));
	print_is(&a, 0, "256");
	CHECK_OK(chain_amount_be((struct hf_span){ 0 }, &a));
	print_is(&a, 0, "0");
}

static void sums_are_compared_and_do_not_wrap(void **state)
{
	struct chain_amount max, one = chain_amount_u64(1), two, sum;

	CHECK_OK(chain_amount_parse(MAX_256, 0, &max));
	CHECK_CODE(chain_amount_add(&max, &one, &sum), HF_TOOBIG);
	CHECK_OK(chain_amount_add(&one, &one, &two));
	print_is(&two, 0, "2");
	CHECK(chain_amount_compare(&one, &two) < 0 && chain_amount_compare(&max, &two) > 0);
	CHECK(chain_amount_compare(&two, &two) == 0);
	one = chain_amount_u64(UINT64_MAX);
	CHECK_OK(chain_amount_add(&one, &one, &sum));
	print_is(&sum, 0, "36893488147419103230");
	print_is(&max, CHAIN_DECIMALS_MAX,
	         "1.15792089237316195423570985008687907853269984665640564039457584007913129639935");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_read_and_written),
		cmocka_unit_test(texts_that_are_no_amount_are_refused),
		cmocka_unit_test(bytes_are_taken_up_to_256_bits),
		cmocka_unit_test(sums_are_compared_and_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
