/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/people/users.h"

#include "base/uuid.h"
#include "server/core/access/principal.h"
#include "server/crypto_api/people/factor.h"

#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct user_edit, member)

hf_status user_edit_read(const struct json_t *body, struct user_edit *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "user_email", JSON_READ_TEXT, AT(email), false, true, 3, IDENTITY_NAME_MAX - 1 },
		{ "user_password", JSON_READ_TEXT, AT(password), false, true },
		{ "first_name", JSON_READ_TEXT, AT(first_name), false, true, 0, 200 },
		{ "last_name", JSON_READ_TEXT, AT(last_name), false, true, 0, 200 },
		{ "description", JSON_READ_TEXT, AT(description), false, true, 0, 1000 },
		{ "account_role", JSON_READ_ARRAY, AT(account_role), false, true },
		{ "add_groups", JSON_READ_OBJECT, AT(add_groups), false, true },
		{ "mod_groups", JSON_READ_OBJECT, AT(mod_groups), false, true },
		{ "del_groups", JSON_READ_OBJECT, AT(del_groups), false, true },
		{ "enable", JSON_READ_BOOL, AT(enable), false, true },
		{ "add_mfa_devices", JSON_READ_ARRAY, AT(add_devices), false, true },
		{ "rename_mfa_devices", JSON_READ_ARRAY, AT(rename_devices), false, true },
		{ "del_mfa_devices", JSON_READ_ARRAY, AT(del_devices), false, true },
	};
	struct user_edit e = { 0 };

	if (!json_value_is(body, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "expected an object that describes a user");
	if (json_member(body, "add_u2f_devices") || json_member(body, "del_u2f_devices") ||
	    json_member(body, "rename_u2f_devices"))
		return hf_fail(err, HF_UNSUPPORTED, FACTOR_NO_U2F_TEXT);
	HF_TRY(json_read(body, fields, HF_COUNT(fields), &e, err));
	e.enable_given = json_value_is(json_member(body, "enable"), JSON_READ_BOOL);
	if (e.email && (!strchr(e.email, '@') || strpbrk(e.email, ": \t\r\n")))
		return hf_fail(err, HF_INVALID, "user_email: expected an e-mail address");
	*ret = e;
	return HF_SUCCESS;
}

bool user_edit_devices(const struct user_edit *e)
{
	return json_count(e->add_devices) || json_count(e->rename_devices) ||
	       json_count(e->del_devices);
}

static hf_status read_account_roles(const struct json_t *list, unsigned *ret, struct hf_err *err)
{
	static const struct {
		const char *name;
		unsigned role;
	} known[] = {
		{ "ACCOUNTADMINISTRATOR", ACCOUNT_ADMINISTRATOR },
		{ "ACCOUNTMEMBER", ACCOUNT_MEMBER },
		{ "ACCOUNTAUDITOR", ACCOUNT_AUDITOR },
		{ "STATEENABLED", 0 }, /* says what he is, and is changed by "enable" */
		{ "PENDINGINVITE", 0 },
	};
	unsigned roles = 0;

	for (size_t i = 0; i < json_count(list); i++) {
		const char *name = json_value_text(json_element(list, i));
		size_t k = 0;

		while (k < HF_COUNT(known) && (!name || strcmp(known[k].name, name) != 0))
			k++;
		if (k == HF_COUNT(known))
			return hf_fail(err, HF_INVALID,
			               "account_role: \"%.64s\": expected ACCOUNTADMINISTRATOR, "
			               "ACCOUNTMEMBER or ACCOUNTAUDITOR",
			               name ? name : "");
		roles |= known[k].role;
	}
	*ret = roles ? roles : ACCOUNT_MEMBER;
	return HF_SUCCESS;
}

#define SET(row, e, member)                                                                        \
	do {                                                                                       \
		if ((e)->member)                                                                   \
			snprintf((row)->member, sizeof((row)->member), "%s", (e)->member);         \
	} while (0)

hf_status user_edit_apply(const struct user_edit *e, struct member_row *row, struct hf_err *err)
{
	SET(row, e, first_name);
	SET(row, e, last_name);
	SET(row, e, description);
	if (e->enable_given)
		row->enabled = e->enable;
	if (e->account_role)
		HF_TRY(read_account_roles(e->account_role, &row->roles, err));
	return HF_SUCCESS;
}

static hf_status read_group_roles(const struct json_t *list, unsigned *ret, struct hf_err *err)
{
	unsigned roles = 0;

	for (size_t i = 0; i < json_count(list); i++) {
		const char *name = json_value_text(json_element(list, i));

		if (name && strcmp(name, "GROUPADMINISTRATOR") == 0)
			roles |= GROUP_ADMINISTRATOR;
		else if (name && strcmp(name, "GROUPAUDITOR") == 0)
			roles |= GROUP_AUDITOR;
		else
			return hf_fail(err, HF_INVALID,
			               "groups: \"%.64s\": expected GROUPADMINISTRATOR or "
			               "GROUPAUDITOR",
			               name ? name : "");
	}
	*ret = roles;
	return HF_SUCCESS;
}

hf_status user_groups_each(const struct json_t *groups, user_group_fn fn, void *ctx,
                           struct hf_err *err)
{
	struct json_t *value;
	const char *group;
	unsigned roles = 0;
	void *at = NULL;

	while (groups && (group = json_member_next(groups, &at, &value))) {
		if (!hf_uuid_valid(group))
			return hf_fail(err, HF_INVALID, "groups: \"%.64s\" is no group's id",
			               group);
		HF_TRY(read_group_roles(value, &roles, err));
		HF_TRY(fn(ctx, group, roles));
	}
	return HF_SUCCESS;
}
