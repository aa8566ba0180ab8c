/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

static void what_is_written_is_read_back(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(100);
	struct hf_reader r;
	char text[8];

	hf_buf_u8(&b, 1);
	hf_buf_u16(&b, 0x0203);
	hf_buf_u32(&b, 0x04050607);
	hf_buf_u64(&b, 0x08090a0b0c0d0e0f);
	hf_buf_field(&b, HF_SPAN("abc", 3));
	CHECK_OK(hf_buf_status(&b));
	r = hf_reader(hf_buf_span(&b));
	CHECK(hf_read_u8(&r) == 1);
	CHECK(hf_read_u16(&r) == 0x0203);
	CHECK(hf_read_u32(&r) == 0x04050607);
	CHECK(hf_read_u64(&r) == 0x08090a0b0c0d0e0f);
	hf_read_text(&r, text, sizeof(text));
	assert_string_equal(text, "abc");
	CHECK_OK(hf_reader_end(&r));
}

static void nothing_is_appended_after_the_limit(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(4);

	hf_buf_u32(&b, 7);
	hf_buf_u8(&b, 1);
	CHECK_CODE(hf_buf_status(&b), HF_TOOBIG);
	CHECK(b.len == 4);
	hf_buf_clear(&b);
	hf_buf_u8(&b, 1);
	CHECK_OK(hf_buf_status(&b));
}

static void what_is_printed_is_whole_wherever_the_memory_ends(void **state)
{
	for (int before = 240; before < 260; before++) {
		HF_BUF_SCOPED struct hf_buf b = HF_BUF(4096);
		HF_BUF_SCOPED struct hf_buf secret = HF_BUF_SECRET(4096);
		char wanted[300];

		snprintf(wanted, sizeof(wanted), "%*d%s", before, 1, "0123456789");
		hf_buf_printf(&b, "%*d", before, 1);
		hf_buf_printf(&b, "%s", "0123456789");
		CHECK(hf_span_is(hf_buf_span(&b), wanted));
		hf_buf_printf(&secret, "%*d", before, 1);
		hf_buf_printf(&secret, "%s", "0123456789");
		CHECK(hf_span_is(hf_buf_span(&secret), wanted));
	}
}

static void what_is_printed_beyond_the_limit_is_left_out(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(16);

	hf_buf_printf(&b, "%s", "01234567");
	hf_buf_printf(&b, "%s", "0123456789");
	CHECK_CODE(hf_buf_status(&b), HF_TOOBIG);
	CHECK(hf_span_is(hf_buf_span(&b), "01234567"));
	hf_buf_printf(&b, "%s", "0");
	assert_int_equal(b.len, 8);
}

static void a_reader_never_passes_its_end(void **state)
{
	struct hf_reader r = hf_reader(HF_SPAN("\0\0\0\5ab", 6));

	CHECK(hf_read_field(&r, 10).len == 0);
	CHECK(r.failed);
	CHECK(hf_read_u8(&r) == 0);
	CHECK_CODE(hf_reader_end(&r), HF_INVALID);
}

static void a_field_longer_than_its_limit_is_refused(void **state)
{
	struct hf_reader r = hf_reader(HF_SPAN("\0\0\0\3abc", 7));

	CHECK(hf_read_field(&r, 2).len == 0);
	CHECK(r.failed);
}

static void text_with_a_nul_inside_is_refused(void **state)
{
	struct hf_reader r = hf_reader(HF_SPAN("\0\0\0\3a\0c", 7));
	char text[8];

	hf_read_text(&r, text, sizeof(text));
	CHECK(r.failed);
	assert_string_equal(text, "");
}

static void bytes_left_over_are_an_error(void **state)
{
	struct hf_reader r = hf_reader(HF_SPAN("ab", 2));

	hf_read_u8(&r);
	CHECK_CODE(hf_reader_end(&r), HF_INVALID);
}

static void dropping_keeps_the_rest(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(100);

	hf_buf_text(&b, "hello");
	hf_buf_drop(&b, 2);
	CHECK(hf_span_is(hf_buf_span(&b), "llo"));
}

static void what_a_secret_buffer_let_go_is_wiped(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF_SECRET(4096);
	static const uint8_t zeros[5];

	hf_buf_text(&b, "the secret");
	hf_buf_drop(&b, 5);
	assert_memory_equal(b.ptr, "ecret", 5);
	assert_memory_equal(b.ptr + 5, zeros, 5);
	CHECK(hf_buf_grow(&b, 2000)); /* it moves, with what it has */
	assert_memory_equal(b.ptr, "ecret", 5);
	hf_buf_clear(&b);
	assert_memory_equal(b.ptr, zeros, 5);
	hf_buf_done(&b);
	CHECK(b.secret);
}

static void what_was_reserved_is_not_moved_and_the_limit_stays(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(1000);
	const uint8_t *before;

	hf_buf_text(&b, "a");
	hf_buf_reserve(&b, 900);
	before = b.ptr;
	CHECK(b.len == 1 && b.ptr[0] == 'a');
	CHECK(hf_buf_grow(&b, 900) && b.ptr == before);
	hf_buf_reserve(&b, SIZE_MAX);
	CHECK_OK(hf_buf_status(&b));
	CHECK(b.cap == 1000 && b.len == 901);
	hf_buf_grow(&b, 100);
	CHECK_CODE(hf_buf_status(&b), HF_TOOBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(nothing_is_appended_after_the_limit),
		cmocka_unit_test(what_is_printed_is_whole_wherever_the_memory_ends),
		cmocka_unit_test(what_is_printed_beyond_the_limit_is_left_out),
		cmocka_unit_test(a_reader_never_passes_its_end),
		cmocka_unit_test(a_field_longer_than_its_limit_is_refused),
		cmocka_unit_test(text_with_a_nul_inside_is_refused),
		cmocka_unit_test(bytes_left_over_are_an_error),
		cmocka_unit_test(dropping_keeps_the_rest),
		cmocka_unit_test(what_a_secret_buffer_let_go_is_wiped),
		cmocka_unit_test(what_was_reserved_is_not_moved_and_the_limit_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
