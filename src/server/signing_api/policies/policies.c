/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/policies/policies.h"

#include "server/core/policies/policy_events.h"
#include "server/signing_api/bodies.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/listing.h"

#include <string.h>

static const char *policy_id(const struct call *c)
{
	return http_param(c->req, "policyId");
}

struct printing {
	struct json_writer *w;
	struct db *db;
	const char *org_id;
};

static hf_status print_pending(void *ctx, const struct change_row *row)
{
	print_change(ctx, "pendingChangeRequest", row);
	return HF_SUCCESS;
}

static hf_status print_row(struct json_writer *w, struct db *db, const struct policy_row *row)
{
	hf_status s;

	json_open_object(w, NULL);
	print_policy_members(w, row);
	s = change_row_pending(db, row->org_id, row->id, print_pending, w);
	json_close_object(w);
	return s.code == HF_NOTFOUND ? HF_SUCCESS : s;
}

static hf_status print_alone(void *ctx, const struct policy_row *row)
{
	const struct printing *p = ctx;

	return print_row(p->w, p->db, row);
}

static hf_status print_one(struct call *c, struct db *db, const char *id)
{
	struct json_writer w = JSON_WRITER(&c->out);
	struct printing p = { &w, db, c->caller->org_id };
	hf_status s = policy_row_get(db, c->caller->org_id, id, print_alone, &p);

	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "policy not found");
	return s;
}

/* POST /v2/policies */
struct writing {
	struct call call; /* first */
	struct policy policy;
	char id[HF_ID_MAX];
};

static hf_status prepare_write(struct call *c, struct hf_err *err)
{
	struct writing *n = (struct writing *)c;

	hf_id_new("plc", n->id);
	return policy_read(c->body, &n->policy, err);
}

static hf_status run_create(struct call *c, struct db *db)
{
	const struct writing *n = (struct writing *)c;

	HF_TRY(policy_create(db, c->caller->org_id, n->id, &n->policy, c->now_ms, &c->err));
	memcpy(c->audit.subject_id, n->id, sizeof(c->audit.subject_id));
	return print_one(c, db, n->id);
}

const struct operation api_create_policy = {
	.size = sizeof(struct writing),
	.prepare = prepare_write,
	.run = run_create,
};

/* GET /v2/policies */
struct list {
	struct listing l; /* first */
	struct db *db;
	const char *status;
};

static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	struct list *n = (struct list *)c;

	n->status = http_query(c->req, "status");
	if (n->status && strcmp(n->status, POLICY_ACTIVE) != 0 &&
	    strcmp(n->status, POLICY_ARCHIVED) != 0)
		return hf_fail(err, HF_INVALID,
		               "query parameter \"status\": expected \"Active\" or \"Archived\"");
	return listing_prepare(&n->l, "policies", n->status ? n->status : "", err);
}

static hf_status print_item(void *ctx, const struct policy_row *row)
{
	struct list *n = ctx;

	return listing_item(&n->l, row->id) ? print_row(&n->l.w, n->db, row) : HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct list *n = (struct list *)c;

	n->db = db;
	listing_open(&n->l, NULL);
	HF_TRY(policy_rows_list(db, c->caller->org_id, n->status, n->l.page.after,
	                        n->l.page.limit + 1, print_item, n));
	return listing_close(&n->l);
}

const struct operation api_list_policies = {
	.size = sizeof(struct list),
	.prepare = prepare_list,
	.run = run_list,
};

/* GET /v2/policies/:policyId */
static hf_status run_get(struct call *c, struct db *db)
{
	return print_one(c, db, policy_id(c));
}

const struct operation api_get_policy = {
	.size = sizeof(struct call),
	.run = run_get,
};

/* PUT and DELETE: the policy as it is now or, with 202, the request to change it. */
static hf_status print_request(void *ctx, const struct change_row *row)
{
	print_change(ctx, NULL, row);
	return HF_SUCCESS;
}

static hf_status edit(struct call *c, struct db *db, const struct policy *policy)
{
	const struct policy_edit e = {
		.org_id = c->caller->org_id,
		.requester_id = c->caller->identity_id,
		.token_id = c->caller->token_id,
		.policy_id = policy_id(c),
		.policy = policy,
		.proof = hf_buf_span(&c->proof),
		.now_ms = c->now_ms,
	};
	struct json_writer w = JSON_WRITER(&c->out);
	struct change_outcome outcome;

	HF_TRY(policy_edit(db, &e, &outcome, &c->err));
	if (outcome.status == CHANGE_APPLIED)
		return print_one(c, db, e.policy_id);
	c->status = 202;
	return change_row_get(db, e.org_id, outcome.id, print_request, &w);
}

static hf_status run_update(struct call *c, struct db *db)
{
	return edit(c, db, &((struct writing *)c)->policy);
}

const struct operation api_update_policy = {
	.size = sizeof(struct writing),
	.prepare = prepare_write,
	.run = run_update,
};

static hf_status prepare_archive(struct call *c, struct hf_err *err)
{
	return read_empty(c->body, err);
}

static hf_status run_archive(struct call *c, struct db *db)
{
	return edit(c, db, NULL);
}

const struct operation api_archive_policy = {
	.size = sizeof(struct call),
	.prepare = prepare_archive,
	.run = run_archive,
};
