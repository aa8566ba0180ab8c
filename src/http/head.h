/* SPDX-License-Identifier: Apache-2.0
 * The head of a request, read strictly after RFC 9112: what is ambiguous is refused, not repaired,
 * so that no two parties on a connection can disagree about where a request ends. Pure: no I/O, no
 * allocation. */
#ifndef HF_HTTP_HEAD_H
#define HF_HTTP_HEAD_H

#include "base/buf.h"

#define HTTP_HEAD_MAX 16384
#define HTTP_FIELDS_MAX 64

/* A header field; both point into the head. */
struct http_field {
	struct hf_span name;
	struct hf_span value; /* without the blanks around it */
};

struct http_head {
	struct hf_span method;
	struct hf_span target;
	bool http10;          /* HTTP/1.0: one request a connection */
	bool close;           /* the peer asked for the connection to end */
	bool expect_continue; /* the peer waits for "100 Continue" before it sends the body */
	bool chunked;         /* the body comes in chunks (http/chunks.h); else it has a length */
	uint64_t content_length;
	size_t n_fields;
	struct http_field fields[HTTP_FIELDS_MAX];
};

/* Why a request is refused; status 0: it is not. The message is a static string, for the peer's
 * developer. */
struct http_refusal {
	int status;
	const char *message;
};

enum http_scan { HTTP_SCAN_MORE, HTTP_SCAN_DONE, HTTP_SCAN_BAD };

/* Looks for the end of the head in bytes that arrive bit by bit: `p` is all that has come so far,
 * *seen how much of it an earlier call has looked at (0 at first). When done, *seen is the head's
 * length with its closing empty line. Bad as soon as there is a control character or a line end
 * that is not CR LF. */
enum http_scan http_head_scan(const uint8_t *p, size_t len, size_t *seen);

/* Reads a whole head, as http_head_scan() found it. On refusal *ret is of no use. */
struct http_refusal http_head_parse(struct hf_span head, struct http_head *ret);

/* NULL when absent. Names compare without case. */
const struct http_field *http_head_field(const struct http_head *head, const char *name);

#endif
