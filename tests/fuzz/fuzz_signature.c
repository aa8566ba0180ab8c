/* SPDX-License-Identifier: Apache-2.0
 * signature_finish(): key type, scheme, hash, then fields: public key, input, signature. What is
 * released verifies, and finishing it again changes nothing. */
#include "fuzz.h"

#include "crypto/pubkey.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_reader r = hf_reader(HF_SPAN(data, size));
	enum key_type type = (enum key_type)hf_read_u8(&r);
	int scheme = hf_read_u8(&r);
	int hash = hf_read_u8(&r);
	struct hf_span pub = hf_read_field(&r, PUBLIC_KEY_MAX);
	struct hf_span input = hf_read_field(&r, SIGN_INPUT_MAX);
	struct hf_span raw = hf_read_field(&r, SIGNATURE_MAX);
	struct signature sig = { .len = raw.len, .recid = -1 }, before;

	if (!hf_ok(hf_reader_end(&r)))
		return 0;
	if (raw.len)
		memcpy(sig.bytes, raw.ptr, raw.len);
	before = sig;
	if (!hf_ok(signature_finish(type, pub, scheme, hash, input, &sig))) {
		FUZZ_CHECK(memcmp(&sig, &before, sizeof(sig)) == 0);
		return 0;
	}
	raw = HF_SPAN(sig.bytes, sig.len);
	FUZZ_CHECK(hf_ok(signature_verify(type, pub, scheme, hash, input, raw)));
	before = sig;
	FUZZ_CHECK(hf_ok(signature_finish(type, pub, scheme, hash, input, &sig)));
	FUZZ_CHECK(memcmp(&sig, &before, sizeof(sig)) == 0);
	return 0;
}
