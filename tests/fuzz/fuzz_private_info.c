/* SPDX-License-Identifier: Apache-2.0
 * PKCS#8 from outside. What is taken is written in one way, which is taken again and gives the same
 * numbers. */
#include "fuzz.h"

#include "crypto/private_info.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct private_info first, again;
	struct hf_secret der, der_again;

	if (!hf_ok(private_info_parse(HF_SPAN(data, size), &first)))
		return 0;
	FUZZ_CHECK(hf_ok(private_info_der(&first, &der)));
	FUZZ_CHECK(hf_ok(private_info_parse(HF_SPAN(der.ptr, der.len), &again)));
	FUZZ_CHECK(memcmp(&first.public, &again.public, sizeof(first.public)) == 0);
	FUZZ_CHECK(hf_secret_equal(&first.values, again.values.ptr, again.values.len));
	FUZZ_CHECK(hf_ok(private_info_der(&again, &der_again)));
	FUZZ_CHECK(hf_secret_equal(&der, der_again.ptr, der_again.len));
	hf_secret_done(&der);
	hf_secret_done(&der_again);
	private_info_done(&first);
	private_info_done(&again);
	return 0;
}
