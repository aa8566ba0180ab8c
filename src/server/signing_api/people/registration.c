/* SPDX-License-Identifier: Apache-2.0
 * Registrations: a user's first credentials, by a code that an administrator hands over, or, for
 * end users, on the word of a service account. */
#include "server/signing_api/people/people_handlers.h"

#include "server/core/people/identities.h"
#include "server/signing_api/people/people_print.h"
#include "server/signing_api/people/ticket_calls.h"

#include <string.h>

#define SESSION_TOKEN_MAX 4096

static hf_status print_challenge(struct call *c, const struct identity_row *person,
                                 struct ticket *ticket)
{
	struct json_writer w = JSON_WRITER(&c->out);

	HF_TRY(ticket_print_challenge(c, person, ticket, &w));
	json_close_array(&w);
	json_close_object(&w);
	return HF_SUCCESS;
}

/* POST /auth/registration/init */
struct registration_init {
	struct person_call person; /* first */
	struct registration_init_body body;
};

static hf_status prepare_init(struct call *c, struct hf_err *err)
{
	struct registration_init *r = (struct registration_init *)c;

	person_operation(c, "Auth:Register");
	HF_TRY(read_registration_init(c->body, &r->body, err));
	person_may_try(&r->person, r->body.org_id, r->body.username);
	return HF_SUCCESS;
}

static hf_status run_init(struct call *c, struct db *db)
{
	const struct registration_init_body *body = &((struct registration_init *)c)->body;
	struct ticket ticket = { .kind = TICKET_REGISTRATION, .code_kind = CODE_REGISTRATION };
	struct identity_row person;

	HF_TRY(ticket_find_person(c, db, body->org_id, body->username, body->code, &ticket,
	                          &person));
	return print_challenge(c, &person, &ticket);
}

const struct operation api_registration_init = {
	.size = sizeof(struct registration_init),
	.prepare = prepare_init,
	.run = run_init,
	.failed = person_failed,
};

/* POST /auth/registration/delegated */
struct delegated {
	struct call call; /* first */
	struct delegated_body body;
};

static hf_status prepare_delegated(struct call *c, struct hf_err *err)
{
	HF_TRY(check_service_account(c, err));
	return read_delegated_registration(c->body, &((struct delegated *)c)->body, err);
}

static hf_status make_end_user(struct call *c, struct db *db, const struct delegated_body *body,
                               struct identity_row *ret)
{
	const struct identity_new from = {
		.org_id = c->caller->org_id,
		.created_by = c->caller->identity_id,
		.kind = KIND_END_USER,
		.name = body->email,
		.external_id = body->external_id,
		.public_key = "",
		.now_ms = c->now_ms,
	};
	char none[CREDENTIAL_ID_MAX];

	return identity_create(db, &from, ret, none, &c->err);
}

/* Begins again for one who has not finished. */
static hf_status run_delegated(struct call *c, struct db *db)
{
	const struct delegated_body *body = &((struct delegated *)c)->body;
	struct ticket ticket = { .kind = TICKET_REGISTRATION };
	struct identity_row person;
	hf_status s = identity_row_find(db, c->caller->org_id, KIND_USER, body->email, &person);

	if (hf_ok(s))
		return hf_fail(&c->err, HF_EXISTS, "there is a user of this name already");
	s = identity_row_find(db, c->caller->org_id, KIND_END_USER, body->email, &person);
	if (s.code == HF_NOTFOUND)
		s = make_end_user(c, db, body, &person);
	HF_TRY(s);
	if (person.registered)
		return hf_fail(&c->err, HF_EXISTS, "the end user has registered already");
	memcpy(c->audit.subject_id, person.id, sizeof(c->audit.subject_id));
	return print_challenge(c, &person, &ticket);
}

const struct operation api_registration_delegated = {
	.size = sizeof(struct delegated),
	.prepare = prepare_delegated,
	.run = run_delegated,
};

/* POST /auth/registration, POST /auth/registration/enduser: with the ticket as bearer token. */
struct registration {
	struct call call; /* first */
	bool end_user;
	struct ticket ticket;
	struct new_credentials_body body;
	struct enrolled_set set;
};

static hf_status prepare_any(struct call *c, bool end_user, struct hf_err *err)
{
	struct registration *r = (struct registration *)c;
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(128);

	person_operation(c, "Auth:Register");
	r->end_user = end_user;
	HF_TRY(ticket_of_bearer(c, TICKET_REGISTRATION, "registration", &r->ticket, &challenge,
	                        err));
	HF_TRY(read_registration(c->body, end_user, &r->body, err));
	return enrolled_set_read(&c->api->party, &r->body, hf_buf_span(&challenge), &r->set, err);
}

static hf_status prepare_register(struct call *c, struct hf_err *err)
{
	return prepare_any(c, false, err);
}

static hf_status prepare_end_user(struct call *c, struct hf_err *err)
{
	return prepare_any(c, true, err);
}

/* With a code an administrator may let somebody begin anew who had registered before. */
static hf_status use_ticket(struct call *c, struct db *db, const struct ticket *ticket,
                            struct identity_row *ret)
{
	HF_TRY(ticket_redeem(c, db, ticket, ret));
	if (!ticket->code_kind[0])
		return ret->registered
		               ? hf_fail(&c->err, HF_EXISTS, "the user has registered already")
		               : HF_SUCCESS;
	HF_TRY(ticket_use_code(c, db, ticket, "registration code"));
	return ret->registered ? person_start_anew(db, ret->id) : HF_SUCCESS;
}

static hf_status print_session(struct call *c, struct db *db, const struct identity_row *person,
                               const char *credential_id, struct json_writer *w)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(SESSION_TOKEN_MAX);
	const struct session_new from = {
		.person = person,
		.credential_id = credential_id,
		.now_ms = c->now_ms,
		.lifetime_ms = c->api->login_ms,
	};

	HF_TRY(person_open_session(c->api->token_keys, db, &from, &token));
	json_open_object(w, "authentication");
	json_span(w, "token", hf_buf_span(&token));
	json_close_object(w);
	hf_wipe(token.ptr, token.len);
	json_open_array(w, "wallets");
	json_close_array(w);
	return HF_SUCCESS;
}

static hf_status run_register(struct call *c, struct db *db)
{
	struct registration *r = (struct registration *)c;
	const struct new_credential *first = &r->set.credentials[0];
	struct json_writer w = JSON_WRITER(&c->out);
	struct identity_row person;
	char uuid[HF_ID_MAX];

	HF_TRY(use_ticket(c, db, &r->ticket, &person));
	HF_TRY(enrolled_set_insert(db, &person, &r->set, c->now_ms, uuid, &c->err));
	HF_TRY(identity_row_set_registered(db, person.id));
	memcpy(c->audit.subject_id, uuid, sizeof(c->audit.subject_id));
	json_open_object(&w, NULL);
	print_registered(&w, uuid, first->kind, first->name, &person);
	if (r->end_user)
		HF_TRY(print_session(c, db, &person, first->enrolled->id, &w));
	json_close_object(&w);
	return HF_SUCCESS;
}

static void registered(struct call *c)
{
	tokens_forget_identity(c->api->tokens, ((struct registration *)c)->ticket.identity_id);
	call_reply(c);
}

const struct operation api_register = {
	.size = sizeof(struct registration),
	.writes = true,
	.prepare = prepare_register,
	.run = run_register,
	.after = registered,
};

const struct operation api_register_end_user = {
	.size = sizeof(struct registration),
	.writes = true,
	.prepare = prepare_end_user,
	.run = run_register,
	.after = registered,
};
