/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "chain/xdr.h"

#define READER(s) hf_reader(HF_SPAN(s, sizeof(s) - 1))

static void opaque_data_is_padded_with_zeros(void **state)
{
	struct hf_reader r = READER("\0\0\0\3abc\0\0\0\0\4abcd\0\0\0\0");

	CHECK(hf_span_is(xdr_opaque(&r, 8), "abc"));
	CHECK(hf_span_is(xdr_opaque(&r, 8), "abcd"));
	CHECK(xdr_opaque(&r, 8).len == 0);
	CHECK_OK(hf_reader_end(&r));
}

static void other_padding_and_too_much_fail(void **state)
{
	struct hf_reader r = READER("\0\0\0\3abc\1");

	xdr_opaque(&r, 8);
	CHECK(r.failed);
	r = READER("\0\0\0\3abc");
	xdr_opaque(&r, 8);
	CHECK(r.failed);
	r = READER("\0\0\0\3abc\0");
	xdr_opaque(&r, 2);
	CHECK(r.failed);
}

static void a_bool_is_0_or_1(void **state)
{
	struct hf_reader r = READER("\0\0\0\0\0\0\0\1\0\0\0\2");

	CHECK(!xdr_bool(&r));
	CHECK(xdr_bool(&r));
	CHECK(!r.failed);
	CHECK(!xdr_bool(&r));
	CHECK(r.failed);
}

static void a_count_has_a_limit(void **state)
{
	struct hf_reader r = READER("\0\0\0\5\0\0\0\6");

	assert_int_equal(xdr_count(&r, 5), 5);
	assert_int_equal(xdr_count(&r, 5), 0);
	CHECK(r.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opaque_data_is_padded_with_zeros),
		cmocka_unit_test(other_padding_and_too_much_fail),
		cmocka_unit_test(a_bool_is_0_or_1),
		cmocka_unit_test(a_count_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
