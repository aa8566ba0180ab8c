/* SPDX-License-Identifier: Apache-2.0 */
#include "http/header_rules.h"

#include <string.h>
#include <strings.h>

#define REFUSED(status, message) ((struct http_refusal){ status, message })

static const struct http_refusal fine;

/* RFC 9110 section 5.6.2 */
static bool is_token_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool http_is_token(struct hf_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_token_char(s.ptr[i]))
			return false;
	return s.len > 0;
}

bool http_is_field_value(struct hf_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] < 0x20 && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
			return false;
	return true;
}

bool http_same_name(struct hf_span s, const char *name)
{
	return s.len == strlen(name) && strncasecmp((const char *)s.ptr, name, s.len) == 0;
}

static bool starts_with(struct hf_span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && strncasecmp((const char *)s.ptr, prefix, len) == 0;
}

/* Fields that may stand once: two of them would let two readers see two different requests. Private
 * ones ("X-…") carry tokens and signatures here, so the same holds for them; X-Forwarded-* are
 * lists that proxies append to. */
static bool is_single(struct hf_span name)
{
	static const char *const single[] = { "host",   "content-length", "content-type",
		                              "expect", "authorization",  "transfer-encoding" };

	for (size_t i = 0; i < HF_COUNT(single); i++)
		if (http_same_name(name, single[i]))
			return true;
	return starts_with(name, "x-") && !starts_with(name, "x-forwarded-");
}

static bool stands_before(const struct http_head *head, size_t i)
{
	const struct hf_span name = head->fields[i].name;

	for (size_t k = 0; k < i; k++) {
		const struct hf_span other = head->fields[k].name;

		if (other.len == name.len &&
		    strncasecmp((const char *)other.ptr, (const char *)name.ptr, name.len) == 0)
			return true;
	}
	return false;
}

static struct http_refusal check_characters(const struct http_head *head)
{
	for (size_t i = 0; i < head->n_fields; i++) {
		if (!http_is_token(head->fields[i].name))
			return REFUSED(400, "A header name is malformed.");
		if (!http_is_field_value(head->fields[i].value))
			return REFUSED(400, "A header value has a control character in it.");
		if (is_single(head->fields[i].name) && stands_before(head, i))
			return REFUSED(400, "A header field that may stand once stands twice.");
	}
	return fine;
}

/* uri-host [ ":" port ], by its characters (RFC 9112 section 3.2). */
static bool is_host(struct hf_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c && strchr("-._~:[]%!$&'()*+;=", c))))
			return false;
	}
	return true;
}

/* Digits only: no sign, no list, no blanks (RFC 9112 section 6.3). 15 digits are beyond every limit
 * of ours. */
static bool read_length(struct hf_span s, uint64_t *ret)
{
	uint64_t n = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		n = n > 100000000000000 ? n : n * 10 + (uint64_t)(s.ptr[i] - '0');
	}
	*ret = n;
	return true;
}

/* Where the body ends (RFC 9112 section 6.1): one way of saying it, and of the codings only the one
 * that says nothing else. */
static struct http_refusal check_framing(struct http_head *head)
{
	const struct http_field *length = http_head_field(head, "content-length");
	const struct http_field *coding = http_head_field(head, "transfer-encoding");

	if (coding && length)
		return REFUSED(400, "Content-Length and Transfer-Encoding exclude each other.");
	if (coding && head->http10)
		return REFUSED(400, "HTTP/1.0 has no Transfer-Encoding.");
	if (coding && !http_same_name(coding->value, "chunked"))
		return REFUSED(501,
		               "The only Transfer-Encoding that is understood is \"chunked\".");
	head->chunked = coding != NULL;
	if (length && !read_length(length->value, &head->content_length))
		return REFUSED(400, "Content-Length is not a number.");
	return fine;
}

/* Is `token` in a comma-separated list? */
static bool lists(struct hf_span list, const char *token)
{
	size_t start = 0;

	for (size_t i = 0; i <= list.len; i++) {
		if (i < list.len && list.ptr[i] != ',')
			continue;
		struct hf_span one = HF_SPAN(list.ptr + start, i - start);
		while (one.len && (one.ptr[0] == ' ' || one.ptr[0] == '\t'))
			one = HF_SPAN(one.ptr + 1, one.len - 1);
		while (one.len && (one.ptr[one.len - 1] == ' ' || one.ptr[one.len - 1] == '\t'))
			one.len--;
		if (http_same_name(one, token))
			return true;
		start = i + 1;
	}
	return false;
}

static bool wants_close(const struct http_head *head)
{
	for (size_t i = 0; i < head->n_fields; i++)
		if (http_same_name(head->fields[i].name, "connection") &&
		    lists(head->fields[i].value, "close"))
			return true;
	return head->http10;
}

struct http_refusal http_header_rules(struct http_head *head)
{
	struct http_refusal why = check_characters(head);
	const struct http_field *host = http_head_field(head, "host");
	const struct http_field *expect = http_head_field(head, "expect");

	if (why.status)
		return why;
	if (!host && !head->http10)
		return REFUSED(400, "There is no Host header.");
	if (host && !is_host(host->value))
		return REFUSED(400, "The Host header is malformed.");
	why = check_framing(head);
	if (why.status)
		return why;
	if (expect && !http_same_name(expect->value, "100-continue"))
		return REFUSED(417, "This expectation cannot be met.");
	head->expect_continue = expect && !head->http10;
	head->close = wants_close(head);
	return fine;
}
