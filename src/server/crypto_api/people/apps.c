/* SPDX-License-Identifier: Apache-2.0
 * Apps: made, shown, changed, deleted. */
#include "server/crypto_api/people/apps.h"

#include "base/secret.h"
#include "base/uuid.h"
#include "server/core/access/quorum_reach.h"
#include "server/core/access/sessions.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/rights.h"
#include "server/store/session_rows.h"

#include <stdio.h>
#include <string.h>

hf_status app_of_path(const struct crypto_call *c, char to[HF_ID_MAX], struct hf_err *err)
{
	if (!hf_ok(hf_id_of_uuid("app", crypto_call_param(c, "app_id"), to)))
		return hf_fail(err, HF_NOTFOUND, "there is no such app");
	return HF_SUCCESS;
}

struct standing {
	const struct principal *who;
	bool sees, runs;
	size_t groups;
};

static hf_status look_at_group(void *ctx, const char *group_id, int64_t permissions)
{
	struct standing *s = ctx;

	s->groups++;
	s->sees |= principal_in(s->who, group_id) != NULL;
	s->runs &= runs_group(s->who, group_id);
	return HF_SUCCESS;
}

/* What the caller is to this app. */
static hf_status load(struct crypto_call *c, struct db *db, const char *id, struct app_row *ret,
                      struct standing *s)
{
	hf_status status = app_row_get(db, c->who->org_id, id, ret);

	*s = (struct standing){ .who = c->who, .runs = true };
	if (hf_ok(status))
		status = app_group_rows_list(db, id, look_at_group, s);
	if (hf_ok(status)) {
		s->sees |= sees_account(c->who) || strcmp(id, c->who->identity_id) == 0;
		s->runs &= runs_account(c->who) || (s->groups && !ret->admin);
		if (!s->sees && !s->runs)
			status = HF_FAILURE(HF_NOTFOUND);
	}
	if (status.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "there is no such app");
	return status;
}

hf_status app_to_see(struct crypto_call *c, struct db *db, const char *id, struct app_row *ret)
{
	struct standing s;

	return load(c, db, id, ret, &s);
}

