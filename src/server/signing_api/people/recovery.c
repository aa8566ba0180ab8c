/* SPDX-License-Identifier: Apache-2.0
 * Recoveries: a person who lost his credentials proves himself by a recovery key, which signs the
 * new credentials themselves, and by a code that an administrator hands over, or by the word of a
 * service account. Then nothing that was before counts any longer. */
#include "server/signing_api/people/people_handlers.h"

#include "base/text.h"
#include "server/signing_api/people/people_print.h"
#include "server/signing_api/people/ticket_calls.h"

#include <stdio.h>
#include <string.h>

/* POST /auth/recover/user/init, POST /auth/recover/user/delegated */
struct init {
	struct person_call person; /* first */
	struct recovery_init_body body;
};

struct recovery_key {
	struct hf_buf *keys; /* "allowedRecoveryCredentials" */
	bool usable;
};

static hf_status print_key(void *ctx, const struct credential_row *row)
{
	struct recovery_key *k = ctx;
	struct json_writer w = JSON_WRITER(k->keys);

	k->usable = row->active && row->recovery;
	json_open_array(&w, NULL);
	json_open_object(&w, NULL);
	json_text(&w, "id", row->id);
	json_text(&w, "encryptedRecoveryKey",
	          row->encrypted_private_key ? row->encrypted_private_key : "");
	json_close_object(&w);
	json_close_array(&w);
	return HF_SUCCESS;
}

static hf_status find_key(struct call *c, struct db *db, const struct identity_row *person,
                          const char *credential_id, struct hf_buf *keys)
{
	struct recovery_key key = { .keys = keys };
	hf_status s = credential_row_own(db, person->id, credential_id, print_key, &key);

	if (s.code == HF_NOTFOUND || (hf_ok(s) && !key.usable))
		return hf_fail(&c->err, HF_UNAUTHENTIC,
		               "the user has no active recovery key with this credentialId");
	return s;
}

static hf_status print_challenge(struct call *c, struct db *db, const struct identity_row *person,
                                 struct ticket *ticket)
{
	const struct recovery_init_body *body = &((struct init *)c)->body;
	HF_BUF_SCOPED struct hf_buf keys = HF_BUF(8 * ENCRYPTED_KEY_MAX);
	struct json_writer w = JSON_WRITER(&c->out);

	HF_TRY(find_key(c, db, person, body->credential_id, &keys));
	snprintf(ticket->credential_id, sizeof(ticket->credential_id), "%s", body->credential_id);
	HF_TRY(ticket_print_challenge(c, person, ticket, &w));
	json_close_array(&w);
	json_raw(&w, "allowedRecoveryCredentials", hf_buf_span(&keys));
	json_close_object(&w);
	return hf_buf_status(&keys);
}

static hf_status prepare_init(struct call *c, struct hf_err *err)
{
	struct init *i = (struct init *)c;

	person_operation(c, "Auth:Recover");
	HF_TRY(read_recovery_init(c->body, &i->body, err));
	person_may_try(&i->person, i->body.org_id, i->body.username);
	return HF_SUCCESS;
}

static hf_status run_init(struct call *c, struct db *db)
{
	const struct recovery_init_body *body = &((struct init *)c)->body;
	struct ticket ticket = { .kind = TICKET_RECOVERY, .code_kind = CODE_RECOVERY };
	struct identity_row person;

	HF_TRY(ticket_find_person(c, db, body->org_id, body->username, body->code, &ticket,
	                          &person));
	return print_challenge(c, db, &person, &ticket);
}

const struct operation api_recovery_init = {
	.size = sizeof(struct init),
	.prepare = prepare_init,
	.run = run_init,
	.failed = person_failed,
};

static hf_status prepare_delegated(struct call *c, struct hf_err *err)
{
	HF_TRY(check_service_account(c, err));
	return read_delegated_recovery(c->body, &((struct init *)c)->body, err);
}

static hf_status run_delegated(struct call *c, struct db *db)
{
	struct ticket ticket = { .kind = TICKET_RECOVERY };
	struct identity_row person;

	HF_TRY(find_end_user(c, db, ((struct init *)c)->body.username, &person));
	memcpy(c->audit.subject_id, person.id, sizeof(c->audit.subject_id));
	return print_challenge(c, db, &person, &ticket);
}

const struct operation api_recovery_delegated = {
	.size = sizeof(struct init),
	.prepare = prepare_delegated,
	.run = run_delegated,
};

/* POST /auth/recover/user: with the ticket as bearer token. */
struct recovery {
	struct call call; /* first */
	struct recovery_body body;
	struct ticket ticket;
	struct enrolled_set set;
	struct decoded_factor factor;
	bool signed_by_key; /* the recovery key has signed the new credentials */
};

/* What the recovery key has signed names the new credentials, as the base64url of their JSON; the
 * same JSON in other words is as good. */
