/* SPDX-License-Identifier: Apache-2.0
 * holdfast app …: programs that use keys. */
#include "cli/remote/command.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct table_column list_columns[] = {
	{ "NAME", "name" },       { "ID", "app_id" },       { "ROLE", "role" },
	{ "ENABLED", "enabled" }, { "GROUPS", "groups.*" }, { "LAST USED", "lastused_at" },
};
static const struct table_column show_columns[] = {
	{ "name", "name" },
	{ "id", "app_id" },
	{ "description", "description" },
	{ "role", "role" },
	{ "enabled", "enabled" },
	{ "interface", "interface" },
	{ "shows itself by", "auth_type" },
	{ "both", "auth_type_all" },
	{ "old API key good until", "previous_credential_valid_until" },
	{ "default group", "default_group" },
	{ "groups and permissions", "groups" },
	{ "addresses", "ip_address_policy" },
	{ "made", "created_at" },
	{ "last used", "lastused_at" },
};

enum {
	NAME,
	GROUP,
	PERMISSIONS,
	DESCRIPTION,
	ROLE,
	CREDENTIAL,
	ENABLED,
	ADDRESSES,
	INTERFACE,
	KEEP_OLD
};

static const struct cli_option cmd_app_list_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_app_list_request = {
	.command = "app list",
	.path = "/sys/v1/apps",
	.list = true,
	REMOTE_COLUMNS(list_columns),
};
REMOTE_COMMAND(cmd_app_list, "app list", NULL, "list the apps", NULL);

static const struct cli_option cmd_app_show_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_app_show_request = {
	.command = "app show",
	.path = "/sys/v1/apps/{}",
	.subject = SUBJECT_APP,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_app_show, "app show", "APP", "show an app and what it may do", NULL);

#define DEFAULT_PERMISSIONS "SIGN,VERIFY,ENCRYPT,DECRYPT,MACGENERATE,MACVERIFY"

static hf_status create_more(struct remote *r, const struct remote_config *o, const char *id,
                             struct json_writer *w, struct hf_err *err)
{
	char group[64];

	HF_TRY(remote_group_list(r, o, w, "add_groups", GROUP, PERMISSIONS, err));
	if (!o->text[GROUP])
		return HF_SUCCESS;
	HF_TRY(remote_resolve(r, SUBJECT_GROUP, o->text[GROUP], group, err));
	json_text(w, "default_group", group);
	return HF_SUCCESS;
}

static const struct remote_field create_fields[] = {
	{ "name", NAME, REMOTE_TEXT },
	{ "description", DESCRIPTION, REMOTE_TEXT },
	{ "role", ROLE, REMOTE_TEXT },
	{ "interface", INTERFACE, REMOTE_TEXT },
	{ "credential", CREDENTIAL, REMOTE_JSON },
	{ "ip_address_policy", ADDRESSES, REMOTE_JSON },
};

#define APP_OPTIONS                                                                                \
	REMOTE_OPTION(DESCRIPTION, "description", "TEXT", "what it is for"),                       \
	        REMOTE_OPTION(INTERFACE, "interface", "NAME", "how it calls: REST, PKCS11, …"),    \
	        REMOTE_OPTION(CREDENTIAL, "credential", "JSON",                                    \
	                      "file with how it shows itself: certificate, trustedca, signedjwt, " \
	                      "or two of them (all); without it, an API key"),                     \
	        REMOTE_OPTION(ADDRESSES, "addresses", "JSON",                                      \
	                      "file with the addresses it may call from")
#define APP_OPTION_PERMISSIONS                                                                     \
	CLI_OPTION_TEXT(struct remote_config, text[PERMISSIONS], "permissions", "LIST",            \
	                DEFAULT_PERMISSIONS, "what it may do there, with commas between")

