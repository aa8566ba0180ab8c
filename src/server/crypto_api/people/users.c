/* SPDX-License-Identifier: Apache-2.0
 * Users: shown, changed, removed. Nobody changes his own role, and one administrator always
 * remains. */
#include "server/crypto_api/people/users.h"

#include "base/uuid.h"
#include "server/core/access/quorum_reach.h"
#include "server/core/access/sessions.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/people/factor.h"
#include "server/crypto_api/people/rights.h"
#include "server/store/quorum_rows.h"
#include "server/store/session_rows.h"

#include <string.h>

static struct user_call *self(struct crypto_call *c)
{
	return (struct user_call *)c;
}

hf_status user_of_path(struct crypto_call *c, char to[HF_ID_MAX], struct hf_err *err)
{
	if (!hf_ok(hf_id_of_uuid("us", crypto_call_param(c, "user_id"), to)))
		return hf_fail(err, HF_NOTFOUND, "there is no such user");
	return HF_SUCCESS;
}

hf_status user_to_see(struct crypto_call *c, struct db *db, const char *id, struct member_row *ret)
{
	hf_status s = HF_FAILURE(HF_NOTFOUND);

	if (sees_account(c->who) || strcmp(id, c->who->identity_id) == 0)
		s = member_row_get(db, c->who->org_id, id, ret);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, "there is no such user");
	return s;
}

void user_changed(struct crypto_call *c)
{
	crypto_sessions_forget(c->api->sessions, self(c)->id);
	crypto_call_reply(c);
}

struct placing {
	struct crypto_call *c;
	struct db *db;
	const char *id;
	bool leave;
};

static hf_status place(void *ctx, const char *group_id, unsigned roles)
{
	struct placing *p = ctx;
	struct crypto_call *c = p->c;

	HF_TRY(may_place(c, p->db, group_id));
	if (!p->leave && !roles)
		return hf_fail(&c->err, HF_INVALID, "groups: name his roles in %s", group_id);
	return group_member_row_put(p->db, p->id, group_id, p->leave ? 0 : roles);
}

hf_status user_set_groups(struct crypto_call *c, struct db *db, const struct user_edit *e,
                          const char *id)
{
	struct placing p = { .c = c, .db = db, .id = id };

	HF_TRY(user_groups_each(e->add_groups, place, &p, &c->err));
	HF_TRY(user_groups_each(e->mod_groups, place, &p, &c->err));
	p.leave = true;
	return user_groups_each(e->del_groups, place, &p, &c->err);
}

static hf_status read_path(struct crypto_call *c, struct hf_err *err)
{
	return user_of_path(c, self(c)->id, err);
}

static hf_status show(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	struct member_row user;

	HF_TRY(user_to_see(c, db, self(c)->id, &user));
	return user_print(db, &user, NULL, &w);
}

static hf_status read_change(struct crypto_call *c, struct hf_err *err)
{
	HF_TRY(read_path(c, err));
	HF_TRY(user_edit_read(c->body, &self(c)->edit, err));
	if (self(c)->edit.email || self(c)->edit.password)
		return hf_fail(err, HF_INVALID,
		               "an e-mail address is not changed; a password is, by "
		               "/sys/v1/users/change_password");
	return HF_SUCCESS;
}

static bool names_a_group(const struct json_t *groups)
{
	void *at = NULL;

	return groups && json_member_next(groups, &at, NULL);
}

/* Of no group at all, it would show anybody to everybody: place() has nothing to look at. */
static bool moves(const struct user_edit *e)
{
	return names_a_group(e->add_groups) || names_a_group(e->mod_groups) ||
	       names_a_group(e->del_groups);
}

/* Groups' administrators change who is in theirs (place() looks), everybody his own names, and
 * administrators of the account everything but their own role. */
