/* SPDX-License-Identifier: Apache-2.0
 * holdfast authorizers check, export: the file by which a driver decides who may have something
 * signed. */
#include "cli/commands.h"
#include "cli/db_options.h"
#include "os/trustedfile.h"
#include "proof/authorizers.h"
#include "server/authorizers.h"

#include <stdio.h>
#include <string.h>

struct check_options {
	bool unused;
};

static hf_status read_file(const char *path, struct authorizers **ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(AUTHORIZERS_FILE_MAX);

	HF_TRY(os_trusted_file(path, &text, err));
	return hf_context(err, authorizers_parse(hf_buf_span(&text), ret, err), "%s", path);
}

static void print_list(const struct authorizers_list *list, const char *all)
{
	if (list->all)
		printf("%s", all);
	else if (!list->n)
		printf("no key");
	for (size_t i = 0; i < list->n; i++)
		printf("%s%s", i ? ", " : "", list->texts[i]);
	printf("\n");
}

static void print_rule(const struct authorizers_rule *r, size_t number)
{
	printf("\nRule %zu%s%s%s\n", number, r->name[0] ? " \"" : "", r->name,
	       r->name[0] ? "\"" : "");
	printf("  for            ");
	print_list(&r->keys, "every key");
	printf("  may ask        ");
	print_list(&r->initiators, "everybody who has a credential above");
	for (size_t i = 0; i < r->n_groups; i++) {
		printf("  have to agree  %u of ", r->groups[i].quorum);
		print_list(&r->groups[i].approvers, "");
	}
	if (r->max_age_s)
		printf("  in time        within %lld s of being asked\n", (long long)r->max_age_s);
}

static void print_file(const struct authorizers *a)
{
	printf("Organisation %s\n\n%-34s %-36s %-21s %s\n", a->organization, "IDENTITY",
	       "CREDENTIAL", "KIND", "NAME");
	for (size_t i = 0; i < a->n_credentials; i++) {
		const struct authorizer *c = &a->credentials[i];

		printf("%-34s %-36s %-21s %s\n", c->identity, c->verifier.id,
		       credential_kind_name(c->verifier.kind), c->name);
	}
	for (size_t i = 0; i < a->n_rules; i++)
		print_rule(&a->rules[i], i + 1);
	printf("\nCheckpoints of the audit log\n  signed by      ");
	print_list(&a->audit_keys, "every key");
	if (!a->n_rules)
		printf("\nThere is no rule, so no request is signed.\n");
	else
		printf("\nA key that no rule names signs nothing. Where several rules name a key, "
		       "all "
		       "of them\nhave to hold. Who asks is never counted among those who agree. "
		       "Where no rule says\nwithin which time, it is %lld s, or %lld s where "
		       "somebody "
		       "has to agree.\n",
		       (long long)a->max_age_s, (long long)a->max_age_approved_s);
}

static int run_check(void *config, const char *const *args, size_t n_args)
{
	AUTHORIZERS_SCOPED struct authorizers *a = NULL;
	struct hf_err err = { 0 };
	hf_status s;

	if (n_args != 1)
		s = hf_fail(&err, HF_INVALID, "which file? holdfast authorizers check FILE");
	else
		s = read_file(args[0], &a, &err);
	if (!hf_ok(s))
		return cli_failed("authorizers check", s, &err);
	print_file(a);
	return 0;
}

const struct cli_command cmd_authorizers_check = {
	.name = "authorizers check",
	.summary = "say what a file of authorizers means",
	.details = "The file of `holdfast driver --authorizers`: who may have something signed, by "
	           "which credentials, and who has to agree. The exit status is 1 when a driver "
	           "would not start with it.",
	.positional = "FILE",
	.config_size = sizeof(struct check_options),
	.run = run_check,
};

struct export_options {
	struct db_config db;
	const char *org_id;
};

static const struct cli_option export_table[] = {
	CLI_DB_OPTIONS(struct export_options, db, "the server's database"),
	CLI_OPTION_TEXT(struct export_options, org_id, "org-id", "ID", NULL,
	                "the organisation, where there are several"),
};

static hf_status export(struct export_options *o, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(AUTHORIZERS_FILE_MAX);

	HF_TRY(cli_db_options(&o->db, err));
	HF_TRY(server_export_authorizers(&o->db, o->org_id, &text, err));
	HF_ENSURE(fwrite(text.ptr, 1, text.len, stdout) == text.len, HF_IO);
	return HF_SUCCESS;
}

static int run_export(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = export(config, &err);

	return hf_ok(s) ? 0 : cli_failed("authorizers export", s, &err);
}

const struct cli_command cmd_authorizers_export = {
	.name = "authorizers export",
	.summary = "print a first file of authorizers, to be reviewed",
	.details =
	        "The organisation's active credentials, and one rule that lets each of their "
	        "owners have every key used. Compare the public keys with what their owners say, "
	        "narrow the rule, and put the file beside the HSM: from then on the server has no "
	        "part in it.",
	.options = export_table,
	.n_options = HF_COUNT(export_table),
	.config_size = sizeof(struct export_options),
	.run = run_export,
};
