/* SPDX-License-Identifier: Apache-2.0
 * What the files about apps share: apps.c (made, changed, deleted), app_bodies.c, app_list.c,
 * app_credential.c, app_groups.c. */
#ifndef HF_SERVER_CRYPTO_API_PEOPLE_APPS_H
#define HF_SERVER_CRYPTO_API_PEOPLE_APPS_H

#include "server/core/access/app_credentials.h"
#include "server/crypto_api/call.h"

#define APP_BODY_MAX (96u << 10)
#define APP_GROUPS_MAX 512

/* AppRequest: what is NULL or not given stays as it is. Points into the body. */
struct app_edit {
	const char *name, *description, *interface, *app_type, *role, *default_group;
	struct json_t *add_groups, *mod_groups, *del_groups, *credential, *ip_policy,
	        *client_configurations;
	bool enabled, enabled_given;
	int64_t secret_size;
	int64_t migration_s; /* so long the secret before stays good */
};
#define APP_MIGRATION_MAX_S (14 * 86400)
HF_MUST hf_status app_edit_read(const struct json_t *body, struct app_edit *ret,
                                struct hf_err *err);
/* Everything in it but name, groups and credential, into a row. HF_INVALID with words. */
HF_MUST hf_status app_edit_apply(const struct app_edit *e, struct app_row *row, struct hf_err *err);

/* One group and what the app may there; `fn` for each of AppGroups, which is {uuid: [permission]}
 * or, as older clients have it, [uuid] with APP_LEGACY_PERMISSIONS. NULL: none. HF_INVALID with
 * words. */
#define APP_LEGACY_PERMISSIONS                                                                     \
	(APP_MAY(SIGN) | APP_MAY(VERIFY) | APP_MAY(ENCRYPT) | APP_MAY(DECRYPT) |                   \
	 APP_MAY(WRAPKEY) | APP_MAY(UNWRAPKEY) | APP_MAY(DERIVEKEY) | APP_MAY(MACGENERATE) |       \
	 APP_MAY(MACVERIFY) | APP_MAY(AGREEKEY) | APP_MAY(MANAGE) | APP_MAY(AUDIT))
typedef hf_status (*app_group_fn)(void *ctx, const char *group_id, uint64_t permissions);
HF_MUST hf_status app_groups_each(const struct json_t *groups, app_group_fn fn, void *ctx,
                                  struct hf_err *err);
HF_MUST hf_status app_permissions_read(const struct json_t *list, uint64_t *ret,
                                       struct hf_err *err);

/* Stores what app_credential_make() or app_secret_renew() gave, and wipes it. The one before, and
 * the sessions that it opened, are good for edit->migration_s more, or end now. */
HF_MUST hf_status app_credential_replace(struct crypto_call *c, struct db *db,
                                         const struct app_edit *e, struct app_row *app,
                                         struct hf_buf *json);

/* The app of the path, as an id. HF_NOTFOUND with words. */
HF_MUST hf_status app_of_path(const struct crypto_call *c, char to[HF_ID_MAX], struct hf_err *err);
const char *app_auth_type(const struct app_row *app);
/* With its groups. */
HF_MUST hf_status app_print(struct db *db, const struct app_row *app, const char *key,
                            struct json_writer *w);
/* The app, when the caller may change it. HF_NOTFOUND: not his to see; HF_DENIED; with words. */
HF_MUST hf_status app_to_change(struct crypto_call *c, struct db *db, const char *id,
                                struct app_row *ret);
HF_MUST hf_status app_to_see(struct crypto_call *c, struct db *db, const char *id,
                             struct app_row *ret);
/* His rights have changed: forgotten here, after the commit; then the call is answered. */
void app_changed(struct crypto_call *c);

/* Each operation that is about one app begins so. */
struct app_call {
	struct crypto_call call; /* first */
	char id[HF_ID_MAX];
	struct app_edit edit;
};

#endif
