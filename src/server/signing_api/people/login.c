/* SPDX-License-Identifier: Apache-2.0
 * Logins and log-outs.
 *
 * Who asks for a name that nobody has is answered as if somebody had it: with the id of a
 * credential that there is not, the same each time, and later with the refusal that a wrong
 * signature gets, after the same work. */
#include "server/signing_api/people/people_handlers.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "server/signing_api/people/people_calls.h"
#include "server/signing_api/people/people_print.h"
#include "server/store/credential_rows.h"
#include "server/store/token_rows.h"

#include <stdio.h>
#include <string.h>

#define SESSION_TOKEN_MAX 4096
#define REFUSED_TEXT                                                                               \
	"login is refused: there is no such user, or the credential is not an active one of his, " \
	"or its signature does not verify"

/* Nobody has the private key of this one: it was thrown away. */
static const char decoy_key[] = "-----BEGIN PUBLIC KEY-----\n"
                                "MCowBQYDK2VwAyEALAm35O7WfcJNIBjD4IuCeiQekwOz3v0udedNyIMg67Y=\n"
                                "-----END PUBLIC KEY-----\n";

/* The credentials of somebody who is not there. */
static hf_status make_decoy(const struct call *c, const char *org_id, const char *username,
                            struct caller *to)
{
	HF_BUF_SCOPED struct hf_buf name = HF_BUF(1024);
	HF_BUF_SCOPED struct hf_buf id = HF_BUF(CREDENTIAL_ID_MAX - 1);
	const struct hf_secret *key = &c->api->core->secrets.ticket_mac;
	uint8_t mac[SHA256_LEN];
	char text[CREDENTIAL_ID_MAX];
	const struct credential_row row = {
		.id = text,
		.uuid = "",
		.kind = credential_kind_name(CREDENTIAL_KEY),
		.public_key = decoy_key,
	};

	hf_buf_field(&name, hf_span_text("decoy credential"));
	hf_buf_field(&name, hf_span_text(org_id));
	hf_buf_field(&name, hf_span_text(username));
	HF_TRY(hf_buf_status(&name));
	HF_TRY(hmac_sha256(HF_SPAN(key->ptr, key->len), hf_buf_span(&name), mac));
	hf_buf_base64url(&id, HF_SPAN(mac, sizeof(mac)));
	HF_TRY(hf_span_to_text(hf_buf_span(&id), text, sizeof(text)));
	return caller_add_credential(to, &row);
}

/* Who it is said to be, with his credentials; or nobody, with a decoy's: then *ret_person is empty.
 */
static hf_status load_person(const struct call *c, struct db *db, const char *org_id,
                             const char *username, struct caller *ret,
                             struct identity_row *ret_person)
{
	struct identity_row person = { 0 };
	hf_status s = person_find(db, org_id, username, &person);

	if (!hf_ok(s) && s.code != HF_NOTFOUND)
		return s;
	HF_TRY(credential_rows_active(db, person.id, caller_add_credential, ret));
	if (!ret->n_credentials) {
		HF_TRY(make_decoy(c, org_id, username, ret));
		memset(&person, 0, sizeof(person));
	}
	*ret_person = person;
	return HF_SUCCESS;
}

/* POST /auth/login/init */
struct login_init {
	struct person_call person; /* first */
	struct login_init_body body;
};

static const struct operation login_init_with_code;

static hf_status prepare_login_init(struct call *c, struct hf_err *err)
{
	struct login_init *l = (struct login_init *)c;

	person_operation(c, "Auth:Login:Code");
	HF_TRY(read_login_init(c->body, &l->body, err));
	if (l->body.code[0] && person_may_try(&l->person, l->body.org_id, l->body.username))
		c->op = &login_init_with_code;
	return HF_SUCCESS;
}

static hf_status run_login_init(struct call *c, struct db *db)
{
	const struct login_init_body *body = &((struct login_init *)c)->body;
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(TICKET_TEXT_MAX);
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(128);
	CALLER_SCOPED struct caller *who = caller_new();
	struct json_writer w = JSON_WRITER(&c->out);
	struct ticket ticket = { .kind = TICKET_LOGIN };
	struct identity_row person = { 0 };
	uint8_t hash[CODE_HASH_LEN];

	HF_ENSURE(who, HF_NOMEM);
	snprintf(ticket.org_id, sizeof(ticket.org_id), "%s", body->org_id);
	snprintf(ticket.username, sizeof(ticket.username), "%s", body->username);
	if (body->username[0])
		HF_TRY(load_person(c, db, body->org_id, body->username, who, &person));
	if (body->code[0])
		HF_TRY(person_code(c, db, &person, CODE_LOGIN, body->code, true, hash));
	HF_TRY(ticket_put(&c->api->core->secrets.ticket_mac, &ticket, c->now_ms, &text,
	                  &challenge));
	print_signing_challenge(&w, &(struct signing_challenge){
	                                    .challenge = hf_buf_span(&challenge),
	                                    .identifier = hf_buf_span(&text),
	                                    .credentials = who->credentials,
	                                    .n_credentials = who->n_credentials,
	                                    .party = &c->api->party,
	                                    .keys_withheld = !body->code[0],
	                            });
	return HF_SUCCESS;
}

