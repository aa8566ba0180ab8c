/* SPDX-License-Identifier: Apache-2.0
 * poll_request_decode(): a driver's request, at the server. */
#include "fuzz.h"

#include "op/poll.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct poll_result results[POLL_BATCH_MAX];
	static uint64_t working[POLL_WORKING_MAX];
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(POLL_BODY_MAX);
	struct hf_span in = HF_SPAN(data, size);
	struct poll_request request = { .results = results, .working = working };

	if (!hf_ok(poll_request_decode(in, &request)))
		return 0;
	poll_request_encode(&again, &request);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	return 0;
}
