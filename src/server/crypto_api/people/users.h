/* SPDX-License-Identifier: Apache-2.0
 * What the files about users share: users.c (changed, removed), user_list.c, user_invite.c (made),
 * user_bodies.c, user_passwords.c. */
#ifndef HF_SERVER_CRYPTO_API_PEOPLE_USERS_H
#define HF_SERVER_CRYPTO_API_PEOPLE_USERS_H

#include "server/core/access/passwords.h"
#include "server/crypto_api/call.h"
#include "server/store/member_rows.h"

/* UserRequest: what is NULL or not given stays as it is. Points into the body. */
struct user_edit {
	const char *email, *password, *first_name, *last_name, *description;
	struct json_t *account_role, *add_groups, *mod_groups, *del_groups;
	struct json_t *add_devices, *rename_devices, *del_devices; /* second factors */
	bool enable, enable_given;
};
HF_MUST hf_status user_edit_read(const struct json_t *body, struct user_edit *ret,
                                 struct hf_err *err);
/* It is about his devices. */
bool user_edit_devices(const struct user_edit *e);
/* Names, description, account roles and enabled. HF_INVALID with words. */
HF_MUST hf_status user_edit_apply(const struct user_edit *e, struct member_row *row,
                                  struct hf_err *err);
/* Each group in {uuid: [role]} and the set of GROUP_… roles. NULL: none. HF_INVALID with words. */
typedef hf_status (*user_group_fn)(void *ctx, const char *group_id, unsigned roles);
HF_MUST hf_status user_groups_each(const struct json_t *groups, user_group_fn fn, void *ctx,
                                   struct hf_err *err);

struct user_call {
	struct crypto_call call; /* first */
	char id[HF_ID_MAX];
	struct user_edit edit;
	struct password_job password; /* user_passwords.c, user_invite.c */
	char hash[PASSWORD_HASHED_MAX];
	int64_t changed_ms;
	char code[32];
};

/* The user of the path, as an id. HF_NOTFOUND with words. */
HF_MUST hf_status user_of_path(struct crypto_call *c, char to[HF_ID_MAX], struct hf_err *err);
/* HF_NOTFOUND: there is none, or he is not the caller's to see. */
HF_MUST hf_status user_to_see(struct crypto_call *c, struct db *db, const char *id,
                              struct member_row *ret);
/* With his groups; `code`: his one-time code, or NULL. */
HF_MUST hf_status user_print(struct db *db, const struct member_row *user, const char *code,
                             struct json_writer *w);
/* Puts him into groups, by the rights of the caller. */
HF_MUST hf_status user_set_groups(struct crypto_call *c, struct db *db, const struct user_edit *e,
                                  const char *id);
/* Forgets what is remembered of him, after the commit, and answers. */
void user_changed(struct crypto_call *c);

#endif
