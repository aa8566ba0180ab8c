/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "json/read.h"
#include "proof/action.h"
#include "proof/approval_id.h"
#include "server/core/policies/approval_end.h"
#include "server/core/rights/grants.h"
#include "server/core/policies/policy_events.h"

#include <stdio.h>
#include <string.h>

/* One user action may ask for several changes, and nobody but this server acts on them: only the
 * approval of a signature, which drivers check, has a derived id. */
static hf_status choose_id(const struct activity *a, char ret[HF_ID_MAX], struct hf_err *err)
{
	struct action_proof proof;

	if (a->kind != ACTIVITY_WALLETS_SIGN) {
		hf_id_new(APPROVAL_ID_PREFIX, ret);
		return HF_SUCCESS;
	}
	if (!hf_ok(action_proof_decode(a->proof, &proof)))
		return hf_fail(err, HF_INTERNAL, "an activity without a user action was held");
	return approval_id_of(proof.commitment.encoded, ret);
}

hf_status approval_open(struct db *db, const struct approval_new *n, char ret[HF_ID_MAX],
                        struct hf_err *err)
{
	const struct activity *a = n->activity;
	char id[HF_ID_MAX], seq[HF_ID_MAX];
	const struct approval_row row = {
		.id = id,
		.seq = seq,
		.org_id = a->org_id,
		.activity = activity_kind_name(a->kind),
		.subject_id = a->subject_id,
		.initiator_id = a->initiator_id,
		.status = APPROVAL_PENDING,
		.evaluations = n->evaluations,
		.groups = n->groups,
		.created_ms = a->now_ms,
		.updated_ms = a->now_ms,
	};

	HF_TRY(choose_id(a, id, err));
	hf_id_new("aps", seq);
	HF_TRY(approval_row_insert(db, &row, n->timeout_min));
	HF_TRY(tell_approval(db, "policy.approval.pending", &row, a->now_ms));
	memcpy(ret, id, HF_ID_MAX);
	return HF_SUCCESS;
}

struct group {
	int64_t quorum;
	const struct json_t *users; /* NULL: everybody */
	bool initiator;
};

static hf_status read_group(const struct json_t *json, struct group *ret)
{
	struct json_t *users = json_member(json, "users");
	struct json_t *initiator = json_member(json, "initiatorCanApprove");

	*ret = (struct group){
		.quorum = json_value_int(json_member(json, "quorum")),
		.users = json_value_is(users, JSON_READ_ARRAY) ? users : NULL,
		.initiator = json_value_true(initiator),
	};
	HF_ENSURE(ret->quorum > 0 && users, HF_CORRUPT);
	return HF_SUCCESS;
}

static bool is_member(const struct group *g, const char *id)
{
	if (!g->users)
		return true;
	for (size_t i = 0, n = json_count(g->users); i < n; i++) {
		const char *user = json_value_text(json_element(g->users, i));

		if (user && strcmp(user, id) == 0)
			return true;
	}
	return false;
}

struct deciding {
	struct jobs *jobs;
	struct db *db;
	const struct approval_decision *d;
	struct json_t *groups;
	char maker[HF_ID_MAX]; /* of the service account that has asked; "" */
	struct hf_err *err;
};

/* A service account speaks for the person who has made it, and who has its keys. */
static bool has_asked(const struct deciding *k, const struct approval_row *row, const char *id)
{
	return strcmp(id, row->initiator_id) == 0 || strcmp(id, k->maker) == 0;
}

/* Whether his approval counts in this group. */
static bool may_approve(const struct deciding *k, const struct approval_row *row,
                        const struct group *g, const char *id)
{
	return is_member(g, id) && (g->initiator || !has_asked(k, row, id));
}

/* Who he is among those who are asked. */
static hf_status check_part(const struct deciding *k, const struct approval_row *row)
{
	const char *id = k->d->identity_id;
	bool member = false, approves = false, initiator = has_asked(k, row, id);
	struct group g;

	for (size_t i = 0, n = json_count(k->groups); i < n; i++) {
		HF_TRY(read_group(json_element(k->groups, i), &g));
		member = member || is_member(&g, id);
		approves = approves || may_approve(k, row, &g, id);
	}
	if (k->d->approve && initiator && !approves)
		return hf_fail(k->err, HF_DENIED,
		               "who has asked for something, himself or by a service account that "
		               "he has made, may deny it, but not approve it: another approver "
		               "has to");
	if (!member && !initiator)
		return hf_fail(k->err, HF_DENIED, "%s is not among the approvers of %s", id,
		               row->id);
	return HF_SUCCESS;
}

static hf_status check_open(const struct deciding *k, const struct approval_row *row)
{
	char date[HF_ISO_LEN];

	if (row->status != APPROVAL_PENDING)
		return hf_fail(k->err, HF_STATE, "approval %s has ended: it is %s", row->id,
		               approval_status_name(row->status));
	if (!row->overdue)
		return HF_SUCCESS;
	hf_iso_time(row->expires_ms, date);
	return hf_fail(k->err, HF_STATE, "approval %s has ended: its time was over at %s", row->id,
	               date);
}

/* Looked up here, although the call was allowed: what has been taken away a moment ago does not
 * count in this transaction, whatever a server still remembers of the caller. */
