/* SPDX-License-Identifier: Apache-2.0
 * holdfast group …: groups, and key sync. Their connections: group_links.c. */
#include "cli/remote/command.h"

#include <stdio.h>
#include <string.h>

static const struct table_column list_columns[] = {
	{ "NAME", "name" },          { "ID", "group_id" },
	{ "HSM", "hmg?" },           { "DESCRIPTION", "description" },
	{ "CREATED", "created_at" },
};

static const struct table_column show_columns[] = {
	{ "name", "name" },
	{ "id", "group_id" },
	{ "description", "description" },
	{ "created", "created_at" },
	{ "key store", "key_store" },
	{ "order of connections", "hmg_redundancy" },
	{ "changes are made in the HSM too", "hmg_sync" },
	{ "only keys made from here", "hmg_segregation" },
	{ "quorum", "approval_policy" },
	{ "cryptographic policy", "cryptographic_policy" },
};

static const struct cli_option cmd_group_list_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_list_request = {
	.command = "group list",
	.path = "/sys/v1/groups",
	.list = true,
	REMOTE_COLUMNS(list_columns),
};
REMOTE_COMMAND(cmd_group_list, "group list", NULL, "list the groups", NULL);

static hf_status print_group(struct remote *r, const struct remote_config *o,
                             const struct json_t *group, struct hf_err *err)
{
	table_print_one(group, show_columns, HF_COUNT(show_columns));
	return remote_print_links(group);
}

static const struct cli_option cmd_group_show_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_show_request = {
	.command = "group show",
	.path = "/sys/v1/groups/{}",
	.subject = SUBJECT_GROUP,
	.print = print_group,
};
REMOTE_COMMAND(cmd_group_show, "group show", "GROUP",
               "show a group, its policies and its connections", NULL);

/* What create and update have in common. */
enum { NAME, DESCRIPTION, STORE, QUORUM, CRYPTO, APPLY, SEGREGATION, REDUNDANCY };

#define GROUP_OPTIONS                                                                              \
	REMOTE_OPTION(DESCRIPTION, "description", "TEXT", "what it is for"),                       \
	        REMOTE_OPTION(QUORUM, "approval-policy", "JSON",                                   \
	                      "file with the quorum that guards its keys, or remove"),             \
	        REMOTE_OPTION(CRYPTO, "cryptographic-policy", "JSON",                              \
	                      "file with what its keys may be and do, or remove"),                 \
	        REMOTE_OPTION(APPLY, "apply-to-hsm", "YES|NO",                                     \
	                      "changes of its virtual keys are made to the keys in the HSM too"),  \
	        REMOTE_OPTION(SEGREGATION, "only-own-keys", "YES|NO",                              \
	                      "a sync brings no keys that were made elsewhere"),                   \
	        REMOTE_OPTION(REDUNDANCY, "redundancy", "NAME",                                    \
	                      "PriorityFailover: connections in their order; remove: in any")

static const struct remote_field update_fields[] = {
	{ "name", NAME, REMOTE_TEXT },
	{ "description", DESCRIPTION, REMOTE_TEXT },
	{ "approval_policy", QUORUM, REMOTE_JSON },
	{ "cryptographic_policy", CRYPTO, REMOTE_JSON },
	{ "hmg_sync", APPLY, REMOTE_YESNO },
	{ "hmg_segregation", SEGREGATION, REMOTE_YESNO },
	{ "hmg_redundancy", REDUNDANCY, REMOTE_TEXT },
	{ "key_store", STORE, REMOTE_TEXT },
};

