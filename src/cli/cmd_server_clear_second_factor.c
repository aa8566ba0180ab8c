/* SPDX-License-Identifier: Apache-2.0
 * holdfast server clear-second-factor: for a user of the Crypto API who has lost his. */
#include "cli/commands.h"
#include "cli/db_options.h"
#include "server/server.h"

#include <stdio.h>

struct options {
	struct db_config db;
	const char *email;
};

static const struct cli_option options[] = {
	CLI_DB_OPTIONS(struct options, db, "the server's database"),
	CLI_OPTION_NEEDED(struct options, email, "email", "ADDRESS",
	                  "the user, by the address with which he logs in"),
};

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	hf_status s = cli_db_options(&o->db, &err);

	if (hf_ok(s))
		s = server_clear_second_factor(&o->db, o->email, &err);
	if (!hf_ok(s))
		return cli_failed("server clear-second-factor", s, &err);
	printf("%s has no second factor any more: his password alone lets him in, until he has "
	       "registered another device. Give him a new password at the same time, by a way on "
	       "which you know him.\n",
	       o->email);
	return 0;
}

const struct cli_command cmd_server_clear_second_factor = {
	.name = "server clear-second-factor",
	.summary = "take away the second factor of a user of the Crypto API who has lost it",
	.details =
	        "For one who has lost all his devices and has no recovery code. No administrator "
	        "can do this through the API, so that none can pass for another person: who may "
	        "write to the server's database can, and it is in the audit log "
	        "(Server:ClearSecondFactor). His sessions end, and what he has approved and "
	        "nobody has carried out counts no longer. Servers need no restart.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
