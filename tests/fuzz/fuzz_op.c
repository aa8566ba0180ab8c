/* SPDX-License-Identifier: Apache-2.0
 * op_decode(): what a driver takes out of the queue, and a signer from its host. */
#include "fuzz.h"

#include "op/op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(OP_ENCODED_MAX);
	struct hf_span in = HF_SPAN(data, size);
	struct op op;

	if (!hf_ok(op_decode(in, &op, NULL)))
		return 0;
	op_encode(&again, &op);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	return 0;
}
