/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/approvals.h"

#include "base/text.h"
#include "crypto/aead.h"
#include "server/core/access/quorum_count.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS (INT64_C(86400) * 1000)

static struct hf_span bound_to(const char *id)
{
	return hf_span_text(id);
}

static hf_status seal_body(const struct core *core, const char *id, struct hf_span body,
                           struct hf_buf *to)
{
	return aead_seal(&core->secrets.storage_key, bound_to(id), body, to);
}

hf_status approval_create(const struct core *core, struct db *db, const struct approval_new *from,
                          char ret_id[HF_UUID_MAX], struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF(APPROVAL_BODY_MAX + AEAD_OVERHEAD);
	struct quorum_row row = {
		.by_app = from->who->kind == PRINCIPAL_APP,
		.method = from->method,
		.operation = from->operation,
		.description = from->description,
		.policy = from->account ? from->account->approval_policy
		                        : from->group->approval_policy,
		.status = QUORUM_PENDING,
		.created_ms = from->now_ms,
		.expires_ms = from->now_ms + APPROVAL_DAYS * DAY_MS,
	};

	if (from->body.len > APPROVAL_BODY_MAX)
		return hf_fail(err, HF_TOOBIG,
		               "the body of a request for approval has at most %u "
		               "bytes",
		               APPROVAL_BODY_MAX);
	hf_uuid_new(row.id);
	memcpy(row.org_id, from->who->org_id, sizeof(row.org_id));
	memcpy(row.requester, from->who->identity_id, sizeof(row.requester));
	memcpy(row.group_id, from->account ? from->account->id : from->group->id,
	       sizeof(row.group_id));
	snprintf(row.object_id, sizeof(row.object_id), "%s", from->object_id);
	if (from->body.len)
		HF_TRY(seal_body(core, row.id, from->body, &sealed));
	row.body = hf_buf_span(&sealed);
	HF_TRY(quorum_rows_expire(db, from->now_ms));
	HF_TRY(quorum_row_insert(db, &row));
	memcpy(ret_id, row.id, HF_UUID_MAX);
	return HF_SUCCESS;
}

bool approval_of_account(const struct quorum_row *row)
{
	char account[HF_UUID_MAX];

	return hf_ok(hf_uuid_of_id(row->org_id, account)) && strcmp(account, row->group_id) == 0;
}

hf_status approval_policy_parse(const struct quorum_row *row, struct quorum_policy **ret,
                                struct hf_err *err)
{
	if (approval_of_account(row))
		return quorum_account_parse(hf_span_text(row->policy), ret, err);
	return quorum_policy_parse(hf_span_text(row->policy), ret, err);
}

/* Whose node a principal's is. */
static bool is_node_of(const struct quorum_node *node, const char *identity_id, bool by_app)
{
	char uuid[HF_UUID_MAX];

	if (node->kind != (by_app ? QUORUM_APP : QUORUM_USER))
		return false;
	return hf_ok(hf_uuid_of_id(identity_id, uuid)) && strcmp(uuid, node->id) == 0;
}

/* Is he somewhere below this node? What a quorum that he is in wants is set in *wanted. */
static bool is_below(const struct quorum_policy *p, size_t at, const struct principal *who,
                     struct approval_proofs *wanted)
{
	const struct quorum_node *node = &p->nodes[at];
	bool found = false;

	if (node->kind != QUORUM_OF)
		return is_node_of(node, who->identity_id, who->kind == PRINCIPAL_APP);
	for (size_t i = 0; i < node->count; i++)
		found = is_below(p, node->first + i, who, wanted) || found;
	wanted->password = wanted->password || (found && node->password);
	wanted->factor = wanted->factor || (found && node->factor);
	return found;
}

bool approval_asked_by(const struct principal *who, const struct quorum_row *row)
{
	return strcmp(who->identity_id, row->requester) == 0;
}

bool approval_visible(const struct principal *who, const struct quorum_row *row,
                      const struct quorum_policy *policy)
{
	struct approval_proofs wanted = { 0 };

	if (who->kind == PRINCIPAL_USER &&
	    (who->account_roles & (ACCOUNT_ADMINISTRATOR | ACCOUNT_AUDITOR)))
		return true;
	return approval_asked_by(who, row) || is_below(policy, 0, who, &wanted);
}

hf_status approval_reviewer(const struct principal *who, const struct quorum_row *row,
                            const struct quorum_policy *policy, struct approval_proofs *ret,
                            struct hf_err *err)
{
	*ret = (struct approval_proofs){ 0 };
	if (approval_asked_by(who, row))
		return hf_fail(err, HF_DENIED, "nobody approves what he has asked for himself");
	if (!is_below(policy, 0, who, ret))
		return hf_fail(err, HF_DENIED,
		               "you are not among those who may approve this: the approval "
		               "policy names them");
	return HF_SUCCESS;
}

