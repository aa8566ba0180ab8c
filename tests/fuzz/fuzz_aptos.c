/* SPDX-License-Identifier: Apache-2.0
 * Kind Transaction of Aptos. */
#include "fuzz_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"AptosTestnet",
		KEY_ED25519,
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		"Transaction",
		"transaction",
	};

	fuzz_chain(&chain, HF_SPAN(data, size));
	return 0;
}
