/* SPDX-License-Identifier: Apache-2.0
 * A reply as bytes, made on whichever thread answers; the connection adds a field that only it
 * knows of, when it ends. */
#ifndef HF_HTTP_REPLY_H
#define HF_HTTP_REPLY_H

#include "base/buf.h"

#define HTTP_REPLY_MAX (64u << 20)
#define HTTP_REPLY_HEADERS_MAX 8192

struct http_reply_bytes {
	struct hf_buf bytes; /* all of it */
	size_t fields_len;   /* status line and fields: where more of these go */
};

/* `fields` are more header lines, each with its CR LF. With `head_only` (HEAD) the body is measured
 * and left out. Trouble shows in hf_buf_status(&ret->bytes). */
void http_reply_make(struct http_reply_bytes *ret, int status, const char *content_type,
                     struct hf_span fields, struct hf_span body, bool head_only);

/* Appends "Name: value". A name or value that would break the head is refused: HF_INVALID. */
HF_MUST hf_status http_reply_field(struct hf_buf *fields, const char *name, const char *value);

#endif
