/* SPDX-License-Identifier: Apache-2.0
 * holdfast server rotate-token-key: another key signs access tokens. */
#include "cli/commands.h"
#include "cli/db_options.h"
#include "server/server.h"

#include <stdio.h>

struct options {
	struct db_config db;
	bool retire;
};

static const struct cli_option options[] = {
	CLI_DB_OPTIONS(struct options, db, "the server's database"),
	CLI_OPTION_FLAG(struct options, retire, "retire-old",
	                "refuse every token that was signed before, at once: people log in again, "
	                "but tokens of service accounts (holdfast server account-token) and "
	                "personal access tokens have to be made anew"),
};

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	int64_t generation;
	hf_status s = cli_db_options(&o->db, &err);

	if (hf_ok(s))
		s = server_rotate_token_key(&o->db, o->retire, &generation, &err);
	if (!hf_ok(s))
		return cli_failed("server rotate-token-key", s, &err);
	printf("Tokens are signed by key %lld from now on. %s\n", (long long)generation,
	       o->retire ? "Those signed before are refused within two seconds."
	                 : "Those signed before are good until they expire.");
	return 0;
}

const struct cli_command cmd_server_rotate_token_key = {
	.name = "server rotate-token-key",
	.summary = "sign access tokens with a new key",
	.details =
	        "The keys are derived from the secret file, each from its number, so nothing has "
	        "to be copied between servers, and none has to be restarted. The server does "
	        "this by itself at the age that --token-key-days names.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
