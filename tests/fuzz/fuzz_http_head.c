/* SPDX-License-Identifier: Apache-2.0
 * The head of a request: however it arrives, its end is found at the same place; and what is
 * accepted, written down again from its parts, means the same. */
#include "fuzz.h"

#include "http/head.h"
#include "http/header_rules.h"

#include <string.h>

static enum http_scan scan_in_two(const uint8_t *data, size_t first, size_t size, size_t *seen)
{
	*seen = 0;
	enum http_scan early = http_head_scan(data, first, seen);

	return early == HTTP_SCAN_MORE ? http_head_scan(data, size, seen) : early;
}

static void write_again(const struct http_head *head, struct hf_buf *b)
{
	hf_buf_put(b, head->method.ptr, head->method.len);
	hf_buf_text(b, " ");
	hf_buf_put(b, head->target.ptr, head->target.len);
	hf_buf_text(b, head->http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
	for (size_t i = 0; i < head->n_fields; i++) {
		hf_buf_put(b, head->fields[i].name.ptr, head->fields[i].name.len);
		hf_buf_text(b, ":");
		hf_buf_put(b, head->fields[i].value.ptr, head->fields[i].value.len);
		hf_buf_text(b, "\r\n");
	}
	hf_buf_text(b, "\r\n");
}

static void check_same(const struct http_head *a, const struct http_head *b)
{
	FUZZ_CHECK(hf_span_equal(a->method, b->method) && hf_span_equal(a->target, b->target));
	FUZZ_CHECK(a->http10 == b->http10 && a->close == b->close);
	FUZZ_CHECK(a->expect_continue == b->expect_continue);
	FUZZ_CHECK(a->content_length == b->content_length && a->chunked == b->chunked);
	FUZZ_CHECK(!a->chunked || a->content_length == 0);
	FUZZ_CHECK(a->n_fields == b->n_fields);
	for (size_t i = 0; i < a->n_fields; i++) {
		FUZZ_CHECK(hf_span_equal(a->fields[i].name, b->fields[i].name));
		FUZZ_CHECK(hf_span_equal(a->fields[i].value, b->fields[i].value));
		FUZZ_CHECK(http_is_token(a->fields[i].name));
		FUZZ_CHECK(http_is_field_value(a->fields[i].value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head head, again;
	size_t whole = 0, pieces;
	enum http_scan found;

	if (size > HTTP_HEAD_MAX)
		return 0;
	found = http_head_scan(data, size, &whole);
	FUZZ_CHECK(scan_in_two(data, size / 2, size, &pieces) == found);
	FUZZ_CHECK(found != HTTP_SCAN_DONE || pieces == whole);
	if (found != HTTP_SCAN_DONE || http_head_parse(HF_SPAN(data, whole), &head).status)
		return 0;

	HF_BUF_SCOPED struct hf_buf b = HF_BUF(2 * HTTP_HEAD_MAX);
	write_again(&head, &b);
	FUZZ_CHECK(http_head_parse(hf_buf_span(&b), &again).status == 0);
	check_same(&head, &again);
	return 0;
}
