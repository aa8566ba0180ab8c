/* SPDX-License-Identifier: Apache-2.0
 * Base58, Bech32 and segwit addresses: what is taken is what writing it gives, but for the case of
 * letters; and any bytes that are written are read again. */
#include "fuzz.h"

#include "chain/base58.h"
#include "chain/bech32.h"

#include <ctype.h>

static void base58_text(struct hf_span in)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(BASE58_BYTES_MAX), text = HF_BUF(512);

	if (!hf_ok(base58_decode(BASE58_XRPL, in, &bytes)))
		return;
	FUZZ_CHECK(hf_ok(base58_encode(BASE58_XRPL, hf_buf_span(&bytes), &text)));
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&text), in));
}

static void base58_bytes(struct hf_span in)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(BASE58_BYTES_MAX), text = HF_BUF(512);

	if (!hf_ok(base58check_encode(BASE58_BITCOIN, in, &text)))
		return;
	FUZZ_CHECK(hf_ok(base58check_decode(BASE58_BITCOIN, hf_buf_span(&text), &bytes)));
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&bytes), in));
}

static void same_letters(struct hf_span a, struct hf_span b)
{
	FUZZ_CHECK(a.len == b.len);
	for (size_t i = 0; i < a.len; i++)
		FUZZ_CHECK(tolower(a.ptr[i]) == tolower(b.ptr[i]));
}

static void bech32_text(struct hf_span in)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(512), text = HF_BUF(512);

	if (!hf_ok(bech32_decode(BECH32, "cosmos", in, &bytes)))
		return;
	FUZZ_CHECK(hf_ok(bech32_encode(BECH32, "cosmos", hf_buf_span(&bytes), &text)));
	same_letters(hf_buf_span(&text), in);
}

static void segwit_text(struct hf_span in)
{
	HF_BUF_SCOPED struct hf_buf program = HF_BUF(SEGWIT_PROGRAM_MAX), text = HF_BUF(512);
	unsigned version;

	if (!hf_ok(segwit_decode("bc", in, &version, &program)))
		return;
	FUZZ_CHECK(hf_ok(segwit_encode("bc", version, hf_buf_span(&program), &text)));
	same_letters(hf_buf_span(&text), in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hf_span in = HF_SPAN(data, size);

	base58_text(in);
	base58_bytes(in);
	bech32_text(in);
	segwit_text(in);
	return 0;
}
