/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/people/credential_challenge.h"

#include "server/signing_api/people/people_print.h"
#include "server/signing_api/people/ticket_calls.h"

#include <string.h>

hf_status check_credential_kind(const struct call *c, const char *kind, struct hf_err *err)
{
	enum credential_kind known;

	if (strcmp(kind, KIND_RECOVERY_KEY) == 0)
		return HF_SUCCESS;
	if (!hf_ok(credential_kind_parse(kind, &known)))
		return hf_fail(err, HF_UNSUPPORTED,
		               "credentials of kind \"%.32s\" are not taken: use Key, Fido2, "
		               "PasswordProtectedKey or RecoveryKey",
		               kind);
	if (known == CREDENTIAL_FIDO2 && !c->api->party.id)
		return hf_fail(err, HF_UNSUPPORTED,
		               "authenticators (kind Fido2) are not taken here: the server has to "
		               "be started with --rp-id and --origin");
	return HF_SUCCESS;
}

/* An authenticator shall not be registered twice. */
static hf_status print_excluded(void *ctx, const struct credential_row *row)
{
	struct json_writer *w = ctx;

	if (strcmp(row->kind, credential_kind_name(CREDENTIAL_FIDO2)) != 0)
		return HF_SUCCESS;
	json_open_object(w, NULL);
	json_text(w, "type", "public-key");
	json_text(w, "id", row->id);
	json_close_object(w);
	return HF_SUCCESS;
}

hf_status print_credential_challenge(struct call *c, struct db *db,
                                     const struct identity_row *person, struct ticket *ticket)
{
	struct json_writer w = JSON_WRITER(&c->out);

	HF_TRY(ticket_print_challenge(c, person, ticket, &w));
	HF_TRY(credential_rows_active(db, person->id, print_excluded, &w));
	json_close_array(&w);
	json_close_object(&w);
	return HF_SUCCESS;
}

hf_status credential_creation_read(struct credential_creation *n, struct hf_err *err)
{
	struct call *c = &n->person.call;
	HF_BUF_SCOPED struct hf_buf challenge = HF_BUF(128);
	struct credential_body *body = &n->body.credentials[0];

	person_operation(c, "Auth:Creds:Create");
	HF_TRY(read_credential(c->body, body, err));
	HF_TRY(ticket_open(&c->api->core->secrets.ticket_mac, TICKET_CREDENTIAL, body->identifier,
	                   c->now_ms, &n->ticket, &challenge, err));
	if (strcmp(n->ticket.credential_kind, body->kind) != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"credentialKind\": the challenge was for one of kind %s",
		               n->ticket.credential_kind);
	return enrolled_set_read(&c->api->party, &n->body, hf_buf_span(&challenge), &n->set, err);
}

static hf_status print_made(void *ctx, const struct credential_row *row)
{
	print_credential(ctx, row);
	return HF_SUCCESS;
}

hf_status credential_creation_run(struct call *c, struct db *db)
{
	struct credential_creation *n = (struct credential_creation *)c;
	struct json_writer w = JSON_WRITER(&c->out);
	struct identity_row person;
	char uuid[HF_ID_MAX];
	int64_t count;

	HF_TRY(identity_row_get(db, n->ticket.org_id, NULL, n->ticket.identity_id, &person));
	if (!person.active)
		return hf_fail(&c->err, HF_UNAUTHENTIC, "User account has been deactivated.");
	HF_TRY(ticket_spend(db, &n->ticket, &c->err));
	HF_TRY(credential_rows_count(db, person.id, &count));
	if (count >= CALLER_CREDENTIALS_MAX)
		return hf_fail(&c->err, HF_STATE,
		               "a user has at most %d active credentials: deactivate one first",
		               CALLER_CREDENTIALS_MAX);
	HF_TRY(enrolled_set_insert(db, &person, &n->set, c->now_ms, uuid, &c->err));
	memcpy(c->audit.subject_id, uuid, sizeof(c->audit.subject_id));
	return credential_row_own(db, person.id, uuid, print_made, &w);
}
