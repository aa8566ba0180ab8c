/* SPDX-License-Identifier: Apache-2.0 */
#include "http/head.h"

#include "http/header_rules.h"

#include <string.h>

static const struct http_refusal fine;

#define REFUSED(status, message) ((struct http_refusal){ status, message })

enum http_scan http_head_scan(const uint8_t *p, size_t len, size_t *seen)
{
	for (size_t i = *seen; i < len; i++) {
		uint8_t c = p[i];
		bool after_cr = i > 0 && p[i - 1] == '\r';

		if (after_cr != (c == '\n'))
			return HTTP_SCAN_BAD;
		if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\r' && c != '\n'))
			return HTTP_SCAN_BAD;
		if (c == '\n' && i == 1)
			return HTTP_SCAN_BAD; /* no request line */
		if (c == '\n' && i >= 3 && p[i - 2] == '\n') {
			*seen = i + 1;
			return HTTP_SCAN_DONE;
		}
	}
	*seen = len;
	return HTTP_SCAN_MORE;
}

/* Cuts the next line off *rest; the scan has made sure that every line ends in CR LF. */
static bool next_line(struct hf_span *rest, struct hf_span *ret)
{
	const uint8_t *end = rest->len ? memchr(rest->ptr, '\r', rest->len) : NULL;
	size_t len;

	if (!end)
		return false;
	len = (size_t)(end - rest->ptr);
	if (rest->len < len + 2 || end[1] != '\n')
		return false;
	*ret = HF_SPAN(rest->ptr, len);
	*rest = HF_SPAN(end + 2, rest->len - len - 2);
	return true;
}

static bool cut(struct hf_span *rest, char at, struct hf_span *ret)
{
	const uint8_t *end = rest->len ? memchr(rest->ptr, at, rest->len) : NULL;
	size_t len;

	if (!end)
		return false;
	len = (size_t)(end - rest->ptr);
	*ret = HF_SPAN(rest->ptr, len);
	*rest = HF_SPAN(end + 1, rest->len - len - 1);
	return true;
}

/* Origin form only (RFC 9112 section 3.2.1): this server is nobody's proxy. */
static bool is_target(struct hf_span s)
{
	if (s.len == 0 || s.ptr[0] != '/')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= 0x20 || s.ptr[i] >= 0x7f || s.ptr[i] == '#')
			return false;
	return true;
}

static struct http_refusal request_line(struct hf_span line, struct http_head *head)
{
	if (!cut(&line, ' ', &head->method) || !http_is_token(head->method) ||
	    !cut(&line, ' ', &head->target))
		return REFUSED(400, "The request line is malformed.");
	if (!is_target(head->target))
		return REFUSED(400, "The request target is not a path.");
	head->http10 = hf_span_is(line, "HTTP/1.0");
	if (!head->http10 && !hf_span_is(line, "HTTP/1.1"))
		return line.len == 8 && memcmp(line.ptr, "HTTP/", 5) == 0
		               ? REFUSED(505, "Only HTTP/1.1 is spoken here.")
		               : REFUSED(400, "The request line is malformed.");
	return fine;
}

static struct hf_span without_blanks(struct hf_span s)
{
	while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = HF_SPAN(s.ptr + 1, s.len - 1);
	while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static struct http_refusal field_line(struct hf_span line, struct http_head *head)
{
	struct http_field *f = &head->fields[head->n_fields];

	if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
		return REFUSED(400, "A header field is folded over lines.");
	if (!cut(&line, ':', &f->name))
		return REFUSED(400, "A header line has no colon.");
	f->value = without_blanks(line);
	head->n_fields++;
	return fine;
}

struct http_refusal http_head_parse(struct hf_span head, struct http_head *ret)
{
	struct http_refusal why;
	struct hf_span line;

	memset(ret, 0, offsetof(struct http_head, fields));
	if (!next_line(&head, &line))
		return REFUSED(400, "The request line is malformed.");
	why = request_line(line, ret);
	while (why.status == 0 && next_line(&head, &line) && line.len) {
		if (ret->n_fields == HTTP_FIELDS_MAX)
			return REFUSED(431, "There are too many header fields.");
		why = field_line(line, ret);
	}
	if (why.status)
		return why;
	return http_header_rules(ret);
}

const struct http_field *http_head_field(const struct http_head *head, const char *name)
{
	for (size_t i = 0; i < head->n_fields; i++)
		if (http_same_name(head->fields[i].name, name))
			return &head->fields[i];
	return NULL;
}
