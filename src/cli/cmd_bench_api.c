/* SPDX-License-Identifier: Apache-2.0
 * holdfast bench api: what policies cost a signature, in one run. */
#include "cli/bench_load.h"
#include "cli/bench_series.h"
#include "cli/commands.h"

#include <stdio.h>

struct options {
	struct module_options module;
	const char *dir, *postgres_url;
	int64_t sessions, outstanding, rounds, ms, warm_keys;
	bool relaxed;
};

static const struct cli_option options[] = {
	CLI_MODULE_OPTIONS(struct options, module),
	CLI_OPTION_TEXT(struct options, dir, "dir", "DIR", NULL,
	                "where the databases of the run lie; without it, $TMPDIR or /tmp"),
	CLI_OPTION_TEXT(struct options, postgres_url, "postgres-url", "URL", NULL,
	                "on this PostgreSQL, in schemas of the run's own, instead of SQLite"),
	CLI_OPTION_NUMBER(struct options, sessions, "sessions", "2", 1, 256,
	                  "signer processes of the driver"),
	CLI_OPTION_NUMBER(struct options, outstanding, "outstanding", "256", 1, 4096,
	                  "requests under way at a time"),
	CLI_OPTION_NUMBER(struct options, rounds, "rounds", "5", 1, SERIES_MAX,
	                  "rounds with a policy, each between two without"),
	CLI_OPTION_NUMBER(struct options, ms, "ms", "3000", 100, 3600000,
	                  "milliseconds for each measurement"),
	CLI_OPTION_NUMBER(struct options, warm_keys, "warm-keys", "0", 0, 100000,
	                  "unwrapped keys that the driver's sessions keep; 0: none"),
	CLI_OPTION_FLAG(struct options, relaxed, "relaxed",
	                "the server commits without waiting for the disk"),
};

/* Two installations: only one of them has a policy. */
struct run {
	const struct options *options;
	struct signer_setup setup;
	struct rig_driver driver;
	struct rig plain, ruled;
	struct series plain_series, ruled_series;
	struct hf_err *err;
};

static hf_status measure(struct run *r, struct rig *rig, bool policy, struct bench_result *ret)
{
	const struct load load = {
		.outstanding = (unsigned)r->options->outstanding,
		.ms = r->options->ms,
		.relaxed = r->options->relaxed,
		.policy = policy,
	};
	hf_status s;

	HF_TRY(rig_start_server(rig, load.relaxed, r->err));
	s = rig_start_drivers(rig, &r->driver, r->err);
	if (hf_ok(s))
		s = load_api(rig, &load, ret, NULL, r->err);
	rig_stop_drivers(rig);
	rig_stop(&rig->server);
	fputc('.', stderr);
	return s;
}

static hf_status run_rounds(struct run *r)
{
	struct bench_result before, after, ruled;

	HF_TRY(measure(r, &r->plain, false, &before));
	for (int64_t i = 0; i < r->options->rounds; i++) {
		HF_TRY(measure(r, &r->ruled, i == 0, &ruled)); /* it stays from then on */
		HF_TRY(measure(r, &r->plain, false, &after));
		series_add(&r->ruled_series, &ruled, bench_rate(&before), bench_rate(&after));
		series_add(&r->plain_series, &after, 0, 0);
		before = after;
	}
	fputc('\n', stderr);
	series_print_head("signatures with user actions, median of rounds", "of those without");
	series_print("without policies", &r->plain_series);
	series_print("with AlwaysTrigger/NoAction", &r->ruled_series);
	return HF_SUCCESS;
}

static hf_status bench(struct options *o, struct run *r)
{
	hf_status s;

	HF_TRY(module_options_setup(&o->module, true, &r->setup, r->err));
	r->driver = (struct rig_driver){ .module = &o->module,
		                         .setup = &r->setup,
		                         .count = 1,
		                         .sessions = (unsigned)o->sessions,
		                         .threads = 1,
		                         .warm_keys = (unsigned)o->warm_keys };
	s = rig_new(o->dir, o->postgres_url, &r->plain, r->err);
	if (hf_ok(s))
		s = rig_new(o->dir, o->postgres_url, &r->ruled, r->err);
	if (hf_ok(s))
		s = run_rounds(r);
	rig_done(&r->plain);
	rig_done(&r->ruled);
	hf_secret_done(&r->setup.pin);
	return s;
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	HF_FREE struct run *r = calloc(1, sizeof(*r));
	hf_status s = HF_FAILURE(HF_NOMEM);

	hf_log_setup("bench", HF_LOG_WARN, HF_LOG_AUTO);
	if (r) {
		r->options = o;
		r->err = &err;
		s = bench(o, r);
	}
	hf_secret_done(&o->module.user_pin);
	return hf_ok(s) ? 0 : cli_failed("bench api", s, &err);
}

const struct cli_command cmd_bench_api = {
	.name = "bench api",
	.summary = "measure what an active policy costs a signature over the Signing API",
	.details = "Starts two servers of its own, one after another, on the given token, in "
	           "directories that are removed at the end. One has an active policy that always "
	           "triggers and does nothing; each of its rounds stands between two of the other "
	           "and is compared with their mean.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
