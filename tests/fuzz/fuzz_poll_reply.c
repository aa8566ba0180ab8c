/* SPDX-License-Identifier: Apache-2.0
 * poll_reply_decode(): the server's answer, at a driver. */
#include "fuzz.h"

#include "op/poll.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct poll_job jobs[POLL_BATCH_MAX];
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(POLL_BODY_MAX);
	struct hf_span in = HF_SPAN(data, size);
	struct poll_reply reply = { .jobs = jobs };

	if (!hf_ok(poll_reply_decode(in, &reply)))
		return 0;
	poll_reply_encode(&again, &reply);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	return 0;
}
