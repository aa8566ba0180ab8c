/* SPDX-License-Identifier: Apache-2.0
 * All policies that are about an activity have their say: one that blocks is enough; otherwise
 * every group of all of them has to agree. */
#include "json/write.h"
#include "server/core/policies/approvals.h"
#include "server/core/policies/policy_events.h"
#include "server/core/policies/policy_judge.h"
#include "server/core/policies/policy_set.h"
#include "server/store/key_wallet_rows.h"
#include "server/store/outflow_rows.h"

#include <stdio.h>
#include <string.h>

#define EVALUATIONS_MAX (1u << 20)
#define KEY_WALLETS_MAX 100000

struct judgement {
	struct db *db;
	const struct activity *a;
	struct key_wallets wallets;
	struct hf_buf evaluations, groups;
	struct json_writer evaluated, grouped; /* into those */
	size_t n_groups;
	int64_t timeout_min;
	struct verdict verdict;
};

static void judgement_done(struct judgement *j)
{
	free(j->wallets.rows);
	hf_buf_done(&j->evaluations);
	hf_buf_done(&j->groups);
}

static hf_status add_wallet(void *ctx, const char *wallet_id, const char *tag)
{
	struct key_wallets *w = ctx;
	struct key_wallet *more;

	HF_ENSURE(w->n < KEY_WALLETS_MAX, HF_TOOBIG);
	if ((w->n & (w->n - 1)) == 0) {
		more = realloc(w->rows, (w->n ? 2 * w->n : 1) * sizeof(*more));
		HF_ENSURE(more, HF_NOMEM);
		w->rows = more;
	}
	snprintf(w->rows[w->n].id, sizeof(w->rows[0].id), "%s", wallet_id);
	snprintf(w->rows[w->n].tag, sizeof(w->rows[0].tag), "%s", tag);
	w->n++;
	return HF_SUCCESS;
}

static hf_status is_about(struct judgement *j, const struct policy *p, bool *ret)
{
	const struct policy_filters *f = &p->filters;

	if (p->activity == j->a->kind && (f->wallets || f->tags_any || f->tags_all) &&
	    !j->wallets.loaded) {
		HF_TRY(key_wallet_rows_each(j->db, j->a->key_id, add_wallet, &j->wallets));
		j->wallets.loaded = true;
	}
	*ret = policy_is_about(p, j->a, &j->wallets);
	return HF_SUCCESS;
}

static void print_users(struct json_writer *w, const struct json_t *users)
{
	if (!users) {
		json_raw(w, "users", hf_span_text("null"));
		return;
	}
	json_open_array(w, "users");
	for (size_t i = 0, n = json_count(users); i < n; i++)
		json_text(w, NULL, json_value_text(json_element(users, i)));
	json_close_array(w);
}

static void add_groups(struct judgement *j, const struct policy_entry *e)
{
	struct json_writer *w = &j->grouped;

	for (size_t i = 0; i < e->policy.n_groups; i++) {
		const struct policy_group *g = &e->policy.groups[i];

		json_open_object(w, NULL);
		json_text(w, "policyId", e->id);
		json_text_if(w, "name", g->name);
		json_int(w, "quorum", g->quorum);
		print_users(w, g->users);
		json_bool(w, "initiatorCanApprove", g->initiator_can_approve);
		json_close_object(w);
		j->n_groups++;
	}
	if (e->policy.timeout_min && (!j->timeout_min || e->policy.timeout_min < j->timeout_min))
		j->timeout_min = e->policy.timeout_min;
}

static void act(struct judgement *j, const struct policy_entry *e, const char *reason)
{
	switch (e->policy.action) {
	case POLICY_REQUEST_APPROVAL:
		add_groups(j, e);
		return;
	case POLICY_BLOCK:
		j->verdict.kind = VERDICT_BLOCK;
		snprintf(j->verdict.reason, sizeof(j->verdict.reason),
		         "blocked by policy %s: %.220s", e->id, reason);
		return;
	case POLICY_NO_ACTION:
		return;
	}
}

static hf_status judge_one(struct judgement *j, const struct policy_entry *e)
{
	struct json_writer *w = &j->evaluated;
	struct rule_outcome outcome;
	bool about;

	HF_TRY(is_about(j, &e->policy, &about));
	if (!about)
		return HF_SUCCESS;
	HF_TRY(policy_rule_judge(j->db, &e->policy.rule, j->a, &outcome));
	json_open_object(w, NULL);
	json_text(w, "policyId", e->id);
	json_bool(w, "triggered", outcome.triggered);
	json_text(w, "reason", outcome.reason);
	json_close_object(w);
	if (!outcome.triggered)
		return HF_SUCCESS;
	act(j, e, outcome.reason);
	return tell_triggered(j->db, j->a, e->id, outcome.reason);
}

/* Both buffers as text. */
static hf_status close_arrays(struct judgement *j)
{
	json_close_array(&j->evaluated);
	json_close_array(&j->grouped);
	hf_buf_u8(&j->evaluations, 0);
	hf_buf_u8(&j->groups, 0);
	HF_TRY(hf_buf_status(&j->evaluations));
	return hf_buf_status(&j->groups);
}

static hf_status account(struct judgement *j)
{
	struct chain_amount total;
	bool known = plan_total(j->a, &total);

	return outflow_row_insert(j->db, j->a->key_id, j->a->subject_id,
	                          known ? j->a->network->symbol : NULL, &total);
}

static hf_status hold(struct judgement *j, struct hf_err *err)
{
	const struct approval_new n = {
		.activity = j->a,
		.groups = (const char *)j->groups.ptr,
		.evaluations = (const char *)j->evaluations.ptr,
		.timeout_min = j->timeout_min,
	};

	j->verdict.kind = VERDICT_HOLD;
	return approval_open(j->db, &n, j->verdict.approval_id, err);
}

static hf_status judge(struct judgement *j, const struct policy_set *set, struct hf_err *err)
{
	bool counts = set->velocity && j->a->kind == ACTIVITY_WALLETS_SIGN;

	if (counts) /* two requests that each fit under a limit must not pass side by side */
		HF_TRY(outflow_lock(j->db, j->a->key_id));
	json_open_array(&j->evaluated, NULL);
	json_open_array(&j->grouped, NULL);
	for (size_t i = 0; i < set->n; i++)
		HF_TRY(judge_one(j, &set->entries[i]));
	HF_TRY(close_arrays(j));
	if (j->verdict.kind == VERDICT_BLOCK)
		return HF_SUCCESS;
	if (counts)
		HF_TRY(account(j));
	return j->n_groups ? hold(j, err) : HF_SUCCESS;
}

hf_status activity_judge(struct db *db, const struct activity *a, struct verdict *ret,
                         struct hf_err *err)
{
	POLICY_SET_SCOPED struct policy_set *set = NULL;
	struct judgement j = {
		.db = db,
		.a = a,
		.evaluations = HF_BUF(EVALUATIONS_MAX),
		.groups = HF_BUF(APPROVAL_GROUPS_JSON_MAX),
		.verdict = { .kind = VERDICT_PASS },
	};
	hf_status s;

	HF_TRY(policy_set_current(db, a->org_id, &set));
	if (set && set->activities & 1u << a->kind) {
		j.evaluated = JSON_WRITER(&j.evaluations);
		j.grouped = JSON_WRITER(&j.groups);
		s = judge(&j, set, err);
		judgement_done(&j);
		HF_TRY(s);
	}
	*ret = j.verdict;
	return HF_SUCCESS;
}
