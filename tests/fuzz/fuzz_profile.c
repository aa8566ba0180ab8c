/* SPDX-License-Identifier: Apache-2.0
 * What decodes encodes to the same bytes. */
#include "fuzz.h"

#include "p11/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(4096);
	struct p11_profile profile;

	if (!hf_ok(p11_profile_decode(HF_SPAN(data, size), &profile)))
		return 0;
	p11_profile_encode(&again, &profile);
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&again), HF_SPAN(data, size)));
	return 0;
}
