/* SPDX-License-Identifier: Apache-2.0
 * What decodes encodes to the same bytes; an empty file is an empty index. */
#include "fuzz.h"

#include "pki/ca_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(CA_INDEX_MAX);
	HF_CLEANUP(ca_index_done) struct ca_index index = { 0 };

	if (!hf_ok(ca_index_decode(HF_SPAN(data, size), &index, NULL)) || size == 0)
		return 0;
	ca_index_encode(&again, &index);
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&again), HF_SPAN(data, size)));
	return 0;
}
