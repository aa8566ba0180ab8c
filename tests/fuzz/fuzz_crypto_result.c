/* SPDX-License-Identifier: Apache-2.0
 * crypto_result_decode(): what a process with a vendor's library says, and a gateway; and the keys
 * of its list. */
#include "fuzz.h"

#include "op/crypto_op.h"

static void check_list(struct hf_span list)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(CRYPTO_DATA_MAX);
	struct hf_reader r = hf_reader(list);
	struct key_shape key;
	hf_status s;

	while (hf_ok(s = crypto_list_next(&r, &key)))
		crypto_list_add(&again, &key);
	FUZZ_CHECK(s.code != HF_NOTFOUND || hf_span_equal(list, hf_buf_span(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(CRYPTO_RESULT_ENCODED_MAX + CRYPTO_DATA_MAX);
	struct hf_span in = HF_SPAN(data, size);
	struct crypto_result result;

	if (!hf_ok(crypto_result_decode(in, &result)))
		return 0;
	crypto_result_encode(&again, &result);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	check_list(result.list);
	return 0;
}
