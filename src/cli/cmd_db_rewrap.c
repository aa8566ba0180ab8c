/* SPDX-License-Identifier: Apache-2.0
 * holdfast db rewrap: all wrapped keys to a new master key, while drivers go on. */
#include "cli/upkeep_options.h"
#include "upkeep/rewrap.h"

#include <stdio.h>
#include <string.h>

struct options {
	struct upkeep_options upkeep;
	const char *to_label;
	bool dry_run, finish;
};

static const struct cli_option options[] = {
	CLI_UPKEEP_OPTIONS(struct options, upkeep),
	CLI_OPTION_NEEDED(struct options, to_label, "to-label", "LABEL",
	                  "label of the new master key; --master-label names the old one or ones"),
	CLI_OPTION_FLAG(struct options, dry_run, "dry-run",
	                "use every key that would be wrapped anew, and change nothing"),
	CLI_OPTION_FLAG(struct options, finish, "finish",
	                "when nothing is wrapped by the old master key any more, the database "
	                "forgets it"),
};

/* "new,old": the first wraps. */
static hf_status put_labels(const struct options *o, struct signer_setup *to, struct hf_err *err)
{
	char labels[sizeof(to->master_label)], all[2 * sizeof(labels)];
	char *rest = labels, *label;
	size_t used;

	snprintf(labels, sizeof(labels), "%s", to->master_label);
	used = (size_t)snprintf(all, sizeof(all), "%s", o->to_label);
	while ((label = strsep(&rest, ",")) && used < sizeof(all))
		if (strcmp(label, o->to_label) != 0)
			used += (size_t)snprintf(all + used, sizeof(all) - used, ",%s", label);
	if (used >= sizeof(to->master_label))
		return hf_fail(err, HF_TOOBIG, "--to-label and --master-label are too long");
	memcpy(to->master_label, all, used + 1);
	return HF_SUCCESS;
}

static const char *label_of(const struct canaries *c, const char *id)
{
	for (size_t i = 0; i < c->n_masters; i++)
		if (strcmp(c->masters[i].id, id) == 0)
			return c->masters[i].label;
	return "not in this HSM";
}

static hf_status tell_masters(struct db *db, const struct canaries *c, int64_t *ret_left,
                              struct hf_err *err)
{
	int64_t all, keys;

	if (!hf_ok(keydb_count(db, NULL, &all)) || !hf_ok(keydb_count(db, c->masters[0].id, &keys)))
		return hf_fail(err, HF_IO, "cannot count the keys: %s", db_error(db));
	*ret_left = all - keys;
	printf("Master key %s (%s, new) wraps %lld keys\n", c->masters[0].id, c->masters[0].label,
	       (long long)keys);
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->list[i].master_id, c->masters[0].id) == 0)
			continue;
		if (!hf_ok(keydb_count(db, c->list[i].master_id, &keys)))
			return hf_fail(err, HF_IO, "cannot count the keys: %s", db_error(db));
		printf("Master key %s (%s) wraps %lld keys\n", c->list[i].master_id,
		       label_of(c, c->list[i].master_id), (long long)keys);
	}
	return HF_SUCCESS;
}

static hf_status tell_next(struct options *o, struct db *db, const struct rewrap_sum *sum,
                           struct hf_err *err)
{
	const char *new_id = sum->masters.masters[0].id;
	int64_t left;

	HF_TRY(tell_masters(db, &sum->masters, &left, err));
	if (left) {
		printf("%lld keys are still under an old master key: %s\n", (long long)left,
		       sum->sum.bad || sum->sum.elsewhere ? "see what is said of them above"
		                                          : "run it again");
		return HF_SUCCESS;
	}
	if (!o->finish) {
		printf("Nothing is wrapped by an old master key any more. Next: start every driver "
		       "with --master-label %s first, run this again with --finish, and then take "
		       "the old label away from the drivers.\n",
		       o->to_label);
		return HF_SUCCESS;
	}
	HF_TRY(rewrap_finish(db, new_id, &left, err));
	printf("The database knows only master key %s now. Next: start the drivers with "
	       "--master-label %s alone. Keep the old master key, and its backup, for as long as "
	       "you keep backups of the database that were made before.\n",
	       new_id, o->to_label);
	return HF_SUCCESS;
}

static void tell_done(const struct options *o, const struct rewrap_sum *sum)
{
	printf(o->dry_run ? "%lld keys can be wrapped anew; nothing was changed\n"
	                  : "%lld keys were wrapped anew, each proven by a signature before it was "
	                    "stored\n",
	       (long long)sum->done);
	if (sum->resident)
		printf("%lld of them live inside the HSM and stay there: their records were sealed "
		       "anew\n",
		       (long long)sum->resident);
	if (sum->overtaken)
		printf("%lld were replaced by somebody else meanwhile\n",
		       (long long)sum->overtaken);
	if (sum->sum.elsewhere)
		printf("%lld live inside another HSM: run this there too\n",
		       (long long)sum->sum.elsewhere);
	if (sum->sum.bad)
		printf("%lld could not be used, and stay as they are: listed above\n",
		       (long long)sum->sum.bad);
}

static hf_status rewrap(struct options *o, struct rewrap_config *c, struct rewrap_sum *sum,
                        struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	char database[512];

	HF_TRY(cli_db_options(&o->upkeep.db, err));
	HF_TRY(upkeep_options_setup(&o->upkeep, o->dry_run ? "dry run" : "rewrap", &c->verify,
	                            err));
	HF_TRY(put_labels(o, &c->verify.hsm.setup, err));
	c->dry_run = o->dry_run;
	db_describe(&o->upkeep.db, database, sizeof(database));
	o->upkeep.db.read_only = o->dry_run;
	HF_TRY(keydb_open(&o->upkeep.db, &db, err));
	HF_TRY(rewrap_run(c, db, database, sum, err));
	progress_end(&o->upkeep.progress);
	tell_done(o, sum);
	return o->dry_run ? HF_SUCCESS : tell_next(o, db, sum, err);
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	HF_FREE struct rewrap_sum *sum = calloc(1, sizeof(*sum));
	struct rewrap_config c = { 0 };
	struct hf_err err = { 0 };
	hf_status s = sum ? rewrap(o, &c, sum, &err) : HF_FAILURE(HF_NOMEM);

	hf_secret_done(&c.verify.hsm.setup.pin);
	hf_secret_done(&o->upkeep.module.user_pin);
	progress_end(&o->upkeep.progress);
	if (!hf_ok(s))
		return cli_failed("db rewrap", s, &err);
	return sum->sum.bad ? 1 : 0;
}

const struct cli_command cmd_db_rewrap = {
	.name = "db rewrap",
	.summary = "move all wrapped keys to a new master key, while drivers go on",
	.details = "Each key is unwrapped and wrapped again inside the HSM, the new record is used "
	           "for a signature that is verified, and only then it takes the place of the old "
	           "one, durably. It can be killed and run again: what is done is done. Before it, "
	           "every driver has to hold both master keys (--master-label old,new), in every "
	           "HSM: one that does not could not use what has been moved. Keys that cannot be "
	           "used are listed and stay as they are; the exit status is 1 then.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
