/* SPDX-License-Identifier: Apache-2.0
 * The request target: path, segments, query, percent-decoding (RFC 3986). Pure: no I/O, no
 * allocation. */
#ifndef HF_HTTP_TARGET_H
#define HF_HTTP_TARGET_H

#include "base/buf.h"

#define HTTP_SEGMENTS_MAX 16
#define HTTP_QUERY_MAX 32

/* "/a/b?x=1" gives "/a/b" and "x=1"; without "?" the query is empty. */
void http_target_split(struct hf_span target, struct hf_span *ret_path, struct hf_span *ret_query);

/* "/a/b" gives "a" and "b", still encoded: a slash that is encoded is data within its segment.
 * "/" gives none. HF_TOOBIG: more than HTTP_SEGMENTS_MAX. HF_INVALID: does not start with a slash.
 */
HF_MUST hf_status http_path_segments(struct hf_span path, struct hf_span ret[HTTP_SEGMENTS_MAX],
                                     size_t *ret_n);

/* Decodes into `to`, which has room for from.len + 1, and ends it with NUL; *ret_len without the
 * NUL. HF_INVALID: an escape that is none, or a NUL. With `form`, "+" is a blank (as in queries).
 */
HF_MUST hf_status http_percent_decode(struct hf_span from, bool form, char *to, size_t *ret_len);

struct http_pair {
	const char *name;
	const char *value;
};

/* Decodes "a=1&b=2" into `room`, which must have query.len + 2 bytes and live as long as the pairs.
 * HF_INVALID: malformed; HF_TOOBIG: more than HTTP_QUERY_MAX. */
HF_MUST hf_status http_query_parse(struct hf_span query, char *room,
                                   struct http_pair ret[HTTP_QUERY_MAX], size_t *ret_n);

#endif
