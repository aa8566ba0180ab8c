/* SPDX-License-Identifier: Apache-2.0
 * Amounts: the first byte is the decimals, the rest text. What is read and printed reads the same
 * again, and bytes as they are read print to what reads the same. */
#include "fuzz.h"

#include "chain/amount.h"

#include <string.h>

static void check(const struct chain_amount *a, unsigned decimals)
{
	char text[CHAIN_AMOUNT_TEXT_MAX];
	struct chain_amount again;

	chain_amount_print(a, decimals, text);
	FUZZ_CHECK(hf_ok(chain_amount_parse(text, decimals, &again)));
	FUZZ_CHECK(chain_amount_compare(a, &again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned decimals = size ? data[0] % (CHAIN_DECIMALS_MAX + 1) : 0;
	struct hf_span rest = size ? HF_SPAN(data + 1, size - 1) : HF_SPAN(NULL, 0);
	struct chain_amount a;
	char text[128];

	if (hf_ok(chain_amount_be(rest, &a)))
		check(&a, decimals);
	if (hf_ok(hf_span_to_text(rest, text, sizeof(text))) &&
	    hf_ok(chain_amount_parse(text, decimals, &a)))
		check(&a, decimals);
	return 0;
}
