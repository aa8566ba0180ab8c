/* SPDX-License-Identifier: Apache-2.0
 * Formats of tokens as callers send them, a NUL, and a text. What is of a format comes out of its
 * numerals as it went in; no text of a format that was taken has few others like it. */
#include "fuzz.h"

#include "crypto/ff1.h"
#include "json/read.h"
#include "server/core/crypto/fpe_format.h"

#include <string.h>

static void check_text(const struct fpe_format *f, struct hf_span text)
{
	HF_CLEANUP(fpe_plan_free_at) struct fpe_plan *p = NULL;
	HF_BUF_SCOPED struct hf_buf same = HF_BUF(FPE_NUMERALS_MAX);
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(8 * FPE_TEXT_MAX);
	struct hf_err err;

	if (!hf_ok(fpe_plan_new(f, text, &p, &err)))
		return;
	FUZZ_CHECK(ff1_has_domain(p->radix, p->numerals.len / 2));
	FUZZ_CHECK(p->tweak.len <= FF1_TWEAK_MAX);
	hf_buf_put(&same, p->numerals.ptr, p->numerals.len);
	FUZZ_CHECK(hf_ok(fpe_plan_finish(p, hf_buf_span(&same), false, &out, &err)));
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&out), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	HF_CLEANUP(fpe_format_free_at) struct fpe_format *f = NULL;
	JSON_SCOPED struct json_t *doc = NULL;
	struct hf_err err;

	if (!end ||
	    !hf_ok(json_parse(HF_SPAN(data, (size_t)(end - data)), FPE_OPTIONS_MAX, &doc, &err)))
		return 0;
	if (hf_ok(fpe_format_parse(doc, &f, &err)))
		check_text(f, HF_SPAN(end + 1, (size_t)(data + size - end - 1)));
	return 0;
}
