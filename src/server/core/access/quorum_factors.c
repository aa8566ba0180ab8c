/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/quorum_factors.h"

#include "server/core/access/account.h"
#include "server/store/group_rows.h"
#include "server/store/member_rows.h"

#include <stdio.h>
#include <string.h>

#define NAMED_MAX 600 /* characters of who has none: the rest is left out */

typedef hf_status (*factor_node_fn)(void *ctx, const struct quorum_node *node);

/* Each user and app of whom one is wanted. */
static hf_status each_wanted(const struct quorum_policy *p, size_t at, bool wanted,
                             factor_node_fn fn, void *ctx)
{
	const struct quorum_node *node = &p->nodes[at];

	if (node->kind != QUORUM_OF)
		return wanted ? fn(ctx, node) : HF_SUCCESS;
	for (size_t i = 0; i < node->count; i++)
		HF_TRY(each_wanted(p, node->first + i, wanted || node->factor, fn, ctx));
	return HF_SUCCESS;
}

struct search {
	struct db *db;
	const char *org_id;
	char without[NAMED_MAX + IDENTITY_NAME_MAX];
	struct hf_err *err;
};

static hf_status look_at(void *ctx, const struct quorum_node *node)
{
	struct search *s = ctx;
	size_t len = strlen(s->without);
	struct member_row user = { 0 };
	char id[HF_ID_MAX];
	hf_status status;

	if (node->kind == QUORUM_APP)
		return hf_fail(s->err, HF_INVALID,
		               "require_2fa: the app %s has no second factor; put it beside that "
		               "quorum, not into it",
		               node->id);
	HF_TRY(hf_id_of_uuid("us", node->id, id));
	status = member_row_get(s->db, s->org_id, id, &user);
	if (status.code != HF_NOTFOUND)
		HF_TRY(status);
	if (!user.has_factor && len < NAMED_MAX)
		snprintf(s->without + len, sizeof(s->without) - len, "%s%s", len ? ", " : "",
		         hf_ok(status) ? user.email : node->id);
	return HF_SUCCESS;
}

hf_status quorum_factors_check(struct db *db, const char *org_id,
                               const struct quorum_policy *policy, struct hf_err *err)
{
	struct search s = { .db = db, .org_id = org_id, .err = err };

	HF_TRY(org_row_lock(db, org_id));
	HF_TRY(each_wanted(policy, 0, false, look_at, &s));
	if (*s.without)
		return hf_fail(err, HF_STATE,
		               "require_2fa: these have no second factor, and could not approve; "
		               "they register one first: %s",
		               s.without);
	return HF_SUCCESS;
}

struct use {
	char uuid[HF_UUID_MAX];
	bool found;
	char group[GROUP_NAME_MAX];
};

static hf_status compare(void *ctx, const struct quorum_node *node)
{
	struct use *u = ctx;

	u->found = u->found || (node->kind == QUORUM_USER && strcmp(node->id, u->uuid) == 0);
	return HF_SUCCESS;
}

static hf_status look_into(void *ctx, const struct group_row *row)
{
	struct quorum_policy *policy HF_CLEANUP(quorum_policy_free_at) = NULL;
	struct use *u = ctx;

	if (!row->approval_policy || !strstr(row->approval_policy, u->uuid))
		return HF_SUCCESS;
	HF_TRY(quorum_policy_parse(hf_span_text(row->approval_policy), &policy, NULL));
	HF_TRY(each_wanted(policy, 0, false, compare, u));
	if (!u->found)
		return HF_SUCCESS;
	memcpy(u->group, row->name, sizeof(u->group));
	return HF_FAILURE(HF_STOP);
}

static hf_status look_into_account(struct db *db, const char *org_id, struct use *u,
                                   struct hf_err *err)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *account = NULL;

	HF_TRY(account_policies_read(db, org_id, &account, err));
	return account && account->quorum ? each_wanted(account->quorum, 0, false, compare, u)
	                                  : HF_SUCCESS;
}

hf_status quorum_factors_unused(struct db *db, const char *org_id, const char *identity_id,
                                struct hf_err *err)
{
	struct use u = { 0 };

	HF_TRY(hf_uuid_of_id(identity_id, u.uuid));
	HF_TRY(org_row_lock(db, org_id));
	HF_TRY(look_into_account(db, org_id, &u, err));
	if (u.found)
		return hf_fail(err, HF_STATE,
		               "the account's approval policy wants this second factor: register "
		               "another device first, or have the policy changed");
	HF_TRY(group_rows_list(db, org_id, GROUPS_BY_ID, false, look_into, &u));
	if (u.found)
		return hf_fail(err, HF_STATE,
		               "the approval policy of the group \"%s\" wants this second factor: "
		               "register another device first, or have the policy changed",
		               u.group);
	return HF_SUCCESS;
}
