/* SPDX-License-Identifier: Apache-2.0
 * Groups: made, read, changed, removed. */
#include "server/core/access/account.h"
#include "server/core/access/quorum_reach.h"
#include "server/core/access/sessions.h"
#include "server/crypto_api/groups/groups.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/rights.h"
#include "server/slot_links.h"
#include "server/store/group_rows.h"
#include "server/store/member_rows.h"

#include <stdio.h>
#include <string.h>

struct group_call {
	struct crypto_call call; /* first */
	struct group_request request;
	struct group *group; /* as it is afterwards, or as it was */
};

static struct group_call *of(struct crypto_call *c)
{
	return (struct group_call *)c;
}

static void release(struct crypto_call *c)
{
	group_request_done(&of(c)->request);
	group_unref(of(c)->group);
}

/* May whoever calls make groups? Administrators and members of the account, and apps that
 * administrate. HF_DENIED with words. */
static hf_status group_may_create(const struct principal *who, struct hf_err *err)
{
	if (who->kind == PRINCIPAL_APP
	            ? who->app_admin
	            : who->account_roles & (ACCOUNT_ADMINISTRATOR | ACCOUNT_MEMBER))
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED,
	               "groups are made by administrators and members of the account");
}

hf_status group_may_connect(const struct principal *who, struct hf_err *err)
{
	if (who->kind == PRINCIPAL_APP ? who->app_admin
	                               : who->account_roles & ACCOUNT_ADMINISTRATOR)
		return HF_SUCCESS;
	return hf_fail(err, HF_DENIED,
	               "a group is connected to an HSM by administrators of the account: those of "
	               "the group change its connections, and add more");
}

hf_status group_may(struct crypto_call *c, enum guard_act act, const struct group *g)
{
	const struct guard_question q = { .who = c->who,
		                          .act = act,
		                          .group = g,
		                          .approved_group = c->approved_group,
		                          .now_ms = c->now_ms };
	bool quorum;

	return guard_check(&q, &quorum, &c->err);
}

static struct group_maker maker(const struct crypto_call *c)
{
	return (struct group_maker){ .core = c->api->core,
		                     .org_id = c->who->org_id,
		                     .identity_id = c->who->identity_id,
		                     .now_ms = c->now_ms };
}

/* Reviewers read what they approve, and a PIN is nobody's to read. */
static hf_status read_request(struct crypto_call *c, struct hf_err *err)
{
	struct group_call *g = of(c);

	HF_TRY(group_request_read(c->body, &g->request, err));
	if (c->approved_group && group_request_is_secret(&g->request))
		return hf_fail(
		        err, HF_INVALID,
		        "a PIN or a client's key does not go through an approval: ask for the "
		        "change without it, and give it afterwards, which needs no approval");
	return HF_SUCCESS;
}

/* As the database has it now; run() may be called again. */
static hf_status read_group(struct crypto_call *c, struct db *db, const char *id)
{
	struct group_call *g = of(c);
	struct group *read = NULL;

	HF_TRY(group_read(db, c->who->org_id, id, &read, &c->err));
	group_unref(g->group);
	g->group = read;
	snprintf(c->group_id, sizeof(c->group_id), "%s", id);
	snprintf(c->subject_id, sizeof(c->subject_id), "%s", id);
	return HF_SUCCESS;
}

static void answer(struct crypto_call *c, int status)
{
	struct json_writer w = JSON_WRITER(&c->out);

	group_print(&w, c->api->core, of(c)->group);
	c->status = status;
	crypto_call_reply(c);
}

/* ---- create */

static hf_status prepare_create(struct crypto_call *c, struct hf_err *err)
{
	HF_TRY(group_may_create(c->who, err));
	HF_TRY(read_request(c, err));
	return of(c)->request.n_add ? group_may_connect(c->who, err) : HF_SUCCESS;
}

