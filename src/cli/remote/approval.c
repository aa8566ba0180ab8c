/* SPDX-License-Identifier: Apache-2.0
 * holdfast approval …: what a quorum has to approve. */
#include "cli/remote/command.h"

#include "os/secretfile.h"

#include <stdio.h>
#include <string.h>

static const struct table_column list_columns[] = {
	{ "ID", "request_id" },  { "STATUS", "status" },   { "WHAT", "method" },
	{ "", "operation" },     { "WHY", "description" }, { "APPROVED BY", "approvers" },
	{ "EXPIRES", "expiry" },
};
static const struct table_column show_columns[] = {
	{ "id", "request_id" },         { "status", "status" },
	{ "asked by", "requester" },    { "method", "method" },
	{ "operation", "operation" },   { "body", "body" },
	{ "about", "subjects" },        { "why", "description" },
	{ "may approve", "reviewers" }, { "approved by", "approvers" },
	{ "denied by", "denier" },      { "because", "denial_reason" },
	{ "made", "created_at" },       { "expires", "expiry" },
};

enum { STATUS, REASON, PASSWORD_FILE };

static hf_status list_query(struct remote *r, const struct remote_config *o, struct hf_buf *to,
                            struct hf_err *err)
{
	if (o->text[STATUS])
		hf_buf_printf(to, "status=%.32s", o->text[STATUS]);
	return HF_SUCCESS;
}

static const struct cli_option cmd_approval_list_options[] = {
	REMOTE_OPTION(STATUS, "status", "STATUS", "only PENDING, APPROVED, DENIED or FAILED ones"),
	REMOTE_OPTIONS,
};
static const struct remote_request cmd_approval_list_request = {
	.command = "approval list",
	.path = "/sys/v1/approval_requests",
	.query = list_query,
	.list = true,
	REMOTE_COLUMNS(list_columns),
};
REMOTE_COMMAND(cmd_approval_list, "approval list", NULL, "list what waits for approval, or did",
               NULL);

static const struct cli_option cmd_approval_show_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_approval_show_request = {
	.command = "approval show",
	.path = "/sys/v1/approval_requests/{}",
	.subject = SUBJECT_ID,
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_approval_show, "approval show", "ID", "show what exactly is asked for", NULL);

static hf_status approve_more(struct remote *r, const struct remote_config *o, const char *id,
                              struct json_writer *w, struct hf_err *err)
{
	struct hf_secret password HF_SECRET = { 0 };

	if (!o->text[PASSWORD_FILE])
		return HF_SUCCESS;
	HF_TRY(os_secret_file(o->text[PASSWORD_FILE], &password, err));
	json_span(w, "password", HF_SPAN(password.ptr, password.len));
	return HF_SUCCESS;
}

static const struct cli_option cmd_approval_approve_options[] = {
	REMOTE_OPTION(PASSWORD_FILE, "again-password-file", "FILE",
	              "file with your password, for policies that want it once more"),
	REMOTE_OPTIONS,
};
static const struct remote_request cmd_approval_approve_request = {
	.command = "approval approve",
	.method = "POST",
	.path = "/sys/v1/approval_requests/{}/approve",
	.subject = SUBJECT_ID,
	.more = approve_more,
	.done = "Approved.",
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_approval_approve, "approval approve", "ID", "approve a request", NULL);

static const struct remote_field deny_fields[] = { { "reason", REASON, REMOTE_TEXT } };
static const struct cli_option cmd_approval_deny_options[] = {
	REMOTE_OPTION(REASON, "because", "TEXT", "why"),
	REMOTE_OPTIONS,
};
static const struct remote_request cmd_approval_deny_request = {
	.command = "approval deny",
	.method = "POST",
	.path = "/sys/v1/approval_requests/{}/deny",
	.subject = SUBJECT_ID,
	REMOTE_FIELDS(deny_fields),
	.empty_body = true,
	.done = "Denied.",
	REMOTE_COLUMNS(show_columns),
};
REMOTE_COMMAND(cmd_approval_deny, "approval deny", "ID", "refuse a request, for good", NULL);

static hf_status print_result(struct remote *r, const struct remote_config *o,
                              const struct json_t *answer, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(REMOTE_REPLY_MAX);

	table_value(answer, "body", &text);
	fprintf(stderr, "HTTP %lld\n", (long long)json_value_int(json_member(answer, "status")));
	printf("%.*s\n", (int)text.len, (const char *)text.ptr);
	return HF_SUCCESS;
}

static const struct cli_option cmd_approval_result_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_approval_result_request = {
	.command = "approval result",
	.method = "POST",
	.path = "/sys/v1/approval_requests/{}/result",
	.subject = SUBJECT_ID,
	.empty_body = true,
	.print = print_result,
};
REMOTE_COMMAND(cmd_approval_result, "approval result", "ID",
               "what came of a request that was approved, for who asked", NULL);

static const struct cli_option cmd_approval_withdraw_options[] = { REMOTE_OPTIONS };
static const struct remote_request cmd_approval_withdraw_request = {
	.command = "approval withdraw",
	.method = "DELETE",
	.path = "/sys/v1/approval_requests/{}",
	.subject = SUBJECT_ID,
	.done = "Withdrawn.",
};
REMOTE_COMMAND(cmd_approval_withdraw, "approval withdraw", "ID", "take a request back", NULL);
