/* SPDX-License-Identifier: Apache-2.0
 * What clients hand back: user action tokens, challenge identifiers, client data. The first byte
 * chooses: 0, a token as it comes; 1, what is inside a well-sealed token; 2, what is inside a
 * well-sealed identifier; 3, client data. No answer to a challenge is ever accepted: the signature
 * is not one. */
#include "fuzz.h"

#include "server/core/people/user_action.h"

#include <string.h>

#define NOW INT64_C(1790000000000)

static struct hf_secret key;
static const struct seal challenges = { "challenge", &key }, actions = { "useraction", &key };
static const struct user_action action = { .method = "POST", .path = "/keys" };
static struct caller *caller;

static void prepare(void)
{
	static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
	                          "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
	                          "-----END PUBLIC KEY-----\n"; /* RFC 8032, 7.1, test 1 */

	if (caller)
		return;
	FUZZ_CHECK(hf_ok(hf_secret_copy("0123456789abcdef0123456789abcdef", 32, &key)));
	caller = caller_new();
	FUZZ_CHECK(caller);
	strcpy(caller->org_id, "or-1");
	strcpy(caller->identity_id, "us-1");
	strcpy(caller->credentials[0].id, "c");
	caller->credentials[0].kind = CREDENTIAL_KEY;
	caller->n_credentials = 1;
	FUZZ_CHECK(
	        hf_ok(credential_key_parse(hf_span_text(pem), &caller->credentials[0].key, NULL)));
}

static void check(const char *token)
{
	HF_BUF_SCOPED struct hf_buf proof = HF_BUF(ACTION_PROOF_MAX);
	struct user_action_spent spent;
	struct hf_err err;

	/* what is well sealed is our own, and may even be accepted */
	hf_ignore(user_action_check(&actions, caller, token, &action, "/keys", NOW, &proof, &spent,
	                            &err));
}

static void finish(const char *identifier, struct hf_span client_data)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(USER_ACTION_TOKEN_MAX);
	const uint8_t zeros[64] = { 0 };
	static const struct relying_party party = { .id = "bank.example" };
	const struct user_action_proof proof = { .credential_id = "c",
		                                 .kind = "Key",
		                                 .client_data = client_data,
		                                 .signature = HF_SPAN(zeros, 64),
		                                 .party = &party };
	uint32_t counter;
	struct hf_err err;

	FUZZ_CHECK(!hf_ok(user_action_finish(&challenges, &actions, caller, identifier, &proof, NOW,
	                                     &token, &counter, &err)));
}

static void with_text(struct hf_buf *text, uint8_t kind)
{
	hf_buf_u8(text, 0);
	if (!hf_ok(hf_buf_status(text)))
		return;
	if (kind == 2)
		finish((const char *)text->ptr, hf_span_text("{}"));
	else
		check((const char *)text->ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(16384), challenge = HF_BUF(256),
	                            commitment = HF_BUF(ACTION_COMMITMENT_MAX);
	struct hf_span in;

	if (size < 1 || size > 4096)
		return 0;
	prepare();
	in = HF_SPAN(data + 1, size - 1);
	if (data[0] == 3) {
		FUZZ_CHECK(hf_ok(user_action_begin(&challenges, caller, &action, NOW, &commitment,
		                                   &challenge, &text, NULL)));
		hf_buf_u8(&text, 0);
		finish((const char *)text.ptr, in);
	} else if (data[0] == 0) {
		hf_buf_put(&text, in.ptr, in.len);
		with_text(&text, 0);
	} else if (data[0] <= 2) {
		FUZZ_CHECK(hf_ok(seal_put(data[0] == 1 ? &actions : &challenges, in, &text)));
		with_text(&text, data[0]);
	}
	return 0;
}
