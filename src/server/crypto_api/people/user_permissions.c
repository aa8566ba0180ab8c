/* SPDX-License-Identifier: Apache-2.0
 * GET /sys/v1/users/permissions: what the caller's roles allow him, in the words of the Crypto API.
 * Those that no call here is for are nobody's. What he may do to a group and its keys is asked of
 * the guard, so that this says what is so. */
#include "server/core/access/guard.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/rights.h"

#include <stdio.h>

struct permissions_call {
	struct crypto_call call; /* first */
	bool implied;
};

#define ANY (ACCOUNT_ADMINISTRATOR | ACCOUNT_MEMBER | ACCOUNT_AUDITOR)

static const struct {
	const char *name;
	unsigned roles; /* one of them has it */
	bool implied;   /* by another of the list */
} of_account[] = {
	{ "CREATE_ACCOUNT_APPROVAL_POLICY", ACCOUNT_ADMINISTRATOR, false },
	{ "MANAGE_ACCOUNT_PROFILE", ACCOUNT_ADMINISTRATOR, false },
	{ "MANAGE_ADMIN_APPS", ACCOUNT_ADMINISTRATOR, false },
	{ "CREATE_ADMIN_APPS", ACCOUNT_ADMINISTRATOR, true },
	{ "UPDATE_ADMIN_APPS", ACCOUNT_ADMINISTRATOR, true },
	{ "DELETE_ADMIN_APPS", ACCOUNT_ADMINISTRATOR, true },
	{ "RETRIEVE_ADMIN_APP_SECRETS", ACCOUNT_ADMINISTRATOR, true },
	{ "MANAGE_ACCOUNT_USERS", ACCOUNT_ADMINISTRATOR, false },
	{ "INVITE_USERS_TO_ACCOUNT", ACCOUNT_ADMINISTRATOR, true },
	{ "DELETE_USERS_FROM_ACCOUNT", ACCOUNT_ADMINISTRATOR, true },
	{ "UPDATE_USERS_ACCOUNT_ROLE", ACCOUNT_ADMINISTRATOR, true },
	{ "UPDATE_USERS_ACCOUNT_ENABLED_STATE", ACCOUNT_ADMINISTRATOR, true },
	{ "MANAGE_ACCOUNT_SOBJECT_POLICIES", ACCOUNT_ADMINISTRATOR, false },
	{ "CREATE_ACCOUNT_SOBJECT_POLICIES", ACCOUNT_ADMINISTRATOR, true },
	{ "UPDATE_ACCOUNT_SOBJECT_POLICIES", ACCOUNT_ADMINISTRATOR, true },
	{ "DELETE_ACCOUNT_SOBJECT_POLICIES", ACCOUNT_ADMINISTRATOR, true },
	{ "CREATE_LOCAL_GROUPS", ACCOUNT_ADMINISTRATOR | ACCOUNT_MEMBER, false },
	{ "CREATE_EXTERNAL_GROUPS", ACCOUNT_ADMINISTRATOR, false },
	{ "ALLOW_QUORUM_REVIEWER", ANY, false },
	{ "GET_ALL_APPROVAL_REQUESTS", ACCOUNT_ADMINISTRATOR | ACCOUNT_AUDITOR, false },
	{ "GET_ADMIN_APPS", ACCOUNT_ADMINISTRATOR | ACCOUNT_AUDITOR, false },
	{ "GET_ALL_USERS", ACCOUNT_ADMINISTRATOR | ACCOUNT_AUDITOR, false },
};

