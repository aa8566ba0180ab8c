/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "chain/rlp.h"

#include <string.h>

/* The examples of https://ethereum.org/developers/docs/data-structures-and-encoding/rlp/ */
static void the_examples_of_the_documentation(void **state)
{
	HF_BUF_SCOPED struct hf_buf to = HF_BUF(128), cats = HF_BUF(16);

	rlp_put(&to, hf_span_text("dog"));
	CHECK(hf_span_equal(hf_buf_span(&to), hf_span_text("\x83"
	                                                   "dog")));
	hf_buf_clear(&to);
	rlp_put(&cats, hf_span_text("cat"));
	rlp_put(&cats, hf_span_text("dog"));
	rlp_put_list_header(&to, cats.len);
	assert_int_equal(to.ptr[0], 0xc8);
	hf_buf_clear(&to);
	rlp_put(&to, (struct hf_span){ 0 });
	rlp_put_u64(&to, 0);
	rlp_put_list_header(&to, 0);
	rlp_put_u64(&to, 15);
	rlp_put_u64(&to, 1024);
	rlp_put(&to, HF_SPAN("\x00", 1));
	CHECK(hf_span_equal(hf_buf_span(&to), HF_SPAN("\x80\x80\xc0\x0f\x82\x04\x00\x00", 8)));
	hf_buf_clear(&to);
	rlp_put(&to, hf_span_text("Lorem ipsum dolor sit amet, consectetur adipisicing elit"));
	CHECK(to.len == 58 && to.ptr[0] == 0xb8 && to.ptr[1] == 0x38);
}

static void long_lists_have_a_length_of_their_own(void **state)
{
	HF_BUF_SCOPED struct hf_buf to = HF_BUF(16);

	rlp_put_list_header(&to, 55);
	rlp_put_list_header(&to, 56);
	rlp_put_list_header(&to, 256);
	rlp_put_list_header(&to, 0x10000);
	CHECK(hf_span_equal(hf_buf_span(&to),
	                    HF_SPAN("\xf7\xf8\x38\xf9\x01\x00\xfa\x01\x00\x00", 10)));
}

static void what_is_not_canonical_is_refused(void **state)
{
	static const char *const rows[] = {
		"",                   /* nothing */
		"8100",               /* a small byte in two */
		"817f",               /* the largest of them */
		"82aa",               /* cut off */
		"b800",               /* a long form of nothing */
		"b805aaaaaaaaaa",     /* a long form of a short string */
		"b90038",             /* a length with a leading zero */
		"bb00000000",         /* the same */
		"bfffffffffffffffff", /* a length of 8 bytes */
		"c2",                 /* a list, cut off */
		"f800",
		"ff",
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(64);
		struct rlp_item item;
		struct hf_reader r;

		CHECK_OK(hf_unhex(hf_span_text(rows[i]), &bytes));
		r = hf_reader(hf_buf_span(&bytes));
		CHECK_CODE(rlp_read(&r, &item), HF_INVALID);
	}
}

static void items_are_counted_before_they_are_stored(void **state)
{
	struct rlp_item items[2];
	size_t n;

	CHECK_OK(rlp_items(HF_SPAN("\x01\xc1\x02", 3), items, 2, &n));
	CHECK(n == 2 && !items[0].list && items[1].list && items[1].payload.len == 1);
	CHECK_CODE(rlp_items(HF_SPAN("\x01\x02\x03", 3), items, 2, &n), HF_TOOBIG);
	CHECK_CODE(rlp_items(HF_SPAN("\x01\x82", 2), items, 2, &n), HF_INVALID);
	assert_int_equal(n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_documentation),
		cmocka_unit_test(long_lists_have_a_length_of_their_own),
		cmocka_unit_test(what_is_not_canonical_is_refused),
		cmocka_unit_test(items_are_counted_before_they_are_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