static hf_status account_allows(struct crypto_call *c, struct db *db)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *account = NULL;

	HF_TRY(account_policies_read(db, c->who->org_id, &account, &c->err));
	return account_check(account, ACCOUNT_NEW_GROUP, c->approved_group, &c->err);
}

/* By whoever is in it now. */
static hf_status check_reach(struct crypto_call *c, struct db *db, const char *id)
{
	if (!text_change_is_set(&of(c)->request.approval_policy))
		return HF_SUCCESS;
	HF_TRY(quorum_reach_heirs(db, c->who->org_id, &c->err));
	return quorum_reach_group(db, c->who->org_id, id, &c->err);
}

static hf_status run_create(struct crypto_call *c, struct db *db)
{
	const struct group_maker by = maker(c);
	char id[HF_UUID_MAX];

	HF_TRY(account_allows(c, db));
	HF_TRY(group_create(&by, db, &of(c)->request, id, &c->err));
	if (c->who->kind == PRINCIPAL_USER)
		HF_TRY(group_member_row_put(db, c->who->identity_id, id, GROUP_ADMINISTRATOR));
	HF_TRY(check_reach(c, db, id));
	HF_TRY(read_group(c, db, id));
	return crypto_call_audit(c, db);
}

static void created(struct crypto_call *c)
{
	const struct group *g = of(c)->group;

	group_was_changed(c->api->core, g->id);
	if (c->who->kind == PRINCIPAL_USER)
		crypto_sessions_forget(c->api->sessions, c->who->identity_id);
	slot_links_look(c->api->core->slots->links, g);
	answer(c, 201);
}

const struct crypto_operation crypto_group_create = {
	.size = sizeof(struct group_call),
	.writes = true,
	.prepare = prepare_create,
	.run = run_create,
	.after = created,
	.release = release,
};

/* ---- read */

static hf_status run_get(struct crypto_call *c, struct db *db)
{
	HF_TRY(read_group(c, db, crypto_call_param(c, "group_id")));
	return group_may(c, ACT_GROUP_READ, of(c)->group);
}

static void got(struct crypto_call *c)
{
	slot_links_look(c->api->core->slots->links, of(c)->group);
	answer(c, 200);
}

const struct crypto_operation crypto_group_get = {
	.size = sizeof(struct group_call),
	.run = run_get,
	.after = got,
	.release = release,
};

/* ---- change */

static hf_status may_change(struct crypto_call *c)
{
	unsigned what = group_changes_of(of(c)->group, &of(c)->request);

	HF_TRY(group_may(c, ACT_GROUP_READ, of(c)->group));
	if (what & CHANGES_PROFILE || !what)
		HF_TRY(group_may(c, ACT_GROUP_UPDATE, of(c)->group));
	if (what & CHANGES_LINKS)
		HF_TRY(group_may(c, ACT_GROUP_LINKS, of(c)->group));
	if (of(c)->request.n_add && !of(c)->group->n_links)
		HF_TRY(group_may_connect(c->who, &c->err));
	if (what & CHANGES_POLICIES)
		HF_TRY(group_may(c, ACT_GROUP_POLICIES, of(c)->group));
	if (what & CHANGES_PINS)
		HF_TRY(group_may(c, ACT_GROUP_SCAN, of(c)->group));
	return HF_SUCCESS;
}

static hf_status no_group(struct crypto_call *c)
{
	return hf_fail(&c->err, HF_NOTFOUND, "there is no such group");
}

static hf_status lock(struct crypto_call *c, struct db *db, const char *id)
{
	hf_status s = group_row_lock(db, c->who->org_id, id);

	if (s.code == HF_NOTFOUND)
		return no_group(c);
	HF_TRY(s);
	return read_group(c, db, id);
}

static hf_status run_change(struct crypto_call *c, struct db *db)
{
	const char *id = crypto_call_param(c, "group_id");
	const struct group_maker by = maker(c);

	HF_TRY(lock(c, db, id));
	HF_TRY(may_change(c));
	HF_TRY(group_update(&by, db, of(c)->group, &of(c)->request, &c->err));
	HF_TRY(check_reach(c, db, id));
	HF_TRY(read_group(c, db, id));
	return crypto_call_audit(c, db);
}

