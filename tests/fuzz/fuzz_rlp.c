/* SPDX-License-Identifier: Apache-2.0
 * rlp_read(), into lists too: what is taken is what writing it gives. */
#include "fuzz.h"

#include "chain/rlp.h"

#include <string.h>

static void check(const struct rlp_item *item, unsigned depth)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(1u << 24);
	struct hf_reader r = hf_reader(item->payload);
	struct rlp_item inner;

	if (item->list) {
		rlp_put_list_header(&again, item->payload.len);
		hf_buf_put(&again, item->payload.ptr, item->payload.len);
	} else {
		rlp_put(&again, item->payload);
	}
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&again), item->whole));
	while (item->list && depth && r.left && hf_ok(rlp_read(&r, &inner)))
		check(&inner, depth - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_reader r = hf_reader(HF_SPAN(data, size));
	struct rlp_item item;

	while (r.left && hf_ok(rlp_read(&r, &item)))
		check(&item, 4);
	return 0;
}
