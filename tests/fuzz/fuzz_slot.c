/* SPDX-License-Identifier: Apache-2.0
 * A selector that is taken selects a token of just those names. */
#include "fuzz.h"

#include "base/buf.h"
#include "p11/slot.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct p11_token token = { 0 };
	struct slot_selector s;
	char text[512];
	struct hf_err err;

	if (!hf_ok(hf_span_to_text(HF_SPAN(data, size), text, sizeof(text))))
		return 0;
	if (!hf_ok(slot_selector_parse(text, &s, &err)))
		return 0;
	strcpy(token.label, s.label);
	strcpy(token.manufacturer, s.manufacturer);
	strcpy(token.model, s.model);
	strcpy(token.serial, s.serial);
	token.slot = s.by_number ? s.number : 1;
	FUZZ_CHECK(slot_selector_matches(&s, &token));
	return 0;
}
