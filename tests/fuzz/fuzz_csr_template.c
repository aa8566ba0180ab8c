/* SPDX-License-Identifier: Apache-2.0
 * A template that decodes, encodes to one that means the same. */
#include "fuzz.h"

#include "pki/csr_template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf once = HF_BUF(TEMPLATE_TEXT_MAX);
	HF_BUF_SCOPED struct hf_buf twice = HF_BUF(TEMPLATE_TEXT_MAX);
	struct csr_template first, second;

	if (!hf_ok(csr_template_decode(HF_SPAN(data, size), &first, NULL)))
		return 0;
	csr_template_encode(&once, &first);
	FUZZ_CHECK(hf_ok(csr_template_decode(hf_buf_span(&once), &second, NULL)));
	csr_template_encode(&twice, &second);
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&once), hf_buf_span(&twice)));
	return 0;
}
