/* SPDX-License-Identifier: Apache-2.0
 * holdfast server store add, list, set-primary: the organisation's key stores. */
#include "cli/commands.h"
#include "cli/db_options.h"
#include "server/server.h"

#include <stdio.h>

struct add_options {
	struct db_config db;
	struct server_store store;
};

static const struct cli_option add_options[] = {
	CLI_DB_OPTIONS(struct add_options, db, "the server's database"),
	CLI_OPTION_NEEDED(struct add_options, store.name, "name", "NAME",
	                  "its name, by which drivers may name it too"),
	CLI_OPTION_TEXT(struct add_options, store.driver_ca, "driver-ca", "PEM", NULL,
	                "the intermediate whose leaf certificates may serve it; without it, any "
	                "driver that the listener accepts"),
	CLI_OPTION_FLAG(struct add_options, store.by_name, "by-name",
	                "its drivers' certificates are open to other key stores too: each driver "
	                "says which it serves, by its --name"),
	CLI_OPTION_FLAG(struct add_options, store.primary, "primary",
	                "new keys go there when their caller names no store"),
};

static int add(void *config, const char *const *args, size_t n_args)
{
	struct add_options *o = config;
	struct hf_err err = { 0 };
	char id[64];
	hf_status s = cli_db_options(&o->db, &err);

	if (hf_ok(s))
		s = server_store_add(&o->db, &o->store, id, &err);
	if (!hf_ok(s))
		return cli_failed("server store add", s, &err);
	printf("STORE_ID='%s'\n", id);
	return 0;
}

const struct cli_command cmd_server_store_add = {
	.name = "server store add",
	.summary = "add a key store: a set of drivers that have keys of their own",
	.details = "A key lives in one key store for good, and only that store's drivers can use "
	           "it. Callers choose with storeId. Give a store an intermediate of its own, so "
	           "that certificates alone decide which drivers serve it. Prints its id as a "
	           "shell assignment. Servers need no restart.",
	.options = add_options,
	.n_options = HF_COUNT(add_options),
	.config_size = sizeof(struct add_options),
	.run = add,
};

struct list_options {
	struct db_config db;
};

static const struct cli_option list_options[] = {
	CLI_DB_OPTIONS(struct list_options, db, "the server's database"),
};

static void print_store(void *ctx, const char *id, const char *name, bool primary)
{
	printf("%s  %s  %s\n", id, primary ? "primary" : "       ", name);
}

static int list(void *config, const char *const *args, size_t n_args)
{
	struct list_options *o = config;
	struct hf_err err = { 0 };
	hf_status s = cli_db_options(&o->db, &err);

	if (hf_ok(s))
		s = server_store_list(&o->db, print_store, NULL, &err);
	return hf_ok(s) ? 0 : cli_failed("server store list", s, &err);
}

const struct cli_command cmd_server_store_list = {
	.name = "server store list",
	.summary = "list the key stores: id, which is primary, name",
	.options = list_options,
	.n_options = HF_COUNT(list_options),
	.config_size = sizeof(struct list_options),
	.run = list,
};

struct primary_options {
	struct db_config db;
	const char *store_id;
};

static const struct cli_option primary_options[] = {
	CLI_DB_OPTIONS(struct primary_options, db, "the server's database"),
	CLI_OPTION_NEEDED(struct primary_options, store_id, "store-id", "ID",
	                  "the key store, as `server store list` tells it"),
};

static int set_primary(void *config, const char *const *args, size_t n_args)
{
	struct primary_options *o = config;
	struct hf_err err = { 0 };
	hf_status s = cli_db_options(&o->db, &err);

	if (hf_ok(s))
		s = server_store_set_primary(&o->db, o->store_id, &err);
	if (!hf_ok(s))
		return cli_failed("server store set-primary", s, &err);
	printf("New keys go to %s from now on when their caller names no store. Keys that are "
	       "there stay where they are.\n",
	       o->store_id);
	return 0;
}

const struct cli_command cmd_server_store_set_primary = {
	.name = "server store set-primary",
	.summary = "choose the key store for keys whose caller names none",
	.options = primary_options,
	.n_options = HF_COUNT(primary_options),
	.config_size = sizeof(struct primary_options),
	.run = set_primary,
};
