/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "crypto/ff1.h"
#include "crypto/mixed.h"

#include <string.h>

static void there_and_back(const uint64_t *sizes, size_t n, uint32_t want_radix,
                           size_t want_numerals)
{
	HF_BUF_SCOPED struct hf_buf numerals = HF_BUF(8192);
	HF_BUF_SCOPED struct hf_buf bound = HF_BUF(8192);
	struct mixed_digit row[16], back[16];
	uint16_t x[FF1_LEN_MAX];
	uint32_t radix;
	bool below;

	for (size_t i = 0; i < n; i++)
		row[i] = back[i] = (struct mixed_digit){ sizes[i], sizes[i] - 1 };
	CHECK_OK(mixed_pack(row, n, &radix, &numerals, &bound));
	assert_int_equal(radix, want_radix);
	assert_int_equal(numerals.len, 2 * want_numerals);
	CHECK_OK(mixed_unpack(hf_buf_span(&numerals), radix, back, n));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(back[i].value, row[i].value);
	for (size_t i = 0; i < want_numerals; i++)
		x[i] = (uint16_t)(numerals.ptr[2 * i] << 8 | numerals.ptr[2 * i + 1]);
	CHECK_OK(mixed_is_below(x, want_numerals, radix, hf_buf_span(&bound), &below));
	CHECK(below); /* the greatest there is, and the next is not */
	if (x[want_numerals - 1] + 1u < radix) {
		x[want_numerals - 1]++;
		CHECK_OK(mixed_is_below(x, want_numerals, radix, hf_buf_span(&bound), &below));
		CHECK(!below);
	}
}

static void a_row_of_digits_goes_there_and_back(void **state)
{
	static const uint64_t million[] = { 1000, 1000 }, address[] = { 256, 256, 256, 256 };
	static const uint64_t date[] = { 3652425 }, ssn[] = { 898, 99, 9999 };
	static const uint64_t large[] = { UINT64_MAX, UINT64_MAX, UINT64_MAX, 2, 1, 7 };

	there_and_back(million, 2, 1000, 2);
	there_and_back(address, 4, 65536, 2);
	there_and_back(date, 1, 1912, 2);
	there_and_back(ssn, 3, 29815, 2);
	there_and_back(large, 6, 34210, 13);
}

static void impossible_rows_are_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(8192);
	struct mixed_digit row[] = { { 10, 10 }, { 5, 1 } }, none[] = { { 0, 0 } };
	struct mixed_digit one[] = { { 1, 0 }, { 1, 0 } };
	static const uint8_t high[] = { 0, 9, 0, 9 };
	uint32_t radix;

	CHECK_CODE(mixed_pack(row, 2, &radix, &out, &out), HF_INVALID); /* not below its size */
	CHECK_CODE(mixed_pack(none, 1, &radix, &out, &out), HF_INVALID);
	CHECK_CODE(mixed_pack(one, 2, &radix, &out, &out), HF_INVALID);
	row[0].size = 9; /* 45 numbers, of 7 by 7 */
	CHECK_CODE(mixed_unpack(HF_SPAN(high, 4), 7, row, 2), HF_INVALID);
	CHECK_CODE(mixed_unpack(HF_SPAN(high, 4), 10, row, 2), HF_INVALID);
	CHECK_CODE(mixed_unpack(HF_SPAN(high, 2), 10, row, 2), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_of_digits_goes_there_and_back),
		cmocka_unit_test(impossible_rows_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
