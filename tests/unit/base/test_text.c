/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"

#include <string.h>

static hf_status decode64(const char *text, struct hf_buf *b)
{
	hf_buf_clear(b);
	return hf_unbase64(hf_span_text(text), b);
}

static void base64url_gives_the_vectors_of_rfc_4648(void **state)
{
	static const char *const plain[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
	static const char *const coded[] = { "",       "Zg",      "Zm8",     "Zm9v",
		                             "Zm9vYg", "Zm9vYmE", "Zm9vYmFy" };
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(100);

	for (size_t i = 0; i < HF_COUNT(plain); i++) {
		hf_buf_clear(&b);
		hf_buf_base64url(&b, hf_span_text(plain[i]));
		CHECK(hf_span_is(hf_buf_span(&b), coded[i]));
		CHECK_OK(decode64(coded[i], &b));
		CHECK(hf_span_is(hf_buf_span(&b), plain[i]));
	}
}

static void padding_and_both_alphabets_are_accepted(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(100);

	CHECK_OK(decode64("Zg==", &b));
	CHECK(hf_span_is(hf_buf_span(&b), "f"));
	CHECK_OK(decode64("-_+/", &b));
	CHECK(b.len == 3);
}

static void base64_with_stray_bits_blanks_or_a_lone_digit_is_refused(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(100);

	CHECK_CODE(decode64("Zh", &b), HF_INVALID);
	CHECK_CODE(decode64("Zm 9", &b), HF_INVALID);
	CHECK_CODE(decode64("Z", &b), HF_INVALID);
	CHECK_CODE(decode64("Zg=", &b), HF_INVALID);
	CHECK_CODE(decode64("Zg===", &b), HF_INVALID);
	CHECK_CODE(decode64("=", &b), HF_INVALID);
	CHECK_CODE(decode64("Zm9vZm9\x80", &b), HF_INVALID);
	CHECK_CODE(decode64("Zm9*Zm9v", &b), HF_INVALID);
	CHECK_CODE(decode64("Zm9vZm9vYf", &b), HF_INVALID);
	CHECK_CODE(decode64("Zm9vYmF", &b), HF_INVALID);
	CHECK(b.len == 0);
}

static void base64_of_every_length_round_trips_in_both_alphabets(void **state)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(1000), back = HF_BUF(1000);
	uint8_t bytes[256];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(255 - i);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		hf_buf_clear(&text);
		hf_buf_clear(&back);
		hf_buf_base64(&text, HF_SPAN(bytes, n));
		CHECK(text.len == (n + 2) / 3 * 4);
		CHECK_OK(hf_unbase64(hf_buf_span(&text), &back));
		hf_buf_clear(&text);
		hf_buf_base64url(&text, HF_SPAN(bytes, n));
		CHECK(text.len == (n * 8 + 5) / 6);
		CHECK_OK(hf_unbase64(hf_buf_span(&text), &back));
		CHECK(back.len == 2 * n && hf_span_equal(HF_SPAN(back.ptr, n), HF_SPAN(bytes, n)));
		CHECK(hf_span_equal(HF_SPAN(n ? back.ptr + n : NULL, n), HF_SPAN(bytes, n)));
	}
}

static void hex_round_trips_and_refuses_the_rest(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(100);
	char text[5];

	CHECK_OK(hf_unhex(hf_span_text("00fF"), &b));
	hf_hex(b.ptr, b.len, text);
	assert_string_equal(text, "00ff");
	CHECK_CODE(hf_unhex(hf_span_text("0"), &b), HF_INVALID);
	CHECK_CODE(hf_unhex(hf_span_text("0g"), &b), HF_INVALID);
	CHECK(b.len == 2);
}

static void numbers_have_bounds_and_nothing_after(void **state)
{
	int64_t v;

	CHECK_OK(hf_parse_i64("-5", -5, 5, &v));
	CHECK(v == -5);
	CHECK_CODE(hf_parse_i64("6", -5, 5, &v), HF_INVALID);
	CHECK_CODE(hf_parse_i64("5x", 0, 9, &v), HF_INVALID);
	CHECK_CODE(hf_parse_i64("", 0, 9, &v), HF_INVALID);
	CHECK_CODE(hf_parse_i64(" 5", 0, 9, &v), HF_INVALID);
	CHECK_CODE(hf_parse_i64("99999999999999999999", 0, INT64_MAX, &v), HF_INVALID);
}

static void what_is_not_utf8_becomes_question_marks(void **state)
{
	char whole[] = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x94\x91z", cut[] = "ab\xe2\x82",
	     odd[] = "\xfc\xc0\x80z";

	hf_make_utf8(whole);
	assert_string_equal(whole, "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x94\x91z");
	hf_make_utf8(cut);
	assert_string_equal(cut, "ab??");
	hf_make_utf8(odd);
	assert_string_equal(odd, "???z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64url_gives_the_vectors_of_rfc_4648),
		cmocka_unit_test(padding_and_both_alphabets_are_accepted),
		cmocka_unit_test(base64_with_stray_bits_blanks_or_a_lone_digit_is_refused),
		cmocka_unit_test(base64_of_every_length_round_trips_in_both_alphabets),
		cmocka_unit_test(hex_round_trips_and_refuses_the_rest),
		cmocka_unit_test(numbers_have_bounds_and_nothing_after),
		cmocka_unit_test(what_is_not_utf8_becomes_question_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
