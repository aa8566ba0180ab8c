/* SPDX-License-Identifier: Apache-2.0
 * The one executable: finds the command, reads its options, runs it. */
#include "base/log.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

const struct cli_command *const cli_commands[] = {
	&cmd_server,
	&cmd_server_init,
	&cmd_server_driver_ca,
	&cmd_server_store_add,
	&cmd_server_store_list,
	&cmd_server_store_set_primary,
	&cmd_server_user_code,
	&cmd_server_crypto_admin,
	&cmd_server_clear_second_factor,
	&cmd_server_rotate_token_key,
	&cmd_server_account_token,
	&cmd_driver,
	&cmd_gateway,
	&cmd_hsm_init_master,
	&cmd_hsm_check,
	&cmd_hsm_canary,
	&cmd_db_status,
	&cmd_db_migrate,
	&cmd_db_backup,
	&cmd_db_restore,
	&cmd_db_verify,
	&cmd_db_rewrap,
	&cmd_bench_hsm,
	&cmd_bench_api,
	&cmd_bench_crypto,
	&cmd_bench_queue,
	&cmd_bench_growth,
	&cmd_bench_pages,
	&cmd_pki_init_root,
	&cmd_pki_template,
	&cmd_pki_sign,
	&cmd_pki_server_cert,
	&cmd_pki_request,
	&cmd_pki_accept,
	&cmd_pki_leaf,
	&cmd_pki_bundle,
	&cmd_pki_renew,
	&cmd_pki_revoke,
	&cmd_pki_crl,
	&cmd_pki_inspect,
	&cmd_authorizers_check,
	&cmd_authorizers_export,
	&cmd_audit_export,
	&cmd_audit_show,
	&cmd_audit_verify,
	&cmd_group_sync,
	&cmd_group_link_list,
	&cmd_group_delete,
	&cmd_group_link_remove,
	&cmd_group_scan,
	&cmd_group_link_set,
	&cmd_group_update,
	&cmd_group_replace_policy,
	&cmd_group_create,
	&cmd_group_link_add,
	&cmd_group_list,
	&cmd_group_link_test,
	&cmd_group_show,
	&cmd_group_scans,
	&cmd_key_generate,
	&cmd_key_import,
	&cmd_key_list,
	&cmd_key_show,
	&cmd_key_update,
	&cmd_key_rotate,
	&cmd_key_activate,
	&cmd_key_deactivate,
	&cmd_key_destroy,
	&cmd_key_drop_private,
	&cmd_key_delete,
	&cmd_key_export,
	&cmd_key_encrypt,
	&cmd_key_decrypt,
	&cmd_key_sign,
	&cmd_key_verify,
	&cmd_key_tokenize,
	&cmd_key_detokenize,
	&cmd_account_show,
	&cmd_account_update,
	&cmd_app_create,
	&cmd_app_list,
	&cmd_app_show,
	&cmd_app_update,
	&cmd_app_grant,
	&cmd_app_revoke,
	&cmd_app_api_key,
	&cmd_app_reset,
	&cmd_app_end_old_key,
	&cmd_app_delete,
	&cmd_user_invite,
	&cmd_user_list,
	&cmd_user_show,
	&cmd_user_update,
	&cmd_user_delete,
	&cmd_approval_list,
	&cmd_approval_show,
	&cmd_approval_approve,
	&cmd_approval_deny,
	&cmd_approval_result,
	&cmd_approval_withdraw,
	&cmd_health,
	&cmd_completion,
	&cmd_help,
};
const size_t cli_command_count = HF_COUNT(cli_commands);

/* How many words of argv the command's name takes up: 0 when it is another. */
static int words_matched(const struct cli_command *c, int argc, char **argv)
{
	const char *name = c->name;
	int words = 0;

	while (*name) {
		size_t n = strcspn(name, " ");

		if (words >= argc || strlen(argv[words]) != n || strncmp(argv[words], name, n) != 0)
			return 0;
		words++;
		name += n + (name[n] == ' ');
	}
	return words;
}

static const struct cli_command *find_command(int argc, char **argv, int *words)
{
	const struct cli_command *found = NULL;

	*words = 0;
	for (size_t i = 0; i < cli_command_count; i++) {
		int n = words_matched(cli_commands[i], argc, argv);

		if (n > *words) {
			*words = n;
			found = cli_commands[i];
		}
	}
	return found;
}

/* Whether a command's name begins with this word, and goes on. */
static bool is_of(const struct cli_command *c, const char *word)
{
	size_t n = strlen(word);

	return strncmp(c->name, word, n) == 0 && c->name[n] == ' ';
}

/* NULL: all of them. */
static void list_commands(FILE *to, const char *word)
{
	for (size_t i = 0; i < cli_command_count; i++)
		if (!word || is_of(cli_commands[i], word))
			fprintf(to, "  %-28s %s\n", cli_commands[i]->name,
			        cli_commands[i]->summary);
}

static int overview(FILE *to)
{
	fputs("Holdfast: key custody and signing with any PKCS#11 HSM.\n\nUsage: holdfast COMMAND "
	      "[OPTION]...\n\n",
	      to);
	list_commands(to, NULL);
	fputs("\nholdfast COMMAND --help tells a command's options; holdfast --version the "
	      "version.\n",
	      to);
	return to == stdout ? 0 : 2;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* Of "holdfast key …" those of keys are told, not all that there are. */
static int no_such_command(int argc, char **argv)
{
	bool asked = wants_help(argc, argv), known = false;
	FILE *to = asked ? stdout : stderr;

	for (size_t i = 0; i < cli_command_count; i++)
		known |= is_of(cli_commands[i], argv[0]);
	if (!known) {
		fprintf(stderr, "holdfast: unknown command \"%s\"\n\n", argv[0]);
		return overview(stderr);
	}
	if (!asked && argc > 1 && argv[1][0] != '-')
		fprintf(to, "holdfast: unknown command \"%s %s\"\n\n", argv[0], argv[1]);
	fprintf(to, "Usage: holdfast %s COMMAND [OPTION]...\n\n", argv[0]);
	list_commands(to, argv[0]);
	fprintf(to, "\nholdfast %s COMMAND --help tells a command's options.\n", argv[0]);
	return asked ? 0 : 2;
}

static int run_command(const struct cli_command *c, int argc, char **argv)
{
	HF_FREE void *config = calloc(1, c->config_size ? c->config_size : 1);
	HF_FREE const char **args = calloc((size_t)argc + 1, sizeof(*args));
	struct hf_err err = { 0 };
	size_t n_args = 0;

	if (wants_help(argc, argv)) {
		cli_help(c);
		return 0;
	}
	if (!config || !args || !hf_ok(cli_parse(c, argc, argv, config, args, &n_args, &err))) {
		fprintf(stderr, "holdfast %s: %s\n", c->name, err.text);
		return 2;
	}
	return c->run(config, args, n_args);
}

int main(int argc, char **argv)
{
	const struct cli_command *c;
	int words;

	hf_log_setup("holdfast", HF_LOG_INFO, HF_LOG_AUTO);
	if (argc < 2)
		return overview(stderr);
	if (strcmp(argv[1], "--version") == 0)
		return printf("holdfast %s\n", HF_VERSION) < 0;
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return overview(stdout);
	c = find_command(argc - 1, argv + 1, &words);
	if (!c)
		return no_such_command(argc - 1, argv + 1);
	return run_command(c, argc - 1 - words, argv + 1 + words);
}
