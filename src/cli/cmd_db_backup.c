/* SPDX-License-Identifier: Apache-2.0
 * holdfast db backup, db restore. */
#include "cli/commands.h"
#include "cli/db_options.h"
#include "cli/progress.h"
#include "cli/schemas.h"
#include "base/clock.h"
#include "db/dump.h"

#include <stdio.h>

struct options {
	struct db_config db;
};

static const struct cli_option backup_options[] = {
	CLI_DB_OPTIONS(struct options, db, "the database, a driver's or a server's or both"),
};

static const struct cli_option restore_options[] = {
	CLI_DB_OPTIONS(struct options, db, "the new database, with nothing in it"),
};

static void tell(void *ctx, int64_t rows)
{
	progress_tell(ctx, rows, 0);
}

static void print_summary(const char *what, const char *path, const struct dump_summary *sum)
{
	char when[HF_ISO_LEN];

	hf_iso_time(sum->at_ms, when);
	printf("%s %s: %lld rows, %lld bytes, the database as of %s\n", what, path,
	       (long long)sum->rows, (long long)sum->bytes, when);
	for (size_t i = 0; i < sum->n_schemas; i++)
		printf("  schema %s, version %lld: %lld rows\n", sum->schemas[i].name,
		       (long long)sum->schemas[i].version, (long long)sum->schemas[i].rows);
}

static hf_status prepare(struct options *o, const char *const *args, size_t n_args,
                         struct progress *p, struct dump_config *ret, struct hf_err *err)
{
	HF_TRY(cli_db_options(&o->db, err));
	if (n_args != 1)
		return hf_fail(err, HF_INVALID, "give one FILE");
	*ret = (struct dump_config){ .db = o->db,
		                     .schemas = cli_schemas,
		                     .n_schemas = cli_schema_count,
		                     .path = args[0],
		                     .progress = tell,
		                     .ctx = p };
	return HF_SUCCESS;
}

static int run_backup(void *options, const char *const *args, size_t n_args)
{
	struct dump_config config;
	struct dump_summary sum;
	struct hf_err err = { 0 };
	struct progress p;
	hf_status s;

	progress_begin(&p, "backup, rows");
	s = prepare(options, args, n_args, &p, &config, &err);
	if (hf_ok(s))
		s = dump_save(&config, &sum, &err);
	progress_end(&p);
	if (!hf_ok(s))
		return cli_failed("db backup", s, &err);
	print_summary("Wrote", args[0], &sum);
	return 0;
}

static int run_restore(void *options, const char *const *args, size_t n_args)
{
	struct dump_config config;
	struct dump_summary sum;
	struct hf_err err = { 0 };
	struct progress p;
	hf_status s;

	progress_begin(&p, "restore, rows");
	s = prepare(options, args, n_args, &p, &config, &err);
	if (hf_ok(s))
		s = dump_restore(&config, &sum, &err);
	progress_end(&p);
	if (!hf_ok(s))
		return cli_failed("db restore", s, &err);
	print_summary("Restored", args[0], &sum);
	printf("Next: `holdfast db verify` has the HSM use every key once.\n");
	return 0;
}

const struct cli_command cmd_db_backup = {
	.name = "db backup",
	.summary = "write a database into a file, while everything goes on",
	.details =
	        "The file holds what the database was at one moment, of both schemas if both are "
	        "there, and a checksum; it fits either engine. Mode 0600; nothing is "
	        "overwritten. The private keys in it are wrapped by the HSM's master key; names, "
	        "public keys and requests are in the clear. It is of no use without the master "
	        "key: back that up by your vendor's procedure.",
	.positional = "FILE",
	.options = backup_options,
	.n_options = HF_COUNT(backup_options),
	.config_size = sizeof(struct options),
	.run = run_backup,
};

const struct cli_command cmd_db_restore = {
	.name = "db restore",
	.summary = "fill an empty database from a backup",
	.details =
	        "Checks the whole file first, then fills the database in one transaction, or not "
	        "at all; then brings its schemas up to this release. Refused unless the database "
	        "is empty. Stop drivers and servers that would use it until it is done.",
	.positional = "FILE",
	.options = restore_options,
	.n_options = HF_COUNT(restore_options),
	.config_size = sizeof(struct options),
	.run = run_restore,
};
