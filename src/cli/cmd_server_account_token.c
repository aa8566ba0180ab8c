/* SPDX-License-Identifier: Apache-2.0
 * holdfast server account-token: another token for a service account. */
#include "base/secret.h"
#include "cli/commands.h"
#include "cli/db_options.h"
#include "server/server.h"

#include <stdio.h>

struct options {
	struct server_account_token token;
};

static const struct cli_option options[] = {
	CLI_DB_OPTIONS(struct options, token.db, "the server's database"),
	CLI_OPTION_NEEDED(struct options, token.secret_file, "secret-file", "FILE",
	                  "the servers' secret file, which tokens hang on"),
	CLI_OPTION_NEEDED(struct options, token.name, "name", "NAME", "the service account"),
	CLI_OPTION_NUMBER(struct options, token.days, "days", "365", 1, 730,
	                  "how long the token is good for"),
};

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	char token[2048];
	hf_status s = cli_db_options(&o->token.db, &err);

	if (hf_ok(s))
		s = server_make_account_token(&o->token, token, &err);
	if (!hf_ok(s))
		return cli_failed("server account-token", s, &err);
	printf("%s\n", token);
	fprintf(stderr, "A token for %s, shown this once; its other tokens stay as they are.\n",
	        o->token.name);
	hf_wipe(token, sizeof(token));
	return 0;
}

const struct cli_command cmd_server_account_token = {
	.name = "server account-token",
	.summary = "make another token for a service account",
	.details =
	        "For a service account whose token has expired, or was refused with all others by "
	        "holdfast server rotate-token-key --retire-old. Its credential stays the one "
	        "that it has. The token goes to standard output.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
