/* SPDX-License-Identifier: Apache-2.0 */
#include "http/chunks.h"

#include "base/text.h"
#include "http/header_rules.h"

void http_chunks_begin(struct http_chunks *c, uint64_t max)
{
	*c = (struct http_chunks){ .at = CHUNKS_AT_SIZE, .room = max };
}

static bool refuse(struct http_chunks *c, int status, const char *message)
{
	c->why = (struct http_refusal){ status, message };
	return false;
}

static bool malformed(struct http_chunks *c)
{
	return refuse(c, 400, "The chunks of the body are malformed.");
}

static bool go(struct http_chunks *c, enum http_chunks_at at)
{
	c->at = at;
	return true;
}

static bool expect(struct http_chunks *c, bool is_it, enum http_chunks_at then)
{
	return is_it ? go(c, then) : malformed(c);
}

static bool pass_over(struct http_chunks *c, uint8_t b)
{
	if (!http_is_field_value(HF_SPAN(&b, 1)))
		return malformed(c);
	if (c->aside == HTTP_CHUNKS_ASIDE_MAX)
		return refuse(c, 431, "There is too much beside the chunks of the body.");
	c->aside++;
	return true;
}

/* So many digits cannot overflow 64 bits. */
static bool on_digit(struct http_chunks *c, int value)
{
	if (c->digits == HTTP_CHUNK_DIGITS_MAX)
		return malformed(c);
	c->digits++;
	c->left = c->left << 4 | (uint64_t)value;
	if (c->left > c->room)
		return refuse(c, 413, "The body is longer than this path takes.");
	return true;
}

static bool on_size(struct http_chunks *c, uint8_t b)
{
	if (hf_hex_digit(b) >= 0)
		return on_digit(c, hf_hex_digit(b));
	if (c->digits && b == ';')
		return go(c, CHUNKS_AT_EXTENSION);
	return expect(c, c->digits && b == '\r', CHUNKS_AT_SIZE_END);
}

static bool on_size_end(struct http_chunks *c, uint8_t b)
{
	c->room -= c->left;
	c->digits = 0;
	return expect(c, b == '\n', c->left ? CHUNKS_AT_DATA : CHUNKS_AT_LINE);
}

/* A line that begins with a blank, which would continue the one before, begins with no name. */
static bool on_name(struct http_chunks *c, uint8_t b)
{
	if (c->at == CHUNKS_AT_LINE && b == '\r')
		return go(c, CHUNKS_AT_LAST);
	if (c->at == CHUNKS_AT_NAME && b == ':')
		return go(c, CHUNKS_AT_VALUE);
	return expect(c, http_is_token(HF_SPAN(&b, 1)), CHUNKS_AT_NAME) && pass_over(c, b);
}

/* A byte that is not the body's own; false: it may not stand there. */
static bool step(struct http_chunks *c, uint8_t b)
{
	switch (c->at) {
	case CHUNKS_AT_SIZE:
		return on_size(c, b);
	case CHUNKS_AT_EXTENSION:
		return b == '\r' ? go(c, CHUNKS_AT_SIZE_END) : pass_over(c, b);
	case CHUNKS_AT_SIZE_END:
		return on_size_end(c, b);
	case CHUNKS_AT_DATA_CR:
		return expect(c, b == '\r', CHUNKS_AT_DATA_END);
	case CHUNKS_AT_DATA_END:
		return expect(c, b == '\n', CHUNKS_AT_SIZE);
	case CHUNKS_AT_LINE:
	case CHUNKS_AT_NAME:
		return on_name(c, b);
	case CHUNKS_AT_VALUE:
		return b == '\r' ? go(c, CHUNKS_AT_VALUE_END) : pass_over(c, b);
	case CHUNKS_AT_VALUE_END:
		return expect(c, b == '\n', CHUNKS_AT_LINE);
	case CHUNKS_AT_LAST:
		return expect(c, b == '\n', CHUNKS_AT_END);
	case CHUNKS_AT_DATA:
	case CHUNKS_AT_END:
		break;
	}
	return false;
}

static void take(struct hf_span *in, size_t n)
{
	*in = HF_SPAN(in->ptr + n, in->len - n);
}

enum http_chunks_found http_chunks_next(struct http_chunks *c, struct hf_span *in,
                                        struct hf_span *ret)
{
	while (!c->why.status && c->at != CHUNKS_AT_END && in->len) {
		if (c->at == CHUNKS_AT_DATA) {
			size_t n = in->len < c->left ? in->len : (size_t)c->left;

			*ret = HF_SPAN(in->ptr, n);
			take(in, n);
			c->left -= n;
			if (c->left == 0)
				c->at = CHUNKS_AT_DATA_CR;
			return HTTP_CHUNKS_DATA;
		}
		if (step(c, in->ptr[0]))
			take(in, 1);
	}
	if (c->why.status)
		return HTTP_CHUNKS_BAD;
	return c->at == CHUNKS_AT_END ? HTTP_CHUNKS_DONE : HTTP_CHUNKS_MORE;
}
