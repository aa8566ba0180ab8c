/* SPDX-License-Identifier: Apache-2.0
 * msgpack_item(), and kind Transaction of Algorand. */
#include "fuzz_chain.h"

#include "chain/msgpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"Algorand",
		KEY_ED25519,
		"1256a859b39429ee178e0a65056fb33d51c5139044f6a2603c144278010c7684",
		"Transaction",
		"transaction",
	};

	struct hf_reader r = hf_reader(HF_SPAN(data, size));
	struct hf_span item;

	if (hf_ok(msgpack_item(&r, &item)))
		FUZZ_CHECK(item.ptr == data && item.len + r.left == size);
	fuzz_chain(&chain, HF_SPAN(data, size));
	return 0;
}
