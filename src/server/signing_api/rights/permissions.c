/* SPDX-License-Identifier: Apache-2.0
 * Permissions: lists of operations with a name. */
#include "server/core/rights/grants.h"

#include "server/signing_api/people/account_bodies.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/listing.h"
#include "server/signing_api/people/print_accounts.h"
#include "server/signing_api/rights/print_changes.h"

#include <stdio.h>

static const char *permission_id(const struct call *c)
{
	return http_param(c->req, "permissionId");
}

static struct requester requester(const struct call *c)
{
	return (struct requester){ c->caller, hf_buf_span(&c->proof), c->now_ms };
}

/* POST /permissions */
struct change_of_permission {
	struct call call; /* first */
	struct permission_body body;
	bool archived;
};

static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	return read_create_permission(c->body, &((struct change_of_permission *)c)->body, err);
}

static hf_status run_create(struct call *c, struct db *db)
{
	const struct permission_body *body = &((struct change_of_permission *)c)->body;
	const struct requester by = requester(c);
	struct json_writer w = JSON_WRITER(&c->out);
	struct permission_row made;

	HF_TRY(permission_create(db, &by, body->name, &body->operations, &made, &c->err));
	snprintf(c->audit.subject_id, sizeof(c->audit.subject_id), "%s", made.id);
	return print_permission(&w, NULL, &made);
}

const struct operation api_create_permission = {
	.size = sizeof(struct change_of_permission),
	.prepare = prepare_create,
	.run = run_create,
};

/* GET /permissions */
struct permission_list {
	struct listing listing; /* first */
	struct db *db;
};

static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	return listing_prepare((struct listing *)c, "permissions", "", err);
}

static hf_status print_item(void *ctx, const struct permission_row *p)
{
	struct permission_list *l = ctx;

	return listing_item(&l->listing, p->id) ? print_permission(&l->listing.w, l->db, p)
	                                        : HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct permission_list *l = (struct permission_list *)c;
	const struct page *page = &l->listing.page;

	l->db = db;
	listing_open(&l->listing, NULL);
	HF_TRY(permission_rows_list(db, c->caller->org_id, page->after, page->limit + 1, print_item,
	                            l));
	return listing_close(&l->listing);
}

const struct operation api_list_permissions = {
	.size = sizeof(struct permission_list),
	.prepare = prepare_list,
	.run = run_list,
};

/* GET /permissions/:permissionId */
static hf_status run_get(struct call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	struct permission_row p;

	HF_TRY(permission_get(db, c->caller->org_id, permission_id(c), &p, &c->err));
	return print_permission(&w, db, &p);
}

const struct operation api_get_permission = {
	.size = sizeof(struct call),
	.run = run_get,
};

/* PUT /permissions/:permissionId and …/archive */
static hf_status edit(struct call *c, struct db *db, const struct permission_edit *wanted)
{
	const struct requester by = requester(c);
	struct json_writer w = JSON_WRITER(&c->out);
	struct change_outcome outcome;
	struct permission_row p;

	HF_TRY(permission_edit(db, &by, permission_id(c), wanted, &p, &outcome, &c->err));
	if (outcome.status == CHANGE_APPLIED)
		return print_permission(&w, NULL, &p);
	c->status = 202;
	return print_change_request(&w, db, c->caller->org_id, outcome.id);
}

/* Whoever has it may do more or less from now on. */
static void changed(struct call *c)
{
	if (c->status == 200)
		tokens_forget_identity(c->api->tokens, NULL);
	call_reply(c);
}

static hf_status prepare_update(struct call *c, struct hf_err *err)
{
	return read_update_permission(c->body, &((struct change_of_permission *)c)->body, err);
}

static hf_status run_update(struct call *c, struct db *db)
{
	const struct permission_body *body = &((struct change_of_permission *)c)->body;
	const struct permission_edit wanted = {
		.name = body->name,
		.operations = body->has_operations ? &body->operations : NULL,
	};

	return edit(c, db, &wanted);
}

const struct operation api_update_permission = {
	.size = sizeof(struct change_of_permission),
	.prepare = prepare_update,
	.run = run_update,
	.after = changed,
};

static hf_status prepare_archive(struct call *c, struct hf_err *err)
{
	return read_archived(c->body, &((struct change_of_permission *)c)->archived, err);
}

static hf_status run_archive(struct call *c, struct db *db)
{
	const struct permission_edit wanted = {
		.archived = &((struct change_of_permission *)c)->archived,
	};

	return edit(c, db, &wanted);
}

const struct operation api_archive_permission = {
	.size = sizeof(struct change_of_permission),
	.prepare = prepare_archive,
	.run = run_archive,
	.after = changed,
};