hf_status app_to_change(struct crypto_call *c, struct db *db, const char *id, struct app_row *ret)
{
	struct standing s;

	HF_TRY(load(c, db, id, ret, &s));
	if (!s.runs)
		return hf_fail(&c->err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	return HF_SUCCESS;
}

void app_changed(struct crypto_call *c)
{
	struct app_call *a = (struct app_call *)c;

	crypto_sessions_forget(c->api->sessions, a->id);
	crypto_call_reply(c);
}

static void name_subject(struct app_call *a)
{
	hf_ignore(hf_uuid_of_id(a->id, a->call.subject_id));
}

/* ---- groups of an app that is made or changed */

struct placing {
	struct crypto_call *c;
	struct db *db;
	const char *app_id;
	size_t n;
};

static hf_status place(void *ctx, const char *group_id, uint64_t permissions)
{
	struct placing *p = ctx;
	struct crypto_call *c = p->c;

	HF_TRY(may_place(c, p->db, group_id));
	if (++p->n > APP_GROUPS_MAX)
		return hf_fail(&c->err, HF_TOOBIG, "an app may be in %d groups at most",
		               APP_GROUPS_MAX);
	return app_group_row_put(p->db, p->app_id, group_id, permissions);
}

static hf_status leave_groups(struct crypto_call *c, struct db *db, const struct json_t *groups,
                              const char *app_id)
{
	for (size_t i = 0; i < json_count(groups); i++) {
		const char *group = json_value_text(json_element(groups, i));

		if (!group || !hf_uuid_valid(group))
			return hf_fail(&c->err, HF_INVALID, "del_groups: expected groups' ids");
		if (!runs_group(c->who, group))
			return hf_fail(&c->err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
		HF_TRY(app_group_row_delete(db, app_id, group));
	}
	return HF_SUCCESS;
}

struct default_search {
	const char *id;
	bool found;
};

static hf_status look_for_default(void *ctx, const char *group_id, int64_t permissions)
{
	struct default_search *s = ctx;

	s->found |= strcmp(s->id, group_id) == 0;
	return HF_SUCCESS;
}

static hf_status check_default(struct crypto_call *c, struct db *db, struct app_row *app)
{
	struct default_search s = { .id = app->default_group };

	if (!*s.id)
		return HF_SUCCESS;
	HF_TRY(app_group_rows_list(db, app->id, look_for_default, &s));
	if (!s.found)
		return hf_fail(&c->err, HF_INVALID,
		               "default_group: the app has to be in this group");
	return HF_SUCCESS;
}

static hf_status set_groups(struct crypto_call *c, struct db *db, const struct app_edit *e,
                            struct app_row *app)
{
	struct placing p = { .c = c, .db = db, .app_id = app->id };

	HF_TRY(leave_groups(c, db, e->del_groups, app->id));
	HF_TRY(app_groups_each(e->add_groups, place, &p, &c->err));
	HF_TRY(app_groups_each(e->mod_groups, place, &p, &c->err));
	return check_default(c, db, app);
}

/* ---- POST /sys/v1/apps */

static hf_status read_create(struct crypto_call *c, struct hf_err *err)
{
	struct app_call *a = (struct app_call *)c;

	HF_TRY(app_edit_read(c->body, &a->edit, err));
	if (!a->edit.name)
		return hf_fail(err, HF_INVALID, "name: an app needs one");
	if (a->edit.migration_s)
		return hf_fail(err, HF_INVALID,
		               "credential_migration_period: a new app has no secret before");
	return HF_SUCCESS;
}

static hf_status may_create(struct crypto_call *c, const struct app_row *app, bool in_groups)
{
	if (runs_account(c->who) || (c->who->kind == PRINCIPAL_USER && !app->admin && in_groups))
		return HF_SUCCESS; /* which groups, place() asks */
	return hf_fail(&c->err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
}

static hf_status insert(struct crypto_call *c, struct db *db, const struct app_edit *e,
                        struct app_row *app)
{
	const struct hf_secret *key = &c->api->core->secrets.storage_key;
	HF_BUF_SCOPED struct hf_buf json = HF_BUF_SECRET(APP_CREDENTIAL_MAX + 1),
	                            sealed = HF_BUF(APP_CREDENTIAL_MAX + 64);
	struct identity_row identity = { .active = app->active,
		                         .registered = true,
		                         .created_ms = c->now_ms };
	hf_status s;

	HF_TRY(app_credential_make(e->credential, e->secret_size, c->now_ms, app, &json, &c->err));
	s = app_credential_seal(key, app->id, hf_buf_span(&json), &sealed);
	hf_wipe(json.ptr, json.len);
	HF_TRY(s);
	snprintf(identity.id, sizeof(identity.id), "%s", app->id);
	snprintf(identity.org_id, sizeof(identity.org_id), "%s", app->org_id);
	snprintf(identity.kind, sizeof(identity.kind), "%s", KIND_APP);
	snprintf(identity.name, sizeof(identity.name), "%s", app->name);
	snprintf(identity.created_by, sizeof(identity.created_by), "%s", app->created_by);
	s = identity_row_insert(db, &identity);
	if (s.code == HF_EXISTS)
		return hf_fail(&c->err, HF_EXISTS,
		               "there is an app named \"%s\" already: choose another name",
		               app->name);
	HF_TRY(s);
	return app_row_insert(db, app, hf_buf_span(&sealed));
}

static hf_status create(struct crypto_call *c, struct db *db)
{
	struct app_call *a = (struct app_call *)c;
	struct json_writer w = JSON_WRITER(&c->out);
	struct app_row app = { .active = !a->edit.enabled_given || a->edit.enabled,
		               .created_ms = c->now_ms };

	hf_id_new("app", a->id);
	snprintf(app.id, sizeof(app.id), "%s", a->id);
	snprintf(app.org_id, sizeof(app.org_id), "%s", c->who->org_id);
	snprintf(app.name, sizeof(app.name), "%s", a->edit.name);
	snprintf(app.created_by, sizeof(app.created_by), "%s", c->who->identity_id);
	HF_TRY(app_edit_apply(&a->edit, &app, &c->err));
	HF_TRY(may_create(c, &app, a->edit.add_groups != NULL));
	HF_TRY(insert(c, db, &a->edit, &app));
	HF_TRY(set_groups(c, db, &a->edit, &app));
	name_subject(a);
	c->status = 201;
	HF_TRY(app_print(db, &app, NULL, &w));
	return crypto_call_audit(c, db);
}

/* ---- GET, PATCH, DELETE /sys/v1/apps/:app_id */

static hf_status read_path(struct crypto_call *c, struct hf_err *err)
{
	return app_of_path(c, ((struct app_call *)c)->id, err);
}

static hf_status show(struct crypto_call *c, struct db *db)
{
	struct app_call *a = (struct app_call *)c;
	struct json_writer w = JSON_WRITER(&c->out);
	struct app_row app;

	HF_TRY(app_to_see(c, db, a->id, &app));
	return app_print(db, &app, NULL, &w);
}

static hf_status read_change(struct crypto_call *c, struct hf_err *err)
{
	struct app_call *a = (struct app_call *)c;

	HF_TRY(read_path(c, err));
	return app_edit_read(c->body, &a->edit, err);
}

static hf_status rename_app(struct crypto_call *c, struct db *db, const char *name,
                            struct app_row *app)
{
	struct identity_row other;
	hf_status s = identity_row_find(db, app->org_id, KIND_APP, name, &other);

	if (hf_ok(s) && strcmp(other.id, app->id) != 0)
		return hf_fail(&c->err, HF_EXISTS,
		               "there is an app named \"%s\" already: choose another name", name);
	HF_ENSURE(hf_ok(s) || s.code == HF_NOTFOUND, s.code);
	snprintf(app->name, sizeof(app->name), "%s", name);
	return identity_row_rename(db, app->id, name, NULL);
}

/* What another secret can follow without a gap. Beside a certificate, reset_secret does that: what
 * is said here may be another certificate, which the old secret was not meant for. */
static bool is_plain_secret(const struct app_row *app)
{
	return app->credential_kind == APP_SECRET && !app->certificate_kind;
}

static hf_status replace_credential(struct crypto_call *c, struct db *db, const struct app_edit *e,
                                    struct app_row *app)
{
	HF_BUF_SCOPED struct hf_buf json = HF_BUF_SECRET(APP_CREDENTIAL_MAX + 1);
	bool was_plain = is_plain_secret(app);

	HF_TRY(app_credential_make(e->credential, e->secret_size, c->now_ms, app, &json, &c->err));
	if (e->migration_s && !(was_plain && is_plain_secret(app)))
		return hf_fail(&c->err, HF_UNSUPPORTED,
		               "credential_migration_period: a secret that another one follows is "
		               "good for a while; other credentials end at once");
	return app_credential_replace(c, db, e, app, &json);
}

/* An app that administrates does not change what it is itself. */
static hf_status check_change(struct crypto_call *c, const struct app_call *a,
                              const struct app_row *app)
{
	const struct app_edit *e = &a->edit;

	if (strcmp(c->who->identity_id, a->id) == 0 &&
	    (e->role || e->add_groups || e->mod_groups || e->del_groups || e->enabled_given))
		return hf_fail(&c->err, HF_DENIED, "nobody changes his own role");
	if (app->admin && !runs_account(c->who))
		return hf_fail(&c->err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	return HF_SUCCESS;
}

/* After it was: an app that is only disabled can be enabled again. */
static hf_status check_quorums(struct crypto_call *c, struct db *db, const struct app_row *app,
                               bool rests)
{
	const struct quorum_leaver who = {
		.org_id = app->org_id,
		.identity_id = app->id,
		.rests = rests,
	};
	hf_status s = quorum_reach_without(db, &who, &c->err);

	if (s.code == HF_STATE && !sees_account(c->who)) /* their names are not his to see */
		return hf_fail(&c->err, HF_STATE,
		               "an approval policy needs this app: ask an administrator of the "
		               "account");
	return s;
}

static hf_status change(struct crypto_call *c, struct db *db)
{
	struct app_call *a = (struct app_call *)c;
	struct json_writer w = JSON_WRITER(&c->out);
	struct app_row app;

	HF_TRY(app_to_change(c, db, a->id, &app));
	HF_TRY(app_edit_apply(&a->edit, &app, &c->err));
	HF_TRY(check_change(c, a, &app));
	if (a->edit.name)
		HF_TRY(rename_app(c, db, a->edit.name, &app));
	if (a->edit.enabled_given) {
		app.active = a->edit.enabled;
		HF_TRY(identity_row_set_active(db, app.id, app.active));
		if (!app.active)
			HF_TRY(check_quorums(c, db, &app, true));
	}
	HF_TRY(app_row_update(db, &app));
	if (a->edit.credential)
		HF_TRY(replace_credential(c, db, &a->edit, &app));
	HF_TRY(set_groups(c, db, &a->edit, &app));
	name_subject(a);
	HF_TRY(app_print(db, &app, NULL, &w));
	return crypto_call_audit(c, db);
}

static hf_status delete (struct crypto_call *c, struct db *db)
{
	struct app_call *a = (struct app_call *)c;
	struct app_row app;

	HF_TRY(app_to_change(c, db, a->id, &app));
	if (strcmp(c->who->identity_id, a->id) == 0)
		return hf_fail(&c->err, HF_DENIED, "an app does not delete itself");
	HF_TRY(app_row_delete(db, app.id));
	HF_TRY(identity_row_archive(db, app.id));
	HF_TRY(session_rows_delete_of(db, app.id));
	HF_TRY(check_quorums(c, db, &app, false));
	name_subject(a);
	return crypto_call_audit(c, db);
}

const struct crypto_operation crypto_app_create = {
	.size = sizeof(struct app_call),
	.writes = true,
	.prepare = read_create,
	.run = create,
};
const struct crypto_operation crypto_app_show = {
	.size = sizeof(struct app_call),
	.prepare = read_path,
	.run = show,
};
const struct crypto_operation crypto_app_change = {
	.size = sizeof(struct app_call),
	.writes = true,
	.prepare = read_change,
	.run = change,
	.after = app_changed,
};
const struct crypto_operation crypto_app_delete = {
	.size = sizeof(struct app_call),
	.writes = true,
	.prepare = read_path,
	.run = delete,
	.after = app_changed,
};
