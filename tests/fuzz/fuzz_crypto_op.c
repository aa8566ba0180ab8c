/* SPDX-License-Identifier: Apache-2.0
 * crypto_op_decode(): what a gateway is sent, a driver takes out of the queue, and a signer from
 * its host. */
#include "fuzz.h"

#include "op/crypto_op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(CRYPTO_OP_ENCODED_MAX);
	struct hf_span in = HF_SPAN(data, size);
	struct crypto_op op;

	if (!hf_ok(crypto_op_decode(in, &op, NULL)))
		return 0;
	crypto_op_encode(&again, &op);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	return 0;
}
