/* SPDX-License-Identifier: Apache-2.0
 * Kind Transaction of the XRP Ledger. */
#include "fuzz_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_chain chain = {
		"XrpLedger",
		KEY_ED25519,
		"a57ebbcb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f0",
		"Transaction",
		"transaction",
	};

	fuzz_chain(&chain, HF_SPAN(data, size));
	return 0;
}