/* Everybody who has approved and may call today, one after another, against the tree. */
struct approvers {
	struct db *db;
	const char *org_id;
	const struct quorum_policy *policy;
	bool said[QUORUM_NODES_MAX];
};

static hf_status mark(void *ctx, const char *identity_id, bool by_app)
{
	PRINCIPAL_SCOPED struct principal *today = NULL;
	struct approvers *a = ctx;
	hf_status s = principal_load(a->db, a->org_id, identity_id, &today);

	if (s.code == HF_NOTFOUND)
		return HF_SUCCESS; /* removed or disabled since */
	HF_TRY(s);
	for (size_t i = 0; i < a->policy->n_nodes; i++)
		a->said[i] = a->said[i] || is_node_of(&a->policy->nodes[i], identity_id, by_app);
	return HF_SUCCESS;
}

/* What a locked row is looked at for. */
struct review {
	const struct core *core;
	struct db *db;
	const struct principal *who;
	const char *reason; /* of a denial */
	int64_t now_ms;
	struct approval_proofs shown;
	bool deny;
	bool complete;
	struct hf_err *err;
};

static hf_status compare_policy(struct review *v, const char *now, const struct quorum_row *row)
{
	if (now && strcmp(now, row->policy) == 0)
		return HF_SUCCESS;
	return hf_fail(v->err, HF_STATE,
	               "the %s's approval policy has changed since this was asked: it has to be "
	               "asked anew",
	               approval_of_account(row) ? "account" : "group");
}

/* The policy of the day, which has to be the one that was asked under. */
static hf_status same_policy(struct review *v, const struct quorum_row *row)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *account = NULL;
	GROUP_SCOPED struct group *group = NULL;

	if (approval_of_account(row)) {
		HF_TRY(account_policies_read(v->db, row->org_id, &account, v->err));
		return compare_policy(v, account ? account->approval_policy : NULL, row);
	}
	HF_TRY(groups_load(v->core->groups, v->db, row->org_id, row->group_id, &group, v->err));
	return compare_policy(v, group->approval_policy, row);
}

static hf_status count(struct db *db, const struct quorum_row *row,
                       const struct quorum_policy *policy, bool *ret_complete)
{
	struct approvers a = { .db = db, .org_id = row->org_id, .policy = policy };

	HF_TRY(quorum_decisions(db, row->id, mark, &a));
	*ret_complete = quorum_is_met(policy, a.said);
	return HF_SUCCESS;
}

static hf_status approve(struct review *v, const struct quorum_row *row,
                         const struct quorum_policy *policy)
{
	HF_TRY(same_policy(v, row));
	HF_TRY(quorum_decision_insert(v->db, row->id, v->who->identity_id,
	                              v->who->kind == PRINCIPAL_APP, v->now_ms));
	HF_TRY(count(v->db, row, policy, &v->complete));
	if (!v->complete)
		return HF_SUCCESS;
	return quorum_row_decide(v->db, row->id, QUORUM_APPROVED, NULL, NULL,
	                         v->now_ms + APPROVAL_DAYS * DAY_MS);
}

static hf_status check_proofs(struct review *v, const struct approval_proofs *wanted)
{
	if (wanted->password && !v->shown.password)
		return hf_fail(v->err, HF_DENIED,
		               "the approval policy wants your password once more: send it with "
		               "the approval");
	if (wanted->factor && !v->shown.factor)
		return hf_fail(v->err, HF_DENIED,
		               "the approval policy wants your second factor: ask for a challenge "
		               "(POST /sys/v1/approval_requests/{id}/challenge), and send what "
		               "your authenticator makes of it as fido2_auth_request");
	return HF_SUCCESS;
}

static hf_status review(void *ctx, const struct quorum_row *row)
{
	struct review *v = ctx;
	struct quorum_policy *policy HF_CLEANUP(quorum_policy_free_at) = NULL;
	struct approval_proofs wanted;

	HF_TRY(approval_policy_parse(row, &policy, v->err));
	if (!approval_visible(v->who, row, policy))
		return HF_FAILURE(HF_NOTFOUND);
	HF_TRY(approval_reviewer(v->who, row, policy, &wanted, v->err));
	if (strcmp(row->status, QUORUM_PENDING) != 0)
		return hf_fail(v->err, HF_STATE, "this request is %s already", row->status);
	if (v->deny)
		return quorum_row_decide(v->db, row->id, QUORUM_DENIED, v->who->identity_id,
		                         v->reason, row->expires_ms);
	HF_TRY(check_proofs(v, &wanted));
	return approve(v, row, policy);
}

static hf_status reviewed(hf_status s, struct hf_err *err)
{
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, "there is no such request, or it has expired");
	return s;
}

