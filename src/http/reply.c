/* SPDX-License-Identifier: Apache-2.0 */
#include "http/reply.h"

#include "base/clock.h"
#include "http/header_rules.h"

#include <time.h>

#define HEAD_FORESEEN 512

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} known[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < HF_COUNT(known); i++)
		if (known[i].status == status)
			return known[i].reason;
	return "";
}

/* RFC 9110 section 5.6.7, made once a second and thread. */
static const char *date_now(void)
{
	static _Thread_local char text[40];
	static _Thread_local time_t made;
	time_t now = (time_t)(hf_wall_ms() / 1000);
	struct tm tm;

	if (now != made && gmtime_r(&now, &tm)) {
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		made = now;
	}
	return text;
}

void http_reply_make(struct http_reply_bytes *ret, int status, const char *content_type,
                     struct hf_span fields, struct hf_span body, bool head_only)
{
	struct hf_buf *b = &ret->bytes;

	*b = HF_BUF(HTTP_REPLY_MAX);
	hf_buf_reserve(b, HEAD_FORESEEN + fields.len + body.len);
	hf_buf_printf(b, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, reason(status), date_now());
	/* RFC 9110 section 8.6: no Content-Length with 204. */
	if (status != 204)
		hf_buf_printf(b, "Content-Length: %zu\r\n", body.len);
	if (status != 204 && body.len && content_type)
		hf_buf_printf(b, "Content-Type: %s\r\n", content_type);
	hf_buf_text(b, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
	hf_buf_put(b, fields.ptr, fields.len);
	ret->fields_len = b->len;
	hf_buf_text(b, "\r\n");
	if (status != 204 && !head_only)
		hf_buf_put(b, body.ptr, body.len);
}

hf_status http_reply_field(struct hf_buf *fields, const char *name, const char *value)
{
	HF_ENSURE(http_is_token(hf_span_text(name)), HF_INVALID);
	HF_ENSURE(http_is_field_value(hf_span_text(value)), HF_INVALID);
	hf_buf_printf(fields, "%s: %s\r\n", name, value);
	return hf_buf_status(fields);
}
