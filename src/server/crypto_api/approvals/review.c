/* SPDX-License-Identifier: Apache-2.0
 * Requests for approval, as those see them who asked or who may approve; and what these decide. */
#include "server/crypto_api/approvals/approvals.h"

#include <stdio.h>
#include <string.h>

#define LIST_MAX 1000
#define REASON_MAX 4096

struct printing {
	struct crypto_call *c;
	struct db *db;
	struct json_writer w;
	const char *requester, *reviewer, *subject; /* of a list: those only; NULL: all */
	size_t n;
};

static bool is_uuid_of(const char *uuid, const char *identity_id)
{
	char own[HF_UUID_MAX];

	return hf_ok(hf_uuid_of_id(identity_id, own)) && strcmp(own, uuid) == 0;
}

static bool names(const struct quorum_policy *policy, const char *uuid)
{
	for (size_t i = 0; i < policy->n_nodes; i++)
		if (strcmp(policy->nodes[i].id, uuid) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct printing *p, const struct quorum_row *row,
                      const struct quorum_policy *policy)
{
	if (p->requester && !is_uuid_of(p->requester, row->requester))
		return false;
	if (p->subject && strcmp(p->subject, row->object_id) != 0 &&
	    strcmp(p->subject, row->group_id) != 0)
		return false;
	return !p->reviewer || names(policy, p->reviewer);
}

/* One that is not his to see is not there. */
static hf_status print_if_visible(void *ctx, const struct quorum_row *row)
{
	struct printing *p = ctx;
	struct quorum_policy *policy HF_CLEANUP(quorum_policy_free_at) = NULL;

	HF_TRY(approval_policy_parse(row, &policy, NULL));
	if (!approval_visible(p->c->who, row, policy) || !is_wanted(p, row, policy))
		return HF_SUCCESS;
	p->n++;
	return approval_print(p->c, p->db, row, &p->w);
}

hf_status approval_print_one(struct crypto_call *c, struct db *db, const char *id)
{
	struct printing p = { .c = c, .db = db, .w = JSON_WRITER(&c->out) };
	hf_status s =
	        quorum_row_get(db, c->who->org_id, id, c->now_ms, false, print_if_visible, &p);

	if (s.code == HF_NOTFOUND || (hf_ok(s) && !p.n))
		return hf_fail(&c->err, HF_NOTFOUND, "there is no such request, or it has expired");
	return s;
}

const char *approval_id_in_path(const struct crypto_call *c)
{
	return crypto_call_param(c, "req_id");
}

hf_status approval_run_get(struct crypto_call *c, struct db *db)
{
	return approval_print_one(c, db, approval_id_in_path(c));
}

const struct crypto_operation crypto_approval_get = {
	.size = sizeof(struct crypto_call),
	.run = approval_run_get,
};

static hf_status prepare_list(struct crypto_call *c, struct hf_err *err)
{
	static const char *const known[] = { "requester", "reviewer", "subject", "status" };
	static const char *const states[] = { QUORUM_PENDING, QUORUM_APPROVED, QUORUM_DENIED,
		                              QUORUM_FAILED };
	const char *status = crypto_call_query(c, "status");
	size_t k = 0;

	HF_TRY(crypto_call_query_known(c, known, HF_COUNT(known), err));
	for (size_t i = 0; i < 3; i++) {
		const char *id = crypto_call_query(c, known[i]);

		if (id && !hf_uuid_valid(id))
			return hf_fail(err, HF_INVALID, "%s: expected an id", known[i]);
	}
	while (status && k < HF_COUNT(states) && strcmp(states[k], status) != 0)
		k++;
	if (k == HF_COUNT(states))
		return hf_fail(err, HF_INVALID,
		               "status: expected PENDING, APPROVED, DENIED or FAILED");
	return HF_SUCCESS;
}

static hf_status run_list(struct crypto_call *c, struct db *db)
{
	struct printing p = {
		.c = c,
		.db = db,
		.w = JSON_WRITER(&c->out),
		.requester = crypto_call_query(c, "requester"),
		.reviewer = crypto_call_query(c, "reviewer"),
		.subject = crypto_call_query(c, "subject"),
	};

	json_open_array(&p.w, NULL);
	HF_TRY(quorum_rows_list(db, c->who->org_id, crypto_call_query(c, "status"), "", c->now_ms,
	                        LIST_MAX, print_if_visible, &p));
	json_close_array(&p.w);
	return HF_SUCCESS;
}

const struct crypto_operation crypto_approval_list = {
	.size = sizeof(struct crypto_call),
	.prepare = prepare_list,
	.run = run_list,
};

/* Denying and withdrawing */
struct denial {
	struct crypto_call call; /* first */
	const char *reason;
};

static const struct json_field deny_fields[] = {
	{ "reason", JSON_READ_TEXT, offsetof(struct denial, reason), false, true, 0, REASON_MAX },
};

static hf_status prepare_deny(struct crypto_call *c, struct hf_err *err)
{
	return c->body ? json_read(c->body, deny_fields, HF_COUNT(deny_fields), c, err)
	               : HF_SUCCESS;
}

void approval_about(struct crypto_call *c, const char *outcome)
{
	snprintf(c->subject_id, sizeof(c->subject_id), "%s", approval_id_in_path(c));
	c->outcome = outcome;
}

static hf_status run_deny(struct crypto_call *c, struct db *db)
{
	struct denial *d = (struct denial *)c;

	HF_TRY(approval_deny(c->api->core, db, c->who, approval_id_in_path(c), d->reason, c->now_ms,
	                     &c->err));
	approval_about(c, "Denied");
	HF_TRY(crypto_call_audit(c, db));
	return approval_print_one(c, db, approval_id_in_path(c));
}

const struct crypto_operation crypto_approval_deny = {
	.size = sizeof(struct denial),
	.writes = true,
	.prepare = prepare_deny,
	.run = run_deny,
};

static hf_status run_withdraw(struct crypto_call *c, struct db *db)
{
	HF_TRY(approval_withdraw(db, c->who, approval_id_in_path(c), c->now_ms, &c->err));
	approval_about(c, "Withdrawn");
	return crypto_call_audit(c, db);
}

const struct crypto_operation crypto_approval_withdraw = {
	.size = sizeof(struct crypto_call),
	.writes = true,
	.run = run_withdraw,
};

/* The result: for who asked. */
struct result {
	struct crypto_call call; /* first */
	struct approval_step step;
	bool tried;
	bool pending; /* approved, and nobody has begun */
};

static hf_status print_result(struct crypto_call *c, const struct quorum_row *row)
{
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	json_int(&w, "status", row->result_status);
	HF_TRY(approval_result_print(c, row, &w));
	json_close_object(&w);
	return HF_SUCCESS;
}

static hf_status look_at_result(void *ctx, const struct quorum_row *row)
{
	struct result *r = ctx;
	struct crypto_call *c = &r->call;

	if (!approval_asked_by(c->who, row))
		return hf_fail(&c->err, HF_NOTFOUND, "there is no such request, or it has expired");
	if (strcmp(row->status, QUORUM_DENIED) == 0)
		return hf_fail(&c->err, HF_DENIED, "this request was denied%s%s",
		               row->reason ? ": " : "", row->reason ? row->reason : "");
	if (strcmp(row->status, QUORUM_PENDING) == 0)
		return hf_fail(&c->err, HF_STATE, "this request waits for approval still");
	if (row->result_status)
		return print_result(c, row);
	r->pending = !row->running_ms;
	if (r->pending)
		return HF_SUCCESS;
	if (c->now_ms - row->running_ms > APPROVAL_RUN_MS)
		return hf_fail(&c->err, HF_STATE,
		               "nobody knows whether this was carried out: the server that did it "
		               "has ended. Look before you ask for it again");
	return hf_fail(&c->err, HF_BUSY, "this request is being carried out: ask again");
}

static hf_status run_result(struct crypto_call *c, struct db *db)
{
	struct result *r = (struct result *)c;
	hf_status s;

	r->pending = false;
	s = quorum_row_get(db, c->who->org_id, approval_id_in_path(c), c->now_ms, false,
	                   look_at_result, r);
	if (s.code == HF_NOTFOUND && !c->err.text[0])
		return hf_fail(&c->err, HF_NOTFOUND, "there is no such request, or it has expired");
	HF_TRY(s);
	return r->pending ? HF_SUCCESS : quorum_row_viewed(db, approval_id_in_path(c));
}

static void after_result(struct crypto_call *c);

static void result_there(void *ctx)
{
	struct result *r = ctx;

	r->tried = true;
	approval_take_step(&r->step, &r->call, true, run_result, after_result);
}

static void after_result(struct crypto_call *c)
{
	struct result *r = (struct result *)c;

	if (r->pending && r->tried)
		crypto_call_fail_with(c, 503,
		                      "this request is not carried out yet: ask again; or anew, if "
		                      "the approval policy has changed since, or somebody "
		                      "who approved it has left");
	else if (r->pending)
		approval_carry_out(c->api, c->who->org_id, approval_id_in_path(c), result_there, r);
	else
		crypto_call_reply(c);
}

const struct crypto_operation crypto_approval_result = {
	.size = sizeof(struct result),
	.writes = true,
	.run = run_result,
	.after = after_result,
};
