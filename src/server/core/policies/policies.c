/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/policies/policies.h"

#include "base/clock.h"
#include "json/write.h"
#include "server/core/policies/policy_set.h"
#include "server/store/approval_rows.h"

#include <stdio.h>
#include <string.h>

#define CHANGE_BODY_MAX (1u << 20)

static hf_status check_group(struct db *db, const char *org_id, const struct policy_group *g,
                             struct hf_err *err)
{
	bool active;
	int64_t users;

	for (size_t i = 0, n = json_count(g->users); i < n; i++) {
		const char *id = json_value_text(json_element(g->users, i));

		HF_TRY(approver_is_active(db, org_id, id, &active));
		if (!active)
			return hf_fail(err, HF_INVALID,
			               "approver %.60s is not an active user of this organisation: "
			               "only people approve",
			               id);
	}
	if (g->users)
		return HF_SUCCESS;
	HF_TRY(approvers_count(db, org_id, &users));
	if (users < g->quorum)
		return hf_fail(err, HF_INVALID,
		               "a quorum of %lld cannot be reached: this organisation has %lld "
		               "active users",
		               (long long)g->quorum, (long long)users);
	return HF_SUCCESS;
}

static hf_status check_groups(struct db *db, const char *org_id, const struct policy *p,
                              struct hf_err *err)
{
	for (size_t i = 0; i < p->n_groups; i++)
		HF_TRY(check_group(db, org_id, &p->groups[i], err));
	return HF_SUCCESS;
}

/* A part of a policy as it is stored. */
static hf_status as_text(const struct json_t *json, struct hf_buf *to)
{
	HF_TRY(json_canonical(json, to));
	hf_buf_u8(to, 0);
	return hf_buf_status(to);
}

struct stored {
	struct hf_buf rule, action, filters;
};
#define STORED                                                                                     \
	{                                                                                          \
		HF_BUF(CHANGE_BODY_MAX), HF_BUF(CHANGE_BODY_MAX), HF_BUF(CHANGE_BODY_MAX)          \
	}

static void stored_done(struct stored *s)
{
	hf_buf_done(&s->rule);
	hf_buf_done(&s->action);
	hf_buf_done(&s->filters);
}

static hf_status store_parts(const struct policy *p, struct stored *s, struct policy_row *row)
{
	HF_TRY(as_text(p->rule_json, &s->rule));
	HF_TRY(as_text(p->action_json, &s->action));
	if (p->filters_json)
		HF_TRY(as_text(p->filters_json, &s->filters));
	row->name = p->name;
	row->activity = activity_kind_name(p->activity);
	row->rule = (const char *)s->rule.ptr;
	row->action = (const char *)s->action.ptr;
	row->filters = p->filters_json ? (const char *)s->filters.ptr : NULL;
	return HF_SUCCESS;
}

static hf_status renew_version(struct db *db, const char *org_id)
{
	char version[HF_ID_MAX];

	hf_id_new("pv", version);
	return policy_version_set(db, org_id, version);
}

static hf_status count_one(void *ctx, const struct policy_row *row)
{
	++*(size_t *)ctx;
	return HF_SUCCESS;
}

hf_status policy_create(struct db *db, const char *org_id, const char *id, const struct policy *p,
                        int64_t now_ms, struct hf_err *err)
{
	HF_CLEANUP(stored_done) struct stored parts = STORED;
	struct policy_row row = {
		.id = id,
		.org_id = org_id,
		.status = POLICY_ACTIVE,
		.created_ms = now_ms,
		.updated_ms = now_ms,
	};
	size_t n = 0;

	HF_TRY(check_groups(db, org_id, p, err));
	HF_TRY(policy_rows_list(db, org_id, POLICY_ACTIVE, "", POLICY_SET_MAX, count_one, &n));
	if (n == POLICY_SET_MAX)
		return hf_fail(err, HF_STATE,
		               "there are %d active policies already: archive one first",
		               POLICY_SET_MAX);
	HF_TRY(store_parts(p, &parts, &row));
	HF_TRY(policy_row_insert(db, &row));
	return renew_version(db, org_id);
}

/* "dateUpdated" is the state that the change was asked for: what has become another since is left
 * alone. */
static void print_body(struct json_writer *w, const struct policy_row *row, const char *status)
{
	char date[HF_ISO_LEN];

	json_open_object(w, NULL);
	json_text(w, "id", row->id);
	json_text(w, "name", row->name);
	json_text(w, "status", status);
	hf_iso_time(row->updated_ms, date);
	json_text(w, "dateUpdated", date);
	json_text(w, "activityKind", row->activity);
	json_raw(w, "rule", hf_span_text(row->rule));
	json_raw(w, "action", hf_span_text(row->action));
	if (row->filters)
		json_raw(w, "filters", hf_span_text(row->filters));
	json_close_object(w);
}

struct editing {
	struct db *db;
	const struct policy_edit *edit;
	struct change_outcome outcome;
	struct hf_err *err;
};

