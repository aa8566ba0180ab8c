/* SPDX-License-Identifier: Apache-2.0
 * Assignments: who has which permission. */
#include "server/core/rights/grants.h"

#include "server/signing_api/people/account_bodies.h"
#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/listing.h"
#include "server/signing_api/people/print_accounts.h"
#include "server/signing_api/rights/print_changes.h"

#include <stdio.h>
#include <string.h>

static const char *permission_id(const struct call *c)
{
	return http_param(c->req, "permissionId");
}

struct change_of_assignment {
	struct call call; /* first */
	const char *identity_id;
	bool force;
	struct assignment_row row;
};

static hf_status pending(struct call *c, struct db *db, const struct change_outcome *outcome)
{
	struct json_writer w = JSON_WRITER(&c->out);

	c->status = 202;
	return print_change_request(&w, db, c->caller->org_id, outcome->id);
}

/* A personal access token has assignments of its own: its user's tokens are forgotten with all. */
static void changed(struct call *c)
{
	const struct assignment_row *row = &((struct change_of_assignment *)c)->row;

	if (c->status != 202)
		tokens_forget_identity(c->api->tokens, hf_id_valid("us", row->identity_id)
		                                               ? row->identity_id
		                                               : NULL);
	call_reply(c);
}

/* POST /permissions/:permissionId/assignments */
static hf_status prepare_create(struct call *c, struct hf_err *err)
{
	return read_assignment(c->body, &((struct change_of_assignment *)c)->identity_id, err);
}

static hf_status run_create(struct call *c, struct db *db)
{
	struct change_of_assignment *n = (struct change_of_assignment *)c;
	const struct requester by = { c->caller, hf_buf_span(&c->proof), c->now_ms };
	struct json_writer w = JSON_WRITER(&c->out);
	struct change_outcome outcome;

	HF_TRY(assignment_create(db, &by, permission_id(c), n->identity_id, &n->row, &outcome,
	                         &c->err));
	snprintf(c->audit.subject_id, sizeof(c->audit.subject_id), "%s", n->row.id);
	if (outcome.status != CHANGE_APPLIED)
		return pending(c, db, &outcome);
	return print_assignment(&w, NULL, &n->row);
}

const struct operation api_create_assignment = {
	.size = sizeof(struct change_of_assignment),
	.prepare = prepare_create,
	.run = run_create,
	.after = changed,
};

/* GET /permissions/:permissionId/assignments */
struct assignment_list {
	struct listing listing; /* first */
	struct db *db;
};

static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	return listing_prepare((struct listing *)c, "assignments", permission_id(c), err);
}

static hf_status print_item(void *ctx, const struct assignment_row *a)
{
	struct assignment_list *l = ctx;

	return listing_item(&l->listing, a->id) ? print_assignment(&l->listing.w, l->db, a)
	                                        : HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct assignment_list *l = (struct assignment_list *)c;
	const struct page *page = &l->listing.page;
	struct permission_row permission;

	l->db = db;
	HF_TRY(permission_get(db, c->caller->org_id, permission_id(c), &permission, &c->err));
	listing_open(&l->listing, NULL);
	HF_TRY(assignment_rows_list(db, permission.id, page->after, page->limit + 1, print_item,
	                            l));
	return listing_close(&l->listing);
}

const struct operation api_list_assignments = {
	.size = sizeof(struct assignment_list),
	.prepare = prepare_list,
	.run = run_list,
};

/* DELETE /permissions/:permissionId/assignments/:assignmentId */
static hf_status prepare_delete(struct call *c, struct hf_err *err)
{
	const char *force = http_query(c->req, "force");

	if (force && strcmp(force, "true") != 0 && strcmp(force, "false") != 0)
		return hf_fail(err, HF_INVALID, "parameter \"force\": expected true or false");
	((struct change_of_assignment *)c)->force = force && strcmp(force, "true") == 0;
	return read_empty(c->body, err);
}

static hf_status run_delete(struct call *c, struct db *db)
{
	struct change_of_assignment *n = (struct change_of_assignment *)c;
	const struct requester by = { c->caller, hf_buf_span(&c->proof), c->now_ms };
	struct change_outcome outcome;

	HF_TRY(assignment_revoke(db, &by, permission_id(c), http_param(c->req, "assignmentId"),
	                         n->force, &n->row, &outcome, &c->err));
	if (outcome.status != CHANGE_APPLIED)
		return pending(c, db, &outcome);
	c->status = 204;
	return HF_SUCCESS;
}

const struct operation api_delete_assignment = {
	.size = sizeof(struct change_of_assignment),
	.prepare = prepare_delete,
	.run = run_delete,
	.after = changed,
};
