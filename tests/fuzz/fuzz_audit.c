/* SPDX-License-Identifier: Apache-2.0
 * The audit log from outside: lines of an exported file, checkpoints, entries and their formats.
 * What is taken and written again is the same. */
#include "fuzz.h"

#include "audit/bundle.h"
#include "audit/formats.h"
#include "audit/verify.h"

#include <string.h>

static void fuzz_line(struct hf_span in)
{
	static struct bundle_line line;
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(1u << 20);

	if (!hf_ok(bundle_parse(in, &line, NULL)) || line.kind != BUNDLE_ENTRY)
		return;
	bundle_put_entry(&again, line.leaf, &line.hash, line.entry);
	/* leading zeros of the number and other base64 are another spelling */
	if (hf_ok(hf_buf_status(&again)))
		FUZZ_CHECK(again.len > line.entry.len);
}

static void fuzz_checkpoint(struct hf_span in)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(CHECKPOINT_TEXT_MAX);
	struct checkpoint_key key = { .type = KEY_ED25519, .public_key.len = 32 };
	struct checkpoint c;

	if (hf_ok(checkpoint_text_parse(in, &c))) {
		checkpoint_text(&again, &c);
		FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	}
	(void)checkpoint_open(in, &key, 1, &c, NULL).code;
}

static void fuzz_entry(struct hf_span in)
{
	static const enum audit_format formats[] = { AUDIT_RFC5424, AUDIT_CEF, AUDIT_OCSF };
	ENTRY_SCOPED e = { 0 };

	if (!hf_ok(entry_parse(in, &e, NULL)))
		return;
	for (size_t i = 0; i < HF_COUNT(formats); i++) {
		HF_BUF_SCOPED struct hf_buf text = HF_BUF(FORMAT_LINE_MAX);

		if (hf_ok(format_syslog(&text, formats[i], &e, 7, "host")))
			FUZZ_CHECK(!memchr(text.ptr, '\n', text.len));
	}
}

static void fuzz_file(struct hf_span in)
{
	const struct verify_config config = { 0 };
	HF_CLEANUP(verify_free_at) struct verify *v = NULL;
	struct verify_summary sum;

	if (!hf_ok(verify_new(&config, &v)))
		return;
	while (in.len) {
		const uint8_t *end = memchr(in.ptr, '\n', in.len);
		size_t n = end ? (size_t)(end - in.ptr) : in.len;

		if (!hf_ok(verify_line(v, HF_SPAN(in.ptr, n), NULL)))
			return;
		n += end != NULL;
		in = HF_SPAN(in.ptr + n, in.len - n);
	}
	(void)verify_end(v, &sum, NULL).code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hf_span in = HF_SPAN(data, size);

	fuzz_line(in);
	fuzz_checkpoint(in);
	fuzz_entry(in);
	fuzz_file(in);
	return 0;
}
