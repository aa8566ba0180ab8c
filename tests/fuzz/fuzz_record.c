/* SPDX-License-Identifier: Apache-2.0
 * record_decode(): a wrapped key as the database gives it. */
#include "fuzz.h"

#include "op/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(RECORD_ENCODED_MAX);
	struct hf_span in = HF_SPAN(data, size);
	struct key_record record;

	if (!hf_ok(record_decode(in, &record)))
		return 0;
	record_encode(&again, &record);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	return 0;
}
