/* SPDX-License-Identifier: Apache-2.0
 * Kind Transaction of Stellar, which is all that reads XDR. */
#include "fuzz_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"StellarTestnet",
		KEY_ED25519,
		"d6319d6ad33ba335eb96bf1355a5d930d95f2894067023e15d6046eb698de337",
		"Transaction",
		"transaction",
	};

	fuzz_chain(&chain, HF_SPAN(data, size));
	return 0;
}
