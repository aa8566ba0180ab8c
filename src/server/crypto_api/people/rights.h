/* SPDX-License-Identifier: Apache-2.0
 * Who may administrate people and apps. An account's administrators, and apps that administrate,
 * everything of the account; a group's administrators, the apps that are in no other group than
 * theirs; auditors see it all; everybody sees himself. */
#ifndef HF_SERVER_CRYPTO_API_PEOPLE_RIGHTS_H
#define HF_SERVER_CRYPTO_API_PEOPLE_RIGHTS_H

#include "server/core/access/principal.h"
#include "server/crypto_api/call.h"

static inline bool runs_account(const struct principal *who)
{
	return who->kind == PRINCIPAL_USER ? (who->account_roles & ACCOUNT_ADMINISTRATOR) != 0
	                                   : who->app_admin;
}

static inline bool sees_account(const struct principal *who)
{
	return runs_account(who) ||
	       (who->kind == PRINCIPAL_USER && who->account_roles & ACCOUNT_AUDITOR);
}

static inline bool runs_group(const struct principal *who, const char *group_id)
{
	const struct principal_group *in = principal_in(who, group_id);

	return runs_account(who) ||
	       (who->kind == PRINCIPAL_USER && in && in->roles & GROUP_ADMINISTRATOR);
}

#define NOT_ADMINISTRATOR_TEXT                                                                     \
	"this is for administrators of the account, and of the groups that it is about"

/* Whether the caller may put an app or a user into this group, or take one out. HF_NOTFOUND: there
 * is none that he may know of; HF_DENIED. c->err has words. */
HF_MUST hf_status may_place(struct crypto_call *c, struct db *db, const char *group_id);

#endif
