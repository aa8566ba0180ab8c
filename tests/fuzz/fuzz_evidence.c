/* SPDX-License-Identifier: Apache-2.0
 * Evidence as a hostile server sends it. Nothing of it is ever found to be true: nobody has the key
 * of the one credential. */
#include "fuzz.h"

#include "proof/request.h"

#include <string.h>

#define NOW INT64_C(1790000000000)

static struct authorizers *file(void)
{
	/* the key: RFC 8032, 7.1, test 1 */
	static const char text[] =
	        "{\"version\":1,\"organization\":\"or-1\",\"credentials\":[{\"id\":\"alice\","
	        "\"identity\":\"us-alice\",\"kind\":\"Key\",\"publicKey\":\"-----BEGIN PUBLIC "
	        "KEY-----\\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\\n"
	        "-----END PUBLIC KEY-----\\n\"}],"
	        "\"rules\":[{\"keys\":\"*\",\"initiators\":\"*\"}]}";
	static struct authorizers *a;

	if (!a)
		FUZZ_CHECK(hf_ok(authorizers_parse(hf_span_text(text), &a, NULL)));
	return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[65];
	const struct request_subject subject = {
		.key_id = "key-01k9h-x3v7q-8m2c4d6e8f0g1h2j",
		.key_type = KEY_ED25519,
		.public_key = HF_SPAN(zeros, 32),
		.scheme = SIGN_ED25519,
		.input = HF_SPAN(zeros, 32),
	};
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(EVIDENCE_MAX);
	HF_FREE struct evidence *e = malloc(sizeof(*e));
	struct request_spends spends;
	struct hf_err err = { 0 };

	FUZZ_CHECK(e);
	FUZZ_CHECK(request_check(file(), &subject, HF_SPAN(data, size), NOW, &err).code ==
	           HF_UNAUTHENTIC);
	FUZZ_CHECK(err.text[0]);
	hf_ignore(request_spends(HF_SPAN(data, size), &spends));
	if (!hf_ok(evidence_decode(HF_SPAN(data, size), e)))
		return 0;
	FUZZ_CHECK(hf_ok(evidence_encode(&again, e)));
	FUZZ_CHECK(hf_span_equal(HF_SPAN(data, size), hf_buf_span(&again)));
	return 0;
}
