/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/policies/policy.h"

#include "server/core/policies/policy_parts.h"

#include <string.h>

#define ENUM_MAX 64

bool text_list_has(const struct json_t *list, const char *text)
{
	size_t n = json_count(list);

	for (size_t i = 0; i < n; i++)
		if (strcmp(json_value_text(json_element(list, i)), text) == 0)
			return true;
	return false;
}

hf_status policy_text_list(const struct json_t *list, const char *name, size_t max_chars,
                           struct hf_err *err)
{
	size_t n = json_count(list);

	for (size_t i = 0; i < n; i++) {
		const char *text = json_value_text(json_element(list, i));

		if (!text || !*text || strlen(text) > max_chars)
			return hf_fail(err, HF_INVALID,
			               "field \"%s\": element %zu: expected text of 1 to %zu bytes",
			               name, i, max_chars);
	}
	return HF_SUCCESS;
}

/* { "in": [...] } */
static hf_status read_in(const struct json_t *object, const char *name, const struct json_t **ret,
                         struct hf_err *err)
{
	struct json_t *in = NULL;
	static const struct json_field fields[] = {
		{ "in", JSON_READ_ARRAY, 0, true, false, 1, POLICY_LIST_MAX },
	};

	HF_TRY(hf_context(err, json_read(object, fields, HF_COUNT(fields), &in, err), "%s", name));
	HF_TRY(policy_text_list(in, name, HF_ID_MAX - 1, err));
	*ret = in;
	return HF_SUCCESS;
}

static hf_status read_tags(const struct json_t *object, struct policy_filters *to,
                           struct hf_err *err)
{
	struct {
		struct json_t *any, *all;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "hasAny", JSON_READ_ARRAY, offsetof(__typeof__(in), any), false, false, 1,
		  POLICY_LIST_MAX },
		{ "hasAll", JSON_READ_ARRAY, offsetof(__typeof__(in), all), false, false, 1,
		  POLICY_LIST_MAX },
	};

	HF_TRY(hf_context(err, json_read(object, fields, HF_COUNT(fields), &in, err),
	                  "filters.walletTags"));
	HF_TRY(policy_text_list(in.any, "filters.walletTags.hasAny", POLICY_TAG_MAX, err));
	HF_TRY(policy_text_list(in.all, "filters.walletTags.hasAll", POLICY_TAG_MAX, err));
	to->tags_any = in.any;
	to->tags_all = in.all;
	return HF_SUCCESS;
}

static hf_status read_wallet_filters(const struct json_t *object, struct policy_filters *to,
                                     struct hf_err *err)
{
	struct {
		struct json_t *wallet, *tags;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "walletId", JSON_READ_OBJECT, offsetof(__typeof__(in), wallet) },
		{ "walletTags", JSON_READ_OBJECT, offsetof(__typeof__(in), tags) },
	};

	HF_TRY(hf_context(err, json_read(object, fields, HF_COUNT(fields), &in, err), "filters"));
	if (in.wallet)
		HF_TRY(read_in(in.wallet, "filters.walletId", &to->wallets, err));
	return in.tags ? read_tags(in.tags, to, err) : HF_SUCCESS;
}

static hf_status read_entity_filter(const struct json_t *object, const char *name,
                                    struct policy_filters *to, struct hf_err *err)
{
	struct json_t *entity = NULL;
	const struct json_field fields[] = { { name, JSON_READ_OBJECT, 0 } };

	HF_TRY(hf_context(err, json_read(object, fields, HF_COUNT(fields), &entity, err),
	                  "filters"));
	return entity ? read_in(entity, name, &to->entities, err) : HF_SUCCESS;
}

static hf_status read_filters(const struct json_t *object, enum activity_kind activity,
                              struct policy_filters *to, struct hf_err *err)
{
	switch (activity) {
	case ACTIVITY_WALLETS_SIGN:
		return read_wallet_filters(object, to, err);
	case ACTIVITY_PERMISSIONS_ASSIGN:
	case ACTIVITY_PERMISSIONS_MODIFY:
		return read_entity_filter(object, "permissionId", to, err);
	case ACTIVITY_POLICIES_MODIFY:
		return read_entity_filter(object, "policyId", to, err);
	}
	return HF_FAILURE(HF_INTERNAL);
}

static hf_status read_activity(const char *name, enum activity_kind *ret, struct hf_err *err)
{
	static const char *const elsewhere[] = {
		"Wallets:IncomingTransaction",
		"Registry:Addresses:Modify",
		"Registry:ContractSchemas:Modify",
		"Alias:Modify",
	};

	if (hf_ok(activity_kind_parse(name, ret)))
		return HF_SUCCESS;
	for (size_t i = 0; i < HF_COUNT(elsewhere); i++)
		if (strcmp(elsewhere[i], name) == 0)
			return hf_fail(err, HF_UNSUPPORTED,
			               "field \"activityKind\": \"%s\" does not happen on this "
			               "server, so a policy for it would do nothing",
			               name);
	return hf_fail(err, HF_INVALID,
	               "field \"activityKind\": expected \"Wallets:Sign\", \"Permissions:Assign\", "
	               "\"Permissions:Modify\" or \"Policies:Modify\"");
}

hf_status policy_read(const struct json_t *body, struct policy *ret, struct hf_err *err)
{
	struct {
		const char *name, *activity;
		struct json_t *rule, *action, *filters;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "name", JSON_READ_TEXT, offsetof(__typeof__(in), name), true, false, 1,
		  POLICY_NAME_CHARS },
		{ "activityKind", JSON_READ_TEXT, offsetof(__typeof__(in), activity), true, false,
		  1, ENUM_MAX },
		{ "rule", JSON_READ_OBJECT, offsetof(__typeof__(in), rule), true },
		{ "action", JSON_READ_OBJECT, offsetof(__typeof__(in), action), true },
		{ "filters", JSON_READ_OBJECT, offsetof(__typeof__(in), filters) },
	};
	struct policy p = { 0 };

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	HF_TRY(read_activity(in.activity, &p.activity, err));
	p.name = in.name;
	p.rule_json = in.rule;
	p.action_json = in.action;
	p.filters_json = in.filters;
	HF_TRY(policy_read_rule(in.rule, p.activity, &p.rule, err));
	HF_TRY(policy_read_action(in.action, &p, err));
	if (in.filters)
		HF_TRY(read_filters(in.filters, p.activity, &p.filters, err));
	*ret = p;
	return HF_SUCCESS;
}
