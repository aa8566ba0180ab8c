/* SPDX-License-Identifier: Apache-2.0
 * Kind Transaction of the EVM. */
#include "fuzz_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"EthereumSepolia",
		KEY_SECP256K1,
		"024bc2a31265153f07e70e0bab08724e6b85e217f8cd628ceb62974247bb493382",
		"Transaction",
		"transaction",
	};

	fuzz_chain(&chain, HF_SPAN(data, size));
	return 0;
}
