/* SPDX-License-Identifier: Apache-2.0
 * holdfast server driver-ca: another intermediate for a key store. */
#include "cli/commands.h"
#include "cli/db_options.h"
#include "server/server.h"

#include <stdio.h>

struct options {
	struct db_config db;
	const char *store_id, *driver_ca;
};

static const struct cli_option options[] = {
	CLI_DB_OPTIONS(struct options, db, "the server's database"),
	CLI_OPTION_NEEDED(struct options, store_id, "store-id", "ID",
	                  "the key store, as `server init` has told it (STORE_ID)"),
	CLI_OPTION_NEEDED(struct options, driver_ca, "driver-ca", "PEM",
	                  "the new intermediate, whose leaf certificates may serve it"),
};

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	hf_status s = cli_db_options(&o->db, &err);

	if (hf_ok(s))
		s = server_set_driver_ca(&o->db, o->store_id, o->driver_ca, &err);
	if (!hf_ok(s))
		return cli_failed("server driver-ca", s, &err);
	printf("Drivers with leaves of %s serve %s from now on, and those of the intermediate "
	       "before no longer. Servers need no restart.\n",
	       o->driver_ca, o->store_id);
	return 0;
}

const struct cli_command cmd_server_driver_ca = {
	.name = "server driver-ca",
	.summary = "let another intermediate's drivers serve a key store",
	.details = "For an organisation whose intermediate's key was lost or stolen, or whose "
	           "certificate was replaced with another key. Give the drivers their new leaves "
	           "first: those of the old intermediate are refused from this moment on.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
