/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/account.h"

#include "base/text.h"
#include "server/core/access/crypto_policy.h"
#include "server/store/account_rows.h"
#include "server/store/member_rows.h"

#include <stdlib.h>
#include <string.h>

#define ASKERS_AT_ONCE 100

void account_policies_free(struct account_policies *a)
{
	if (!a)
		return;
	quorum_policy_free(a->quorum);
	crypto_policy_free(a->crypto);
	free(a->approval_policy);
	free(a->cryptographic_policy);
	free(a);
}

struct reading {
	const char *org_id;
	struct account_policies *read;
	struct hf_err *err;
};

static hf_status parse(struct account_policies *a, struct hf_err *err)
{
	hf_status s = HF_SUCCESS;

	if (a->approval_policy)
		s = quorum_account_parse(hf_span_text(a->approval_policy), &a->quorum, err);
	if (hf_ok(s) && a->cryptographic_policy)
		s = crypto_policy_parse(hf_span_text(a->cryptographic_policy), "account",
		                        &a->crypto, err);
	if (!hf_ok(s) && s.code != HF_NOMEM)
		return hf_fail(err, HF_CORRUPT, "a stored policy of the account cannot be read");
	return s;
}

static hf_status copy(const char *from, char **to)
{
	if (!from)
		return HF_SUCCESS;
	*to = hf_strdup(from);
	HF_ENSURE(*to, HF_NOMEM);
	return HF_SUCCESS;
}

static hf_status take(void *ctx, const struct account_policy_row *row)
{
	struct reading *r = ctx;
	ACCOUNT_POLICIES_SCOPED struct account_policies *a = calloc(1, sizeof(*a));

	HF_ENSURE(a, HF_NOMEM);
	HF_TRY(hf_uuid_of_id(r->org_id, a->id));
	HF_TRY(copy(row->approval, &a->approval_policy));
	HF_TRY(copy(row->cryptographic, &a->cryptographic_policy));
	HF_TRY(parse(a, r->err));
	r->read = hf_take(a);
	return HF_SUCCESS;
}

hf_status account_policies_read(struct db *db, const char *org_id, struct account_policies **ret,
                                struct hf_err *err)
{
	struct reading r = { .org_id = org_id, .err = err };

	HF_TRY(account_policies_get(db, org_id, take, &r));
	*ret = r.read;
	return HF_SUCCESS;
}

hf_status account_check(const struct account_policies *a, enum account_act act,
                        const char *approved, struct hf_err *err)
{
	if (!a || !a->quorum || !(a->quorum->account_acts & 1u << act))
		return HF_SUCCESS;
	if (approved && strcmp(approved, a->id) == 0)
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED, GUARD_QUORUM_TEXT);
}

/* Who of the policy's members could approve today. */
struct meeting {
	struct db *db;
	const char *org_id;
	const struct quorum_policy *policy;
	bool can[QUORUM_NODES_MAX];
	bool asked; /* somebody could ask them */
};

/* What a quorum above a member wants of him. */
struct wanted {
	bool password, factor;
};

static hf_status look_at_member(struct meeting *m, size_t at, struct wanted wanted)
{
	const struct quorum_node *node = &m->policy->nodes[at];
	PRINCIPAL_SCOPED struct principal *who = NULL;
	bool app = node->kind == QUORUM_APP;
	struct password_row shown;
	char id[HF_ID_MAX];
	hf_status s;

	if (app && (wanted.password || wanted.factor))
		return HF_SUCCESS; /* it has none to show */
	HF_TRY(hf_id_of_uuid(app ? "app" : "us", node->id, id));
	s = principal_load(m->db, m->org_id, id, &who);
	if (hf_ok(s) && !app)
		s = password_row_get(m->db, id, &shown);
	m->can[at] = hf_ok(s) && (!wanted.factor || who->has_factor);
	return s.code == HF_NOTFOUND ? HF_SUCCESS : s;
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

/* Without this one; NULL: with everybody. */
static bool can_meet(const struct meeting *m, size_t at, const char *without)
{
	const struct quorum_node *node = &m->policy->nodes[at];
	unsigned met = 0;

	if (node->kind != QUORUM_OF)
		return m->can[at] && !(without && strcmp(without, node->id) == 0);
	for (size_t i = 0; i < node->count; i++)
		met += can_meet(m, node->first + i, without);
	return met >= node->need;
}

struct askers {
	struct meeting *meeting;
	char last[HF_ID_MAX];
	int n;
};

/* Nobody approves what he has asked for himself. */
static hf_status try_asker(void *ctx, const struct member_row *user)
{
	struct askers *a = ctx;
	char uuid[HF_UUID_MAX];

	a->n++;
	memcpy(a->last, user->id, sizeof(a->last));
	if (!(user->roles & ACCOUNT_ADMINISTRATOR) || !user->enabled || !user->active ||
	    !user->has_password)
		return HF_SUCCESS;
	HF_TRY(hf_uuid_of_id(user->id, uuid));
	if (can_meet(a->meeting, 0, uuid))
		a->meeting->asked = true;
	return HF_SUCCESS;
}

static hf_status find_asker(struct meeting *m)
{
	struct askers a = { .meeting = m };

	do {
		a.n = 0;
		HF_TRY(member_rows_list(m->db, m->org_id, a.last, ASKERS_AT_ONCE, try_asker, &a));
	} while (a.n == ASKERS_AT_ONCE && !m->asked);
	return HF_SUCCESS;
}

hf_status account_quorum_can_meet(struct db *db, const char *org_id, struct hf_err *err)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *a = NULL;
	struct meeting m = { .db = db, .org_id = org_id };

	HF_TRY(account_policies_read(db, org_id, &a, err));
	if (!a || !a->quorum)
		return HF_SUCCESS;
	HF_TRY(org_row_lock(db, org_id)); /* two who go at once */
	m.policy = a->quorum;
	HF_TRY(look_below(&m, 0, (struct wanted){ 0 }));
	if (can_meet(&m, 0, NULL))
		HF_TRY(find_asker(&m));
	if (!m.asked)
		return hf_fail(err, HF_STATE,
		               "nobody could change the account's approval policy after this: of "
		               "those that it names, enough have to be able to log in and approve "
		               "what an administrator asks for, who does not count himself");
	return HF_SUCCESS;
}
