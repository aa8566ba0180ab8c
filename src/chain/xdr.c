/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/xdr.h"

struct hf_span xdr_opaque(struct hf_reader *r, size_t max)
{
	struct hf_span data = hf_read_field(r, max);
	struct hf_span padding = hf_read_bytes(r, (4 - data.len % 4) % 4);

	for (size_t i = 0; i < padding.len; i++)
		if (padding.ptr[i] != 0)
			r->failed = true;
	return r->failed ? (struct hf_span){ 0 } : data;
}

bool xdr_bool(struct hf_reader *r)
{
	return xdr_count(r, 1) == 1;
}

uint32_t xdr_count(struct hf_reader *r, uint32_t max)
{
	uint32_t n = hf_read_u32(r);

	if (n > max)
		r->failed = true;
	return r->failed ? 0 : n;
}
