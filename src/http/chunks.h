/* SPDX-License-Identifier: Apache-2.0
 * A body that comes in chunks (RFC 9112 section 7.1), read as its bytes arrive and as strictly as
 * heads are: sizes are hexadecimal digits and nothing else, lines end in CR LF. Extensions and
 * trailers mean nothing here: they are passed over, up to a limit. Pure: no I/O, no allocation. */
#ifndef HF_HTTP_CHUNKS_H
#define HF_HTTP_CHUNKS_H

#include "http/head.h"

#define HTTP_CHUNK_DIGITS_MAX 16
#define HTTP_CHUNKS_ASIDE_MAX 4096 /* bytes of extensions and trailers in one body */

/* Where in the body the next byte stands. */
enum http_chunks_at {
	CHUNKS_AT_SIZE,
	CHUNKS_AT_EXTENSION,
	CHUNKS_AT_SIZE_END, /* the LF of its line */
	CHUNKS_AT_DATA,
	CHUNKS_AT_DATA_CR,
	CHUNKS_AT_DATA_END,
	CHUNKS_AT_LINE, /* a trailer, or the end */
	CHUNKS_AT_NAME,
	CHUNKS_AT_VALUE,
	CHUNKS_AT_VALUE_END,
	CHUNKS_AT_LAST,
	CHUNKS_AT_END, /* the byte is not the body's any more */
};

struct http_chunks {
	enum http_chunks_at at;
	uint64_t room; /* what the body may still grow by */
	uint64_t left; /* of the chunk; while its size is read, what it comes to so far */
	unsigned digits;
	unsigned aside;
	struct http_refusal why;
};

enum http_chunks_found {
	HTTP_CHUNKS_MORE, /* nothing is left of what came */
	HTTP_CHUNKS_DATA,
	HTTP_CHUNKS_DONE,
	HTTP_CHUNKS_BAD, /* `why` says it; nobody can tell where the next request begins */
};

/* For a body of up to `max` bytes. */
void http_chunks_begin(struct http_chunks *c, uint64_t max);

/* Takes bytes off *in up to the next run of the body's own, which *ret then points at (within the
 * input), or to the end, after which it takes no more. */
enum http_chunks_found http_chunks_next(struct http_chunks *c, struct hf_span *in,
                                        struct hf_span *ret);

#endif
