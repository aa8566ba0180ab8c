/* SPDX-License-Identifier: Apache-2.0
 * Commitments and proofs. The first byte chooses: 0, a commitment; anything else, a proof. */
#include "fuzz.h"

#include "proof/action.h"

static void commitment(struct hf_span in)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(ACTION_COMMITMENT_MAX);
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(256);
	struct action_commitment c;

	if (!hf_ok(action_commitment_decode(in, &c)))
		return;
	action_commitment_encode(&again, &c);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
	FUZZ_CHECK(hf_ok(action_challenge(c.encoded, &challenge)));
}

static void proof(struct hf_span in)
{
	static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
	                          "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
	                          "-----END PUBLIC KEY-----\n"; /* RFC 8032, 7.1, test 1 */
	static struct credential_key *key;
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(2 * ACTION_PROOF_MAX);
	struct action_verifier by = { .kind = CREDENTIAL_KEY };
	struct action_proof p;
	struct hf_err err;

	if (!key)
		FUZZ_CHECK(hf_ok(credential_key_parse(hf_span_text(pem), &key, NULL)));
	if (!hf_ok(action_proof_decode(in, &p)))
		return;
	by.id = p.credential_id;
	by.key = key;
	FUZZ_CHECK(!hf_ok(action_proof_check(&p, &by, &err))); /* nobody has that key */
	if (in.ptr[0] == 0)
		return; /* version 1 is only read */
	action_proof_encode(&again, &p);
	FUZZ_CHECK(hf_span_equal(in, hf_buf_span(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 8192)
		return 0;
	if (data[0] == 0)
		commitment(HF_SPAN(data + 1, size - 1));
	else
		proof(HF_SPAN(data + 1, size - 1));
	return 0;
}
