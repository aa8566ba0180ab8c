/* SPDX-License-Identifier: Apache-2.0
 * Kind Transaction of Tron. */
#include "fuzz_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"TronNile",
		KEY_SECP256K1,
		"02128f7a8f229b11b5a965382b74259499f2f82e873a2334534ae1c8472a906b2f",
		"Transaction",
		"transaction",
	};

	fuzz_chain(&chain, HF_SPAN(data, size));
	return 0;
}
