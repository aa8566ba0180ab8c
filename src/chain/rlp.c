/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/rlp.h"

#define SHORT_MAX 55 /* longest payload whose length fits in the first byte */
#define STRING 0x80
#define LIST 0xc0

/* A length of its own: no leading zero, and not one that fits in the first byte. */
static hf_status read_length(struct hf_reader *r, unsigned bytes, size_t *ret)
{
	struct hf_span be = hf_read_bytes(r, bytes);
	uint64_t len = 0;

	HF_ENSURE(!r->failed && bytes <= 4 && be.ptr[0] != 0, HF_INVALID);
	for (size_t i = 0; i < be.len; i++)
		len = len << 8 | be.ptr[i];
	HF_ENSURE(len > SHORT_MAX, HF_INVALID);
	*ret = (size_t)len;
	return HF_SUCCESS;
}

hf_status rlp_read(struct hf_reader *r, struct rlp_item *ret)
{
	const uint8_t *start = r->ptr;
	uint8_t first = hf_read_u8(r);
	struct rlp_item item = { .list = first >= LIST };
	unsigned base = item.list ? LIST : STRING;
	size_t len;

	HF_ENSURE(!r->failed, HF_INVALID);
	if (first < STRING) {
		ret->list = false;
		ret->payload = ret->whole = HF_SPAN(start, 1);
		return HF_SUCCESS;
	}
	len = first - base;
	if (len > SHORT_MAX)
		HF_TRY(read_length(r, (unsigned)(len - SHORT_MAX), &len));
	item.payload = hf_read_bytes(r, len);
	HF_ENSURE(!r->failed, HF_INVALID);
	/* a small byte stands for itself */
	HF_ENSURE(item.list || len != 1 || item.payload.ptr[0] >= STRING, HF_INVALID);
	item.whole = HF_SPAN(start, r->ptr - start);
	*ret = item;
	return HF_SUCCESS;
}

hf_status rlp_items(struct hf_span payload, struct rlp_item *items, size_t max, size_t *ret_n)
{
	struct hf_reader r = hf_reader(payload);
	size_t n = 0;

	for (; r.left; n++) {
		HF_ENSURE(n < max, HF_TOOBIG);
		HF_TRY(rlp_read(&r, &items[n]));
	}
	*ret_n = n;
	return HF_SUCCESS;
}

static void put_header(struct hf_buf *to, unsigned base, size_t len)
{
	unsigned bytes = 0;

	if (len <= SHORT_MAX) {
		hf_buf_u8(to, (uint8_t)(base + len));
		return;
	}
	while (bytes < sizeof(len) && len >> 8 * bytes)
		bytes++;
	hf_buf_u8(to, (uint8_t)(base + SHORT_MAX + bytes));
	while (bytes)
		hf_buf_u8(to, (uint8_t)(len >> 8 * --bytes));
}

void rlp_put(struct hf_buf *to, struct hf_span string)
{
	if (string.len != 1 || string.ptr[0] >= STRING)
		put_header(to, STRING, string.len);
	hf_buf_put(to, string.ptr, string.len);
}

void rlp_put_number(struct hf_buf *to, struct hf_span be)
{
	while (be.len && be.ptr[0] == 0)
		be = HF_SPAN(be.ptr + 1, be.len - 1);
	rlp_put(to, be);
}

void rlp_put_u64(struct hf_buf *to, uint64_t v)
{
	uint8_t be[8];

	for (size_t i = 0; i < 8; i++)
		be[i] = (uint8_t)(v >> 8 * (7 - i));
	rlp_put_number(to, HF_SPAN(be, 8));
}

void rlp_put_list_header(struct hf_buf *to, size_t payload_len)
{
	put_header(to, LIST, payload_len);
}