static const struct cli_option cmd_app_create_options[] = {
	REMOTE_OPTION_NEEDED(NAME, "name", "NAME", "its name"),
	REMOTE_OPTION(GROUP, "group", "GROUP", "the group whose keys it uses"),
	APP_OPTION_PERMISSIONS,
	REMOTE_OPTION(ROLE, "role", "ROLE", "crypto (the default) or admin"),
	APP_OPTIONS,
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_app_create_request = {
	.command = "app create",
	.method = "POST",
	.path = "/sys/v1/apps",
	REMOTE_FIELDS(create_fields),
	.more = create_more,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_app_create, "app create", NULL, "make an app",
               "An app uses the keys of its groups as far as its permissions go; it administrates "
               "nothing. Its API key: holdfast app api-key.");

static const struct remote_field update_fields[] = {
	{ "name", NAME, REMOTE_TEXT },
	{ "description", DESCRIPTION, REMOTE_TEXT },
	{ "enabled", ENABLED, REMOTE_YESNO },
	{ "interface", INTERFACE, REMOTE_TEXT },
	{ "credential", CREDENTIAL, REMOTE_JSON },
	{ "ip_address_policy", ADDRESSES, REMOTE_JSON },
};
static const struct cli_option cmd_app_update_options[] = {
	REMOTE_OPTION(NAME, "name", "NAME", "another name"),
	REMOTE_OPTION(ENABLED, "enabled", "YES|NO", "whether it may call at all"),
	APP_OPTIONS,
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_app_update_request = {
	.command = "app update",
	.method = "PATCH",
	.path = "/sys/v1/apps/{}",
	.subject = SUBJECT_APP,
	REMOTE_FIELDS(update_fields),
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_app_update, "app update", "APP", "change an app", NULL);

static const struct cli_option cmd_app_delete_options[] = { REMOTE_OPTIONS_ASK };
static const struct remote_request cmd_app_delete_request = {
	.command = "app delete",
	.method = "DELETE",
	.path = "/sys/v1/apps/{}",
	.subject = SUBJECT_APP,
	.done = "The app is gone, and its sessions with it.",
};
REMOTE_COMMAND(cmd_app_delete, "app delete", "APP", "delete an app", NULL);

static hf_status grant_more(struct remote *r, const struct remote_config *o, const char *id,
                            struct json_writer *w, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf path = HF_BUF(256);
	JSON_SCOPED struct json_t *app = NULL;
	const struct json_t *groups;
	char group[64];

	HF_TRY(remote_resolve(r, SUBJECT_GROUP, o->text[GROUP], group, err));
	hf_buf_printf(&path, "/sys/v1/apps/%s%c", id, 0);
	HF_TRY(remote_call(r, "GET", (const char *)path.ptr, HF_SPAN(NULL, 0), &app, err));
	groups = app ? json_member(app, "groups") : NULL;
	return remote_group_list(r, o, w,
	                         groups && json_member(groups, group) ? "mod_groups" : "add_groups",
	                         GROUP, PERMISSIONS, err);
}

static const struct cli_option cmd_app_grant_options[] = {
	REMOTE_OPTION_NEEDED(GROUP, "group", "GROUP", "the group"),
	APP_OPTION_PERMISSIONS,
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_app_grant_request = {
	.command = "app grant",
	.method = "PATCH",
	.path = "/sys/v1/apps/{}",
	.subject = SUBJECT_APP,
	.more = grant_more,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_app_grant, "app grant", "APP",
               "let an app use a group's keys; in place of what it might there before", NULL);

static hf_status revoke_more(struct remote *r, const struct remote_config *o, const char *id,
                             struct json_writer *w, struct hf_err *err)
{
	char group[64];

	HF_TRY(remote_resolve(r, SUBJECT_GROUP, o->text[GROUP], group, err));
	json_open_array(w, "del_groups");
	json_text(w, NULL, group);
	json_close_array(w);
	return HF_SUCCESS;
}

static const struct cli_option cmd_app_revoke_options[] = {
	REMOTE_OPTION_NEEDED(GROUP, "group", "GROUP", "the group"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_app_revoke_request = {
	.command = "app revoke",
	.method = "PATCH",
	.path = "/sys/v1/apps/{}",
	.subject = SUBJECT_APP,
	.more = revoke_more,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_app_revoke, "app revoke", "APP", "take a group's keys away from an app", NULL);

/* An app shows itself by base64("id:secret"), which the server gives in one piece or in two. */
static hf_status print_api_key(struct remote *r, const struct remote_config *o,
                               const struct json_t *answer, struct hf_err *err)
{
	const struct json_t *credential = json_member(answer, "credential");
	const char *id = json_member_text(answer, "app_id");
	const char *secret = credential ? json_member_text(credential, "secret") : NULL;
	HF_BUF_SCOPED struct hf_buf pair = HF_BUF(8192), text = HF_BUF(16384);

	if (!id || !secret)
		return hf_fail(err, HF_NOTFOUND,
		               "this app has no API key: it shows itself in "
		               "another way");
	hf_buf_printf(&pair, "%s:%s", id, secret);
	hf_buf_base64(&text, hf_buf_span(&pair));
	printf("%.*s\n", (int)text.len, (const char *)text.ptr);
	hf_wipe(pair.ptr, pair.len);
	hf_wipe(text.ptr, text.len);
	return HF_SUCCESS;
}

static const struct cli_option cmd_app_api_key_options[] = { REMOTE_OPTIONS_ASK };
static const struct remote_request cmd_app_api_key_request = {
	.command = "app api-key",
	.path = "/sys/v1/apps/{}/credential",
	.subject = SUBJECT_APP,
	.print = print_api_key,
};
REMOTE_COMMAND(cmd_app_api_key, "app api-key", "APP", "print an app's API key", NULL);

static hf_status say_reset(struct remote *r, const struct remote_config *o,
                           const struct json_t *answer, struct hf_err *err)
{
	const char *until = json_member_text(answer, "previous_credential_valid_until");

	if (until)
		printf("The app has a new API key (holdfast app api-key); the old one is good "
		       "until %s, or until: holdfast app end-old-key\n",
		       until);
	else
		puts("The app has a new API key (holdfast app api-key); the old one and its "
		     "sessions end now.");
	return HF_SUCCESS;
}

static const struct remote_field reset_fields[] = {
	{ "credential_migration_period", KEEP_OLD, REMOTE_NUMBER },
};
static const struct cli_option cmd_app_reset_options[] = {
	REMOTE_OPTION(KEEP_OLD, "keep-old-seconds", "SECONDS",
	              "so long the old key stays good beside the new one; at most 14 days"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_app_reset_request = {
	.command = "app reset",
	.method = "POST",
	.path = "/sys/v1/apps/{}/reset_secret",
	.subject = SUBJECT_APP,
	REMOTE_FIELDS(reset_fields),
	.empty_body = true,
	.print = say_reset,
};
REMOTE_COMMAND(cmd_app_reset, "app reset", "APP", "give an app a new API key", NULL);

static const struct cli_option cmd_app_end_old_key_options[] = { REMOTE_OPTIONS_ASK };
static const struct remote_request cmd_app_end_old_key_request = {
	.command = "app end-old-key",
	.method = "DELETE",
	.path = "/sys/v1/apps/{}/previous_credential",
	.subject = SUBJECT_APP,
	.done = "The old API key has ended, and its sessions with it.",
};
REMOTE_COMMAND(cmd_app_end_old_key, "app end-old-key", "APP",
               "end the API key that app reset left good for a while", NULL);
