/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/le.h"

uint64_t le_read(struct hf_reader *r, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)hf_read_u8(r) << (8 * i);
	return v;
}

void le_put(struct hf_buf *to, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		hf_buf_u8(to, (uint8_t)(v >> (8 * i)));
}

uint64_t compact_read(struct hf_reader *r)
{
	uint8_t first = hf_read_u8(r);
	uint64_t v, least;

	if (first < 0xfd)
		return first;
	v = le_read(r, 1u << (first - 0xfc));
	least = first == 0xfd ? 0xfd : 1ull << (first == 0xfe ? 16 : 32);
	if (v < least)
		r->failed = true;
	return r->failed ? 0 : v;
}

static void compact_put(struct hf_buf *to, uint64_t v)
{
	unsigned size = v < 0xfd ? 0 : v <= UINT16_MAX ? 1 : v <= UINT32_MAX ? 2 : 3;

	if (size)
		hf_buf_u8(to, (uint8_t)(0xfc + size));
	le_put(to, v, 1u << size);
}

struct hf_span compact_bytes(struct hf_reader *r)
{
	uint64_t n = compact_read(r);

	if (n > r->left)
		r->failed = true;
	return r->failed ? (struct hf_span){ 0 } : hf_read_bytes(r, (size_t)n);
}

void compact_put_bytes(struct hf_buf *to, struct hf_span bytes)
{
	compact_put(to, bytes.len);
	hf_buf_put(to, bytes.ptr, bytes.len);
}
