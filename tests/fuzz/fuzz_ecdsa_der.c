/* SPDX-License-Identifier: Apache-2.0
 * A width, then an ECDSA signature in DER: what is read has this one spelling. */
#include "fuzz.h"

#include "crypto/ecdsa_der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(ECDSA_DER_MAX);
	uint8_t raw[2 * ECDSA_HALF_MAX];
	struct hf_span der = HF_SPAN(data + 1, size - 1);

	if (!size || !hf_ok(ecdsa_der_read(der, data[0], raw)))
		return 0;
	if (hf_ok(ecdsa_der_make(HF_SPAN(raw, 2u * data[0]), &again)))
		FUZZ_CHECK(hf_span_equal(hf_buf_span(&again), der));
	return 0;
}
