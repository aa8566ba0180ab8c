/* SPDX-License-Identifier: Apache-2.0
 * What an authenticator is said to have made: first byte even, an attestation object; odd,
 * authenticator data and a signature, which no input can make verify. */
#include "fuzz.h"

#include "crypto/webauthn.h"

#include <string.h>

static const struct webauthn_party party = { .rp_id = "bank.example" };

static void attestation(struct hf_span in)
{
	struct webauthn_credential c;
	struct credential_key *key;
	struct hf_err err;

	if (!hf_ok(webauthn_register(&party, hf_span_text("{}"), in, &c, &err)))
		return;
	FUZZ_CHECK(c.id_len > 0 && c.id_len <= WEBAUTHN_ID_MAX);
	FUZZ_CHECK(hf_ok(credential_key_parse(hf_span_text(c.pem), &key, &err)));
	credential_key_free(key);
}

static void assertion(struct hf_span in)
{
	static const char pem[] =
	        "-----BEGIN PUBLIC KEY-----\n"
	        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
	        "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
	        "-----END PUBLIC KEY-----\n";
	static struct credential_key *key;
	struct hf_err err;
	uint32_t counter;
	size_t data = in.len > 37 ? 37 : in.len;

	if (!key)
		FUZZ_CHECK(hf_ok(credential_key_parse(hf_span_text(pem), &key, &err)));
	FUZZ_CHECK(!hf_ok(webauthn_verify(&party, key, hf_span_text("{}"), HF_SPAN(in.ptr, data),
	                                  HF_SPAN(in.ptr + data, in.len - data), &counter, &err)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		assertion(HF_SPAN(data + 1, size - 1));
	else
		attestation(HF_SPAN(data + 1, size - 1));
	return 0;
}