const struct operation api_login_init = {
	.size = sizeof(struct login_init),
	.prepare = prepare_login_init,
	.run = run_login_init,
};

/* A private key that its owner keeps here is shown, encrypted as it is, to whoever has a code for
 * it: otherwise anybody could try passwords on it at home. */
static const struct operation login_init_with_code = {
	.size = sizeof(struct login_init),
	.writes = true,
	.run = run_login_init,
	.failed = person_failed,
};

/* POST /auth/login */
struct login {
	struct call call; /* first */
	struct login_body body;
	struct ticket ticket;
	struct hf_buf challenge;
	struct decoded_factor first, second;
};

static hf_status prepare_login(struct call *c, struct hf_err *err)
{
	struct login *l = (struct login *)c;

	l->challenge = HF_BUF(128);
	person_operation(c, "Auth:Login");
	HF_TRY(read_login(c->body, &l->body, err));
	HF_TRY(ticket_open(&c->api->core->secrets.ticket_mac, TICKET_LOGIN, l->body.identifier,
	                   c->now_ms, &l->ticket, &l->challenge, err));
	HF_TRY(hf_context(err, factor_decode(&l->body.first, &l->first, err), "firstFactor"));
	if (l->body.second.kind)
		HF_TRY(hf_context(err, factor_decode(&l->body.second, &l->second, err),
		                  "secondFactor"));
	return HF_SUCCESS;
}

static hf_status refuse(struct call *c)
{
	return hf_fail(&c->err, HF_UNAUTHENTIC, REFUSED_TEXT);
}

/* Without a username the credential tells whose login it is. */
static hf_status find_owner(struct login *l, struct db *db, struct caller *who,
                            struct identity_row *ret)
{
	struct call *c = &l->call;
	struct identity_row person = { 0 };
	char id[HF_ID_MAX];
	hf_status s;

	if (l->ticket.username[0])
		return load_person(c, db, l->ticket.org_id, l->ticket.username, who, ret);
	s = credential_row_owner(db, l->ticket.org_id, l->body.first.credential_id, id);
	if (hf_ok(s))
		s = identity_row_get(db, l->ticket.org_id, NULL, id, &person);
	if (s.code == HF_NOTFOUND)
		return refuse(c);
	HF_TRY(s);
	if (!person.active || strcmp(person.kind, KIND_SERVICE_ACCOUNT) == 0)
		return refuse(c);
	*ret = person;
	return credential_rows_active(db, person.id, caller_add_credential, who);
}

/* One factor: signed by an active credential of his, which is noted as used. */
static hf_status check_factor(struct login *l, struct db *db, const struct caller *who,
                              const char *identity_id, const struct factor_body *body,
                              const struct decoded_factor *factor)
{
	struct call *c = &l->call;
	const struct caller_credential *used = caller_credential(who, body->credential_id);
	const struct caller_credential *by = used ? used : &who->credentials[0];
	struct assertion assertion = factor_assertion(factor);
	uint32_t counter;
	hf_status s;

	s = assertion_check(&c->api->party, by->kind, by->key, &assertion,
	                    hf_buf_span(&l->challenge), &counter, &c->err);
	if (s.code == HF_INVALID && used)
		return s;
	if (!hf_ok(s) || !used || strcmp(body->kind, credential_kind_name(used->kind)) != 0)
		return refuse(c);
	s = credential_row_used(db, identity_id, used->id, counter);
	return s.code == HF_NOTFOUND ? refuse(c) : s;
}

static hf_status check_factors(struct login *l, struct db *db, struct identity_row *ret)
{
	const struct login_body *body = &l->body;
	CALLER_SCOPED struct caller *who = caller_new();
	struct identity_row person = { 0 };

	HF_ENSURE(who, HF_NOMEM);
	HF_TRY(find_owner(l, db, who, &person));
	if (!who->n_credentials)
		return refuse(&l->call);
	HF_TRY(check_factor(l, db, who, person.id, &body->first, &l->first));
	if (body->second.kind) {
		if (strcmp(body->second.credential_id, body->first.credential_id) == 0)
			return hf_fail(&l->call.err, HF_INVALID,
			               "secondFactor: another credential than that of firstFactor "
			               "is needed");
		HF_TRY(check_factor(l, db, who, person.id, &body->second, &l->second));
	}
	*ret = person;
	return HF_SUCCESS;
}

