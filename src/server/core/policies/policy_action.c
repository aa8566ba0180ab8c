/* SPDX-License-Identifier: Apache-2.0
 * Reading a policy's action and its groups of approvers. */
#include "server/core/policies/policy_parts.h"

#include <string.h>

static hf_status read_users(const struct json_t *approvers, const struct json_t **ret,
                            struct hf_err *err)
{
	struct json_t *user = NULL, *in = NULL;
	static const struct json_field fields[] = { { "userId", JSON_READ_OBJECT, 0 } };
	static const struct json_field list[] = {
		{ "in", JSON_READ_ARRAY, 0, true, false, 1, POLICY_APPROVERS_MAX },
	};

	HF_TRY(json_read(approvers, fields, HF_COUNT(fields), &user, err));
	if (!user)
		return HF_SUCCESS;
	HF_TRY(json_read(user, list, HF_COUNT(list), &in, err));
	HF_TRY(policy_text_list(in, "in", HF_ID_MAX - 1, err));
	for (size_t i = 1, n = json_count(in); i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(json_value_text(json_element(in, i)),
			           json_value_text(json_element(in, j))) == 0)
				return hf_fail(err, HF_INVALID, "field \"in\": %s is named twice",
				               json_value_text(json_element(in, i)));
	*ret = in;
	return HF_SUCCESS;
}

static hf_status read_group(const struct json_t *group, struct policy_group *to, struct hf_err *err)
{
	struct {
		const char *name;
		int64_t quorum;
		struct json_t *approvers;
		bool initiator;
	} in = { .name = "" };
	static const struct json_field fields[] = {
		{ "name", JSON_READ_TEXT, offsetof(__typeof__(in), name), false, false, 0,
		  POLICY_NAME_CHARS },
		{ "quorum", JSON_READ_INT, offsetof(__typeof__(in), quorum), true, false, 1,
		  POLICY_APPROVERS_MAX },
		{ "approvers", JSON_READ_OBJECT, offsetof(__typeof__(in), approvers), true },
		{ "initiatorCanApprove", JSON_READ_BOOL, offsetof(__typeof__(in), initiator) },
	};

	HF_TRY(json_read(group, fields, HF_COUNT(fields), &in, err));
	to->name = in.name;
	to->quorum = in.quorum;
	to->initiator_can_approve = in.initiator;
	HF_TRY(hf_context(err, read_users(in.approvers, &to->users, err), "approvers"));
	if (to->users && json_count(to->users) < (size_t)to->quorum)
		return hf_fail(err, HF_INVALID,
		               "a quorum of %lld cannot be reached by %zu approvers: name more of "
		               "them, or ask for fewer",
		               (long long)to->quorum, json_count(to->users));
	return HF_SUCCESS;
}

static hf_status read_groups(const struct json_t *groups, struct policy *p, struct hf_err *err)
{
	p->n_groups = json_count(groups);
	for (size_t i = 0; i < p->n_groups; i++)
		HF_TRY(hf_context(err, read_group(json_element(groups, i), &p->groups[i], err),
		                  "action.approvalGroups, group %zu", i + 1));
	return HF_SUCCESS;
}

static hf_status read_request_approval(const struct json_t *action, struct policy *p,
                                       struct hf_err *err)
{
	struct {
		const char *kind;
		int64_t timeout;
		struct json_t *groups;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "kind", JSON_READ_TEXT, offsetof(__typeof__(in), kind), true },
		{ "autoRejectTimeout", JSON_READ_INT, offsetof(__typeof__(in), timeout), false,
		  true, 1, POLICY_TIMEOUT_MAX },
		{ "approvalGroups", JSON_READ_ARRAY, offsetof(__typeof__(in), groups), true, false,
		  1, POLICY_GROUPS_MAX },
	};

	HF_TRY(hf_context(err, json_read(action, fields, HF_COUNT(fields), &in, err), "action"));
	p->action = POLICY_REQUEST_APPROVAL;
	p->timeout_min = in.timeout;
	return read_groups(in.groups, p, err);
}

static hf_status read_plain(const struct json_t *action, struct hf_err *err)
{
	const char *kind = NULL;
	static const struct json_field fields[] = { { "kind", JSON_READ_TEXT, 0, true } };

	return hf_context(err, json_read(action, fields, HF_COUNT(fields), &kind, err), "action");
}

/* Blocking changes of policies would make them eternal; and an activity that nobody holds up needs
 * no policy, but for what a signature's policy tells the webhooks. */
hf_status policy_read_action(const struct json_t *action, struct policy *p, struct hf_err *err)
{
	const char *kind = json_member_text(action, "kind");

	if (kind && strcmp(kind, "RequestApproval") == 0)
		return read_request_approval(action, p, err);
	if (kind && strcmp(kind, "Block") == 0 && p->activity != ACTIVITY_POLICIES_MODIFY) {
		p->action = POLICY_BLOCK;
		return read_plain(action, err);
	}
	if (kind && strcmp(kind, "NoAction") == 0 && p->activity == ACTIVITY_WALLETS_SIGN) {
		p->action = POLICY_NO_ACTION;
		return read_plain(action, err);
	}
	return hf_fail(err, HF_INVALID, "action: field \"kind\": for \"%s\" expected %s",
	               activity_kind_name(p->activity),
	               p->activity == ACTIVITY_WALLETS_SIGN
	                       ? "\"RequestApproval\", \"Block\" or \"NoAction\""
	               : p->activity == ACTIVITY_POLICIES_MODIFY
	                       ? "\"RequestApproval\""
	                       : "\"RequestApproval\" or \"Block\"");
}