static hf_status check_change(struct crypto_call *c, const struct member_row *user)
{
	const struct user_edit *e = &self(c)->edit;
	bool own = strcmp(c->who->identity_id, user->id) == 0;
	bool profile = e->first_name || e->last_name || e->description;

	if (own && (e->account_role || moves(e) || e->enable_given))
		return hf_fail(&c->err, HF_DENIED, "nobody changes his own role");
	if (!runs_account(c->who) && (e->account_role || e->enable_given || (profile && !own)))
		return hf_fail(&c->err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	return HF_SUCCESS;
}

/* With the account's lock, so that two do not go at the same time. */
static hf_status check_last(struct crypto_call *c, struct db *db, const struct member_row *before,
                            const struct member_row *after)
{
	int64_t others;

	if (!(before->roles & ACCOUNT_ADMINISTRATOR) || !before->enabled ||
	    (after && after->roles & ACCOUNT_ADMINISTRATOR && after->enabled))
		return HF_SUCCESS;
	HF_TRY(org_row_lock(db, before->org_id));
	HF_TRY(member_rows_others_with(db, before->org_id, ACCOUNT_ADMINISTRATOR, before->id,
	                               &others));
	if (!others)
		return hf_fail(&c->err, HF_STATE,
		               "this is the last administrator of the account: make another first");
	return HF_SUCCESS;
}

/* Whom group administrators see, they know by his id. */
static hf_status find_to_change(struct crypto_call *c, struct db *db, struct member_row *ret)
{
	if (!moves(&self(c)->edit))
		return user_to_see(c, db, self(c)->id, ret);
	if (!hf_ok(member_row_get(db, c->who->org_id, self(c)->id, ret)))
		return hf_fail(&c->err, HF_NOTFOUND, "there is no such user");
	return HF_SUCCESS;
}

/* His sessions, and what he has approved: also for the day on which he is let in again. */
static hf_status end_all(struct db *db, const char *id)
{
	HF_TRY(session_rows_delete_of(db, id));
	return quorum_decisions_forget(db, id);
}

/* Whoever is disabled or demoted here can be let in again. */
static hf_status check_quorums(struct crypto_call *c, struct db *db,
                               const struct member_row *before, const struct member_row *user,
                               bool asked)
{
	bool demoted = before->roles & ~user->roles & ACCOUNT_ADMINISTRATOR;
	const struct quorum_leaver who = {
		.org_id = user->org_id,
		.identity_id = user->id,
		.asked = asked,
		.rests = true,
	};

	if (!demoted && (user->enabled || !before->enabled))
		return HF_SUCCESS;
	return quorum_reach_without(db, &who, &c->err);
}

static hf_status change(struct crypto_call *c, struct db *db)
{
	struct json_writer w = JSON_WRITER(&c->out);
	struct member_row before, user;
	bool asked;

	HF_TRY(find_to_change(c, db, &before));
	HF_TRY(check_change(c, &before));
	user = before;
	HF_TRY(user_edit_apply(&self(c)->edit, &user, &c->err));
	HF_TRY(check_last(c, db, &before, &user));
	HF_TRY(quorum_reach_asks(db, before.org_id, before.id, &asked));
	HF_TRY(member_row_update(db, &user));
	HF_TRY(user_set_groups(c, db, &self(c)->edit, user.id));
	if (user_edit_devices(&self(c)->edit))
		HF_TRY(factor_devices_change(c, db, &self(c)->edit, user.id));
	if (!user.enabled)
		HF_TRY(end_all(db, user.id));
	HF_TRY(check_quorums(c, db, &before, &user, asked));
	hf_ignore(hf_uuid_of_id(user.id, c->subject_id));
	HF_TRY(user_print(db, &user, NULL, &w));
	return crypto_call_audit(c, db);
}

/* He leaves the account; what he is to the Signing API is not touched. */
static hf_status remove_user(struct crypto_call *c, struct db *db)
{
	struct quorum_leaver who = { .identity_id = self(c)->id };
	struct member_row user;

	HF_TRY(user_to_see(c, db, self(c)->id, &user));
	if (!runs_account(c->who))
		return hf_fail(&c->err, HF_DENIED, NOT_ADMINISTRATOR_TEXT);
	HF_TRY(check_last(c, db, &user, NULL));
	HF_TRY(quorum_reach_asks(db, user.org_id, user.id, &who.asked));
	who.org_id = user.org_id;
	HF_TRY(member_row_delete(db, user.id));
	HF_TRY(end_all(db, user.id));
	HF_TRY(quorum_reach_without(db, &who, &c->err));
	hf_ignore(hf_uuid_of_id(user.id, c->subject_id));
	return crypto_call_audit(c, db);
}

const struct crypto_operation crypto_user_show = {
	.size = sizeof(struct user_call),
	.prepare = read_path,
	.run = show,
};
const struct crypto_operation crypto_user_change = {
	.size = sizeof(struct user_call),
	.writes = true,
	.prepare = read_change,
	.run = change,
	.after = user_changed,
};
const struct crypto_operation crypto_user_remove = {
	.size = sizeof(struct user_call),
	.writes = true,
	.prepare = read_path,
	.run = remove_user,
	.after = user_changed,
};
