/* SPDX-License-Identifier: Apache-2.0
 * SubjectPublicKeyInfo from outside, and (first byte a curve, 128 added) points as tokens give
 * them. What is taken has one encoding, which is taken again and stays as it is. */
#include "fuzz.h"

#include "crypto/public_info.h"

#include <string.h>

static void from_der(struct hf_span in)
{
	struct public_info first, again;
	struct public_der der, der_again;

	if (!hf_ok(public_info_parse(in, &first)))
		return;
	FUZZ_CHECK(hf_ok(public_info_der(&first, &der)));
	FUZZ_CHECK(hf_ok(public_info_parse(HF_SPAN(der.bytes, der.len), &again)));
	FUZZ_CHECK(memcmp(&first, &again, sizeof(first)) == 0);
	FUZZ_CHECK(hf_ok(public_info_der(&again, &der_again)));
	FUZZ_CHECK(hf_span_equal(HF_SPAN(der.bytes, der.len),
	                         HF_SPAN(der_again.bytes, der_again.len)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct public_der der;

	if (size && data[0] > 128) {
		if (hf_ok(public_der_from_point((enum curve)(data[0] - 128),
		                                HF_SPAN(data + 1, size - 1), &der)))
			from_der(HF_SPAN(der.bytes, der.len));
		return 0;
	}
	from_der(HF_SPAN(data, size));
	return 0;
}