static const struct {
	const char *name;
	enum guard_act act; /* who may do this, has it */
	bool implied;
} of_group[] = {
	{ "CREATE_GROUP_APPROVAL_POLICY", ACT_GROUP_POLICIES, false },
	{ "UPDATE_GROUP_EXTERNAL_LINKS", ACT_GROUP_LINKS, false },
	{ "UPDATE_GROUP_PROFILE", ACT_GROUP_UPDATE, false },
	{ "DELETE_GROUP", ACT_GROUP_DELETE, false },
	/* runs_group(), whose people are those of ACT_GROUP_UPDATE */
	{ "MANAGE_GROUP_USERS", ACT_GROUP_UPDATE, false },
	{ "ADD_USERS_TO_GROUP", ACT_GROUP_UPDATE, true },
	{ "DELETE_USERS_FROM_GROUP", ACT_GROUP_UPDATE, true },
	{ "UPDATE_USERS_GROUP_ROLE", ACT_GROUP_UPDATE, true },
	{ "MANAGE_APPS", ACT_GROUP_UPDATE, false },
	{ "CREATE_APPS", ACT_GROUP_UPDATE, true },
	{ "UPDATE_APPS", ACT_GROUP_UPDATE, true },
	{ "RETRIEVE_APP_SECRETS", ACT_GROUP_UPDATE, true },
	{ "DELETE_APPS", ACT_GROUP_UPDATE, true },
	{ "MANAGE_GROUP_SOBJECT_POLICIES", ACT_GROUP_POLICIES, false },
	{ "CREATE_GROUP_SOBJECT_POLICIES", ACT_GROUP_POLICIES, true },
	{ "UPDATE_GROUP_SOBJECT_POLICIES", ACT_GROUP_POLICIES, true },
	{ "DELETE_GROUP_SOBJECT_POLICIES", ACT_GROUP_POLICIES, true },
	{ "CREATE_SOBJECTS", ACT_CREATE, false },
	{ "EXPORT_SOBJECTS", ACT_EXPORT, false },
	{ "COPY_SOBJECTS", ACT_COPY, false },
	{ "WRAP_SOBJECTS", ACT_WRAP, false },
	{ "UNWRAP_SOBJECTS", ACT_UNWRAP, false },
	{ "DERIVE_SOBJECTS", ACT_DERIVE, false },
	{ "UPDATE_SOBJECTS_ENABLED_STATE", ACT_UPDATE_ENABLED, false },
	{ "ROTATE_SOBJECTS", ACT_ROTATE, false },
	{ "DELETE_SOBJECTS", ACT_DELETE, false },
	{ "DESTROY_SOBJECTS", ACT_DESTROY, false },
	{ "REVOKE_SOBJECTS", ACT_REVOKE, false },
	{ "ACTIVATE_SOBJECTS", ACT_ACTIVATE, false },
	{ "REVERT_SOBJECTS", ACT_REVERT, false },
	{ "DELETE_KEY_MATERIAL", ACT_DELETE_MATERIAL, false },
	{ "MOVE_SOBJECTS", ACT_MOVE, false },
	{ "UPDATE_KEY_OPS", ACT_UPDATE_KEY_OPS, false },
	{ "UPDATE_SOBJECT_POLICIES", ACT_UPDATE_POLICIES, false },
	{ "UPDATE_SOBJECTS_PROFILE", ACT_UPDATE_PROFILE, false },
	{ "SCAN_EXTERNAL_SOBJECTS", ACT_GROUP_SCAN, false },
	{ "GET_GROUP", ACT_GROUP_READ, false },
	{ "GET_SOBJECTS", ACT_READ, false },
	{ "GET_APPS", ACT_GROUP_READ, false },
};

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	static const char *const known[] = { "with_implied" };
	struct permissions_call *p = (struct permissions_call *)c;

	if (c->who->kind != PRINCIPAL_USER)
		return hf_fail(err, HF_DENIED,
		               "this is for users: what an app may do is shown with it "
		               "(GET /sys/v1/apps/{app_id})");
	HF_TRY(crypto_call_query_known(c, known, HF_COUNT(known), err));
	return crypto_call_query_flag(c, "with_implied", &p->implied, err);
}

static void print_account(const struct permissions_call *p, struct json_writer *w)
{
	json_open_array(w, "account");
	for (size_t i = 0; i < HF_COUNT(of_account); i++)
		if (of_account[i].roles & p->call.who->account_roles &&
		    (p->implied || !of_account[i].implied))
			json_text(w, NULL, of_account[i].name);
	json_close_array(w);
}

static void print_group(const struct permissions_call *p, struct json_writer *w, const char *key,
                        const char *group_id)
{
	struct group group = { 0 };

	snprintf(group.id, sizeof(group.id), "%s", group_id);
	snprintf(group.org_id, sizeof(group.org_id), "%s", p->call.who->org_id);
	json_open_array(w, key);
	for (size_t i = 0; i < HF_COUNT(of_group); i++)
		if (guard_role_allows(p->call.who, of_group[i].act, &group) &&
		    (p->implied || !of_group[i].implied))
			json_text(w, NULL, of_group[i].name);
	if (sees_account(p->call.who)) {
		json_text(w, NULL, "GET_GROUP_APPROVAL_REQUESTS");
		json_text(w, NULL, "GET_AUDIT_LOGS");
	}
	json_close_array(w);
}

static hf_status run(struct crypto_call *c, struct db *db)
{
	const struct permissions_call *p = (const struct permissions_call *)c;
	struct json_writer w = JSON_WRITER(&c->out);

	json_open_object(&w, NULL);
	print_account(p, &w);
	if (sees_account(c->who))
		print_group(p, &w, "all_groups", ""); /* he is in none of this id */
	json_open_object(&w, "groups");
	for (size_t i = 0; i < c->who->n_groups; i++)
		print_group(p, &w, c->who->groups[i].id, c->who->groups[i].id);
	json_close_object(&w);
	json_close_object(&w);
	return HF_SUCCESS;
}

const struct crypto_operation crypto_user_permissions = {
	.size = sizeof(struct permissions_call),
	.prepare = prepare,
	.run = run,
};
