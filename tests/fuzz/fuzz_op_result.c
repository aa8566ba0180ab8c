/* SPDX-License-Identifier: Apache-2.0
 * op_result_decode(): what a server takes from a driver, and a driver from its signer. */
#include "fuzz.h"

#include "op/op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(OP_RESULT_ENCODED_MAX);
	struct hf_span in = HF_SPAN(data, size);
	struct op_result result;

	if (!hf_ok(op_result_decode(in, &result)))
		return 0;
	op_result_encode(&again, &result);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	return 0;
}