hf_status approval_approve(const struct core *core, struct db *db, const struct principal *who,
                           const char *id, const struct approval_proofs *shown, int64_t now_ms,
                           bool *ret_complete, struct hf_err *err)
{
	struct review v = {
		.core = core,
		.db = db,
		.who = who,
		.shown = *shown,
		.now_ms = now_ms,
		.err = err,
	};

	HF_TRY(reviewed(quorum_row_get(db, who->org_id, id, now_ms, true, review, &v), err));
	*ret_complete = v.complete;
	return HF_SUCCESS;
}

hf_status approval_deny(const struct core *core, struct db *db, const struct principal *who,
                        const char *id, const char *reason, int64_t now_ms, struct hf_err *err)
{
	struct review v = {
		.core = core,
		.db = db,
		.who = who,
		.reason = reason,
		.now_ms = now_ms,
		.deny = true,
		.err = err,
	};

	return reviewed(quorum_row_get(db, who->org_id, id, now_ms, true, review, &v), err);
}

static hf_status withdraw(void *ctx, const struct quorum_row *row)
{
	struct review *v = ctx;
	const struct principal *who = v->who;
	bool admin = who->kind == PRINCIPAL_USER && (who->account_roles & ACCOUNT_ADMINISTRATOR);

	if (!approval_asked_by(who, row) && !admin)
		return HF_FAILURE(HF_NOTFOUND);
	if (row->running_ms && !row->result_status)
		return hf_fail(v->err, HF_STATE, "this request is being carried out");
	return quorum_row_delete(v->db, row->id);
}

hf_status approval_withdraw(struct db *db, const struct principal *who, const char *id,
                            int64_t now_ms, struct hf_err *err)
{
	struct review v = { .db = db, .who = who, .now_ms = now_ms, .err = err };

	return reviewed(quorum_row_get(db, who->org_id, id, now_ms, true, withdraw, &v), err);
}

void approval_run_done(struct approval_run *run)
{
	free(run->method);
	free(run->operation);
	hf_secret_done(&run->body);
	*run = (struct approval_run){ 0 };
}

struct beginning {
	struct review review; /* of the policy alone */
	struct approval_run *run;
};

/* Nobody may have begun for days: a server died between the last approval and this. */
static hf_status check_still(struct review *v, const struct quorum_row *row)
{
	struct quorum_policy *policy HF_CLEANUP(quorum_policy_free_at) = NULL;
	bool complete;

	HF_TRY(same_policy(v, row));
	HF_TRY(approval_policy_parse(row, &policy, v->err));
	HF_TRY(count(v->db, row, policy, &complete));
	if (!complete)
		return hf_fail(v->err, HF_STATE,
		               "somebody who approved this has left or was disabled since: it "
		               "has to be asked anew");
	return HF_SUCCESS;
}

static hf_status read_run(void *ctx, const struct quorum_row *row)
{
	struct beginning *b = ctx;
	struct approval_run *run = b->run;

	HF_TRY(check_still(&b->review, row));
	memcpy(run->id, row->id, sizeof(run->id));
	memcpy(run->org_id, row->org_id, sizeof(run->org_id));
	memcpy(run->group_id, row->group_id, sizeof(run->group_id));
	memcpy(run->requester, row->requester, sizeof(run->requester));
	run->by_app = row->by_app;
	run->method = hf_strdup(row->method);
	run->operation = hf_strdup(row->operation);
	HF_ENSURE(run->method && run->operation, HF_NOMEM);
	if (!row->body.len)
		return HF_SUCCESS;
	return aead_open(&b->review.core->secrets.storage_key, bound_to(row->id), row->body,
	                 &run->body);
}

hf_status approval_begin(const struct core *core, struct db *db, const char *org_id, const char *id,
                         int64_t now_ms, struct approval_run *ret, struct hf_err *err)
{
	struct beginning b = { .review = { .core = core, .db = db, .err = err }, .run = ret };
	hf_status s;

	approval_run_done(ret);
	HF_TRY(quorum_row_begin(db, id, now_ms));
	s = quorum_row_get(db, org_id, id, now_ms, false, read_run, &b);
	if (!hf_ok(s))
		approval_run_done(ret);
	return reviewed(s, err);
}

hf_status approval_finish(const struct core *core, struct db *db, const char *id, int status,
                          struct hf_span body)
{
	HF_BUF_SCOPED struct hf_buf sealed = HF_BUF((16u << 20) + AEAD_OVERHEAD);
	bool failed = status < 200 || status > 299;

	if (body.len)
		HF_TRY(seal_body(core, id, body, &sealed));
	return quorum_row_finish(db, id, failed ? QUORUM_FAILED : QUORUM_APPROVED, NULL, status,
	                         hf_buf_span(&sealed));
}