static hf_status submit(struct editing *e, const struct policy_row *after, const char *status)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(CHANGE_BODY_MAX);
	struct json_writer w = JSON_WRITER(&body);
	struct change c = {
		.kind = CHANGE_POLICY,
		.operation = CHANGE_UPDATE, /* archiving, too: a change of its status */
		.org_id = e->edit->org_id,
		.requester_id = e->edit->requester_id,
		.token_id = e->edit->token_id,
		.entity_id = e->edit->policy_id,
		.filter_id = e->edit->policy_id,
		.now_ms = e->edit->now_ms,
	};

	print_body(&w, after, status);
	HF_TRY(hf_buf_status(&body));
	c.body = hf_buf_span(&body);
	return change_submit(e->db, &c, e->edit->proof, &e->outcome, e->err);
}

static hf_status edit_row(void *ctx, const struct policy_row *row)
{
	HF_CLEANUP(stored_done) struct stored parts = STORED;
	struct editing *e = ctx;
	const struct policy *p = e->edit->policy;
	struct policy_row after = *row;
	bool active = strcmp(row->status, POLICY_ACTIVE) == 0;

	if (!p && !active) {
		e->outcome.status = CHANGE_APPLIED;
		return HF_SUCCESS;
	}
	if (!active)
		return hf_fail(e->err, HF_STATE, "policy %s is archived: make a new one", row->id);
	if (!p)
		return submit(e, row, POLICY_ARCHIVED);
	if (strcmp(row->activity, activity_kind_name(p->activity)) != 0)
		return hf_fail(e->err, HF_INVALID,
		               "field \"activityKind\": this policy is for \"%s\", which stays; "
		               "make another policy for \"%s\"",
		               row->activity, activity_kind_name(p->activity));
	HF_TRY(check_groups(e->db, e->edit->org_id, p, e->err));
	HF_TRY(store_parts(p, &parts, &after));
	return submit(e, &after, POLICY_ACTIVE);
}

hf_status policy_edit(struct db *db, const struct policy_edit *edit, struct change_outcome *ret,
                      struct hf_err *err)
{
	struct editing e = { .db = db, .edit = edit, .err = err };
	hf_status s = policy_row_get(db, edit->org_id, edit->policy_id, edit_row, &e);

	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_NOTFOUND, "policy not found");
	HF_TRY(s);
	*ret = e.outcome;
	return HF_SUCCESS;
}

/* What submit() has printed. */
static hf_status read_body(const struct json_t *body, struct json_t **ret_policy,
                           const char **ret_status, int64_t *ret_was_ms, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CHANGE_BODY_MAX);
	static const char *const members[] = { "name", "activityKind", "rule", "action",
		                               "filters" };
	struct json_writer w = JSON_WRITER(&text);

	const char *was = json_member_text(body, "dateUpdated");

	*ret_status = json_member_text(body, "status");
	HF_ENSURE(*ret_status && was && hf_ok(hf_iso_parse(was, ret_was_ms)), HF_CORRUPT);
	json_open_object(&w, NULL);
	for (size_t i = 0; i < HF_COUNT(members); i++) {
		HF_BUF_SCOPED struct hf_buf member = HF_BUF(CHANGE_BODY_MAX);
		const struct json_t *value = json_member(body, members[i]);

		if (!value)
			continue;
		HF_TRY(json_canonical(value, &member));
		json_raw(&w, members[i], hf_buf_span(&member));
	}
	json_close_object(&w);
	HF_TRY(hf_buf_status(&text));
	return json_parse(hf_buf_span(&text), CHANGE_BODY_MAX, ret_policy, err);
}

hf_status policy_change_apply(struct db *db, const struct change *c, struct hf_err *err)
{
	HF_CLEANUP(stored_done) struct stored parts = STORED;
	JSON_SCOPED struct json_t *body = NULL, *doc = NULL;
	struct policy_row row = {
		.id = c->entity_id,
		.org_id = c->org_id,
		.updated_ms = c->now_ms,
	};
	struct policy p;
	int64_t was_ms;
	hf_status s;

	HF_TRY(json_parse(c->body, CHANGE_BODY_MAX, &body, err));
	HF_TRY(read_body(body, &doc, &row.status, &was_ms, err));
	if (row.updated_ms <= was_ms)
		row.updated_ms = was_ms + 1;
	HF_TRY(policy_read(doc, &p, err));
	if (strcmp(row.status, POLICY_ACTIVE) == 0)
		HF_TRY(check_groups(db, c->org_id, &p, err));
	HF_TRY(store_parts(&p, &parts, &row));
	s = policy_row_update(db, &row, was_ms);
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, HF_STATE,
		               "policy %s is archived, or has become another since this change was "
		               "asked for: look at it, and ask anew",
		               c->entity_id);
	HF_TRY(s);
	return renew_version(db, c->org_id);
}
