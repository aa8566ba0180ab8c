/* SPDX-License-Identifier: Apache-2.0
 * holdfast user …: people who administrate. */
#include "cli/remote/command.h"

#include "os/prompt.h"
#include "os/secretfile.h"

#include <stdio.h>
#include <string.h>

static const struct table_column list_columns[] = {
	{ "EMAIL", "user_email" },   { "ID", "user_id" },
	{ "ROLES", "account_role" }, { "2FA", "has_second_factor" },
	{ "GROUPS", "groups.*" },    { "LAST LOGIN", "last_logged_in_at" },
};
static const struct table_column show_columns[] = {
	{ "email", "user_email" },
	{ "id", "user_id" },
	{ "description", "description" },
	{ "roles", "account_role" },
	{ "groups and roles", "groups" },
	{ "has a password", "has_password" },
	{ "has a second factor", "has_second_factor" },
	{ "made", "created_at" },
	{ "last login", "last_logged_in_at" },
	{ "one-time code, to be handed over", "invite_code" },
};

enum { EMAIL, ROLES, GROUP, GROUP_ROLE, DESCRIPTION, ENABLED, NEW_PASSWORD };

static const struct cli_option cmd_user_list_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_user_list_request = {
	.command = "user list",
	.path = "/sys/v1/users",
	.list = true,
	REMOTE_COLUMNS(list_columns),
};
REMOTE_COMMAND(cmd_user_list, "user list", NULL, "list the people", NULL);

static const struct cli_option cmd_user_show_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_user_show_request = {
	.command = "user show",
	.path = "/sys/v1/users/{}",
	.subject = SUBJECT_USER,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_user_show, "user show", "EMAIL", "show somebody", NULL);

static hf_status invite_more(struct remote *r, const struct remote_config *o, const char *id,
                             struct json_writer *w, struct hf_err *err)
{
	return remote_group_list(r, o, w, "add_groups", GROUP, GROUP_ROLE, err);
}

#define GROUP_ROLE_OPTIONS                                                                         \
	REMOTE_OPTION(GROUP, "group", "GROUP", "a group that the role below is in"),               \
	        CLI_OPTION_TEXT(struct remote_config, text[GROUP_ROLE], "group-role", "LIST",      \
	                        "GROUPAUDITOR", "GROUPADMINISTRATOR or GROUPAUDITOR")

static const struct remote_field invite_fields[] = {
	{ "user_email", EMAIL, REMOTE_TEXT },
	{ "account_role", ROLES, REMOTE_LIST },
	{ "description", DESCRIPTION, REMOTE_TEXT },
};
static const struct cli_option cmd_user_invite_options[] = {
	REMOTE_OPTION_NEEDED(EMAIL, "email", "EMAIL", "who"),
	CLI_OPTION_TEXT(struct remote_config, text[ROLES], "roles", "LIST", "ACCOUNTMEMBER",
	                "ACCOUNTADMINISTRATOR, ACCOUNTAUDITOR or ACCOUNTMEMBER"),
	GROUP_ROLE_OPTIONS,
	REMOTE_OPTION(DESCRIPTION, "description", "TEXT", "who that is"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_user_invite_request = {
	.command = "user invite",
	.method = "POST",
	.path = "/sys/v1/users/invite",
	REMOTE_FIELDS(invite_fields),
	.more = invite_more,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_user_invite, "user invite", NULL, "let somebody in",
               "There is no e-mail here: hand the one-time code over yourself; whoever has it sets "
               "the password.");

static hf_status update_more(struct remote *r, const struct remote_config *o, const char *id,
                             struct json_writer *w, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf path = HF_BUF(256);
	JSON_SCOPED struct json_t *user = NULL;
	const struct json_t *groups;
	char group[64];

	if (!o->text[GROUP])
		return HF_SUCCESS;
	HF_TRY(remote_resolve(r, SUBJECT_GROUP, o->text[GROUP], group, err));
	hf_buf_printf(&path, "/sys/v1/users/%s%c", id, 0);
	HF_TRY(remote_call(r, "GET", (const char *)path.ptr, HF_SPAN(NULL, 0), &user, err));
	groups = user ? json_member(user, "groups") : NULL;
	if (strcmp(o->text[GROUP_ROLE], "none") == 0) {
		json_open_object(w, "del_groups");
		json_open_array(w, group);
		json_close_array(w);
		json_close_object(w);
		return HF_SUCCESS;
	}
	return remote_group_list(r, o, w,
	                         groups && json_member(groups, group) ? "mod_groups" : "add_groups",
	                         GROUP, GROUP_ROLE, err);
}

static const struct remote_field update_fields[] = {
	{ "account_role", ROLES, REMOTE_LIST },
	{ "description", DESCRIPTION, REMOTE_TEXT },
	{ "enable", ENABLED, REMOTE_YESNO },
};
static const struct cli_option cmd_user_update_options[] = {
	REMOTE_OPTION(ROLES, "roles", "LIST",
	              "ACCOUNTADMINISTRATOR, ACCOUNTAUDITOR or ACCOUNTMEMBER, with commas between"),
	REMOTE_OPTION(GROUP, "group", "GROUP", "a group that the role below is in"),
	CLI_OPTION_TEXT(struct remote_config, text[GROUP_ROLE], "group-role", "LIST",
	                "GROUPAUDITOR",
	                "GROUPADMINISTRATOR or GROUPAUDITOR; none: out of the group"),
	REMOTE_OPTION(ENABLED, "enabled", "YES|NO", "whether the person may log in"),
	REMOTE_OPTION(DESCRIPTION, "description", "TEXT", "who that is"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_user_update_request = {
	.command = "user update",
	.method = "PATCH",
	.path = "/sys/v1/users/{}",
	.subject = SUBJECT_USER,
	REMOTE_FIELDS(update_fields),
	.more = update_more,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_user_update, "user update", "EMAIL", "change somebody's roles", NULL);

static const struct cli_option cmd_user_delete_options[] = { REMOTE_OPTIONS_ASK };
static const struct remote_request cmd_user_delete_request = {
	.command = "user delete",
	.method = "DELETE",
	.path = "/sys/v1/users/{}/accounts",
	.subject = SUBJECT_USER,
	.done = "The person has no access any more.",
};
REMOTE_COMMAND(cmd_user_delete, "user delete", "EMAIL", "take somebody's access away", NULL);
