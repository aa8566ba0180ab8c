/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/quorum_reach.h"

#include "base/log.h"
#include "base/uuid.h"
#include "server/core/access/account.h"
#include "server/core/access/quorum_count.h"
#include "server/store/app_rows.h"
#include "server/store/group_rows.h"
#include "server/store/member_rows.h"

#include <stdio.h>
#include <string.h>

#define NAMED_MAX 600 /* characters of the groups that are named: the rest is left out */

/* Who of the policy's members could approve today, and whether somebody could ask them. */
struct meeting {
	struct db *db;
	const char *org_id;
	bool account; /* it is the account's: administrators ask */
	const struct quorum_policy *policy;
	bool resting;     /* who is disabled counts, too: he can be let in again */
	const char *back; /* UUID of one who is thought to be there again; NULL */
	bool back_asks;
	bool can[QUORUM_NODES_MAX];
	bool asked;
};

/* What a quorum above a member wants of him. */
struct wanted {
	bool password, factor;
};

static hf_status can_app(const struct meeting *m, const char *id, bool *ret)
{
	struct app_row app;
	hf_status s = app_row_get(m->db, m->org_id, id, &app);

	*ret = hf_ok(s) && (app.active || m->resting);
	return s.code == HF_NOTFOUND ? HF_SUCCESS : s;
}

static hf_status can_user(const struct meeting *m, const char *id, bool factor, bool *ret)
{
	struct member_row user;
	hf_status s = member_row_get(m->db, m->org_id, id, &user);

	*ret = hf_ok(s) && user.has_password && (user.has_factor || !factor || m->resting) &&
	       ((user.active && user.enabled) || m->resting);
	return s.code == HF_NOTFOUND ? HF_SUCCESS : s;
}

static hf_status look_at_member(struct meeting *m, size_t at, struct wanted wanted)
{
	const struct quorum_node *node = &m->policy->nodes[at];
	bool app = node->kind == QUORUM_APP;
	char id[HF_ID_MAX];

	m->can[at] = false;
	if (app && (wanted.password || wanted.factor))
		return HF_SUCCESS; /* it has none to show */
	m->can[at] = m->back && strcmp(m->back, node->id) == 0;
	if (m->can[at])
		return HF_SUCCESS;
	HF_TRY(hf_id_of_uuid(app ? "app" : "us", node->id, id));
	return app ? can_app(m, id, &m->can[at]) : can_user(m, id, wanted.factor, &m->can[at]);
}

static hf_status look_below(struct meeting *m, size_t at, struct wanted wanted)
{
	const struct quorum_node *node = &m->policy->nodes[at];

	if (node->kind != QUORUM_OF)
		return look_at_member(m, at, wanted);
	wanted.password = wanted.password || node->password;
	wanted.factor = wanted.factor || node->factor;
	for (size_t i = 0; i < node->count; i++)
		HF_TRY(look_below(m, node->first + i, wanted));
	return HF_SUCCESS;
}

/* Whoever approves shows all that is wanted by any quorum that he is in (approvals.h): he can in
 * all of his places, or in none. */
static void settle_places(struct meeting *m)
{
	const struct quorum_node *nodes = m->policy->nodes;

	for (size_t i = 0; i < m->policy->n_nodes; i++)
		for (size_t j = 0; j < m->policy->n_nodes && nodes[i].kind != QUORUM_OF; j++)
			if (!m->can[j] && nodes[j].kind == nodes[i].kind &&
			    strcmp(nodes[j].id, nodes[i].id) == 0)
				m->can[i] = false;
}

/* Nobody approves what he has asked for himself. */
static bool met_without(const struct meeting *m, const char *asker)
{
	bool said[QUORUM_NODES_MAX] = { false };

	for (size_t i = 0; i < m->policy->n_nodes; i++)
		said[i] = m->can[i] && strcmp(asker, m->policy->nodes[i].id) != 0;
	return quorum_is_met(m->policy, said);
}

static hf_status try_asker(void *ctx, const char *id)
{
	struct meeting *m = ctx;
	char uuid[HF_UUID_MAX];

	HF_TRY(hf_uuid_of_id(id, uuid));
	m->asked = m->asked || met_without(m, uuid);
	return m->asked ? HF_FAILURE(HF_STOP) : HF_SUCCESS;
}

