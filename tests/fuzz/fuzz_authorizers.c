/* SPDX-License-Identifier: Apache-2.0
 * The file of authorizers: whatever is read is in order, and each of its credentials is found. */
#include "fuzz.h"

#include "proof/authorizers.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTHORIZERS_SCOPED struct authorizers *a = NULL;
	struct hf_err err = { 0 };

	if (size > 65536)
		return 0;
	if (!hf_ok(authorizers_parse(HF_SPAN(data, size), &a, &err))) {
		FUZZ_CHECK(!a && err.text[0]);
		return 0;
	}
	for (size_t i = 0; i < a->n_credentials; i++)
		FUZZ_CHECK(authorizers_find(a, a->credentials[i].verifier.id) ==
		           &a->credentials[i]);
	for (size_t i = 0; i < a->n_rules; i++)
		for (size_t k = 0; k < a->rules[i].keys.n; k++)
			FUZZ_CHECK(authorizers_age_s(a, a->rules[i].keys.texts[k]) > 0);
	return 0;
}