static hf_status check_client_data(const struct recovery *r, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(RECOVERY_CLIENT_DATA_MAX);
	HF_BUF_SCOPED struct hf_buf theirs = HF_BUF(2 * RECOVERY_CLIENT_DATA_MAX);
	HF_BUF_SCOPED struct hf_buf ours = HF_BUF(2 * RECOVERY_CLIENT_DATA_MAX);
	JSON_SCOPED struct json_t *data = NULL, *signed_for = NULL;
	const char *type, *challenge;

	HF_TRY(hf_context(err,
	                  json_parse(hf_buf_span(&r->factor.client_data), RECOVERY_CLIENT_DATA_MAX,
	                             &data, err),
	                  "recovery: clientData"));
	type = json_member_text(data, "type");
	challenge = json_member_text(data, "challenge");
	if (!type || strcmp(type, "key.get") != 0 || !challenge ||
	    !hf_ok(hf_unbase64(hf_span_text(challenge), &text)) ||
	    !hf_ok(json_parse(hf_buf_span(&text), RECOVERY_CLIENT_DATA_MAX, &signed_for, NULL)))
		return hf_fail(err, HF_INVALID,
		               "recovery: clientData: expected \"type\" to be \"key.get\" and "
		               "\"challenge\" to be the base64url of newCredentials as JSON");
	HF_TRY(json_canonical(signed_for, &theirs));
	HF_TRY(json_canonical(r->body.new_credentials, &ours));
	if (!hf_span_equal(hf_buf_span(&theirs), hf_buf_span(&ours)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "recovery: the recovery key has signed other credentials than those "
		               "in newCredentials");
	return HF_SUCCESS;
}

static hf_status prepare_recover(struct call *c, struct hf_err *err)
{
	struct recovery *r = (struct recovery *)c;
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(128);

	person_operation(c, "Auth:Recover");
	HF_TRY(ticket_of_bearer(c, TICKET_RECOVERY, "recovery", &r->ticket, &challenge, err));
	HF_TRY(read_recovery(c->body, &r->body, err));
	if (strcmp(r->body.recovery.credential_id, r->ticket.credential_id) != 0)
		return hf_fail(err, HF_INVALID,
		               "recovery: the recovery was begun with another credentialId");
	HF_TRY(hf_context(err, factor_decode(&r->body.recovery, &r->factor, err), "recovery"));
	HF_TRY(check_client_data(r, err));
	return enrolled_set_read(&c->api->party, &r->body.credentials, hf_buf_span(&challenge),
	                         &r->set, err);
}

static hf_status verify(void *ctx, const struct credential_row *row)
{
	struct recovery *r = ctx;
	struct credential_key *key;
	struct hf_err err;

	HF_TRY(credential_key_parse(hf_span_text(row->public_key), &key, &err));
	r->signed_by_key = row->active && row->recovery &&
	                   hf_ok(credential_verify(key, hf_buf_span(&r->factor.client_data),
	                                           hf_buf_span(&r->factor.signature)));
	credential_key_free(key);
	return HF_SUCCESS;
}

static hf_status check_key(struct recovery *r, struct db *db)
{
	hf_status s =
	        credential_row_own(db, r->ticket.identity_id, r->ticket.credential_id, verify, r);

	if (s.code == HF_NOTFOUND || (hf_ok(s) && !r->signed_by_key))
		return hf_fail(&r->call.err, HF_UNAUTHENTIC,
		               "recovery: the recovery key is not active any longer, or its "
		               "signature does not verify");
	return s;
}

static hf_status run_recover(struct call *c, struct db *db)
{
	struct recovery *r = (struct recovery *)c;
	const struct new_credential *first = &r->set.credentials[0];
	struct json_writer w = JSON_WRITER(&c->out);
	struct identity_row person;
	char uuid[HF_ID_MAX];

	HF_TRY(ticket_redeem(c, db, &r->ticket, &person));
	HF_TRY(check_key(r, db));
	HF_TRY(ticket_use_code(c, db, &r->ticket, "recovery code"));
	HF_TRY(person_start_anew(db, person.id));
	HF_TRY(enrolled_set_insert(db, &person, &r->set, c->now_ms, uuid, &c->err));
	memcpy(c->audit.subject_id, uuid, sizeof(c->audit.subject_id));
	json_open_object(&w, NULL);
	print_registered(&w, uuid, first->kind, first->name, &person);
	json_close_object(&w);
	return HF_SUCCESS;
}

static void recovered(struct call *c)
{
	tokens_forget_identity(c->api->tokens, ((struct recovery *)c)->ticket.identity_id);
	call_reply(c);
}

static void release(struct call *c)
{
	factor_done(&((struct recovery *)c)->factor);
}

const struct operation api_recover = {
	.size = sizeof(struct recovery),
	.writes = true,
	.prepare = prepare_recover,
	.run = run_recover,
	.after = recovered,
	.release = release,
};
