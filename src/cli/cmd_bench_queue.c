/* SPDX-License-Identifier: Apache-2.0
 * holdfast bench queue: the whole path on this machine, against the raw loop of the same run. */
#include "cli/bench_load.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

struct options {
	struct module_options module;
	const char *dir, *only;
	int64_t sessions, outstanding, ms, count, warm_keys;
	bool relaxed;
};

static const struct cli_option options[] = {
	CLI_MODULE_OPTIONS(struct options, module),
	CLI_OPTION_TEXT(struct options, dir, "dir", "DIR", NULL,
	                "where the databases of the run lie; without it, $TMPDIR or /tmp"),
	CLI_OPTION_TEXT(struct options, only, "only", "PART", "all",
	                "jobs: queue, driver and signer alone; api: with the Signing API; light: "
	                "one request at a time; all"),
	CLI_OPTION_NUMBER(struct options, sessions, "sessions", "2", 1, 256,
	                  "signer processes of the driver"),
	CLI_OPTION_NUMBER(struct options, outstanding, "outstanding", "256", 1, 4096,
	                  "requests under way at a time"),
	CLI_OPTION_NUMBER(struct options, ms, "ms", "5000", 100, 3600000,
	                  "milliseconds for each measurement"),
	CLI_OPTION_NUMBER(
	        struct options, count, "count", "0", 0, 0,
	        "signatures to make in the jobs and api parts, however long it takes; 0: for --ms"),
	CLI_OPTION_NUMBER(struct options, warm_keys, "warm-keys", "0", 0, 100000,
	                  "unwrapped keys that the driver's sessions keep; 0: unwrap, sign and "
	                  "destroy each time"),
	CLI_OPTION_FLAG(struct options, relaxed, "relaxed",
	                "the server commits without waiting for the disk"),
};

enum { TELL_EVERY = 100000 };

struct run {
	struct options *options;
	struct hsmhost_config raw; /* and the PIN, for the driver */
	struct rig rig;
	struct rig_driver driver;
	struct bench_result before, after;
	struct bench_result result, sign; /* of the measurement under way */
	struct hf_err *err;
	uint64_t told;
};

static bool wants(const struct run *r, const char *part)
{
	return strcmp(r->options->only, "all") == 0 || strcmp(r->options->only, part) == 0;
}

static double mib(uint64_t bytes)
{
	return (double)bytes / (1 << 20);
}

static void tell_process(const char *name, pid_t pid)
{
	if (pid > 0)
		printf(" %s %.1f MiB and %.2f s of processor;", name, mib(os_process_rss(pid)),
		       (double)os_process_cpu_us(pid) / 1e6);
}

static void tell_processes(const struct run *r, const char *when)
{
	printf("  %s:", when);
	tell_process("server", r->rig.server.process.pid);
	tell_process("driver", r->rig.driver.process.pid);
	tell_process("load", getpid());
	putchar('\n');
	fflush(stdout);
}

/* Long runs are about memory: told every 100,000 signatures or so. */
static void progress(void *ctx, uint64_t done)
{
	struct run *r = ctx;

	if (!r->options->count || done / TELL_EVERY == r->told)
		return;
	r->told = done / TELL_EVERY;
	printf("  %llu of %lld signatures,", (unsigned long long)done,
	       (long long)r->options->count);
	tell_processes(r, "now");
}

static hf_status measure_raw(struct run *r, unsigned processes, struct bench_result *ret)
{
	struct hsmhost_config config = r->raw;

	config.processes = processes;
	return bench_raw(&config, r->options->warm_keys ? "sign" : "unwrap", "secp256k1",
	                 r->options->ms, ret, r->err);
}

static struct load load_of(struct run *r, unsigned outstanding)
{
	return (struct load){
		.outstanding = outstanding,
		.ms = r->options->ms,
		.count = outstanding > 1 ? r->options->count : 0,
		.relaxed = r->options->relaxed,
		.progress = progress,
		.ctx = r,
	};
}

static hf_status with_server(struct run *r, const struct load *load)
{
	hf_status s;

	HF_TRY(rig_start_server(&r->rig, load->relaxed, r->err));
	s = rig_start_driver(&r->rig, &r->driver, r->err);
	if (hf_ok(s)) {
		tell_processes(r, "idle");
		s = load_api(&r->rig, load, &r->result, &r->sign, r->err);
	}
	if (hf_ok(s))
		tell_processes(r, "after");
	rig_stop(&r->rig.driver);
	rig_stop(&r->rig.server);
	return s;
}

