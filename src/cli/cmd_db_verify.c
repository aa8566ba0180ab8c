/* SPDX-License-Identifier: Apache-2.0
 * holdfast db verify: can this HSM use every key of this database, or of this backup? */
#include "cli/schemas.h"
#include "cli/upkeep_options.h"

#include <stdio.h>

struct options {
	struct upkeep_options upkeep;
	const char *backup;
	int64_t sample;
};

static const struct cli_option options[] = {
	CLI_UPKEEP_OPTIONS(struct options, upkeep),
	CLI_OPTION_TEXT(struct options, backup, "backup", "FILE", NULL,
	                "a backup in place of a database; it is not restored"),
	CLI_OPTION_NUMBER(struct options, sample, "sample", "0", 0, 0,
	                  "only so many keys, evenly spread; 0: all"),
};

static hf_status of_backup(struct options *o, const struct verify_config *config,
                           struct verify_sum *sum, struct hf_err *err)
{
	struct dump_config file = { .schemas = cli_schemas,
		                    .n_schemas = cli_schema_count,
		                    .path = o->backup };

	if (o->upkeep.db.sqlite_path || o->upkeep.db.postgres_url)
		return hf_fail(err, HF_INVALID, "--backup: in place of a database, not beside it");
	return verify_backup(config, &file, sum, err);
}

static hf_status of_database(struct options *o, const struct verify_config *config,
                             struct verify_sum *sum, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;

	HF_TRY(cli_db_options(&o->upkeep.db, err));
	o->upkeep.db.read_only = true;
	HF_TRY(keydb_open(&o->upkeep.db, &db, err));
	return verify_database(config, db, sum, err);
}

static void print(struct options *o, const struct verify_sum *sum)
{
	HF_BUF_SCOPED struct hf_buf json = HF_BUF((size_t)1 << 20);

	progress_end(&o->upkeep.progress);
	if (o->upkeep.json) {
		upkeep_write_sum(sum, &json);
		printf("%.*s\n", (int)json.len, (const char *)json.ptr);
		return;
	}
	upkeep_print_sum(sum);
	if (sum->bad)
		printf("%lld of %lld keys cannot be used with this HSM: they are listed above\n",
		       (long long)sum->bad, (long long)sum->seen);
	else
		printf("This HSM can use all %lld keys%s: each has signed, and its signature was "
		       "verified\n",
		       (long long)(sum->seen - sum->elsewhere), o->sample ? " of the sample" : "");
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	HF_FREE struct verify_sum *sum = calloc(1, sizeof(*sum));
	struct verify_config verify = { 0 };
	struct hf_err err = { 0 };
	hf_status s = sum ? HF_SUCCESS : HF_FAILURE(HF_NOMEM);

	if (hf_ok(s))
		s = upkeep_options_setup(&o->upkeep, "verify", &verify, &err);
	verify.sample = o->sample;
	if (hf_ok(s))
		s = o->backup ? of_backup(o, &verify, sum, &err)
		              : of_database(o, &verify, sum, &err);
	hf_secret_done(&verify.hsm.setup.pin);
	hf_secret_done(&o->upkeep.module.user_pin);
	progress_end(&o->upkeep.progress);
	if (!hf_ok(s))
		return cli_failed("db verify", s, &err);
	print(o, sum);
	return sum->bad ? 1 : 0;
}

const struct cli_command cmd_db_verify = {
	.name = "db verify",
	.summary = "have the HSM use every wrapped key of a database or a backup once",
	.details = "For each key: the HSM checks the record's MAC, unwraps the key and signs "
	           "something random, and the signature is verified here against the public key. "
	           "Changes nothing; drivers may go on. Keys that cannot be used are listed, and "
	           "the exit status is 1 then. Give all master keys that the database knows "
	           "(--master-label new,old).",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
