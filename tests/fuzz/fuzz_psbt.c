/* SPDX-License-Identifier: Apache-2.0
 * psbt_read(), and kind Psbt of Bitcoin: what is read is written as it was, and what is signed can
 * be read again. */
#include "fuzz_chain.h"

#include "chain/psbt.h"

static void check_written(const struct psbt *p, struct hf_span in)
{
	HF_BUF_SCOPED struct hf_buf same = HF_BUF(PSBT_MAX), more = HF_BUF(2 * PSBT_MAX);
	HF_FREE struct hf_span *signatures = calloc(p->tx.n_inputs, sizeof(*signatures));
	static const uint8_t key[33] = { 2 };
	struct psbt again = { 0 };

	FUZZ_CHECK(signatures);
	FUZZ_CHECK(hf_ok(psbt_write(p, HF_SPAN(key, sizeof(key)), signatures, &same)));
	FUZZ_CHECK(hf_span_equal(hf_buf_span(&same), in));
	signatures[0] = hf_span_text("signature");
	FUZZ_CHECK(hf_ok(psbt_write(p, HF_SPAN(key, sizeof(key)), signatures, &more)));
	/* It may have grown beyond a limit, but never into something malformed. */
	FUZZ_CHECK(psbt_read(hf_buf_span(&more), &again, NULL).code != HF_INVALID);
	psbt_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"Bitcoin",
		KEY_SECP256K1,
		"03e6be69fe373e07962698243fb3d41b5b24e16a461866bd1813afcf9b53e1da6e",
		"Psbt",
		"psbt",
	};
	struct hf_span in = HF_SPAN(data, size);
	struct psbt p = { 0 };

	if (hf_ok(psbt_read(in, &p, NULL)))
		check_written(&p, in);
	psbt_done(&p);
	fuzz_chain(&chain, in);
	return 0;
}
