/* SPDX-License-Identifier: Apache-2.0
 * Bytes: a borrowed span, a growing buffer, and a reader that cannot run past its end.
 *
 * Buffer and reader have a sticky failure: after the first append beyond the limit, or the first
 * read past the end, everything that follows does nothing, so that a chain of calls is checked
 * once, by hf_buf_status() or hf_reader_end(). Numbers are big-endian. */
#ifndef HF_BASE_BUF_H
#define HF_BASE_BUF_H

#include "base/scope.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Borrowed bytes; whoever hands them out says how long they live. */
struct hf_span {
	const uint8_t *ptr;
	size_t len;
};

#define HF_SPAN(p, n) ((struct hf_span){ (const uint8_t *)(p), (n) })

struct hf_span hf_span_text(const char *s); /* without the NUL; NULL gives an empty span */
bool hf_span_equal(struct hf_span a, struct hf_span b);
bool hf_span_is(struct hf_span a, const char *text);

/* Copies a span into a NUL-terminated array. HF_TOOBIG when it does not fit, HF_INVALID when
 * it has a NUL inside; `to` is then untouched. */
HF_MUST hf_status hf_span_to_text(struct hf_span from, char *to, size_t cap);

struct hf_buf {
	uint8_t *ptr;
	size_t len;
	size_t cap;
	size_t max; /* never grows beyond this */
	enum hf_code failed;
	bool secret; /* what it has held is wiped when it goes: moved, dropped, cleared, released */
};

#define HF_BUF(limit) ((struct hf_buf){ .max = (limit) })
#define HF_BUF_SECRET(limit) ((struct hf_buf){ .max = (limit), .secret = true })
#define HF_BUF_SCOPED HF_CLEANUP(hf_buf_done)

void hf_buf_done(struct hf_buf *b);                 /* releases; b is empty and usable again */
void hf_buf_clear(struct hf_buf *b);                /* len = 0, failure forgotten, memory kept */
struct hf_span hf_buf_span(const struct hf_buf *b); /* valid until the next append */
HF_MUST hf_status hf_buf_status(const struct hf_buf *b); /* HF_OK, HF_TOOBIG or HF_NOMEM */

/* Memory for n more bytes, or up to max: what is foreseen is not moved while it grows, and leaves
 * no copies behind. */
void hf_buf_reserve(struct hf_buf *b, size_t n);
/* Room for n more bytes, which the caller fills: NULL after a failure. */
uint8_t *hf_buf_grow(struct hf_buf *b, size_t n);

void hf_buf_put(struct hf_buf *b, const void *p, size_t n);
void hf_buf_u8(struct hf_buf *b, uint8_t v);
void hf_buf_u16(struct hf_buf *b, uint16_t v);
void hf_buf_u32(struct hf_buf *b, uint32_t v);
void hf_buf_u64(struct hf_buf *b, uint64_t v);
void hf_buf_text(struct hf_buf *b, const char *s);
HF_PRINTF(2, 3) void hf_buf_printf(struct hf_buf *b, const char *fmt, ...);
/* u32 length, then the bytes. */
void hf_buf_field(struct hf_buf *b, struct hf_span s);
/* Drops the first n bytes (n <= len). */
void hf_buf_drop(struct hf_buf *b, size_t n);

struct hf_reader {
	const uint8_t *ptr;
	size_t left;
	bool failed;
};

struct hf_reader hf_reader(struct hf_span s);
uint8_t hf_read_u8(struct hf_reader *r);
uint16_t hf_read_u16(struct hf_reader *r);
uint32_t hf_read_u32(struct hf_reader *r);
uint64_t hf_read_u64(struct hf_reader *r);
struct hf_span hf_read_bytes(struct hf_reader *r, size_t n);
/* A field of hf_buf_field(), failing when longer than `max`. Points into the input. */
struct hf_span hf_read_field(struct hf_reader *r, size_t max);
/* A field as NUL-terminated text in `to`; fails when it does not fit or holds a NUL. */
void hf_read_text(struct hf_reader *r, char *to, size_t cap);
/* HF_OK when nothing failed and nothing is left over, otherwise HF_INVALID. */
HF_MUST hf_status hf_reader_end(const struct hf_reader *r);

#endif
