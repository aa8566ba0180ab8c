/* SPDX-License-Identifier: Apache-2.0
 * Users. */
#include "server/core/people/identities.h"

#include "server/signing_api/people/account_bodies.h"
#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/listing.h"
#include "server/signing_api/people/print_accounts.h"

#include <stdio.h>
#include <string.h>

static const char *user_id(const struct call *c)
{
	return http_param(c->req, "userId");
}

static hf_status print(struct call *c, struct db *db, const struct identity_row *user)
{
	struct json_writer w = JSON_WRITER(&c->out);

	return print_user(&w, db, user);
}

/* What he may do counts at once, here. */
static void changed(struct call *c)
{
	tokens_forget_identity(c->api->tokens, user_id(c));
	call_reply(c);
}

/* POST /auth/users */
struct creation {
	struct call call; /* first */
	struct user_body body;
};

static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	return read_create_user(c->body, &((struct creation *)c)->body, err);
}

static hf_status run_create(struct call *c, struct db *db)
{
	const struct user_body *body = &((struct creation *)c)->body;
	const struct identity_new from = {
		.org_id = c->caller->org_id,
		.created_by = c->caller->identity_id,
		.kind = KIND_USER,
		.name = body->email,
		.external_id = body->external_id,
		.public_key = body->public_key,
		.now_ms = c->now_ms,
	};
	char credential_id[CREDENTIAL_ID_MAX];
	struct identity_row user;

	HF_TRY(identity_create(db, &from, &user, credential_id, &c->err));
	snprintf(c->audit.subject_id, sizeof(c->audit.subject_id), "%s", user.id);
	return print(c, db, &user);
}

const struct operation api_create_user = {
	.size = sizeof(struct creation),
	.prepare = prepare_create,
	.run = run_create,
};

/* GET /auth/users */
struct user_list {
	struct listing listing; /* first */
	struct db *db;
};

static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	const char *kind = http_query(c->req, "kind");

	if (kind && strcmp(kind, KIND_USER) != 0 && strcmp(kind, KIND_END_USER) != 0)
		return hf_fail(err, HF_INVALID,
		               "parameter \"kind\": expected \"" KIND_USER "\" or \"" KIND_END_USER
		               "\"");
	return listing_prepare((struct listing *)c, "users", kind ? kind : "", err);
}

static hf_status print_item(void *ctx, const struct identity_row *user)
{
	struct user_list *l = ctx;

	return listing_item(&l->listing, user->id) ? print_user(&l->listing.w, l->db, user)
	                                           : HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct user_list *l = (struct user_list *)c;
	const struct page *page = &l->listing.page;
	const char *kind = http_query(c->req, "kind");

	l->db = db;
	listing_open(&l->listing, NULL);
	HF_TRY(identity_rows_list(db, c->caller->org_id, kind, page->after, page->limit + 1,
	                          print_item, l));
	return listing_close(&l->listing);
}

const struct operation api_list_users = {
	.size = sizeof(struct user_list),
	.prepare = prepare_list,
	.run = run_list,
};

/* GET /auth/users/:userId */
static hf_status run_get(struct call *c, struct db *db)
{
	struct identity_row user;

	HF_TRY(identity_get(db, c->caller->org_id, IDENTITY_USER, user_id(c), &user, &c->err));
	return print(c, db, &user);
}

const struct operation api_get_user = {
	.size = sizeof(struct call),
	.run = run_get,
};

/* PUT /auth/users/:userId */
static hf_status prepare_update(struct call *c, struct hf_err *err)
{
	return read_update_user(c->body, err);
}

const struct operation api_update_user = {
	.size = sizeof(struct call),
	.prepare = prepare_update,
	.run = run_get,
};

static hf_status prepare_empty(struct call *c, struct hf_err *err)
{
	return read_empty(c->body, err);
}

/* PUT /auth/users/:userId/activate, …/deactivate */
static hf_status set_active(struct call *c, struct db *db, bool active)
{
	struct identity_row user;

	HF_TRY(identity_set_active(db, c->caller, IDENTITY_USER, user_id(c), active, &user,
	                           &c->err));
	return print(c, db, &user);
}

static hf_status run_activate(struct call *c, struct db *db)
{
	return set_active(c, db, true);
}

static hf_status run_deactivate(struct call *c, struct db *db)
{
	return set_active(c, db, false);
}

const struct operation api_activate_user = {
	.size = sizeof(struct call),
	.prepare = prepare_empty,
	.run = run_activate,
	.after = changed,
};
const struct operation api_deactivate_user = {
	.size = sizeof(struct call),
	.prepare = prepare_empty,
	.run = run_deactivate,
	.after = changed,
};

/* DELETE /auth/users/:userId */
static hf_status run_archive(struct call *c, struct db *db)
{
	struct identity_row user;

	HF_TRY(identity_archive(db, c->caller, IDENTITY_USER, user_id(c), &user, &c->err));
	return print(c, db, &user);
}

const struct operation api_archive_user = {
	.size = sizeof(struct call),
	.prepare = prepare_empty,
	.run = run_archive,
	.after = changed,
};
