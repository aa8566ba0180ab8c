/* SPDX-License-Identifier: Apache-2.0
 * User action signing: POST /auth/action/init and POST /auth/action. Neither touches the database.
 */
#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"

#include "base/text.h"

/* An init's answer: the challenge, what it stands for (docs/proofs.md), and who may sign it. */
static void print_challenge(struct call *c, struct hf_span commitment, struct hf_span challenge,
                            struct hf_span identifier)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(2 * ACTION_COMMITMENT_MAX);
	struct json_writer w = JSON_WRITER(&c->out);

	hf_buf_base64url(&text, commitment);

	json_open_object(&w, NULL);
	json_open_array(&w, "supportedCredentialKinds");
	json_open_object(&w, NULL);
	json_text(&w, "kind", "Key");
	json_text(&w, "factor", "first");
	json_bool(&w, "requiresSecondFactor", false);
	json_close_object(&w);
	json_close_array(&w);
	json_span(&w, "challenge", challenge);
	json_span(&w, "challengeIdentifier", identifier);
	json_span(&w, "commitment", hf_buf_span(&text));
	json_text(&w, "externalAuthenticationUrl", "");
	json_text(&w, "attestation", "none");
	json_text(&w, "userVerification", "discouraged");
	json_open_object(&w, "allowCredentials");
	json_open_array(&w, "key");
	for (size_t i = 0; i < c->caller->n_credentials; i++) {
		json_open_object(&w, NULL);
		json_text(&w, "type", "public-key");
		json_text(&w, "id", c->caller->credentials[i].id);
		json_close_object(&w);
	}
	json_close_array(&w);
	json_open_array(&w, "webauthn");
	json_close_array(&w);
	json_close_object(&w);
	json_close_object(&w);
}

static hf_status prepare_init(struct call *c, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf commitment = HF_BUF(ACTION_COMMITMENT_MAX);
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(256);
	HF_BUF_SCOPED struct hf_buf identifier = HF_BUF(USER_ACTION_IDENTIFIER_MAX);
	struct action_init_body body;
	struct user_action action;

	HF_TRY(read_action_init(c->body, &body, err));
	action = (struct user_action){ .method = body.method, .path = body.path };
	HF_TRY(hf_context(err, payload_hash_text(hf_span_text(body.payload), &action.payload, err),
	                  "field \"userActionPayload\""));
	HF_TRY(user_action_begin(&c->api->challenges, c->caller, &action, c->now_ms, &commitment,
	                         &challenge, &identifier, err));
	print_challenge(c, hf_buf_span(&commitment), hf_buf_span(&challenge),
	                hf_buf_span(&identifier));
	return HF_SUCCESS;
}

const struct operation api_action_init = {
	.size = sizeof(struct call),
	.prepare = prepare_init,
};

static hf_status decode(const char *name, const char *text, struct hf_buf *to, struct hf_err *err)
{
	if (!hf_ok(hf_unbase64(hf_span_text(text), to)))
		return hf_fail(
		        err, HF_INVALID,
		        "firstFactor.credentialAssertion: field \"%s\": expected base64url of at "
		        "most %zu bytes",
		        name, to->max);
	return HF_SUCCESS;
}

static hf_status prepare_action(struct call *c, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf client_data = HF_BUF(CLIENT_DATA_MAX);
	HF_BUF_SCOPED struct hf_buf signature = HF_BUF(CREDENTIAL_SIGNATURE_MAX);
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(USER_ACTION_TOKEN_MAX);
	struct json_writer w = JSON_WRITER(&c->out);
	struct user_action_proof proof;
	struct action_body body;

	HF_TRY(read_action(c->body, &body, err));
	HF_TRY(decode("clientData", body.client_data, &client_data, err));
	HF_TRY(decode("signature", body.signature, &signature, err));
	proof = (struct user_action_proof){
		.credential_id = body.credential_id,
		.client_data = hf_buf_span(&client_data),
		.signature = hf_buf_span(&signature),
	};
	HF_TRY(user_action_finish(&c->api->challenges, &c->api->actions, c->caller, body.identifier,
	                          &proof, c->now_ms, &token, err));
	json_open_object(&w, NULL);
	json_span(&w, "userAction", hf_buf_span(&token));
	json_close_object(&w);
	return HF_SUCCESS;
}

const struct operation api_action = {
	.size = sizeof(struct call),
	.prepare = prepare_action,
};
