/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/ip_ranges.h"
#include "server/core/access/principal.h"
#include "server/store/app_rows.h"

#include <stdio.h>
#include <string.h>

#define GROUPS_MAX 10000

/* While its groups are read it grows, and nobody else has it. */
struct growing {
	struct principal *p;
	size_t room;
};

static hf_status grow(struct growing *g)
{
	size_t room = g->room ? 2 * g->room : 8;
	struct principal *p;

	HF_ENSURE(room <= GROUPS_MAX, HF_TOOBIG);
	p = realloc(g->p, sizeof(*p) + room * sizeof(p->groups[0]));
	HF_ENSURE(p, HF_NOMEM);
	g->p = p;
	g->room = room;
	return HF_SUCCESS;
}

static hf_status add_group(void *ctx, const char *group_id, int64_t what)
{
	struct growing *g = ctx;
	struct principal_group *to;

	if (g->p->n_groups == g->room)
		HF_TRY(grow(g));
	to = &g->p->groups[g->p->n_groups++];
	*to = (struct principal_group){ 0 };
	snprintf(to->id, sizeof(to->id), "%s", group_id);
	if (g->p->kind == PRINCIPAL_APP)
		to->permissions = (uint64_t)what;
	else
		to->roles = (unsigned)what;
	return HF_SUCCESS;
}

static hf_status begin(struct growing *g, enum principal_kind kind, const char *org_id,
                       const char *id, const char *name)
{
	struct principal *p = calloc(1, sizeof(*p));

	HF_ENSURE(p, HF_NOMEM);
	atomic_init(&p->references, 1);
	p->kind = kind;
	snprintf(p->org_id, sizeof(p->org_id), "%s", org_id);
	snprintf(p->identity_id, sizeof(p->identity_id), "%s", id);
	snprintf(p->name, sizeof(p->name), "%s", name);
	g->p = p;
	return HF_SUCCESS;
}

hf_status principal_of_app(struct db *db, const struct app_row *app, struct principal **ret)
{
	struct growing g = { 0 };
	hf_status s;

	HF_ENSURE(app->active, HF_NOTFOUND);
	HF_TRY(begin(&g, PRINCIPAL_APP, app->org_id, app->id, app->name));
	g.p->app_admin = app->admin;
	snprintf(g.p->default_group, sizeof(g.p->default_group), "%s", app->default_group);
	s = ip_ranges_parse_text(app->ip_policy, &g.p->from);
	if (hf_ok(s))
		s = app_group_rows_list(db, app->id, add_group, &g);
	if (!hf_ok(s)) {
		principal_unref(g.p);
		return s.code == HF_INVALID ? HF_FAILURE(HF_CORRUPT) : s;
	}
	*ret = g.p;
	return HF_SUCCESS;
}

hf_status principal_of_user(struct db *db, const struct member_row *user, struct principal **ret)
{
	struct growing g = { 0 };
	hf_status s;

	HF_ENSURE(user->active && user->enabled, HF_NOTFOUND);
	HF_TRY(begin(&g, PRINCIPAL_USER, user->org_id, user->id, user->email));
	g.p->account_roles = user->roles;
	g.p->has_factor = user->has_factor;
	s = group_member_rows_list(db, user->id, add_group, &g);
	if (!hf_ok(s)) {
		principal_unref(g.p);
		return s;
	}
	*ret = g.p;
	return HF_SUCCESS;
}

hf_status principal_load(struct db *db, const char *org_id, const char *identity_id,
                         struct principal **ret)
{
	if (hf_id_valid("app", identity_id)) {
		struct app_row app;

		HF_TRY(app_row_get(db, org_id, identity_id, &app));
		return principal_of_app(db, &app, ret);
	}
	struct member_row user;

	HF_TRY(member_row_get(db, org_id, identity_id, &user));
	return principal_of_user(db, &user, ret);
}
