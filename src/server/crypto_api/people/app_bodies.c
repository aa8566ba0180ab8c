/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/people/apps.h"

#include "base/uuid.h"
#include "server/core/access/ip_ranges.h"

#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct app_edit, member)

hf_status app_edit_read(const struct json_t *body, struct app_edit *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "name", JSON_READ_TEXT, AT(name), false, true, 1, IDENTITY_NAME_MAX - 1 },
		{ "description", JSON_READ_TEXT, AT(description), false, true, 0, 1000 },
		{ "interface", JSON_READ_TEXT, AT(interface), false, true, 0, 120 },
		{ "app_type", JSON_READ_TEXT, AT(app_type), false, true, 0, 120 },
		{ "role", JSON_READ_TEXT, AT(role), false, true },
		{ "default_group", JSON_READ_TEXT, AT(default_group), false, true },
		{ "add_groups", JSON_READ_ANY, AT(add_groups) },
		{ "mod_groups", JSON_READ_ANY, AT(mod_groups) },
		{ "del_groups", JSON_READ_ARRAY, AT(del_groups), false, true },
		{ "credential", JSON_READ_OBJECT, AT(credential), false, true },
		{ "ip_address_policy", JSON_READ_ANY, AT(ip_policy) },
		{ "client_configurations", JSON_READ_OBJECT, AT(client_configurations), false,
		  true },
		{ "enabled", JSON_READ_BOOL, AT(enabled), false, true },
		{ "secret_size", JSON_READ_INT, AT(secret_size), false, true, 0, 4096 },
		{ "credential_migration_period", JSON_READ_INT, AT(migration_s), false, true, 0,
		  APP_MIGRATION_MAX_S },
	};
	struct app_edit e = { 0 };

	if (!json_value_is(body, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "expected an object that describes an app");
	HF_TRY(json_read(body, fields, HF_COUNT(fields), &e, err));
	if (e.migration_s && !e.credential)
		return hf_fail(err, HF_INVALID,
		               "credential_migration_period goes with a credential, or with "
		               "reset_secret");
	e.enabled_given = json_value_is(json_member(body, "enabled"), JSON_READ_BOOL);
	*ret = e;
	return HF_SUCCESS;
}

static hf_status json_text_of(const struct json_t *doc, char *to, size_t cap, const char *what,
                              struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(cap - 1);

	if (!hf_ok(json_canonical(doc, &text)))
		return hf_fail(err, HF_TOOBIG, "%s: at most %zu bytes", what, cap - 1);
	return hf_span_to_text(hf_buf_span(&text), to, cap);
}

static hf_status apply_addresses(const struct json_t *policy, struct app_row *row,
                                 struct hf_err *err)
{
	HF_FREE struct ip_ranges *ranges = NULL;

	row->ip_policy[0] = '\0';
	HF_TRY(ip_ranges_parse(policy, &ranges, err));
	if (!ranges)
		return HF_SUCCESS;
	return json_text_of(policy, row->ip_policy, sizeof(row->ip_policy), "ip_address_policy",
	                    err);
}

static hf_status apply_role(const char *role, struct app_row *row, struct hf_err *err)
{
	row->admin = strcmp(role, "admin") == 0;
	if (!row->admin && strcmp(role, "crypto") != 0)
		return hf_fail(err, HF_INVALID, "role: expected \"crypto\" or \"admin\"");
	return HF_SUCCESS;
}

#define SET(row, e, member)                                                                        \
	do {                                                                                       \
		if ((e)->member)                                                                   \
			snprintf((row)->member, sizeof((row)->member), "%s", (e)->member);         \
	} while (0)

hf_status app_edit_apply(const struct app_edit *e, struct app_row *row, struct hf_err *err)
{
	SET(row, e, description);
	SET(row, e, interface);
	SET(row, e, app_type);
	if (e->default_group && !hf_uuid_valid(e->default_group))
		return hf_fail(err, HF_INVALID, "default_group: expected a group's id");
	SET(row, e, default_group);
	if (e->role)
		HF_TRY(apply_role(e->role, row, err));
	if (e->ip_policy && json_value_is(e->ip_policy, JSON_READ_ANY))
		HF_TRY(apply_addresses(e->ip_policy, row, err));
	if (e->client_configurations)
		HF_TRY(json_text_of(e->client_configurations, row->client_configurations,
		                    sizeof(row->client_configurations), "client_configurations",
		                    err));
	return HF_SUCCESS;
}

hf_status app_permissions_read(const struct json_t *list, uint64_t *ret, struct hf_err *err)
{
	uint64_t all = 0, one;

	if (!json_value_is(list, JSON_READ_ARRAY))
		return hf_fail(err, HF_INVALID, "permissions: expected a list");
	for (size_t i = 0; i < json_count(list); i++) {
		const char *name = json_value_text(json_element(list, i));

		if (!name || !hf_ok(app_permission_parse(name, &one)))
			return hf_fail(err, HF_INVALID, "\"%.64s\" is no permission of an app",
			               name ? name : "");
		all |= one;
	}
	*ret = all;
	return HF_SUCCESS;
}

static hf_status each(const char *group, uint64_t permissions, app_group_fn fn, void *ctx,
                      struct hf_err *err)
{
	if (!group || !hf_uuid_valid(group))
		return hf_fail(err, HF_INVALID, "groups: \"%.64s\" is no group's id",
		               group ? group : "");
	return fn(ctx, group, permissions);
}

hf_status app_groups_each(const struct json_t *groups, app_group_fn fn, void *ctx,
                          struct hf_err *err)
{
	struct json_t *value;
	const char *group;
	uint64_t permissions;
	void *at = NULL;

	if (json_value_is(groups, JSON_READ_ARRAY)) {
		for (size_t i = 0; i < json_count(groups); i++)
			HF_TRY(each(json_value_text(json_element(groups, i)),
			            APP_LEGACY_PERMISSIONS, fn, ctx, err));
		return HF_SUCCESS;
	}
	while (groups && (group = json_member_next(groups, &at, &value))) {
		HF_TRY(app_permissions_read(value, &permissions, err));
		HF_TRY(each(group, permissions, fn, ctx, err));
	}
	return HF_SUCCESS;
}
