/* SPDX-License-Identifier: Apache-2.0
 * holdfast account …: the account that one calls in, and its policies. */
#include "cli/remote/command.h"

static const struct table_column show_columns[] = {
	{ "name", "name" },
	{ "id", "acct_id" },
	{ "description", "description" },
	{ "created", "created_at" },
	{ "quorum", "approval_policy" },
	{ "cryptographic policy", "cryptographic_policy" },
};

static const struct cli_option cmd_account_show_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_account_show_request = {
	.command = "account show",
	.path = "/sys/v1/accounts/{}",
	.subject = SUBJECT_ACCOUNT,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_account_show, "account show", NULL, "show your account and its policies", NULL);

enum { NAME, DESCRIPTION, QUORUM, CRYPTO };

static const struct remote_field update_fields[] = {
	{ "name", NAME, REMOTE_TEXT },
	{ "description", DESCRIPTION, REMOTE_TEXT },
	{ "approval_policy", QUORUM, REMOTE_JSON },
	{ "cryptographic_policy", CRYPTO, REMOTE_JSON },
};
static const struct cli_option cmd_account_update_options[] = {
	REMOTE_OPTION(NAME, "name", "NAME", "another name"),
	REMOTE_OPTION(DESCRIPTION, "description", "TEXT", "what it is for"),
	REMOTE_OPTION(QUORUM, "approval-policy", "JSON",
	              "file with the quorum that guards the account, or remove"),
	REMOTE_OPTION(CRYPTO, "cryptographic-policy", "JSON",
	              "file with the most that its groups' keys may be and do, or remove"),
	REMOTE_OPTIONS_ASK,
};
static const struct remote_request cmd_account_update_request = {
	.command = "account update",
	.method = "PATCH",
	.path = "/sys/v1/accounts/{}",
	.subject = SUBJECT_ACCOUNT,
	REMOTE_FIELDS(update_fields),
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_account_update, "account update", NULL,
               "change your account's name, description or policies", NULL);
