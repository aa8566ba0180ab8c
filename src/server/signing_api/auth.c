/* SPDX-License-Identifier: Apache-2.0
 * User action signing: POST /auth/action/init and POST /auth/action. Neither touches the database,
 * but for authenticators that count their signatures. */
#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"

#include "server/signing_api/people/people_calls.h"
#include "server/signing_api/people/people_print.h"
#include "server/store/credential_rows.h"

#include <string.h>

static hf_status prepare_init(struct call *c, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf commitment = HF_BUF(ACTION_COMMITMENT_MAX);
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(256);
	HF_BUF_SCOPED struct hf_buf identifier = HF_BUF(USER_ACTION_IDENTIFIER_MAX);
	struct json_writer w = JSON_WRITER(&c->out);
	struct action_init_body body;
	struct user_action action;

	HF_TRY(read_action_init(c->body, &body, err));
	action = (struct user_action){ .method = body.method, .path = body.path };
	HF_TRY(hf_context(err, payload_hash_text(hf_span_text(body.payload), &action.payload, err),
	                  "field \"userActionPayload\""));
	HF_TRY(user_action_begin(&c->api->challenges, c->caller, &action, c->now_ms, &commitment,
	                         &challenge, &identifier, err));
	print_signing_challenge(&w, &(struct signing_challenge){
	                                    .challenge = hf_buf_span(&challenge),
	                                    .identifier = hf_buf_span(&identifier),
	                                    .commitment = hf_buf_span(&commitment),
	                                    .credentials = c->caller->credentials,
	                                    .n_credentials = c->caller->n_credentials,
	                                    .party = &c->api->party,
	                            });
	return HF_SUCCESS;
}

const struct operation api_action_init = {
	.size = sizeof(struct call),
	.prepare = prepare_init,
};

struct action {
	struct call call; /* first */
	struct login_body body;
	struct decoded_factor factor;
	uint32_t counter;
};

static hf_status finish(struct action *a, struct hf_err *err)
{
	struct call *c = &a->call;
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(USER_ACTION_TOKEN_MAX);
	struct json_writer w = JSON_WRITER(&c->out);
	const struct user_action_proof proof = {
		.credential_id = a->body.first.credential_id,
		.kind = a->body.first.kind,
		.client_data = hf_buf_span(&a->factor.client_data),
		.signature = hf_buf_span(&a->factor.signature),
		.authenticator_data = hf_buf_span(&a->factor.authenticator_data),
		.party = &c->api->party,
	};

	HF_TRY(user_action_finish(&c->api->challenges, &c->api->actions, c->caller,
	                          a->body.identifier, &proof, c->now_ms, &token, &a->counter, err));
	json_open_object(&w, NULL);
	json_span(&w, "userAction", hf_buf_span(&token));
	json_close_object(&w);
	return HF_SUCCESS;
}

static const struct operation action_of_authenticator, action_without_counter;

static hf_status prepare_action(struct call *c, struct hf_err *err)
{
	struct action *a = (struct action *)c;

	person_operation(c, "Auth:Action:Sign");
	HF_TRY(read_login(c->body, &a->body, err));
	if (a->body.second.kind)
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"secondFactor\": none is asked for; leave it out");
	HF_TRY(hf_context(err, factor_decode(&a->body.first, &a->factor, err),
	                  "firstFactor.credentialAssertion"));
	HF_TRY(finish(a, err));
	if (a->counter)
		c->op = &action_of_authenticator;
	else if (strcmp(a->body.first.kind, credential_kind_name(CREDENTIAL_FIDO2)) == 0)
		c->op = &action_without_counter;
	return HF_SUCCESS;
}

static void release_action(struct call *c)
{
	factor_done(&((struct action *)c)->factor);
}

/* Answered at once, without the database. */
const struct operation api_action = {
	.size = sizeof(struct action),
	.prepare = prepare_action,
	.release = release_action,
};

static hf_status refuse_copy(struct call *c)
{
	return hf_fail(&c->err, HF_UNAUTHENTIC,
	               "the authenticator's counter has not grown since it was last used: it may "
	               "have been copied. Deactivate this credential");
}

/* An authenticator that counts its signatures has to have gone on since the last one: otherwise
 * there are two of it. */
static hf_status run_count(struct call *c, struct db *db)
{
	struct action *a = (struct action *)c;
	hf_status s = credential_row_used(db, c->caller->identity_id, a->body.first.credential_id,
	                                  a->counter);

	if (s.code == HF_NOTFOUND)
		return refuse_copy(c);
	HF_TRY(s);
	return finish(a, &c->err);
}

static const struct operation action_of_authenticator = {
	.size = sizeof(struct action),
	.writes = true,
	.run = run_count,
	.release = release_action,
};

static hf_status note_counter(void *ctx, const struct credential_row *row)
{
	*(int64_t *)ctx = row->counter;
	return HF_SUCCESS;
}

/* One that has counted before does not stop (WebAuthn, 7.2, step 22): nothing is written. */
static hf_status run_uncounted(struct call *c, struct db *db)
{
	struct action *a = (struct action *)c;
	int64_t counter = 0;
	hf_status s = credential_row_own(db, c->caller->identity_id, a->body.first.credential_id,
	                                 note_counter, &counter);

	if (s.code == HF_NOTFOUND || (hf_ok(s) && counter != 0))
		return refuse_copy(c);
	HF_TRY(s);
	return finish(a, &c->err);
}

static const struct operation action_without_counter = {
	.size = sizeof(struct action),
	.run = run_uncounted,
	.release = release_action,
};
