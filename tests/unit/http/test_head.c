/* SPDX-License-Identifier: Apache-2.0 */
#include "../check.h"

#include "http/head.h"

#include <stdio.h>
#include <string.h>

#define HOST "Host: h\r\n"

static int status_of(const char *text, struct http_head *ret)
{
	return http_head_parse(hf_span_text(text), ret).status;
}

static enum http_scan scan(const char *text, size_t len, size_t *seen)
{
	return http_head_scan((const uint8_t *)text, len, seen);
}

static void a_plain_request_is_taken_apart(void **state)
{
	struct http_head head;

	assert_int_equal(status_of("POST /a/b?c=d HTTP/1.1\r\nhost: localhost:8443\r\n"
	                           "Content-Length:  12 \r\nX-Empty:\r\n\r\n",
	                           &head),
	                 0);
	CHECK(hf_span_is(head.method, "POST"));
	CHECK(hf_span_is(head.target, "/a/b?c=d"));
	CHECK(head.content_length == 12);
	CHECK(!head.close && !head.http10 && !head.expect_continue);
	assert_int_equal(head.n_fields, 3);
	CHECK(hf_span_is(http_head_field(&head, "HOST")->value, "localhost:8443"));
	CHECK(hf_span_is(http_head_field(&head, "x-empty")->value, ""));
	CHECK(!http_head_field(&head, "absent"));
}

static void malformed_heads_are_refused(void **state)
{
	static const struct {
		int status;
		const char *text;
	} cases[] = {
		{ 400, "" },
		{ 400, "GET\r\n" HOST "\r\n" },
		{ 400, "GET /\r\n" HOST "\r\n" },
		{ 400, " GET / HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET  / HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET / HTTP/1.1 \r\n" HOST "\r\n" },
		{ 400, "GET / http/1.1\r\n" HOST "\r\n" },
		{ 400, "G(T / HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET http://h/ HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET * HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /#a HTTP/1.1\r\n" HOST "\r\n" },
		{ 400, "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n" },
		{ 505, "GET / HTTP/2.0\r\n" HOST "\r\n" },
		{ 505, "GET / HTTP/1.2\r\n" HOST "\r\n" },
		{ 400, "GET / HTTP/1.1\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "NoColon\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST ": v\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "Name : v\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "Na(me: v\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n" HOST "A: b\r\n folded\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\n folded: first\r\n" HOST "\r\n" },
		{ 417, "GET / HTTP/1.1\r\n" HOST "Expect: more\r\n\r\n" },
	};
	struct http_head head;

	for (size_t i = 0; i < HF_COUNT(cases); i++)
		if (status_of(cases[i].text, &head) != cases[i].status)
			fail_msg("case %zu: %s", i, cases[i].text);
}

