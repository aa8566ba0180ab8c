/* SPDX-License-Identifier: Apache-2.0
 * json_parse(). What is taken has a canonical form, and that is its own canonical form. What
 * json_plain() reads is valid for jansson too, and the same. */
#include "fuzz.h"

#include "json/plain.h"
#include "json/read.h"

#include <jansson.h>

#define MAX (64u << 10)

static void compare(struct hf_span text)
{
	JSON_SCOPED struct json_t *plain = json_plain(text), *judged = NULL;

	if (!plain)
		return;
	judged = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
	FUZZ_CHECK(judged && json_equal(plain, judged));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf once = HF_BUF(8 * MAX), twice = HF_BUF(8 * MAX);
	JSON_SCOPED struct json_t *doc = NULL, *again = NULL;
	struct hf_err err;

	compare(HF_SPAN(data, size));
	if (!hf_ok(json_parse(HF_SPAN(data, size), MAX, &doc, &err)))
		return 0;
	FUZZ_CHECK(hf_ok(json_canonical(doc, &once)));
	FUZZ_CHECK(hf_ok(json_parse(hf_buf_span(&once), 8 * MAX, &again, NULL)));
	FUZZ_CHECK(hf_ok(json_canonical(again, &twice)));
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&once), hf_buf_span(&twice)));
	return 0;
}
