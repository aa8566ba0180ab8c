/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/log.h"

#include <fcntl.h>
#include <string.h>

/* What one call wrote to standard error. */
static void captured(enum hf_log_format format, const char *value, char *to, size_t cap)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	dup2(ends[1], STDERR_FILENO);
	hf_log_setup("test", HF_LOG_INFO, format);
	HF_DEBUG("not wanted");
	HF_INFO("said", HF_KS("what", value), HF_KI("n", -7));
	dup2(saved, STDERR_FILENO);
	n = read(ends[0], to, cap - 1);
	assert_true(n > 0);
	to[n] = 0;
	close(ends[0]);
	close(ends[1]);
	close(saved);
}

static void a_json_line_escapes_what_would_break_it(void **state)
{
	char line[512];

	captured(HF_LOG_JSON, "a\"b\\c\n\x01\xff\xc3\xa9", line, sizeof(line));
	assert_non_null(strstr(
	        line, "\"role\":\"test\",\"message\":\"said\",\"what\":\"a\\\"b\\\\c\\u000a\\u0001"
	              "\xef\xbf\xbd\xc3\xa9\",\"n\":-7}\n"));
}

static void a_text_line_lets_no_escape_sequence_through(void **state)
{
	char line[512];

	captured(HF_LOG_TEXT, "\033[31mred", line, sizeof(line));
	assert_null(strchr(line, '\033'));
	assert_non_null(strstr(line, "said  what=\"\\u001b[31mred\"  n=-7\n"));
}

static void overlong_and_surrogate_utf8_is_replaced(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(100);

	hf_buf_json_string(&b, hf_span_text("\xc0\x80"));
	CHECK(hf_span_is(hf_buf_span(&b), "\"\xef\xbf\xbd\xef\xbf\xbd\""));
	hf_buf_clear(&b);
	hf_buf_json_string(&b, hf_span_text("\xed\xa0\x80"));
	CHECK(b.len == 2 + 9);
}

static void an_error_text_gathers_context(void **state)
{
	struct hf_err err = { 0 };
	hf_status s = hf_fail(&err, HF_IO, "disk %s", "full");

	s = hf_context(&err, s, "keys.db");
	CHECK_CODE(s, HF_IO);
	assert_string_equal(err.text, "keys.db: disk full");
	CHECK_OK(hf_context(&err, HF_SUCCESS, "not this"));
	CHECK_CODE(hf_context(NULL, HF_FAILURE(HF_BUSY), "nobody listens"), HF_BUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_json_line_escapes_what_would_break_it),
		cmocka_unit_test(a_text_line_lets_no_escape_sequence_through),
		cmocka_unit_test(overlong_and_surrogate_utf8_is_replaced),
		cmocka_unit_test(an_error_text_gathers_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