static hf_status run_jobs(struct run *r, struct bench_result *ret)
{
	struct load load = load_of(r, (unsigned)r->options->outstanding);

	HF_TRY(load_jobs(&r->rig, &r->driver, &load, ret, r->err));
	bench_print("queue + driver + signer", ret);
	return HF_SUCCESS;
}

static hf_status run_api(struct run *r, struct bench_result *ret)
{
	struct load load = load_of(r, (unsigned)r->options->outstanding);

	HF_TRY(with_server(r, &load));
	*ret = r->result;
	bench_print("Signing API with user actions + all of that", ret);
	return HF_SUCCESS;
}

static hf_status run_light(struct run *r)
{
	struct load load = load_of(r, 1);
	struct bench_result raw;
	int64_t raw_us, jobs_us;

	HF_TRY(measure_raw(r, 1, &raw));
	raw_us = hf_latency_percentile(&raw.latency, 0.5);
	HF_TRY(load_jobs(&r->rig, &r->driver, &load, &r->result, r->err));
	jobs_us = hf_latency_percentile(&r->result.latency, 0.5);
	HF_TRY(with_server(r, &load));
	printf("\nOne at a time, median in ms: raw %.3f; through the queue +%.3f; signing request "
	       "over the API +%.3f; "
	       "with its user action, three requests in all, +%.3f\n",
	       (double)raw_us / 1000, (double)(jobs_us - raw_us) / 1000,
	       (double)(hf_latency_percentile(&r->sign.latency, 0.5) - raw_us) / 1000,
	       (double)(hf_latency_percentile(&r->result.latency, 0.5) - raw_us) / 1000);
	return HF_SUCCESS;
}

static void print_ratio(const struct run *r, const char *what, const struct bench_result *result)
{
	double raw = (bench_rate(&r->before) + bench_rate(&r->after)) / 2;

	if (result->latency.count && raw > 0)
		printf("%s: %.0f %% of the raw loop\n", what, 100 * bench_rate(result) / raw);
}

static hf_status run_parts(struct run *r)
{
	struct bench_result jobs = { 0 }, api = { 0 };

	bench_print_head("secp256k1");
	HF_TRY(measure_raw(r, (unsigned)r->options->sessions, &r->before));
	bench_print(r->options->warm_keys ? "raw loop: sign" : "raw loop: unwrap + sign + destroy",
	            &r->before);
	if (wants(r, "jobs"))
		HF_TRY(run_jobs(r, &jobs));
	if (wants(r, "api"))
		HF_TRY(run_api(r, &api));
	HF_TRY(measure_raw(r, (unsigned)r->options->sessions, &r->after));
	bench_print("raw loop, once more", &r->after);
	putchar('\n');
	print_ratio(r, "queue + driver + signer", &jobs);
	print_ratio(r, "with the Signing API", &api);
	if (wants(r, "light"))
		HF_TRY(run_light(r));
	return HF_SUCCESS;
}

static hf_status bench(struct options *o, struct hf_err *err)
{
	HF_FREE struct run *r = calloc(1, sizeof(*r));
	hf_status s;

	HF_ENSURE(r, HF_NOMEM);
	r->options = o;
	r->err = err;
	r->raw.signer_path = o->module.signer;
	HF_TRY(module_options_setup(&o->module, true, &r->raw.setup, err));
	r->driver = (struct rig_driver){ .module = &o->module,
		                         .setup = &r->raw.setup,
		                         .sessions = (unsigned)o->sessions,
		                         .warm_keys = (unsigned)o->warm_keys };
	s = rig_new(o->dir, &r->rig, err);
	if (hf_ok(s))
		s = run_parts(r);
	rig_done(&r->rig);
	hf_secret_done(&r->raw.setup.pin);
	return s;
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	hf_status s;

	hf_log_setup("bench", HF_LOG_WARN, HF_LOG_AUTO);
	s = bench(o, &err);
	hf_secret_done(&o->module.user_pin);
	return hf_ok(s) ? 0 : cli_failed("bench queue", s, &err);
}

const struct cli_command cmd_bench_queue = {
	.name = "bench queue",
	.summary = "measure the whole path on this machine, against the raw loop of the same run",
	.details = "Starts a server and a driver of its own on the given token, in a directory of "
	           "its own that is removed at the end: first "
	           "queue, driver and signer alone, then the Signing API with user actions, then "
	           "one request at a time. The raw loop "
	           "runs before and after; ratios are against the mean of both.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
