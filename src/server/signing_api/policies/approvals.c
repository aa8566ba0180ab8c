/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/policies/approvals.h"

#include "proof/evidence.h"
#include "server/core/keys/objects.h"
#include "server/core/policies/policy_events.h"
#include "server/signing_api/handlers.h"
#include "server/signing_api/listing.h"

#include <string.h>

#define ACTIVITY_JSON_MAX (4u << 20)

static const char *approval_id(const struct call *c)
{
	return http_param(c->req, "approvalId");
}

static hf_status put_signature(void *ctx, const struct signature_row *row)
{
	print_signature(ctx, "signatureRequest", row);
	return HF_SUCCESS;
}

static hf_status put_change(void *ctx, const struct change_row *row)
{
	print_change(ctx, "changeRequest", row);
	return HF_SUCCESS;
}

/* {"kind", "signatureRequest" or "changeRequest"} */
static hf_status print_activity(struct hf_buf *to, struct db *db, const struct approval_row *row)
{
	bool sign = strcmp(row->activity, activity_kind_name(ACTIVITY_WALLETS_SIGN)) == 0;
	struct json_writer w = JSON_WRITER(to);
	hf_status s;

	json_open_object(&w, NULL);
	json_text(&w, "kind", row->activity);
	s = sign ? signature_row_get(db, row->org_id, row->subject_id, put_signature, &w)
	         : change_row_get(db, row->org_id, row->subject_id, put_change, &w);
	if (s.code != HF_NOTFOUND)
		HF_TRY(s);
	json_close_object(&w);
	return hf_buf_status(to);
}

static hf_status print_row(struct json_writer *w, struct db *db, const struct approval_row *row)
{
	HF_BUF_SCOPED struct hf_buf activity = HF_BUF(ACTIVITY_JSON_MAX);

	HF_TRY(print_activity(&activity, db, row));
	return print_approval(w, NULL, db, row, hf_buf_span(&activity));
}

struct printing {
	struct call *c;
	struct db *db;
};

static hf_status print_alone(void *ctx, const struct approval_row *row)
{
	const struct printing *p = ctx;
	struct json_writer w = JSON_WRITER(&p->c->out);

	return print_row(&w, p->db, row);
}

static hf_status print_one(struct call *c, struct db *db)
{
	struct printing p = { c, db };
	hf_status s = approval_row_get(db, c->caller->org_id, approval_id(c), print_alone, &p);

	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "approval not found");
	return s;
}

/* GET /v2/policy-approvals */
struct list {
	struct listing l; /* first */
	struct db *db;
	struct approval_filter filter;
};

/* "" when it is not there. Ids only: the text becomes part of a pattern. */
static hf_status id_query(const struct call *c, const char *name, const char **ret,
                          struct hf_err *err)
{
	const char *id = http_query(c->req, name);

	*ret = id ? id : "";
	if (strlen(*ret) < HF_ID_MAX &&
	    (*ret)[strspn(*ret, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0')
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "query parameter \"%s\": expected a user's id", name);
}

static hf_status prepare_list(struct call *c, struct hf_err *err)
{
	struct list *n = (struct list *)c;
	const char *status = http_query(c->req, "status");
	enum approval_status known;

	n->filter.org_id = c->caller->org_id;
	n->filter.status = status ? status : "";
	if (status && !hf_ok(approval_status_parse(status, &known)))
		return hf_fail(err, HF_INVALID,
		               "query parameter \"status\": expected \"Pending\", \"Approved\", "
		               "\"Denied\" or \"Expired\"");
	HF_TRY(id_query(c, "initiatorId", &n->filter.initiator_id, err));
	HF_TRY(id_query(c, "approverId", &n->filter.approver_id, err));
	return listing_prepare(&n->l, "approvals", n->filter.status, err);
}

static hf_status print_item(void *ctx, const struct approval_row *row)
{
	struct list *n = ctx;

	return listing_item(&n->l, row->seq) ? print_row(&n->l.w, n->db, row) : HF_SUCCESS;
}

static hf_status run_list(struct call *c, struct db *db)
{
	struct list *n = (struct list *)c;

	n->db = db;
	listing_open(&n->l, NULL);
	HF_TRY(approval_rows_list(db, &n->filter, n->l.page.after, n->l.page.limit + 1, print_item,
	                          n));
	return listing_close(&n->l);
}

const struct operation api_list_approvals = {
	.size = sizeof(struct list),
	.prepare = prepare_list,
	.run = run_list,
};

/* GET /v2/policy-approvals/:approvalId */
const struct operation api_get_approval = {
	.size = sizeof(struct call),
	.run = print_one,
};

/* POST /v2/policy-approvals/:approvalId/decisions */
struct deciding {
	struct call call; /* first */
	const char *value, *reason;
	struct hf_buf
	        body; /* canonical: what the user action is over, and what drivers are shown */
};

static hf_status prepare_decide(struct call *c, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "value", JSON_READ_TEXT, offsetof(struct deciding, value), true },
		{ "reason", JSON_READ_TEXT, offsetof(struct deciding, reason), false, false, 0,
		  APPROVAL_REASON_CHARS },
	};
	struct deciding *d = (struct deciding *)c;

	d->body = HF_BUF(EVIDENCE_DECISION_MAX);
	HF_TRY(json_read(c->body, fields, HF_COUNT(fields), d, err));
	if (!hf_ok(json_canonical(c->body, &d->body)))
		return hf_fail(err, HF_INVALID, "field \"reason\": at most about %d bytes",
		               EVIDENCE_DECISION_MAX - 48);
	if (strcmp(d->value, "Approved") == 0 || strcmp(d->value, "Denied") == 0)
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "field \"value\": expected \"Approved\" or \"Denied\"");
}

static hf_status run_decide(struct call *c, struct db *db)
{
	const struct deciding *d = (struct deciding *)c;
	const struct approval_decision decision = {
		.org_id = c->caller->org_id,
		.approval_id = approval_id(c),
		.identity_id = c->caller->identity_id,
		.approve = strcmp(d->value, "Approved") == 0,
		.reason = d->reason,
		.proof = hf_buf_span(&c->proof),
		.body = hf_buf_span(&d->body),
		.now_ms = c->now_ms,
	};

	HF_TRY(approval_decide(c->api->core->jobs, db, &decision, &c->err));
	return print_one(c, db);
}

/* It may have been about somebody's permissions. */
static void decided(struct call *c)
{
	tokens_forget_identity(c->api->tokens, NULL);
	call_reply(c);
}

static void release_decide(struct call *c)
{
	hf_buf_done(&((struct deciding *)c)->body);
}

const struct operation api_decide_approval = {
	.size = sizeof(struct deciding),
	.prepare = prepare_decide,
	.run = run_decide,
	.after = decided,
	.release = release_decide,
};
