/* SPDX-License-Identifier: Apache-2.0
 * The groups of an app, one by one: {"group_id", "permissions"}. The reference's custom roles are
 * not here: permissions are given themselves. */
#include "server/crypto_api/people/apps.h"

#include "base/uuid.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/rights.h"

#include <stdio.h>
#include <string.h>

struct group_call {
	struct app_call app; /* first */
	char group[HF_UUID_MAX];
	uint64_t permissions;
	struct json_writer w;
	bool found;
};

static struct group_call *self(struct crypto_call *c)
{
	return (struct group_call *)c;
}

static hf_status set_group(struct crypto_call *c, const char *uuid, struct hf_err *err)
{
	if (!uuid || !hf_uuid_valid(uuid))
		return hf_fail(err, HF_NOTFOUND, "there is no such group");
	memcpy(self(c)->group, uuid, HF_UUID_MAX);
	memcpy(c->group_id, uuid, HF_UUID_MAX);
	return HF_SUCCESS;
}

static hf_status read_app(struct crypto_call *c, struct hf_err *err)
{
	return app_of_path(c, self(c)->app.id, err);
}

static hf_status read_both(struct crypto_call *c, struct hf_err *err)
{
	HF_TRY(read_app(c, err));
	return set_group(c, crypto_call_param(c, "group_id"), err);
}

struct membership {
	const char *group_id;
	struct json_t *membership, *permissions, *roles, *add_roles, *del_roles;
};

static hf_status read_permissions(struct crypto_call *c, const struct json_t *from,
                                  struct hf_err *err)
{
#define ANY(name, member)                                                                          \
	{                                                                                          \
		name, JSON_READ_ANY, offsetof(struct membership, member), false, true              \
	}
	static const struct json_field fields[] = {
		{ "group_id", JSON_READ_TEXT, offsetof(struct membership, group_id), false, true },
		ANY("membership", membership),
		ANY("permissions", permissions),
		ANY("roles", roles),
		ANY("add_group_roles", add_roles),
		ANY("del_group_roles", del_roles),
	};
	struct membership m = { 0 };

	if (!json_value_is(from, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "expected an object with \"permissions\"");
	HF_TRY(json_read(from, fields, HF_COUNT(fields), &m, err));
	if (m.roles || m.add_roles || m.del_roles)
		return hf_fail(err, HF_UNSUPPORTED,
		               "roles of an app in a group are not supported: give its "
		               "\"permissions\"");
	return app_permissions_read(m.permissions, &self(c)->permissions, err);
}

static hf_status read_add(struct crypto_call *c, struct hf_err *err)
{
	const struct json_t *membership = json_member(c->body, "membership");

	HF_TRY(read_app(c, err));
	HF_TRY(set_group(c, json_member_text(c->body, "group_id"), err));
	return read_permissions(c, membership ? membership : c->body, err);
}

static hf_status read_change(struct crypto_call *c, struct hf_err *err)
{
	HF_TRY(read_both(c, err));
	return read_permissions(c, c->body, err);
}

static void print(struct json_writer *w, const char *group, uint64_t permissions)
{
	json_open_object(w, NULL);
	json_text(w, "group_id", group);
	json_raw(w, "roles", hf_span_text("[]"));
	json_open_array(w, "permissions");
	for (unsigned bit = 0; bit < APP_PERMISSION_COUNT; bit++)
		if (permissions & UINT64_C(1) << bit)
			json_text(w, NULL, app_permission_name(bit));
	json_close_array(w);
	json_close_object(w);
}

static hf_status print_each(void *ctx, const char *group_id, int64_t permissions)
{
	print(ctx, group_id, (uint64_t)permissions);
	return HF_SUCCESS;
}

static hf_status list(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	struct app_row app;

	HF_TRY(app_to_see(c, db, self(c)->app.id, &app));
	json_open_object(&w, NULL);
	json_raw(&w, "metadata", hf_span_text("{\"all_groups\":false}"));
	json_open_array(&w, "items");
	HF_TRY(app_group_rows_list(db, app.id, print_each, &w));
	json_close_array(&w);
	json_close_object(&w);
	return HF_SUCCESS;
}

static hf_status print_if(void *ctx, const char *group_id, int64_t permissions)
{
	struct group_call *g = ctx;

	if (strcmp(group_id, g->group) != 0)
		return HF_SUCCESS;
	g->found = true;
	print(&g->w, group_id, (uint64_t)permissions);
	return HF_SUCCESS;
}

static hf_status show(struct crypto_call *c, struct db *db)
{
	struct group_call *g = self(c);
	struct app_row app;

	g->w = JSON_WRITER(&c->out);
	g->found = false;
	HF_TRY(app_to_see(c, db, g->app.id, &app));
	HF_TRY(app_group_rows_list(db, app.id, print_if, g));
	if (!g->found)
		return hf_fail(&c->err, HF_NOTFOUND, "the app is not in this group");
	return HF_SUCCESS;
}

/* Whoever runs the group decides who is in it. */
static hf_status check(struct crypto_call *c, struct db *db, struct app_row *app)
{
	bool there;

	HF_TRY(app_to_see(c, db, self(c)->app.id, app));
	HF_TRY(key_group_exists(db, c->who->org_id, self(c)->group, &there));
	if (!there)
		return hf_fail(&c->err, HF_NOTFOUND, "there is no such group");
	if (!runs_group(c->who, self(c)->group) || strcmp(app->id, c->who->identity_id) == 0)
		return hf_fail(&c->err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	hf_ignore(hf_uuid_of_id(app->id, c->subject_id));
	return HF_SUCCESS;
}

static hf_status put(struct crypto_call *c, struct db *db)
{
	struct group_call *g = self(c);
	struct json_writer w = JSON_WRITER(&c->out);
	struct app_row app;

	HF_TRY(check(c, db, &app));
	HF_TRY(app_group_row_put(db, app.id, g->group, g->permissions));
	print(&w, g->group, g->permissions);
	return crypto_call_audit(c, db);
}

static hf_status leave(struct crypto_call *c, struct db *db)
{
	struct app_row app;

	HF_TRY(check(c, db, &app));
	HF_TRY(app_group_row_delete(db, app.id, self(c)->group));
	if (strcmp(app.default_group, self(c)->group) == 0) {
		app.default_group[0] = '\0';
		HF_TRY(app_row_update(db, &app));
	}
	return crypto_call_audit(c, db);
}

const struct crypto_operation crypto_app_group_list = {
	.size = sizeof(struct group_call),
	.prepare = read_app,
	.run = list,
};
const struct crypto_operation crypto_app_group_show = {
	.size = sizeof(struct group_call),
	.prepare = read_both,
	.run = show,
};
const struct crypto_operation crypto_app_group_add = {
	.size = sizeof(struct group_call),
	.writes = true,
	.prepare = read_add,
	.run = put,
	.after = app_changed,
};
const struct crypto_operation crypto_app_group_change = {
	.size = sizeof(struct group_call),
	.writes = true,
	.prepare = read_change,
	.run = put,
	.after = app_changed,
};
const struct crypto_operation crypto_app_group_leave = {
	.size = sizeof(struct group_call),
	.writes = true,
	.prepare = read_both,
	.run = leave,
	.after = app_changed,
};