static void print_token(struct call *c, struct hf_span token)
{
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	json_span(&w, "token", token);
	json_close_object(&w);
}

static hf_status open_session(struct call *c, struct db *db, const struct identity_row *person,
                              const char *credential_id)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(SESSION_TOKEN_MAX);
	const struct session_new from = {
		.person = person,
		.credential_id = credential_id,
		.now_ms = c->now_ms,
		.lifetime_ms = c->api->login_ms,
	};

	HF_TRY(person_open_session(c->api->token_keys, db, &from, &token));
	print_token(c, hf_buf_span(&token));
	hf_wipe(token.ptr, token.len);
	return HF_SUCCESS;
}

static hf_status run_login(struct call *c, struct db *db)
{
	struct login *l = (struct login *)c;
	struct identity_row person;

	HF_TRY(person_is_said_to_be(c, db, l->ticket.org_id, l->ticket.username));
	HF_TRY(check_factors(l, db, &person));
	HF_TRY(ticket_spend(db, &l->ticket, &c->err));
	person_is(c, &person);
	return open_session(c, db, &person, l->body.first.credential_id);
}

static void release_login(struct call *c)
{
	struct login *l = (struct login *)c;

	factor_done(&l->first);
	factor_done(&l->second);
	hf_buf_done(&l->challenge);
}

const struct operation api_login = {
	.size = sizeof(struct login),
	.writes = true,
	.prepare = prepare_login,
	.run = run_login,
	.release = release_login,
};

/* POST /auth/login/delegated: a service account opens a session for an end user, whom it has
 * registered. Not for employees, whose rights may be greater than its own. */
struct delegated_login {
	struct call call; /* first */
	const char *username;
};

hf_status check_service_account(const struct call *c, struct hf_err *err)
{
	if (c->caller->kind == CALLER_SERVICE_ACCOUNT)
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED, "this is for service accounts only");
}

static hf_status prepare_delegated(struct call *c, struct hf_err *err)
{
	HF_TRY(check_service_account(c, err));
	return read_username(c->body, &((struct delegated_login *)c)->username, err);
}

hf_status find_end_user(struct call *c, struct db *db, const char *username,
                        struct identity_row *ret)
{
	hf_status s = identity_row_find(db, c->caller->org_id, KIND_END_USER, username, ret);

	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, s.code,
		               "there is no end user \"%.200s\": what is delegated is for users "
		               "that were registered by delegation",
		               username);
	HF_TRY(s);
	if (!ret->active)
		return hf_fail(&c->err, HF_STATE, "User account has been deactivated.");
	return HF_SUCCESS;
}

static hf_status run_delegated(struct call *c, struct db *db)
{
	struct identity_row person;

	HF_TRY(find_end_user(c, db, ((struct delegated_login *)c)->username, &person));
	if (!person.registered)
		return hf_fail(&c->err, HF_STATE, "the end user has not registered yet");
	memcpy(c->audit.subject_id, person.id, sizeof(c->audit.subject_id));
	return open_session(c, db, &person, "");
}

const struct operation api_login_delegated = {
	.size = sizeof(struct delegated_login),
	.prepare = prepare_delegated,
	.run = run_delegated,
};

/* PUT /auth/logout */
struct logout {
	struct call call; /* first */
	bool all;
};

static hf_status prepare_logout(struct call *c, struct hf_err *err)
{
	person_operation(c, "Auth:Logout");
	HF_TRY(read_logout(c->body, &((struct logout *)c)->all, err));
	if (c->caller->kind != CALLER_USER)
		return hf_fail(err, HF_INVALID,
		               "only a session that began with a login can be ended so: deactivate "
		               "the service account, or the personal access token");
	return HF_SUCCESS;
}

static hf_status run_logout(struct call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);

	if (((struct logout *)c)->all)
		HF_TRY(token_rows_end_sessions(db, c->caller->identity_id, NULL));
	else
		HF_TRY(token_row_set_active(db, c->caller->token_id, false));
	json_open_object(&w, NULL);
	json_text(&w, "message", "success");
	json_close_object(&w);
	return HF_SUCCESS;
}

void answer_changed_caller(struct call *c)
{
	tokens_forget_identity(c->api->tokens, c->caller->identity_id);
	call_reply(c);
}

const struct operation api_logout = {
	.size = sizeof(struct logout),
	.writes = true,
	.prepare = prepare_logout,
	.run = run_logout,
	.after = answer_changed_caller,
};

/* GET /.well-known/jwks.json */
static hf_status run_jwks(struct call *c, struct db *db)
{
	HF_TRY(token_keys_look(c->api->token_keys, db, c->now_ms, TOKEN_KEYS_FRESH_MS));
	return token_keys_print(c->api->token_keys, &c->out);
}

const struct operation api_jwks = {
	.size = sizeof(struct call),
	.run = run_jwks,
};
