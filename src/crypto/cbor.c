/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cbor.h"

static uint64_t read_value(struct hf_reader *r, uint8_t low)
{
	if (low < 24)
		return low;
	switch (low) {
	case 24:
		return hf_read_u8(r);
	case 25:
		return hf_read_u16(r);
	case 26:
		return hf_read_u32(r);
	case 27:
		return hf_read_u64(r);
	default: /* reserved, or of indefinite length */
		r->failed = true;
		return 0;
	}
}

struct cbor_head cbor_read_head(struct hf_reader *r)
{
	uint8_t first = hf_read_u8(r);
	struct cbor_head head = { .major = (enum cbor_major)(first >> 5) };

	head.value = read_value(r, first & 31);
	return head;
}

static struct hf_span read_content(struct hf_reader *r, uint64_t len)
{
	if (len > r->left) {
		r->failed = true;
		len = 0;
	}
	return hf_read_bytes(r, (size_t)len);
}

struct hf_span cbor_read_string(struct hf_reader *r, enum cbor_major which)
{
	struct cbor_head head = cbor_read_head(r);

	if (head.major != which)
		r->failed = true;
	return read_content(r, r->failed ? 0 : head.value);
}

uint64_t cbor_read_map(struct hf_reader *r)
{
	struct cbor_head head = cbor_read_head(r);

	if (head.major != CBOR_MAP || head.value > r->left / 2) /* a pair takes two bytes or more */
		r->failed = true;
	return r->failed ? 0 : head.value;
}

/* Each item takes a byte or more, so the input's length bounds the work. */
static void skip(struct hf_reader *r, int depth)
{
	struct cbor_head head = cbor_read_head(r);
	uint64_t inside = 0;

	switch (head.major) {
	case CBOR_UINT:
	case CBOR_NEGATIVE:
	case CBOR_SIMPLE:
		break;
	case CBOR_BYTES:
	case CBOR_TEXT:
		read_content(r, head.value);
		break;
	case CBOR_ARRAY:
		inside = head.value;
		break;
	case CBOR_MAP:
		inside = head.value > r->left ? UINT64_MAX : 2 * head.value;
		break;
	case CBOR_TAG:
		inside = 1;
		break;
	}
	if (inside > r->left || (inside && depth == CBOR_DEPTH_MAX))
		r->failed = true;
	for (uint64_t i = 0; i < inside && !r->failed; i++)
		skip(r, depth + 1);
}

struct hf_span cbor_read_item(struct hf_reader *r)
{
	const uint8_t *from = r->ptr;

	skip(r, 0);
	return r->failed ? HF_SPAN(NULL, 0) : HF_SPAN(from, (size_t)(r->ptr - from));
}
