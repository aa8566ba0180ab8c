/* SPDX-License-Identifier: Apache-2.0
 * Personal access tokens: a user's own, and nobody else sees or changes them. */
#include "server/core/people/access_tokens.h"
#include "server/core/rights/grants.h"

#include "server/signing_api/people/account_bodies.h"
#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/people/print_accounts.h"

#include <stdio.h>

struct printing {
	struct json_writer w;
	struct db *db;
	struct hf_span secret;
};

static hf_status print_one(void *ctx, const struct token_row *token, const char *public_key)
{
	struct printing *p = ctx;

	return print_pat(&p->w, p->db, token, public_key, p->secret);
}

static hf_status print(struct call *c, struct db *db, const char *id, struct hf_span secret)
{
	struct printing p = { .w = JSON_WRITER(&c->out), .db = db, .secret = secret };
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (hf_id_valid("to", id))
		s = token_row_show(db, c->caller->identity_id, TOKEN_PAT, id, print_one, &p);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "personal access token not found");
	return s;
}

static void changed(struct call *c)
{
	tokens_forget_identity(c->api->tokens, c->caller->identity_id);
	call_reply(c);
}

/* POST /auth/pats */
struct creation {
	struct call call; /* first */
	struct account_body body;
};

static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	return read_create_pat(c->body, &((struct creation *)c)->body, err);
}

static hf_status run_create(struct call *c, struct db *db)
{
	const struct account_body *body = &((struct creation *)c)->body;
	const struct access_token_new from = {
		.org_id = c->caller->org_id,
		.identity_id = c->caller->identity_id,
		.kind = TOKEN_PAT,
		.name = body->name,
		.external_id = body->external_id,
		.public_key = body->public_key,
		.seconds_valid = body->seconds_valid,
		.now_ms = c->now_ms,
	};
	HF_BUF_SCOPED struct hf_buf secret = HF_BUF(JWS_TOKEN_MAX);
	struct grants grants;
	struct token_row token;

	HF_TRY(grants_choose(db, c->caller, body->permission_id, &grants, &c->err));
	HF_TRY(access_token_create(db, &from, &token, &c->err));
	snprintf(c->audit.subject_id, sizeof(c->audit.subject_id), "%s", token.id);
	HF_TRY(grants_to_token(db, &grants, c->caller->org_id, token.id, c->now_ms));
	HF_TRY(access_token_text(c->api->token_keys, db, &token, c->caller->name, &secret));
	return print(c, db, token.id, hf_buf_span(&secret));
}

const struct operation api_create_pat = {
	.size = sizeof(struct creation),
	.prepare = prepare_create,
	.run = run_create,
};

/* GET /auth/pats */
static hf_status run_list(struct call *c, struct db *db)
{
	struct printing p = { .w = JSON_WRITER(&c->out), .db = db };

	json_open_object(&p.w, NULL);
	json_open_array(&p.w, "items");
	HF_TRY(token_rows_list(db, c->caller->identity_id, TOKEN_PAT, print_one, &p));
	json_close_array(&p.w);
	json_close_object(&p.w);
	return HF_SUCCESS;
}

const struct operation api_list_pats = {
	.size = sizeof(struct call),
	.run = run_list,
};

/* GET /auth/pats/:tokenId */
static hf_status run_get(struct call *c, struct db *db)
{
	return print(c, db, http_param(c->req, "tokenId"), HF_SPAN(NULL, 0));
}

const struct operation api_get_pat = {
	.size = sizeof(struct call),
	.run = run_get,
};

/* PUT /auth/pats/:tokenId */
struct update {
	struct call call; /* first */
	struct label_body body;
};

/* No permission is needed for one's own, so the audit log's word for it is ours. */
static void name_operation(struct call *c, const char *name)
{
	snprintf(c->audit.operation, sizeof(c->audit.operation), "%s", name);
}

static hf_status prepare_update(struct call *c, struct hf_err *err)
{
	name_operation(c, "Auth:Pats:Update");
	return read_label(c->body, &((struct update *)c)->body, err);
}

static hf_status run_update(struct call *c, struct db *db)
{
	const struct label_body *body = &((struct update *)c)->body;

	HF_TRY(pat_change(db, c->caller->identity_id, http_param(c->req, "tokenId"), PAT_UPDATE,
	                  body->name, body->external_id, &c->err));
	return run_get(c, db);
}

const struct operation api_update_pat = {
	.size = sizeof(struct update),
	.prepare = prepare_update,
	.run = run_update,
};

static hf_status prepare_activate(struct call *c, struct hf_err *err)
{
	name_operation(c, "Auth:Pats:Activate");
	return read_empty(c->body, err);
}

static hf_status prepare_deactivate(struct call *c, struct hf_err *err)
{
	name_operation(c, "Auth:Pats:Deactivate");
	return read_empty(c->body, err);
}

static hf_status prepare_archive(struct call *c, struct hf_err *err)
{
	name_operation(c, "Auth:Pats:Delete");
	return read_empty(c->body, err);
}

static hf_status change(struct call *c, struct db *db, enum pat_change what)
{
	return pat_change(db, c->caller->identity_id, http_param(c->req, "tokenId"), what, NULL,
	                  NULL, &c->err);
}

/* PUT /auth/pats/:tokenId/activate, …/deactivate */
static hf_status run_activate(struct call *c, struct db *db)
{
	HF_TRY(change(c, db, PAT_ACTIVATE));
	return run_get(c, db);
}

static hf_status run_deactivate(struct call *c, struct db *db)
{
	HF_TRY(change(c, db, PAT_DEACTIVATE));
	return run_get(c, db);
}

const struct operation api_activate_pat = {
	.size = sizeof(struct call),
	.prepare = prepare_activate,
	.run = run_activate,
	.after = changed,
};
const struct operation api_deactivate_pat = {
	.size = sizeof(struct call),
	.prepare = prepare_deactivate,
	.run = run_deactivate,
	.after = changed,
};

/* DELETE /auth/pats/:tokenId: the answer is what it was, deactivated. */
static hf_status run_archive(struct call *c, struct db *db)
{
	HF_TRY(change(c, db, PAT_DEACTIVATE));
	HF_TRY(run_get(c, db));
	return change(c, db, PAT_ARCHIVE);
}

const struct operation api_archive_pat = {
	.size = sizeof(struct call),
	.prepare = prepare_archive,
	.run = run_archive,
	.after = changed,
};
