/* SPDX-License-Identifier: Apache-2.0
 * Service accounts, each with its one access token. */
#include "server/core/people/access_tokens.h"
#include "server/core/rights/grants.h"
#include "server/core/people/identities.h"

#include "server/signing_api/people/account_bodies.h"
#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/people/print_accounts.h"

#include <limits.h>
#include <stdio.h>

#define NO_SECRET HF_SPAN(NULL, 0)

static const char *account_id(const struct call *c)
{
	return http_param(c->req, "serviceAccountId");
}

static hf_status print(struct call *c, struct db *db, const struct identity_row *account,
                       struct hf_span secret)
{
	struct json_writer w = JSON_WRITER(&c->out);

	return print_account(&w, db, account, secret);
}

static void changed(struct call *c)
{
	tokens_forget_identity(c->api->tokens, account_id(c));
	call_reply(c);
}

/* POST /auth/service-accounts */
struct creation {
	struct call call; /* first */
	struct account_body body;
};

static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	return read_create_account(c->body, &((struct creation *)c)->body, err);
}

static hf_status make_account(struct call *c, struct db *db, struct identity_row *ret,
                              struct token_row *ret_token)
{
	const struct account_body *body = &((struct creation *)c)->body;
	const struct identity_new from = {
		.org_id = c->caller->org_id,
		.created_by = c->caller->identity_id,
		.kind = KIND_SERVICE_ACCOUNT,
		.name = body->name,
		.external_id = body->external_id,
		.public_key = body->public_key,
		.now_ms = c->now_ms,
	};
	char credential_id[CREDENTIAL_ID_MAX];
	struct access_token_new token = {
		.org_id = c->caller->org_id,
		.kind = TOKEN_SERVICE_ACCOUNT,
		.name = "",
		.external_id = "",
		.credential_id = credential_id,
		.seconds_valid = body->seconds_valid,
		.now_ms = c->now_ms,
	};

	HF_TRY(identity_create(db, &from, ret, credential_id, &c->err));
	token.identity_id = ret->id;
	return access_token_create(db, &token, ret_token, &c->err);
}

static hf_status run_create(struct call *c, struct db *db)
{
	const struct account_body *body = &((struct creation *)c)->body;
	const struct requester by = { c->caller, hf_buf_span(&c->proof), c->now_ms };
	HF_BUF_SCOPED struct hf_buf secret = HF_BUF(JWS_TOKEN_MAX);
	struct identity_row account;
	struct token_row token;
	struct grants grants;

	HF_TRY(grants_choose(db, c->caller, body->permission_id, &grants, &c->err));
	HF_TRY(make_account(c, db, &account, &token));
	snprintf(c->audit.subject_id, sizeof(c->audit.subject_id), "%s", account.id);
	HF_TRY(grants_request(db, &by, &grants, account.id, &c->err));
	HF_TRY(access_token_text(c->api->token_keys, db, &token, account.name, &secret));
	return print(c, db, &account, hf_buf_span(&secret));
}

const struct operation api_create_service_account = {
	.size = sizeof(struct creation),
	.prepare = prepare_create,
	.run = run_create,
};

/* GET /auth/service-accounts: all of them, since the official client knows no pages of these. */
struct account_list {
	struct call call; /* first */
	struct json_writer w;
	struct db *db;
};

static hf_status print_item(void *ctx, const struct identity_row *account)
{
	struct account_list *l = ctx;

	return print_account(&l->w, l->db, account, NO_SECRET);
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct account_list *l = (struct account_list *)c;

	l->db = db;
	l->w = JSON_WRITER(&c->out);
	json_open_object(&l->w, NULL);
	json_open_array(&l->w, "items");
	HF_TRY(identity_rows_list(db, c->caller->org_id, KIND_SERVICE_ACCOUNT, "", INT_MAX,
	                          print_item, l));
	json_close_array(&l->w);
	json_close_object(&l->w);
	return HF_SUCCESS;
}

const struct operation api_list_service_accounts = {
	.size = sizeof(struct account_list),
	.run = run_list,
};

/* GET /auth/service-accounts/:serviceAccountId */
static hf_status run_get(struct call *c, struct db *db)
{
	struct identity_row account;

	HF_TRY(identity_get(db, c->caller->org_id, IDENTITY_SERVICE_ACCOUNT, account_id(c),
	                    &account, &c->err));
	return print(c, db, &account, NO_SECRET);
}

const struct operation api_get_service_account = {
	.size = sizeof(struct call),
	.run = run_get,
};

/* PUT /auth/service-accounts/:serviceAccountId */
struct update {
	struct call call; /* first */
	struct label_body body;
};

static hf_status prepare_update(struct call *c, struct hf_err *err)
{
	return read_label(c->body, &((struct update *)c)->body, err);
}

static hf_status run_update(struct call *c, struct db *db)
{
	const struct label_body *body = &((struct update *)c)->body;
	struct identity_row account;

	HF_TRY(identity_update(db, c->caller->org_id, IDENTITY_SERVICE_ACCOUNT, account_id(c),
	                       body->name, body->external_id, &account, &c->err));
	return print(c, db, &account, NO_SECRET);
}

const struct operation api_update_service_account = {
	.size = sizeof(struct update),
	.prepare = prepare_update,
	.run = run_update,
	.after = changed,
};

static hf_status prepare_empty(struct call *c, struct hf_err *err)
{
	return read_empty(c->body, err);
}

/* PUT …/activate, …/deactivate */
static hf_status set_active(struct call *c, struct db *db, bool active)
{
	struct identity_row account;

	HF_TRY(identity_set_active(db, c->caller, IDENTITY_SERVICE_ACCOUNT, account_id(c), active,
	                           &account, &c->err));
	return print(c, db, &account, NO_SECRET);
}

static hf_status run_activate(struct call *c, struct db *db)
{
	return set_active(c, db, true);
}

static hf_status run_deactivate(struct call *c, struct db *db)
{
	return set_active(c, db, false);
}

const struct operation api_activate_service_account = {
	.size = sizeof(struct call),
	.prepare = prepare_empty,
	.run = run_activate,
	.after = changed,
};
const struct operation api_deactivate_service_account = {
	.size = sizeof(struct call),
	.prepare = prepare_empty,
	.run = run_deactivate,
	.after = changed,
};

/* DELETE /auth/service-accounts/:serviceAccountId */
static hf_status run_archive(struct call *c, struct db *db)
{
	struct identity_row account;

	HF_TRY(identity_archive(db, c->caller, IDENTITY_SERVICE_ACCOUNT, account_id(c), &account,
	                        &c->err));
	return print(c, db, &account, NO_SECRET);
}

const struct operation api_archive_service_account = {
	.size = sizeof(struct call),
	.prepare = prepare_empty,
	.run = run_archive,
	.after = changed,
};
