/* SPDX-License-Identifier: Apache-2.0
 * A person's own credentials: listed, added, switched on and off. What was switched off stops
 * working with this answer; on other servers of the database within TOKEN_FRESH_MS. */
#include "server/signing_api/people/people_handlers.h"

#include "server/signing_api/people/credential_challenge.h"
#include "server/signing_api/people/people_calls.h"
#include "server/signing_api/people/people_print.h"
#include "server/store/token_rows.h"

#include <stdio.h>
#include <string.h>

/* GET /auth/credentials */
static hf_status print_item(void *ctx, const struct credential_row *row)
{
	print_credential(ctx, row);
	return HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	json_open_array(&w, "items");
	HF_TRY(credential_rows_own(db, c->caller->identity_id, print_item, &w));
	json_close_array(&w);
	json_close_object(&w);
	return HF_SUCCESS;
}

const struct operation api_list_credentials = {
	.size = sizeof(struct call),
	.run = run_list,
};

/* POST /auth/credentials/init */
struct init {
	struct call call; /* first */
	const char *kind;
};

static hf_status prepare_init(struct call *c, struct hf_err *err)
{
	struct init *i = (struct init *)c;

	HF_TRY(read_credential_init(c->body, &i->kind, err));
	return check_credential_kind(c, i->kind, err);
}

static hf_status run_init(struct call *c, struct db *db)
{
	struct ticket ticket = { .kind = TICKET_CREDENTIAL };
	struct identity_row person;

	HF_TRY(identity_row_get(db, c->caller->org_id, NULL, c->caller->identity_id, &person));
	snprintf(ticket.credential_kind, sizeof(ticket.credential_kind), "%s",
	         ((struct init *)c)->kind);
	return print_credential_challenge(c, db, &person, &ticket);
}

const struct operation api_credential_init = {
	.size = sizeof(struct init),
	.prepare = prepare_init,
	.run = run_init,
};

/* POST /auth/credentials */
static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	struct credential_creation *n = (struct credential_creation *)c;

	HF_TRY(credential_creation_read(n, err));
	if (strcmp(n->ticket.identity_id, c->caller->identity_id) != 0 || n->ticket.code_kind[0])
		return hf_fail(err, HF_INVALID, "Challenge token is not valid.");
	return HF_SUCCESS;
}

const struct operation api_create_credential = {
	.size = sizeof(struct credential_creation),
	.prepare = prepare_create,
	.run = credential_creation_run,
	.after = answer_changed_caller,
};

/* PUT /auth/credentials/activate, …/deactivate */
struct change {
	struct call call; /* first */
	const char *uuid;
	/* of the credential */
	char id[CREDENTIAL_ID_MAX];
	bool active, recovery;
};

static hf_status prepare_change(struct call *c, struct hf_err *err)
{
	person_operation(c, "Auth:Creds:Update");
	return read_credential_uuid(c->body, &((struct change *)c)->uuid, err);
}

static hf_status note(void *ctx, const struct credential_row *row)
{
	struct change *n = ctx;

	snprintf(n->id, sizeof(n->id), "%s", row->id);
	n->active = row->active;
	n->recovery = row->recovery;
	return HF_SUCCESS;
}

static hf_status find(struct change *n, struct db *db)
{
	struct call *c = &n->call;
	hf_status s = credential_row_own(db, c->caller->identity_id, n->uuid, note, n);

	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, s.code, "credential not found");
	HF_TRY(s);
	memcpy(c->audit.subject_id, n->uuid, strlen(n->uuid) + 1);
	return HF_SUCCESS;
}

static void print_done(struct call *c)
{
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	json_text(&w, "message", "success");
	json_close_object(&w);
}

static hf_status run_activate(struct call *c, struct db *db)
{
	struct change *n = (struct change *)c;

	HF_TRY(find(n, db));
	HF_TRY(credential_row_set_active(db, n->uuid, true));
	print_done(c);
	return HF_SUCCESS;
}

const struct operation api_activate_credential = {
	.size = sizeof(struct change),
	.prepare = prepare_change,
	.run = run_activate,
	.after = answer_changed_caller,
};

static hf_status run_deactivate(struct call *c, struct db *db)
{
	struct change *n = (struct change *)c;
	int64_t left;

	HF_TRY(credential_rows_count(db, c->caller->identity_id, &left));
	HF_TRY(find(n, db));
	if (n->active && !n->recovery && left <= 1)
		return hf_fail(&c->err, HF_STATE,
		               "this is your last active credential: add another one first, or ask "
		               "an administrator to deactivate the user");
	HF_TRY(credential_row_set_active(db, n->uuid, false));
	HF_TRY(token_rows_end_sessions(db, c->caller->identity_id, n->id));
	print_done(c);
	return HF_SUCCESS;
}

const struct operation api_deactivate_credential = {
	.size = sizeof(struct change),
	.prepare = prepare_change,
	.run = run_deactivate,
	.after = answer_changed_caller,
};
