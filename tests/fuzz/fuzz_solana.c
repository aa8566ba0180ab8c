/* SPDX-License-Identifier: Apache-2.0
 * Kind Transaction of Solana. */
#include "fuzz_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"Solana",
		KEY_ED25519,
		"b25c8c464080ab2835a166d2b3f13195c2ff3c8f281c7ebe492f0d45d830ff48",
		"Transaction",
		"transaction",
	};

	fuzz_chain(&chain, HF_SPAN(data, size));
	return 0;
}