static const struct cli_option cmd_group_create_options[] = {
	REMOTE_OPTION_NEEDED(NAME, "name", "NAME", "its name"),
	GROUP_OPTIONS,
	REMOTE_OPTION(STORE, "key-store", "STORE",
	              "the pool of drivers that keeps its keys; without one, the organisation's "
	              "primary store, until the group has connections to a slot"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_group_create_request = {
	.command = "group create",
	.method = "POST",
	.path = "/sys/v1/groups",
	REMOTE_FIELDS(update_fields),
	.print = print_group,
};
REMOTE_COMMAND(cmd_group_create, "group create", NULL, "make a group",
               "Keys belong to groups. A group keeps them in a pool of drivers, or, once it has a "
               "connection (holdfast group link add), in the slot of an HSM.");

static const struct cli_option cmd_group_update_options[] = {
	REMOTE_OPTION(NAME, "name", "NAME", "another name"),
	GROUP_OPTIONS,
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_group_update_request = {
	.command = "group update",
	.method = "PATCH",
	.path = "/sys/v1/groups/{}",
	.subject = SUBJECT_GROUP,
	REMOTE_FIELDS(update_fields),
	.print = print_group,
};
REMOTE_COMMAND(cmd_group_update, "group update", "GROUP",
               "change a group's name, policies or key management", NULL);

static const struct remote_field replace_fields[] = {
	{ "approval_policy", QUORUM, REMOTE_JSON },
};
static const struct cli_option cmd_group_replace_policy_options[] = {
	REMOTE_OPTION_NEEDED(QUORUM, "approval-policy", "JSON",
	                     "file with the policy that replaces it"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_group_replace_policy_request = {
	.command = "group replace-policy",
	.method = "POST",
	.path = "/sys/v1/groups/{}/replace_approval_policy",
	.subject = SUBJECT_GROUP,
	REMOTE_FIELDS(replace_fields),
	.print = print_group,
};
REMOTE_COMMAND(cmd_group_replace_policy, "group replace-policy", "GROUP",
               "replace an approval policy that nobody can meet any more",
               "Takes the approval of the account's quorum (--ask), and a policy that said "
               "account_may_replace. Any other is changed by its own quorum: holdfast group "
               "update.");

static const struct cli_option cmd_group_delete_options[] = { REMOTE_OPTIONS_ASK };
static const struct remote_request cmd_group_delete_request = {
	.command = "group delete",
	.method = "DELETE",
	.path = "/sys/v1/groups/{}",
	.subject = SUBJECT_GROUP,
	.done = "The group is gone.",
};
REMOTE_COMMAND(cmd_group_delete, "group delete", "GROUP", "delete a group that has no keys", NULL);

/* Key sync */
static const struct table_column scan_columns[] = {
	{ "ID", "scan_id" },           { "STARTED", "started_at" },
	{ "FINISHED", "finished_at" }, { "RESULT", "scan_result.$type" },
	{ "DONE", "progress.done" },   { "OF", "progress.total" },
	{ "NEW", "progress.created" }, { "MESSAGE", "scan_result.message" },
};
static const struct table_column new_key_columns[] = {
	{ "NEW KEY", "name" },         { "TYPE", "obj_type" }, { "BITS", "key_size" },
	{ "CURVE", "elliptic_curve" }, { "ID", "kid" },
};

static hf_status print_new_keys(struct remote *r, const struct remote_config *o,
                                const struct json_t *keys, struct hf_err *err)
{
	if (json_count(keys))
		table_print(keys, new_key_columns, HF_COUNT(new_key_columns));
	printf("%zu new keys\n", json_count(keys));
	return HF_SUCCESS;
}

static const struct cli_option cmd_group_sync_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_sync_request = {
	.command = "group sync",
	.method = "POST",
	.path = "/sys/v1/groups/{}/hmg/scan",
	.subject = SUBJECT_GROUP,
	.empty_body = true,
	.print = print_new_keys,
};
REMOTE_COMMAND(cmd_group_sync, "group sync", "GROUP",
               "take the slot's keys over as virtual keys, and wait for it",
               "Keys that are here already keep their permissions. For large slots see: holdfast "
               "group scan.");

static const struct cli_option cmd_group_scan_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_scan_request = {
	.command = "group scan",
	.method = "POST",
	.path = "/sys/v1/groups/{}/hmg/scans",
	.subject = SUBJECT_GROUP,
	.empty_body = true,
	REMOTE_COLUMNS(scan_columns),
};
REMOTE_COMMAND(cmd_group_scan, "group scan", "GROUP", "begin a sync of keys without waiting for it",
               NULL);

static const struct cli_option cmd_group_scans_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_group_scans_request = {
	.command = "group scans",
	.path = "/sys/v1/groups/{}/hmg/scans",
	.subject = SUBJECT_GROUP,
	.list = true,
	REMOTE_COLUMNS(scan_columns),
};
REMOTE_COMMAND(cmd_group_scans, "group scans", "GROUP",
               "list the last syncs of keys, and how far they are", NULL);
