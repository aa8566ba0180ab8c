/* SPDX-License-Identifier: Apache-2.0
 * Kind SignDocDirect of Cosmos. */
#include "fuzz_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"CosmosHub4",
		KEY_SECP256K1,
		"0286a1b7ce6ae2b5b33c47d0b6c91bb28e4cdb786d15f4497adcdaa69640ca0db5",
		"SignDocDirect",
		"signDoc",
	};

	fuzz_chain(&chain, HF_SPAN(data, size));
	return 0;
}
