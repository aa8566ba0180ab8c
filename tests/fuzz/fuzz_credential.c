/* SPDX-License-Identifier: Apache-2.0
 * A credential's PEM, as a field, and a signature over "challenge", the rest. */
#include "fuzz.h"

#include "crypto/credential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_reader r = hf_reader(HF_SPAN(data, size));
	struct hf_span pem = hf_read_field(&r, 2 * CREDENTIAL_PEM_MAX);
	struct credential_key *key = NULL;
	struct hf_err err = { 0 };

	if (!hf_ok(credential_key_parse(pem, &key, &err))) {
		FUZZ_CHECK(!key && err.text[0]);
		return 0;
	}
	hf_ignore(credential_verify(key, hf_span_text("challenge"), HF_SPAN(r.ptr, r.left)));
	credential_key_free(key);
	return 0;
}
