/* SPDX-License-Identifier: Apache-2.0
 * holdfast server user-code: a one-time code for a person. */
#include "base/clock.h"
#include "base/secret.h"
#include "cli/commands.h"
#include "cli/db_options.h"
#include "server/server.h"

#include <stdio.h>

struct options {
	struct server_user_code code;
	int64_t hours;
};

static const struct cli_option options[] = {
	CLI_DB_OPTIONS(struct options, code.db, "the server's database"),
	CLI_OPTION_NEEDED(struct options, code.username, "username", "NAME",
	                  "whose code it is: the user's e-mail address"),
	CLI_OPTION_TEXT(struct options, code.kind, "kind", "KIND", "registration",
	                "registration: his first credential; recovery: new ones, together with his "
	                "recovery key; login: his encrypted private key, for a "
	                "PasswordProtectedKey"),
	CLI_OPTION_NUMBER(struct options, hours, "hours", "24", 1, 168, "how long it is good for"),
	CLI_OPTION_FLAG(struct options, code.replace, "replace",
	                "registration of somebody who has registered already and lost everything, "
	                "also his recovery key: when he uses the code, all his credentials, logins "
	                "and tokens end"),
};

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	char code[24], until[HF_ISO_LEN];
	int64_t expires_ms;
	hf_status s = cli_db_options(&o->code.db, &err);

	o->code.lifetime_s = o->hours * 3600;
	if (hf_ok(s))
		s = server_make_user_code(&o->code, code, &expires_ms, &err);
	if (!hf_ok(s))
		return cli_failed("server user-code", s, &err);
	hf_iso_time(expires_ms, until);
	printf("%s\n", code);
	fprintf(stderr,
	        "A %s code for %s, good once, until %s. Hand it over by a way on which nobody else "
	        "sees it; one that was made before is no longer good.\n",
	        o->code.kind, o->code.username, until);
	hf_wipe(code, sizeof(code));
	return 0;
}

const struct cli_command cmd_server_user_code = {
	.name = "server user-code",
	.summary = "make a one-time code for a person to register or recover with",
	.details = "Holdfast sends no e-mail: the administrator prints the code and hands it over. "
	           "The code goes to standard output, words about it to standard error. Only its "
	           "hash is kept. Servers need no restart.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