static hf_status check_user(const struct deciding *k)
{
	struct permission_set granted = { 0 };
	bool active;

	HF_TRY(approver_is_active(k->db, k->d->org_id, k->d->identity_id, &active));
	if (!active)
		return hf_fail(k->err, HF_DENIED, "%s is not an active user: only people decide",
		               k->d->identity_id);
	HF_TRY(grants_load(k->db, k->d->identity_id, &granted));
	if (!permission_granted(&granted, PERMIT_POLICIES_APPROVALS_APPROVE))
		return hf_fail(k->err, HF_DENIED, "%s may not decide any more: %s was taken away",
		               k->d->identity_id,
		               permission_name(PERMIT_POLICIES_APPROVALS_APPROVE));
	return HF_SUCCESS;
}

/* What somebody asked for who is not to ask for anything any more may only be denied. */
static hf_status check_initiator(const struct deciding *k, const struct approval_row *row)
{
	bool active;

	if (!k->d->approve)
		return HF_SUCCESS;
	HF_TRY(identity_is_active(k->db, k->d->org_id, row->initiator_id, &active));
	if (!active)
		return hf_fail(
		        k->err, HF_STATE,
		        "%s, who has asked for this, has been deactivated since: it can only "
		        "be denied",
		        row->initiator_id);
	return HF_SUCCESS;
}

/* Everybody who has approved. */
struct approved {
	char (*ids)[HF_ID_MAX];
	size_t n;
};

static hf_status add_approved(void *ctx, const struct decision_row *row)
{
	struct approved *a = ctx;
	void *more;

	if (!row->approved)
		return HF_SUCCESS;
	if ((a->n & (a->n - 1)) == 0) {
		more = realloc(a->ids, (a->n ? 2 * a->n : 1) * sizeof(*a->ids));
		HF_ENSURE(more, HF_NOMEM);
		a->ids = more;
	}
	snprintf(a->ids[a->n++], HF_ID_MAX, "%s", row->identity_id);
	return HF_SUCCESS;
}

static hf_status all_agree(const struct deciding *k, const struct approval_row *row,
                           const struct approved *a, bool *ret)
{
	struct group g;

	*ret = json_count(k->groups) > 0;
	for (size_t i = 0, n = json_count(k->groups); i < n && *ret; i++) {
		int64_t count = 0;

		HF_TRY(read_group(json_element(k->groups, i), &g));
		for (size_t j = 0; j < a->n; j++)
			count += may_approve(k, row, &g, a->ids[j]);
		*ret = count >= g.quorum;
	}
	return HF_SUCCESS;
}

/* The approval of somebody who has been deactivated since then does not count any more. */
static hf_status drop_inactive(const struct deciding *k, struct approved *a)
{
	size_t n = 0;
	bool active;

	for (size_t i = 0; i < a->n; i++) {
		HF_TRY(approver_is_active(k->db, k->d->org_id, a->ids[i], &active));
		if (active)
			memmove(a->ids[n++], a->ids[i], HF_ID_MAX);
	}
	a->n = n;
	return HF_SUCCESS;
}

static hf_status quorum_reached(const struct deciding *k, const struct approval_row *row, bool *ret)
{
	struct approved a = { 0 };
	hf_status s = decision_rows_each(k->db, row->id, add_approved, &a);

	if (hf_ok(s))
		s = drop_inactive(k, &a);
	if (hf_ok(s))
		s = all_agree(k, row, &a, ret);
	free(a.ids);
	return s;
}

static hf_status record(const struct deciding *k)
{
	const struct approval_decision *d = k->d;
	const struct decision_row row = {
		.approval_id = d->approval_id,
		.identity_id = d->identity_id,
		.approved = d->approve,
		.reason = d->reason,
		.decided_ms = d->now_ms,
		.proof = d->proof,
		.body = d->body,
	};
	hf_status s = decision_row_insert(k->db, &row);

	if (s.code == HF_EXISTS)
		return hf_fail(k->err, HF_EXISTS,
		               "%s has decided about %s already: a decision stands", d->identity_id,
		               d->approval_id);
	return s;
}

static hf_status deny(const struct deciding *k, const struct approval_row *row)
{
	char reason[320];

	snprintf(reason, sizeof(reason), "denied by %s in approval %s", k->d->identity_id, row->id);
	return approval_end(k->jobs, k->db, row, APPROVAL_DENIED, reason, k->d->now_ms);
}

static hf_status decide(void *ctx, const struct approval_row *row)
{
	struct deciding *k = ctx;
	bool reached = false;

	HF_TRY(check_open(k, row));
	HF_TRY(check_user(k));
	HF_ENSURE(hf_ok(json_parse(hf_span_text(row->groups), APPROVAL_GROUPS_JSON_MAX, &k->groups,
	                           NULL)),
	          HF_CORRUPT);
	HF_TRY(account_maker(k->db, k->d->org_id, row->initiator_id, k->maker));
	HF_TRY(check_part(k, row));
	HF_TRY(check_initiator(k, row));
	HF_TRY(record(k));
	if (!k->d->approve)
		return deny(k, row);
	HF_TRY(quorum_reached(k, row, &reached));
	if (reached)
		return approval_end(k->jobs, k->db, row, APPROVAL_APPROVED, NULL, k->d->now_ms);
	return approval_row_touch(k->db, row->id, k->d->now_ms);
}

hf_status approval_decide(struct jobs *jobs, struct db *db, const struct approval_decision *d,
                          struct hf_err *err)
{
	struct deciding k = { .jobs = jobs, .db = db, .d = d, .err = err };
	hf_status s = approval_row_lock(db, d->org_id, d->approval_id, decide, &k);

	json_done(k.groups);
	if (s.code == HF_NOTFOUND && (!err || err->code != HF_NOTFOUND))
		return hf_fail(err, HF_NOTFOUND, "approval not found");
	return s;
}
