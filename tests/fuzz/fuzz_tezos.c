/* SPDX-License-Identifier: Apache-2.0
 * Kind Transaction of Tezos. */
#include "fuzz_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"TezosGhostnet",
		KEY_ED25519,
		"4798d2cc98473d7e250c898885718afd2e4efbcb1a1595ab9730761ed830de0f",
		"Transaction",
		"transaction",
	};

	fuzz_chain(&chain, HF_SPAN(data, size));
	return 0;
}
