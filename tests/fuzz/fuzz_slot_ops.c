/* SPDX-License-Identifier: Apache-2.0
 * slot_ops_decode(): a server's operations, at the gateway. */
#include "fuzz.h"

#include "op/slot_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct slot_ops o;
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(SLOT_LINK_BODY_MAX);
	struct hf_span in = HF_SPAN(data, size);

	if (!hf_ok(slot_ops_decode(in, &o)))
		return 0;
	slot_ops_encode(&again, &o);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	return 0;
}
