/* SPDX-License-Identifier: Apache-2.0
 * A body in chunks: however it arrives, it is the same body and ends at the same place; and what
 * was read, sent again in chunks, is read as the same. */
#include "fuzz.h"

#include "http/chunks.h"

#include <string.h>

#define BODY_MAX 1000

static enum http_chunks_found read_some(struct http_chunks *c, struct hf_span *in,
                                        struct hf_buf *body)
{
	enum http_chunks_found found;
	struct hf_span data;

	while ((found = http_chunks_next(c, in, &data)) == HTTP_CHUNKS_DATA)
		hf_buf_put(body, data.ptr, data.len);
	FUZZ_CHECK(found != HTTP_CHUNKS_MORE || in->len == 0);
	FUZZ_CHECK(hf_ok(hf_buf_status(body))); /* never more than was allowed */
	return found;
}

/* In pieces of `piece` bytes. */
static enum http_chunks_found read_whole(struct hf_span all, size_t piece, struct hf_buf *body,
                                         size_t *used)
{
	enum http_chunks_found found = HTTP_CHUNKS_MORE;
	struct http_chunks c;

	http_chunks_begin(&c, BODY_MAX);
	for (*used = 0; found == HTTP_CHUNKS_MORE && *used < all.len;) {
		size_t here = all.len - *used < piece ? all.len - *used : piece;
		struct hf_span in = HF_SPAN(all.ptr + *used, here);

		found = read_some(&c, &in, body);
		*used += here - in.len;
	}
	return found;
}

/* As two chunks, or as none. */
static void write_again(struct hf_span body, struct hf_buf *to)
{
	size_t first = body.len / 2;

	for (size_t at = 0; at < body.len;) {
		size_t n = at == 0 && first ? first : body.len - at;

		hf_buf_printf(to, "%zx\r\n", n);
		hf_buf_put(to, body.ptr + at, n);
		hf_buf_text(to, "\r\n");
		at += n;
	}
	hf_buf_text(to, "0\r\n\r\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(BODY_MAX), other = HF_BUF(BODY_MAX);
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(BODY_MAX + 64);
	size_t used, again;
	enum http_chunks_found found = read_whole(HF_SPAN(data, size), size, &body, &used);

	for (size_t piece = 1; piece < 4; piece++) {
		hf_buf_clear(&other);
		FUZZ_CHECK(read_whole(HF_SPAN(data, size), piece, &other, &again) == found);
		FUZZ_CHECK(again == used);
		FUZZ_CHECK(hf_span_equal(hf_buf_span(&body), hf_buf_span(&other)));
	}
	if (found != HTTP_CHUNKS_DONE)
		return 0;
	write_again(hf_buf_span(&body), &text);
	hf_buf_clear(&other);
	FUZZ_CHECK(read_whole(hf_buf_span(&text), 7, &other, &again) == HTTP_CHUNKS_DONE);
	FUZZ_CHECK(again == text.len);
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&body), hf_buf_span(&other)));
	return 0;
}
