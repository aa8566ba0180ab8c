/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/people/user_action.h"

#include "crypto/webauthn.h"

#include <string.h>

#define DENIED_TEXT "user action signature is missing or invalid"
#define NO_CREDENTIAL_TEXT "User does not have a credential that can be used for the application."

static void commitment_make(struct hf_buf *to, const struct caller *caller,
                            const struct user_action *action, int64_t now_ms)
{
	struct action_commitment c = {
		.org = hf_span_text(caller->org_id),
		.identity = hf_span_text(caller->identity_id),
		.method = hf_span_text(action->method),
		.path = hf_span_text(action->path),
		.payload = action->payload,
		.issued_ms = now_ms,
		.n_credentials = caller->n_credentials,
	};

	hf_id_new("ua", c.id);
	for (size_t i = 0; i < caller->n_credentials; i++)
		c.credentials[i] = hf_span_text(caller->credentials[i].id);
	action_commitment_encode(to, &c);
}

static bool is_callers(const struct action_commitment *c, const struct caller *caller)
{
	return hf_span_is(c->identity, caller->identity_id) && hf_span_is(c->org, caller->org_id);
}

static hf_status check_action(const struct user_action *a, struct hf_err *err)
{
	static const char *const methods[] = { "POST", "PUT", "DELETE", "GET", "PATCH" };
	bool known = false;

	for (size_t i = 0; i < HF_COUNT(methods) && !known; i++)
		known = strcmp(a->method, methods[i]) == 0;
	if (!known)
		return hf_fail(
		        err, HF_INVALID,
		        "field \"userActionHttpMethod\": expected POST, PUT, DELETE, PATCH or GET");
	if (a->path[0] != '/' || strlen(a->path) > ACTION_PATH_MAX)
		return hf_fail(
		        err, HF_INVALID,
		        "field \"userActionHttpPath\": expected a path that begins with \"/\", "
		        "of at most %d characters",
		        ACTION_PATH_MAX);
	return HF_SUCCESS;
}

hf_status user_action_begin(const struct seal *challenges, const struct caller *caller,
                            const struct user_action *action, int64_t now_ms,
                            struct hf_buf *commitment, struct hf_buf *challenge,
                            struct hf_buf *identifier, struct hf_err *err)
{
	HF_TRY(check_action(action, err));
	if (!caller->n_credentials)
		return hf_fail(err, HF_UNAUTHENTIC, NO_CREDENTIAL_TEXT);
	commitment_make(commitment, caller, action, now_ms);
	HF_TRY(hf_buf_status(commitment));
	HF_TRY(action_challenge(hf_buf_span(commitment), challenge));
	return seal_put(challenges, hf_buf_span(commitment), identifier);
}

/* The proof's own check, which whoever has the proof can repeat, reads as little as it can of what
 * an authenticator has made; here all of it is looked at. */
static hf_status check_authenticator(const struct user_action_proof *from,
                                     const struct caller_credential *credential,
                                     uint32_t *ret_counter, struct hf_err *err)
{
	const struct webauthn_party party = {
		.rp_id = from->party->id,
		.verify_user = from->party->verify_user,
	};

	return webauthn_verify(&party, credential->key, from->client_data, from->authenticator_data,
	                       from->signature, ret_counter, err);
}

static hf_status check_proof(const struct caller *caller, const struct user_action_proof *from,
                             struct action_proof *proof, uint32_t *ret_counter, struct hf_err *err)
{
	const struct caller_credential *credential = caller_credential(caller, from->credential_id);
	struct action_verifier by;

	if (!credential)
		return hf_fail(err, HF_UNAUTHENTIC, NO_CREDENTIAL_TEXT);
	if (strcmp(from->kind, credential_kind_name(credential->kind)) != 0)
		return hf_fail(err, HF_UNAUTHENTIC, "credential %s is of kind %s, not %.32s",
		               credential->id, credential_kind_name(credential->kind), from->kind);
	memcpy(proof->credential_id, credential->id, sizeof(proof->credential_id));
	proof->kind = credential->kind;
	proof->client_data = from->client_data;
	proof->signature = from->signature;
	proof->authenticator_data = from->authenticator_data;
	by = (struct action_verifier){ credential->id, credential->kind, credential->key,
		                       from->party };
	HF_TRY(action_proof_check(proof, &by, err));
	*ret_counter = 0;
	return credential->kind == CREDENTIAL_FIDO2
	               ? check_authenticator(from, credential, ret_counter, err)
	               : HF_SUCCESS;
}

static hf_status put_token(const struct seal *actions, const struct action_proof *proof,
                           struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(ACTION_PROOF_MAX);

	action_proof_encode(&payload, proof);
	HF_TRY(hf_buf_status(&payload));
	return seal_put(actions, hf_buf_span(&payload), to);
}

hf_status user_action_finish(const struct seal *challenges, const struct seal *actions,
                             const struct caller *caller, const char *identifier,
                             const struct user_action_proof *from, int64_t now_ms,
                             struct hf_buf *token, uint32_t *ret_counter, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(ACTION_COMMITMENT_MAX);
	struct action_proof proof = { .expires_ms = now_ms + USER_ACTION_LIFETIME_MS };
	struct action_commitment *c = &proof.commitment;

	if (!hf_ok(seal_open(challenges, hf_span_text(identifier), &payload)) ||
	    !hf_ok(action_commitment_decode(hf_buf_span(&payload), c)) || !is_callers(c, caller))
		return hf_fail(err, HF_INVALID, "Challenge token is not valid.");
	if (now_ms > c->issued_ms + CHALLENGE_LIFETIME_MS)
		return hf_fail(err, HF_INVALID,
		               "Challenge token is not valid. It has expired: begin the user "
		               "action again.");
	HF_TRY(check_proof(caller, from, &proof, ret_counter, err));
	return put_token(actions, &proof, token);
}

static bool is_for(const struct action_commitment *c, const struct user_action *action,
                   const char *target)
{
	return hf_span_is(c->method, action->method) &&
	       (hf_span_is(c->path, action->path) || hf_span_is(c->path, target)) &&
	       memcmp(c->payload.bytes, action->payload.bytes, PAYLOAD_HASH_LEN) == 0;
}

hf_status user_action_check(const struct seal *actions, const struct caller *caller,
                            const char *token, const struct user_action *action, const char *target,
                            int64_t now_ms, struct hf_buf *proof, struct user_action_spent *ret,
                            struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(ACTION_PROOF_MAX);
	struct action_proof t;

	if (!token || !hf_ok(seal_open(actions, hf_span_text(token), &payload)) ||
	    !hf_ok(action_proof_decode(hf_buf_span(&payload), &t)) ||
	    !is_callers(&t.commitment, caller) || !caller_credential(caller, t.credential_id) ||
	    now_ms > t.expires_ms || !is_for(&t.commitment, action, target))
		return hf_fail(err, HF_DENIED, DENIED_TEXT);
	hf_buf_put(proof, payload.ptr, payload.len);
	HF_TRY(hf_buf_status(proof));
	memcpy(ret->id, t.commitment.id, sizeof(ret->id));
	ret->forget_ms = t.commitment.issued_ms + USER_ACTION_MEMORY_MS;
	return HF_SUCCESS;
}