static void a_body_has_one_length_in_digits(void **state)
{
	static const struct {
		int status;
		const char *fields;
	} cases[] = {
		{ 0, "" },
		{ 0, "Content-Length: 0\r\n" },
		{ 400, "Content-Length: 5\r\nContent-Length: 6\r\n" },
		{ 400, "Content-Length: 5\r\nContent-Length: 5\r\n" },
		{ 400, "Content-Length: 5, 5\r\n" },
		{ 400, "Content-Length: +5\r\n" },
		{ 400, "Content-Length: -5\r\n" },
		{ 400, "Content-Length: 0x5\r\n" },
		{ 400, "Content-Length: 5 5\r\n" },
		{ 400, "Content-Length:\r\n" },
		{ 400, "Content-Length : 5\r\n" },
		{ 0, "Transfer-Encoding: chunked\r\n" },
		{ 0, "Transfer-Encoding: \t Chunked \r\n" },
		{ 501, "Transfer-Encoding: identity\r\n" },
		{ 501, "Transfer-Encoding: gzip, chunked\r\n" },
		{ 501, "Transfer-Encoding: chunked, identity\r\n" },
		{ 501, "Transfer-Encoding: chunked, chunked\r\n" },
		{ 501, "Transfer-Encoding: xchunked\r\n" },
		{ 501, "Transfer-Encoding: \"chunked\"\r\n" },
		{ 501, "Transfer-Encoding:\r\n" },
		{ 400, "Transfer-Encoding: \x0b"
		       "chunked\r\n" },
		{ 400, "Transfer-Encoding : chunked\r\n" },
		{ 400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" },
		{ 400, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" },
		{ 400, "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" },
	};
	struct http_head head;
	char text[200];

	for (size_t i = 0; i < HF_COUNT(cases); i++) {
		snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n" HOST "%s\r\n", cases[i].fields);
		if (status_of(text, &head) != cases[i].status)
			fail_msg("case %zu: %s", i, cases[i].fields);
	}
}

static void chunks_are_told_from_a_length_and_are_not_of_http_1_0(void **state)
{
	struct http_head head;

	assert_int_equal(
	        status_of("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", &head),
	        0);
	CHECK(head.chunked && head.content_length == 0);
	assert_int_equal(status_of("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", &head),
	                 0);
	CHECK(!head.chunked);
	assert_int_equal(
	        status_of("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", &head),
	        400);
}

static void a_length_beyond_all_numbers_stays_beyond_all_limits(void **state)
{
	struct http_head head;

	assert_int_equal(status_of("POST / HTTP/1.1\r\n" HOST
	                           "Content-Length: 184467440737095516161844674407\r\n\r\n",
	                           &head),
	                 0);
	CHECK(head.content_length > 100000000000000);
}

static void fields_that_carry_proofs_stand_once(void **state)
{
	struct http_head head;

	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST
	                           "Authorization: a\r\nauthorization: b\r\n\r\n",
	                           &head),
	                 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST
	                           "X-Dfns-UserAction: a\r\nx-dfns-useraction: b\r\n\r\n",
	                           &head),
	                 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST
	                           "X-Forwarded-For: a\r\nX-Forwarded-For: b\r\n"
	                           "Accept: a\r\nAccept: b\r\n\r\n",
	                           &head),
	                 0);
}

static void the_connection_ends_when_the_peer_says_so(void **state)
{
	struct http_head head;

	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n", &head),
	                 0);
	CHECK(head.close);
	assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST "Connection: closer\r\n\r\n", &head),
	                 0);
	CHECK(!head.close);
	assert_int_equal(status_of("GET / HTTP/1.0\r\n\r\n", &head), 0);
	CHECK(head.close);
}

static void there_are_so_many_fields_and_no_more(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(8192);
	struct http_head head;

	hf_buf_text(&b, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 1; i < HTTP_FIELDS_MAX; i++)
		hf_buf_text(&b, "A: b\r\n");
	hf_buf_put(&b, "\r\n", 3);
	assert_int_equal(status_of((char *)b.ptr, &head), 0);
	b.len -= 3;
	hf_buf_put(&b, "A: b\r\n\r\n", 9);
	assert_int_equal(status_of((char *)b.ptr, &head), 431);
}

static void the_end_is_found_whatever_the_pieces(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\n" HOST "\r\nbody";
	const size_t end = sizeof(text) - 1 - 4;

	for (size_t first = 0; first < end; first++) {
		size_t seen = 0;

		CHECK(scan(text, first, &seen) == HTTP_SCAN_MORE);
		CHECK(scan(text, sizeof(text) - 1, &seen) == HTTP_SCAN_DONE);
		assert_int_equal(seen, end);
	}
}

static void line_ends_and_control_characters_are_judged_as_they_come(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
		{ "GET / HTTP/1.1\n", 15 },      { "GET / HTTP/1.1\rH", 16 }, { "\r\n", 2 },
		{ "GET / HTTP/1.1\r\nA\0", 18 }, { "\x16\x03\x01", 3 },       { "A\x7f", 2 },
	};

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		size_t seen = 0;

		CHECK(scan(bad[i].text, bad[i].len, &seen) == HTTP_SCAN_BAD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_request_is_taken_apart),
		cmocka_unit_test(malformed_heads_are_refused),
		cmocka_unit_test(a_body_has_one_length_in_digits),
		cmocka_unit_test(chunks_are_told_from_a_length_and_are_not_of_http_1_0),
		cmocka_unit_test(a_length_beyond_all_numbers_stays_beyond_all_limits),
		cmocka_unit_test(fields_that_carry_proofs_stand_once),
		cmocka_unit_test(the_connection_ends_when_the_peer_says_so),
		cmocka_unit_test(there_are_so_many_fields_and_no_more),
		cmocka_unit_test(the_end_is_found_whatever_the_pieces),
		cmocka_unit_test(line_ends_and_control_characters_are_judged_as_they_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