/* ret: it can be met. What a group's policy guards, apps ask for, or whoever is made an
 * administrator to do so; nobody can be made one where the account's policy wants that approved. */
static hf_status look(struct meeting *m, bool *ret)
{
	HF_TRY(look_below(m, 0, (struct wanted){ 0 }));
	settle_places(m);
	*ret = met_without(m, "");
	if (!*ret || !m->account)
		return HF_SUCCESS;
	m->asked = m->back && m->back_asks && met_without(m, m->back);
	if (!m->asked)
		HF_TRY(member_rows_with(m->db, m->org_id, ACCOUNT_ADMINISTRATOR, try_asker, m));
	*ret = m->asked;
	return HF_SUCCESS;
}

/* ---- policies that are set */

static const char account_text[] =
        "nobody could change the account's approval policy after this: of those that it names, "
        "enough have to be able to log in and approve what an administrator asks for, who does not "
        "count himself";

hf_status quorum_reach_account(struct db *db, const char *org_id, struct hf_err *err)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *a = NULL;
	struct meeting m = { .db = db, .org_id = org_id, .account = true };
	bool met;

	HF_TRY(account_policies_read(db, org_id, &a, err));
	if (!a || !a->quorum)
		return HF_SUCCESS;
	HF_TRY(org_row_lock(db, org_id)); /* two who go at once */
	m.policy = a->quorum;
	HF_TRY(look(&m, &met));
	return met ? HF_SUCCESS : hf_fail(err, HF_STATE, "%s", account_text);
}

struct group_look {
	struct meeting meeting;
	bool met; /* or it has no policy */
};

static hf_status look_at_group(void *ctx, const struct group_row *row)
{
	struct quorum_policy *policy HF_CLEANUP(quorum_policy_free_at) = NULL;
	struct group_look *g = ctx;

	g->met = true;
	if (!row->approval_policy)
		return HF_SUCCESS;
	HF_TRY(quorum_policy_parse(hf_span_text(row->approval_policy), &policy, NULL));
	g->meeting.policy = policy;
	HF_TRY(look(&g->meeting, &g->met));
	g->meeting.policy = NULL;
	return HF_SUCCESS;
}

hf_status quorum_reach_is_lost(struct db *db, const char *org_id, const char *group_id, bool *ret)
{
	struct group_look g = { .meeting = { .db = db, .org_id = org_id } };

	HF_TRY(org_row_lock(db, org_id));
	HF_TRY(group_row_get(db, org_id, group_id, look_at_group, &g));
	*ret = !g.met;
	return HF_SUCCESS;
}

hf_status quorum_reach_group(struct db *db, const char *org_id, const char *group_id,
                             struct hf_err *err)
{
	bool lost;

	HF_TRY(quorum_reach_is_lost(db, org_id, group_id, &lost));
	if (lost)
		return hf_fail(err, HF_STATE,
		               "this approval policy could not be met: of those that it names, "
		               "enough have to be able to log in and approve");
	return HF_SUCCESS;
}

struct heirs {
	char groups[NAMED_MAX + GROUP_NAME_MAX + 8];
};

static void add_name(char to[NAMED_MAX + GROUP_NAME_MAX + 8], const char *name)
{
	size_t len = strlen(to);

	if (len < NAMED_MAX)
		snprintf(to + len, NAMED_MAX + GROUP_NAME_MAX + 8 - len, "%s\"%s\"",
		         len ? ", " : "", name);
}

static hf_status look_for_heir(void *ctx, const struct group_row *row)
{
	struct quorum_policy *policy HF_CLEANUP(quorum_policy_free_at) = NULL;
	struct heirs *h = ctx;

	if (!row->approval_policy)
		return HF_SUCCESS;
	HF_TRY(quorum_policy_parse(hf_span_text(row->approval_policy), &policy, NULL));
	if (policy->has_heir)
		add_name(h->groups, row->name);
	return HF_SUCCESS;
}

