/* SPDX-License-Identifier: Apache-2.0
 * Users as the Crypto API knows them: their roles in the account and in groups, and their
 * passwords. One query, one function. */
#ifndef HF_SERVER_STORE_MEMBER_ROWS_H
#define HF_SERVER_STORE_MEMBER_ROWS_H

#include "server/store/identity_rows.h"

#define MEMBER_TEXT_MAX 256
#define GROUP_ID_MAX 37
#define PASSWORD_HASH_MAX 128 /* crypto_pwhash_STRBYTES */

struct member_row {
	char id[HF_ID_MAX], org_id[HF_ID_MAX];
	char email[IDENTITY_NAME_MAX];
	char created_by[HF_ID_MAX];
	char first_name[MEMBER_TEXT_MAX], last_name[MEMBER_TEXT_MAX], description[1024]; /* "" */
	unsigned roles; /* ACCOUNT_… (core/access/principal.h) */
	bool enabled;   /* here; `active` is for both interfaces */
	bool active;
	bool has_password;
	bool has_factor;                   /* a device as his second factor */
	int64_t created_ms, last_login_ms; /* 0: never */
};

/* HF_EXISTS: it is one already. */
HF_MUST hf_status member_row_insert(struct db *db, const struct member_row *row);
/* HF_NOTFOUND: no such user here, or archived. */
HF_MUST hf_status member_row_get(struct db *db, const char *org_id, const char *id,
                                 struct member_row *ret);
/* By e-mail address, in whichever organisation. HF_NOTFOUND; HF_STATE: in several. */
HF_MUST hf_status member_row_find(struct db *db, const char *email, struct member_row *ret);
/* Oldest first, those with an id above `after`. */
typedef hf_status (*member_row_fn)(void *ctx, const struct member_row *row);
HF_MUST hf_status member_rows_list(struct db *db, const char *org_id, const char *after, int limit,
                                   member_row_fn fn, void *ctx);
/* Roles, names, description, enabled. */
HF_MUST hf_status member_row_update(struct db *db, const struct member_row *row);
HF_MUST hf_status member_row_logged_in(struct db *db, const char *id, int64_t now_ms);
/* With his groups and his password. His second factor stays: should he come back, he needs it. */
HF_MUST hf_status member_row_delete(struct db *db, const char *id);
/* Enabled users with this role and a password, other than this one. */
HF_MUST hf_status member_rows_others_with(struct db *db, const char *org_id, unsigned role,
                                          const char *not_id, int64_t *ret);

/* Enabled users with this role in the account and a password: by id, until fn says HF_STOP, which
 * ends it well. */
typedef hf_status (*member_id_fn)(void *ctx, const char *id);
HF_MUST hf_status member_rows_with(struct db *db, const char *org_id, unsigned role,
                                   member_id_fn fn, void *ctx);

typedef hf_status (*membership_fn)(void *ctx, const char *group_id, int64_t what);
/* By group id, ascending. */
HF_MUST hf_status group_member_rows_list(struct db *db, const char *identity_id, membership_fn fn,
                                         void *ctx);
/* `roles` 0: he leaves it. */
HF_MUST hf_status group_member_row_put(struct db *db, const char *identity_id, const char *group_id,
                                       unsigned roles);
/* Does the organisation have this group? */
HF_MUST hf_status key_group_exists(struct db *db, const char *org_id, const char *group_id,
                                   bool *ret);
/* Nobody is in it any longer, no app and no user: for a group that is deleted. */
HF_MUST hf_status memberships_forget_group(struct db *db, const char *group_id);

struct password_row {
	char hash[PASSWORD_HASH_MAX];
	int64_t changed_ms;
};
/* HF_NOTFOUND. */
HF_MUST hf_status password_row_get(struct db *db, const char *identity_id,
                                   struct password_row *ret);
HF_MUST hf_status password_row_put(struct db *db, const char *identity_id,
                                   const struct password_row *row);
/* Nobody changes it before this transaction ends. HF_NOTFOUND: there is none that was last changed
 * then; 0: whenever. */
HF_MUST hf_status password_row_hold(struct db *db, const char *identity_id, int64_t changed_ms);

/* JSON; "{}" where there is none. Appended. */
HF_MUST hf_status account_settings_get(struct db *db, const char *org_id, struct hf_buf *to);
HF_MUST hf_status account_settings_put(struct db *db, const char *org_id, const char *settings,
                                       int64_t now_ms);
struct org_row {
	char name[256];
	int64_t created_ms;
};
HF_MUST hf_status org_row_get(struct db *db, const char *id, struct org_row *ret);
/* Until the transaction ends: who counts on something of the whole account waits for the other. */
HF_MUST hf_status org_row_lock(struct db *db, const char *id);
HF_MUST hf_status org_row_rename(struct db *db, const char *id, const char *name);

#endif
