/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/secret.h"

#include <stdio.h>
#include <string.h>

struct hf_span hf_span_text(const char *s)
{
	return HF_SPAN(s, s ? strlen(s) : 0);
}

bool hf_span_equal(struct hf_span a, struct hf_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool hf_span_is(struct hf_span a, const char *text)
{
	return hf_span_equal(a, hf_span_text(text));
}

hf_status hf_span_to_text(struct hf_span from, char *to, size_t cap)
{
	HF_ENSURE(from.len < cap, HF_TOOBIG);
	HF_ENSURE(from.len == 0 || !memchr(from.ptr, 0, from.len), HF_INVALID);
	if (from.len)
		memcpy(to, from.ptr, from.len);
	to[from.len] = 0;
	return HF_SUCCESS;
}

/* What lies from `at` on is no longer part of it. */
static void let_go(struct hf_buf *b, size_t at)
{
	if (b->secret && b->len > at)
		hf_wipe(b->ptr + at, b->len - at);
	b->len = at;
}

void hf_buf_done(struct hf_buf *b)
{
	struct hf_buf empty = { .max = b->max, .secret = b->secret };

	let_go(b, 0);
	free(b->ptr);
	*b = empty;
}

void hf_buf_clear(struct hf_buf *b)
{
	let_go(b, 0);
	b->failed = HF_OK;
}

struct hf_span hf_buf_span(const struct hf_buf *b)
{
	return HF_SPAN(b->ptr, b->len);
}

hf_status hf_buf_status(const struct hf_buf *b)
{
	return HF_FAILURE(b->failed);
}

/* realloc(), which may leave a copy behind, for what is no secret. */
static uint8_t *move(const struct hf_buf *b, size_t cap)
{
	uint8_t *p;

	if (!b->secret)
		return realloc(b->ptr, cap);
	p = malloc(cap);
	if (!p)
		return NULL;
	if (b->len) {
		memcpy(p, b->ptr, b->len);
		hf_wipe(b->ptr, b->len);
	}
	free(b->ptr);
	return p;
}

static bool enlarge(struct hf_buf *b, size_t cap)
{
	uint8_t *p = move(b, cap);

	if (!p) {
		b->failed = HF_NOMEM;
		return false;
	}
	b->ptr = p;
	b->cap = cap;
	return true;
}

static bool make_room(struct hf_buf *b, size_t n)
{
	size_t need, cap;

	if (b->failed != HF_OK)
		return false;
	if (n > b->max || b->len > b->max - n) {
		b->failed = HF_TOOBIG;
		return false;
	}
	need = b->len + n;
	if (need <= b->cap)
		return true;
	cap = b->cap ? b->cap : 256;
	while (cap < need)
		cap *= 2;
	return enlarge(b, cap < b->max ? cap : b->max);
}

void hf_buf_reserve(struct hf_buf *b, size_t n)
{
	size_t left = b->max - b->len, cap = b->len + (n < left ? n : left);

	if (b->failed == HF_OK && cap > b->cap)
		enlarge(b, cap);
}

uint8_t *hf_buf_grow(struct hf_buf *b, size_t n)
{
	uint8_t *at;

	if (!make_room(b, n ? n : 1))
		return NULL;
	at = b->ptr + b->len;
	b->len += n;
	return at;
}

void hf_buf_put(struct hf_buf *b, const void *p, size_t n)
{
	uint8_t *at;

	if (n == 0)
		return;
	at = hf_buf_grow(b, n);
	if (at)
		memcpy(at, p, n);
}

void hf_buf_u8(struct hf_buf *b, uint8_t v)
{
	hf_buf_put(b, &v, 1);
}

static void put_be(struct hf_buf *b, uint64_t v, unsigned n)
{
	uint8_t at[8];

	for (unsigned i = 0; i < n; i++)
		at[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	hf_buf_put(b, at, n);
}

void hf_buf_u16(struct hf_buf *b, uint16_t v)
{
	put_be(b, v, 2);
}

void hf_buf_u32(struct hf_buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void hf_buf_u64(struct hf_buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void hf_buf_text(struct hf_buf *b, const char *s)
{
	hf_buf_put(b, s, strlen(s));
}

/* Into the room that is there; once more when that is not enough. What is secret is measured first,
 * so that no piece of it lies beyond the end. */
void hf_buf_printf(struct hf_buf *b, const char *fmt, ...)
{
	size_t room = b->failed != HF_OK || b->secret ? 0 : b->cap - b->len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(room ? (char *)b->ptr + b->len : NULL, room, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= room) {
		if (!make_room(b, (size_t)n + 1))
			return;
		va_start(args, fmt);
		vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, fmt, args);
		va_end(args);
	}
	b->len += (size_t)n;
}

void hf_buf_field(struct hf_buf *b, struct hf_span s)
{
	if (s.len > UINT32_MAX) {
		b->failed = HF_TOOBIG;
		return;
	}
	hf_buf_u32(b, (uint32_t)s.len);
	hf_buf_put(b, s.ptr, s.len);
}

void hf_buf_drop(struct hf_buf *b, size_t n)
{
	if (n == 0)
		return;
	memmove(b->ptr, b->ptr + n, b->len - n);
	let_go(b, b->len - n);
}

struct hf_reader hf_reader(struct hf_span s)
{
	return (struct hf_reader){ .ptr = s.ptr, .left = s.len };
}

struct hf_span hf_read_bytes(struct hf_reader *r, size_t n)
{
	struct hf_span out;

	if (r->failed || n > r->left) {
		r->failed = true;
		return HF_SPAN(NULL, 0);
	}
	out = HF_SPAN(r->ptr, n);
	if (n)
		r->ptr += n;
	r->left -= n;
	return out;
}

static uint64_t read_be(struct hf_reader *r, unsigned n)
{
	struct hf_span s = hf_read_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

uint8_t hf_read_u8(struct hf_reader *r)
{
	return (uint8_t)read_be(r, 1);
}

uint16_t hf_read_u16(struct hf_reader *r)
{
	return (uint16_t)read_be(r, 2);
}

uint32_t hf_read_u32(struct hf_reader *r)
{
	return (uint32_t)read_be(r, 4);
}

uint64_t hf_read_u64(struct hf_reader *r)
{
	return read_be(r, 8);
}

struct hf_span hf_read_field(struct hf_reader *r, size_t max)
{
	uint32_t n = hf_read_u32(r);

	if (n > max)
		r->failed = true;
	return hf_read_bytes(r, n);
}

void hf_read_text(struct hf_reader *r, char *to, size_t cap)
{
	struct hf_span s = hf_read_field(r, cap - 1);

	if (r->failed || !hf_ok(hf_span_to_text(s, to, cap))) {
		r->failed = true;
		to[0] = 0;
	}
}

hf_status hf_reader_end(const struct hf_reader *r)
{
	HF_ENSURE(!r->failed && r->left == 0, HF_INVALID);
	return HF_SUCCESS;
}