static void changed(struct crypto_call *c)
{
	group_was_changed(c->api->core, of(c)->group->id);
	slot_links_look(c->api->core->slots->links, of(c)->group);
	answer(c, 200);
}

const struct crypto_operation crypto_group_change = {
	.size = sizeof(struct group_call),
	.writes = true,
	.prepare = read_request,
	.run = run_change,
	.after = changed,
	.release = release,
};

/* ---- replace a policy that nobody can meet any more */

/* The policy, and nothing else. */
static hf_status prepare_replace(struct crypto_call *c, struct hf_err *err)
{
	struct json_t *member;
	void *at = NULL;
	size_t n = 0;

	if (!runs_account(c->who))
		return hf_fail(err, HF_DENIED, "this is for administrators of the account");
	HF_TRY(read_request(c, err));
	while (json_member_next(c->body, &at, &member))
		n++;
	if (n != 1 || !text_change_is_set(&of(c)->request.approval_policy))
		return hf_fail(err, HF_INVALID,
		               "expected approval_policy, the policy that replaces it, and nothing "
		               "else");
	return HF_SUCCESS;
}

/* Never instead of the group's own quorum, and never by anybody whom it has not accepted. */
static hf_status may_replace(struct crypto_call *c, struct db *db)
{
	ACCOUNT_POLICIES_SCOPED struct account_policies *account = NULL;
	const struct group *g = of(c)->group;
	bool lost;

	if (!g->quorum || !g->quorum->has_heir)
		return hf_fail(&c->err, HF_STATE,
		               "the group has no approval policy with account_may_replace: a "
		               "policy is changed by its own quorum (PATCH /sys/v1/groups/{id})");
	HF_TRY(quorum_reach_is_lost(db, g->org_id, g->id, &lost));
	if (!lost)
		return hf_fail(&c->err, HF_STATE,
		               "those whom the group's approval policy names can meet it: have it "
		               "changed by them (PATCH /sys/v1/groups/{id})");
	HF_TRY(account_policies_read(db, g->org_id, &account, &c->err));
	if (!account || !quorum_guards_groups(account->quorum))
		return hf_fail(&c->err, HF_STATE,
		               "the account has no approval policy with manage_groups");
	return account_check(account, ACCOUNT_NEW_GROUP, c->approved_group, &c->err);
}

static hf_status run_replace(struct crypto_call *c, struct db *db)
{
	const char *id = crypto_call_param(c, "group_id");
	const struct group_maker by = maker(c);

	HF_TRY(lock(c, db, id));
	HF_TRY(may_replace(c, db));
	HF_TRY(group_update(&by, db, of(c)->group, &of(c)->request, &c->err));
	HF_TRY(check_reach(c, db, id));
	HF_TRY(read_group(c, db, id));
	return crypto_call_audit(c, db);
}

const struct crypto_operation crypto_group_replace_policy = {
	.size = sizeof(struct group_call),
	.writes = true,
	.prepare = prepare_replace,
	.run = run_replace,
	.after = changed,
	.release = release,
};

/* ---- remove */

static hf_status run_remove(struct crypto_call *c, struct db *db)
{
	HF_TRY(lock(c, db, crypto_call_param(c, "group_id")));
	HF_TRY(group_may(c, ACT_GROUP_DELETE, of(c)->group));
	HF_TRY(group_delete(db, of(c)->group, &c->err));
	return crypto_call_audit(c, db);
}

static void removed(struct crypto_call *c)
{
	group_was_changed(c->api->core, of(c)->group->id);
	c->status = 204;
	crypto_call_reply(c);
}

const struct crypto_operation crypto_group_remove = {
	.size = sizeof(struct group_call),
	.writes = true,
	.run = run_remove,
	.after = removed,
	.release = release,
};