hf_status quorum_reach_heirs(struct db *db, const char *org_id, struct hf_err *err)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *a = NULL;
	struct heirs h = { 0 };

	HF_TRY(org_row_lock(db, org_id));
	HF_TRY(account_policies_read(db, org_id, &a, err));
	if (a && quorum_guards_groups(a->quorum))
		return HF_SUCCESS;
	HF_TRY(group_rows_list(db, org_id, GROUPS_BY_NAME, false, look_for_heir, &h));
	if (!*h.groups)
		return HF_SUCCESS;
	return hf_fail(err, HF_STATE,
	               "account_may_replace, which is in the approval policies of these groups, "
	               "counts on an approval policy of the account with manage_groups: %s",
	               h.groups);
}

/* ---- somebody who is taken away */

hf_status quorum_reach_asks(struct db *db, const char *org_id, const char *identity_id, bool *ret)
{
	struct member_row user;
	hf_status s = member_row_get(db, org_id, identity_id, &user);

	*ret = hf_ok(s) && (user.roles & ACCOUNT_ADMINISTRATOR);
	return s.code == HF_NOTFOUND ? HF_SUCCESS : s;
}

/* ret: it cannot be met, and could with him. */
static hf_status is_missed(struct meeting *m, bool asks, const char *uuid, bool *ret)
{
	bool now, before;

	m->back = NULL;
	HF_TRY(look(m, &now));
	*ret = false;
	if (now)
		return HF_SUCCESS;
	m->back = uuid;
	m->back_asks = asks;
	HF_TRY(look(m, &before));
	*ret = before;
	return HF_SUCCESS;
}

struct leaving {
	struct meeting meeting;
	bool asked;
	char uuid[HF_UUID_MAX];
	char groups[NAMED_MAX + GROUP_NAME_MAX + 8]; /* that miss him, by their names */
};

static hf_status look_into(void *ctx, const struct group_row *row)
{
	struct quorum_policy *policy HF_CLEANUP(quorum_policy_free_at) = NULL;
	struct leaving *l = ctx;
	bool missed;

	if (!row->approval_policy || !strstr(row->approval_policy, l->uuid))
		return HF_SUCCESS;
	HF_TRY(quorum_policy_parse(hf_span_text(row->approval_policy), &policy, NULL));
	l->meeting.policy = policy;
	l->meeting.account = false;
	HF_TRY(is_missed(&l->meeting, false, l->uuid, &missed));
	if (missed)
		add_name(l->groups, row->name);
	return HF_SUCCESS;
}

static hf_status account_without(struct leaving *l, struct hf_err *err)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *a = NULL;
	struct meeting *m = &l->meeting;
	bool missed;

	HF_TRY(account_policies_read(m->db, m->org_id, &a, err));
	if (!a || !a->quorum)
		return HF_SUCCESS;
	m->policy = a->quorum;
	m->account = true;
	HF_TRY(is_missed(m, l->asked, l->uuid, &missed));
	if (missed)
		return hf_fail(err, HF_STATE,
		               "%s. Have that policy changed first, in the Crypto API "
		               "(PATCH /sys/v1/accounts/{acct_id}, holdfast account update)",
		               account_text);
	return HF_SUCCESS;
}

hf_status quorum_reach_without(struct db *db, const struct quorum_leaver *who, struct hf_err *err)
{
	struct leaving l = {
		.meeting = { .db = db, .org_id = who->org_id },
		.asked = who->asked,
	};

	HF_TRY(hf_uuid_of_id(who->identity_id, l.uuid));
	HF_TRY(org_row_lock(db, who->org_id));
	HF_TRY(account_without(&l, err));
	/* Two who go, one after the other: whoever is disabled meanwhile is still needed. */
	l.meeting.resting = !who->rests;
	HF_TRY(group_rows_list(db, who->org_id, GROUPS_BY_NAME, false, look_into, &l));
	if (!*l.groups)
		return HF_SUCCESS;
	if (who->rests) {
		HF_WARN("approval policies of groups cannot be met while somebody is disabled",
		        HF_KS("groups", l.groups), HF_KS("identity", who->identity_id));
		return HF_SUCCESS;
	}
	return hf_fail(err, HF_STATE,
	               "the approval policies of these groups could not be met any more: %s. Have "
	               "them changed first, by their quorums; to shut somebody out at once, "
	               "disable him",
	               l.groups);
}
