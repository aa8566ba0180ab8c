/* SPDX-License-Identifier: Apache-2.0
 * A credential on another device: the person makes a code where he is logged in, and takes it
 * there. */
#include "server/signing_api/people/people_handlers.h"

#include "base/clock.h"
#include "server/signing_api/people/credential_challenge.h"
#include "server/signing_api/people/people_print.h"
#include "server/signing_api/people/ticket_calls.h"

#include <stdio.h>
#include <string.h>

/* POST /auth/credentials/code */
struct code_creation {
	struct call call; /* first */
	int64_t expires_ms;
};

static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	struct code_creation *n = (struct code_creation *)c;

	person_operation(c, "Auth:Creds:Code:Create");
	HF_TRY(read_credential_code(c->body, &n->expires_ms, err));
	if (n->expires_ms <= c->now_ms ||
	    n->expires_ms > c->now_ms + CODE_LIFETIME_DEFAULT_S * INT64_C(1000))
		return hf_fail(
		        err, HF_INVALID,
		        "field \"expiration\": a code lasts from now on for at most %d hours",
		        CODE_LIFETIME_DEFAULT_S / 3600);
	return HF_SUCCESS;
}

static hf_status run_create(struct call *c, struct db *db)
{
	const struct code_creation *n = (struct code_creation *)c;
	struct json_writer w = JSON_WRITER(&c->out);
	char code[CODE_TEXT_MAX], expires[HF_ISO_LEN];

	HF_TRY(code_make(db, c->caller->org_id, c->caller->identity_id, CODE_CREDENTIAL, c->now_ms,
	                 n->expires_ms, code));
	hf_iso_time(n->expires_ms, expires);
	json_open_object(&w, NULL);
	json_text(&w, "code", code);
	json_text(&w, "expiration", expires);
	json_close_object(&w);
	hf_wipe(code, sizeof(code));
	return HF_SUCCESS;
}

const struct operation api_create_credential_code = {
	.size = sizeof(struct code_creation),
	.prepare = prepare_create,
	.run = run_create,
};

/* POST /auth/credentials/code/init: without a token; the code tells whose it is. */
struct code_init {
	struct person_call person; /* first */
	struct credential_code_init_body body;
};

static hf_status prepare_init(struct call *c, struct hf_err *err)
{
	struct code_init *n = (struct code_init *)c;

	person_operation(c, "Auth:Creds:Create");
	HF_TRY(read_credential_code_init(c->body, &n->body, err));
	HF_TRY(check_credential_kind(c, n->body.kind, err));
	person_may_try(&n->person, "", "");
	return HF_SUCCESS;
}

static hf_status run_init(struct call *c, struct db *db)
{
	const struct credential_code_init_body *body = &((struct code_init *)c)->body;
	struct ticket ticket = { .kind = TICKET_CREDENTIAL, .code_kind = CODE_CREDENTIAL };
	struct code_row code = { .kind = CODE_CREDENTIAL,
		                 .hash = HF_SPAN(ticket.code_hash, CODE_HASH_LEN) };
	struct identity_row person;
	hf_status s = code_hash(body->code, ticket.code_hash);

	if (hf_ok(s))
		s = code_row_find(db, c->now_ms, &code);
	if (hf_ok(s))
		s = identity_row_get(db, code.org_id, NULL, code.identity_id, &person);
	if (s.code == HF_INVALID || s.code == HF_NOTFOUND || (hf_ok(s) && !person.active))
		return hf_fail(&c->err, HF_UNAUTHENTIC,
		               "the code is not valid: it was used, or has expired");
	HF_TRY(s);
	snprintf(ticket.credential_kind, sizeof(ticket.credential_kind), "%s", body->kind);
	return print_credential_challenge(c, db, &person, &ticket);
}

const struct operation api_credential_code_init = {
	.size = sizeof(struct code_init),
	.prepare = prepare_init,
	.run = run_init,
	.failed = person_failed,
};

/* POST /auth/credentials/code/verify */
static hf_status prepare_verify(struct call *c, struct hf_err *err)
{
	struct credential_creation *n = (struct credential_creation *)c;

	HF_TRY(credential_creation_read(n, err));
	if (strcmp(n->ticket.code_kind, CODE_CREDENTIAL) != 0)
		return hf_fail(err, HF_INVALID, "Challenge token is not valid.");
	return HF_SUCCESS;
}

static hf_status run_verify(struct call *c, struct db *db)
{
	const struct ticket *ticket = &((struct credential_creation *)c)->ticket;
	struct identity_row person;

	HF_TRY(identity_row_get(db, ticket->org_id, NULL, ticket->identity_id, &person));
	person_is(c, &person);
	HF_TRY(ticket_use_code(c, db, ticket, "code"));
	return credential_creation_run(c, db);
}

static void verified(struct call *c)
{
	const struct credential_creation *n = (const struct credential_creation *)c;

	tokens_forget_identity(c->api->tokens, n->ticket.identity_id);
	call_reply(c);
}

const struct operation api_credential_code_verify = {
	.size = sizeof(struct credential_creation),
	.writes = true,
	.prepare = prepare_verify,
	.run = run_verify,
	.after = verified,
};
