/* SPDX-License-Identifier: Apache-2.0
 * cbor_item(), and kind Transaction of Cardano. */
#include "fuzz_chain.h"

#include "chain/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"CardanoPreprod",
		KEY_ED25519,
		"b6332924a382b07808174ae732e8f7ffc32f9955197f25e8b92e93ac6924658a",
		"Transaction",
		"transaction",
	};

	struct hf_reader r = hf_reader(HF_SPAN(data, size));
	struct hf_span item;

	if (hf_ok(cbor_item(&r, &item)))
		FUZZ_CHECK(item.ptr == data && item.len + r.left == size);
	fuzz_chain(&chain, HF_SPAN(data, size));
	return 0;
}
