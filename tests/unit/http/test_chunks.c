/* SPDX-License-Identifier: Apache-2.0 */
#include "../check.h"

#include "http/chunks.h"

#include <stdio.h>
#include <string.h>

#define MAX 100

struct outcome {
	enum http_chunks_found found;
	int status;
	size_t used;
	char body[MAX + 1];
};

/* The whole text, `piece` bytes at a time. */
static struct outcome read_in_pieces(const char *text, size_t len, size_t piece)
{
	struct outcome o = { .found = HTTP_CHUNKS_MORE };
	struct http_chunks c;
	struct hf_span in, data;
	size_t n = 0;

	http_chunks_begin(&c, MAX);
	while (o.found == HTTP_CHUNKS_MORE && o.used < len) {
		size_t here = len - o.used < piece ? len - o.used : piece;

		in = HF_SPAN(text + o.used, here);
		while ((o.found = http_chunks_next(&c, &in, &data)) == HTTP_CHUNKS_DATA) {
			assert_true(n + data.len <= MAX);
			memcpy(o.body + n, data.ptr, data.len);
			n += data.len;
		}
		o.used += here - in.len;
	}
	o.status = c.why.status;
	return o;
}

static struct outcome read_text(const char *text)
{
	struct outcome whole = read_in_pieces(text, strlen(text), strlen(text));

	for (size_t piece = 1; piece < 8; piece++) {
		struct outcome o = read_in_pieces(text, strlen(text), piece);

		if (o.found != whole.found || o.status != whole.status || o.used != whole.used ||
		    strcmp(o.body, whole.body) != 0)
			fail_msg("%zu bytes at a time it is another body: %s", piece, text);
	}
	return whole;
}

static void a_body_is_what_its_chunks_hold(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
		{ "", "0\r\n\r\n" },
		{ "", "000\r\n\r\n" },
		{ "hello", "5\r\nhello\r\n0\r\n\r\n" },
		{ "hello", "1\r\nh\r\n0004\r\nello\r\n0\r\n\r\n" },
		{ "0\r\n\r\n.....", "a\r\n0\r\n\r\n.....\r\n0\r\n\r\n" },
		{ "0123456789a", "B\r\n0123456789a\r\n0\r\n\r\n" },
		{ "hello", "5;a=b;c=\"d e\"\r\nhello\r\n0;last\r\n\r\n" },
		{ "hello", "5\r\nhello\r\n0\r\nA: b\r\nContent-Length:\t7\r\nC:\r\n\r\n" },
	};

	for (size_t i = 0; i < HF_COUNT(cases); i++) {
		struct outcome o = read_text(cases[i].text);

		if (o.found != HTTP_CHUNKS_DONE || strcmp(o.body, cases[i].body) != 0 ||
		    o.used != strlen(cases[i].text))
			fail_msg("case %zu: %d '%s'", i, o.found, o.body);
	}
}

static void what_follows_the_body_is_left_alone(void **state)
{
	static const char text[] = "5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n";

	assert_int_equal(read_text(text).found, HTTP_CHUNKS_DONE);
	assert_int_equal(read_text(text).used, strlen("5\r\nhello\r\n0\r\n\r\n"));
}

static void a_body_that_is_cut_anywhere_is_not_done(void **state)
{
	static const char text[] = "5;x\r\nhello\r\n0\r\nA: b\r\n\r\n";

	for (size_t len = 0; len < strlen(text); len++)
		assert_int_equal(read_in_pieces(text, len, len + 1).found, HTTP_CHUNKS_MORE);
}

static void every_doubtful_spelling_is_refused(void **state)
{
	static const char *const cases[] = {
		"\r\n",
		";a\r\n",
		"x\r\n",
		"+5\r\n",
		"-5\r\n",
		"0x5\r\n",
		" 5\r\n",
		"5 \r\n",
		"5\t\r\n",
		"5 ;a\r\n",
		"5,5\r\n",
		"5\n",
		"5\rh",
		"5;a\nhello\r\n",
		"5;a\rb",
		"5;a\x01\r\n",
		"5\r\nhello\n",
		"5\r\nhello0\r\n",
		"5\r\nhello\rx",
		"5\r\nhell\r\n0\r\n\r\n",
		"5\r\nhello\r\n\r\n",
		"0\n",
		"0\r\n\n",
		"0\r\n\rx",
		"0\r\nA\r\n",
		"0\r\n: b\r\n",
		"0\r\n a: b\r\n",
		"0\r\nA: b\r\n c\r\n",
		"0\r\nA : b\r\n",
		"0\r\nA: b\n",
		"0\r\nA: \x7f\r\n",
		"00000000000000001\r\n", /* 17 digits */
	};

	for (size_t i = 0; i < HF_COUNT(cases); i++) {
		struct outcome o = read_text(cases[i]);

		if (o.found != HTTP_CHUNKS_BAD || o.status != 400)
			fail_msg("case %zu: %d %d: %s", i, o.found, o.status, cases[i]);
	}
	assert_int_equal(read_in_pieces("5;\0\r\n", 5, 5).status, 400);
	assert_int_equal(read_in_pieces("0\r\nA:\0\r\n", 8, 8).status, 400);
}

static void a_size_beyond_the_limit_is_refused_before_its_bytes_come(void **state)
{
	static const char *const cases[] = { "65", "ffffffffffffffff", "10000000000000000",
		                             "fffffffffffffffffffffffffffffffff" };

	for (size_t i = 0; i < HF_COUNT(cases); i++)
		assert_int_equal(read_text(cases[i]).status, 413);
	assert_int_equal(read_text("64").found, HTTP_CHUNKS_MORE);
	assert_int_equal(read_text("2\r\nab\r\n62\r\n").found, HTTP_CHUNKS_MORE);
	assert_int_equal(read_text("2\r\nab\r\n63\r\n").status, 413);
}

/* What stands beside the body, in one place or over all its chunks. */
static void extensions_and_trailers_have_a_limit_together(void **state)
{
	static char text[2 * HTTP_CHUNKS_ASIDE_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "1;%0100u\r\nx\r\n", 0u);
	assert_int_equal(read_text(text).found, HTTP_CHUNKS_MORE);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "0\r\n%095u:", 0u);
	assert_int_equal(read_text(text).found, HTTP_CHUNKS_MORE);
	snprintf(text + n, sizeof(text) - n, "v\r\n\r\n");
	assert_int_equal(read_text(text).found, HTTP_CHUNKS_DONE);
	snprintf(text + n, sizeof(text) - n, "vv\r\n\r\n");
	assert_int_equal(read_text(text).status, 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_is_what_its_chunks_hold),
		cmocka_unit_test(what_follows_the_body_is_left_alone),
		cmocka_unit_test(a_body_that_is_cut_anywhere_is_not_done),
		cmocka_unit_test(every_doubtful_spelling_is_refused),
		cmocka_unit_test(a_size_beyond_the_limit_is_refused_before_its_bytes_come),
		cmocka_unit_test(extensions_and_trailers_have_a_limit_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
