/* SPDX-License-Identifier: Apache-2.0
 * holdfast bench queue: the whole path on this machine, against the raw loop of the same run. */
#include "cli/bench_claims.h"
#include "cli/bench_series.h"
#include "cli/bench_sql.h"
#include "cli/commands.h"
#include "op/poll.h"

#include <stdio.h>
#include <string.h>

struct options {
	struct module_options module;
	const char *dir, *only;
	const char *postgres_url;
	int64_t drivers, sessions, threads, outstanding, rounds, ms, count, warm_keys, batch;
	bool relaxed, authorizers;
};

static const struct cli_option options[] = {
	CLI_MODULE_OPTIONS(struct options, module),
	CLI_OPTION_TEXT(struct options, dir, "dir", "DIR", NULL,
	                "where the databases of the run lie; without it, $TMPDIR or /tmp"),
	CLI_OPTION_TEXT(
	        struct options, only, "only", "PART", "all",
	        "claims: the queue alone, with drivers that are played, against its bare SQL "
	        "statements; jobs: queue, driver and signer; api: with the Signing API; "
	        "light: one request at a time; all: the last three"),
	CLI_OPTION_TEXT(struct options, postgres_url, "postgres-url", "URL", NULL,
	                "on this PostgreSQL, in schemas of the run's own, instead of SQLite"),
	CLI_OPTION_NUMBER(struct options, batch, "batch", "64", 1, POLL_BATCH_MAX,
	                  "claims: jobs that a played driver takes at a time"),
	CLI_OPTION_NUMBER(struct options, sessions, "sessions", "2", 1, 256,
	                  "signer processes of the driver"),
	CLI_OPTION_NUMBER(struct options, threads, "threads", "1", 1, WIRE_THREADS_MAX,
	                  "sessions inside each signer process: for network HSMs, whose calls wait "
	                  "more than they work"),
	CLI_OPTION_NUMBER(struct options, drivers, "drivers", "1", 1, RIG_DRIVERS_MAX,
	                  "drivers, each with as many sessions; more than one: each round of the "
	                  "jobs part is also compared with one driver alone"),
	CLI_OPTION_NUMBER(struct options, outstanding, "outstanding", "256", 1, 4096,
	                  "requests under way at a time"),
	CLI_OPTION_NUMBER(struct options, rounds, "rounds", "5", 1, SERIES_MAX,
	                  "rounds of each measurement, each between two raw loops"),
	CLI_OPTION_NUMBER(struct options, ms, "ms", "2000", 100, 3600000,
	                  "milliseconds for each measurement"),
	CLI_OPTION_NUMBER(
	        struct options, count, "count", "0", 0, 0,
	        "signatures to make in the jobs and api parts, however long it takes; 0: for --ms"),
	CLI_OPTION_NUMBER(struct options, warm_keys, "warm-keys", "0", 0, 100000,
	                  "unwrapped keys that the driver's sessions keep; 0: unwrap, sign and "
	                  "destroy each time"),
	CLI_OPTION_FLAG(struct options, authorizers, "authorizers",
	                "each round of the api part is also measured with drivers that check the "
	                "requests themselves"),
	CLI_OPTION_FLAG(struct options, relaxed, "relaxed",
	                "the server commits without waiting for the disk"),
};

enum { TELL_EVERY = 100000 };

struct run {
	struct options *options;
	struct hsmhost_config raw; /* and the PIN, for the driver */
	struct rig rig;
	struct rig_driver driver;
	struct series raw_series, jobs_series, many_series, api_series, checked_series, sql_series,
	        claims_series;
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
	for (int64_t i = 0; i < r->options->drivers; i++)
		tell_process("driver", r->rig.drivers[i].process.pid);
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

/* One token's. */
static hf_status measure_raw(struct run *r, unsigned processes, unsigned threads,
                             struct bench_result *ret)
{
	struct hsmhost_config config = r->raw;

	config.processes = processes;
	config.setup.threads = threads;
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
	s = rig_start_drivers(&r->rig, &r->driver, r->err);
	if (hf_ok(s) && load->count)
		tell_processes(r, "idle");
	if (hf_ok(s))
		s = load_api(&r->rig, load, &r->result, &r->sign, r->err);
	if (hf_ok(s) && load->count)
		tell_processes(r, "after");
	rig_stop_drivers(&r->rig);
	rig_stop(&r->rig.server);
	return s;
}

static hf_status run_jobs(struct run *r, unsigned outstanding)
{
	struct rig_driver one = r->driver;
	struct load load = load_of(r, outstanding);

	one.count = 1;
	return load_jobs(&r->rig, &one, &load, &r->result, r->err);
}

/* All drivers; each is to find as many requests as one alone does. */
static hf_status run_many(struct run *r)
{
	struct load load = load_of(r, (unsigned)(r->options->outstanding * r->options->drivers));
	double one = bench_rate(&r->result);

	HF_TRY(load_jobs(&r->rig, &r->driver, &load, &r->result, r->err));
	series_add(&r->many_series, &r->result, one, one);
	return HF_SUCCESS;
}

static hf_status run_api(struct run *r, unsigned outstanding)
{
	struct load load = load_of(r, outstanding);

	return with_server(r, &load);
}

/* The same once more, with drivers that check. */
static hf_status run_checked(struct run *r)
{
	double unchecked = bench_rate(&r->result);
	hf_status s;

	r->driver.checks = true;
	s = run_api(r, (unsigned)r->options->outstanding);
	r->driver.checks = false;
	HF_TRY(s);
	series_add(&r->checked_series, &r->result, unchecked, unchecked);
	return HF_SUCCESS;
}

/* One measurement and the raw loop after it; *raw is the rate of the one before, and then of that.
 */
static hf_status one_round(struct run *r, hf_status (*part)(struct run *r, unsigned outstanding),
                           struct series *to, double *raw)
{
	struct bench_result after;

	HF_TRY(part(r, (unsigned)r->options->outstanding));
	HF_TRY(measure_raw(r, (unsigned)r->options->sessions, r->driver.threads, &after));
	series_add(to, &r->result, *raw, bench_rate(&after));
	series_add(&r->raw_series, &after, 0, 0);
	*raw = bench_rate(&after);
	fputc('.', stderr);
	return HF_SUCCESS;
}

static hf_status run_rounds(struct run *r)
{
	struct bench_result first;
	char name[48];
	double raw;

	HF_TRY(measure_raw(r, (unsigned)r->options->sessions, r->driver.threads, &first));
	raw = bench_rate(&first);
	for (int64_t i = 0; i < r->options->rounds; i++) {
		if (wants(r, "jobs"))
			HF_TRY(one_round(r, run_jobs, &r->jobs_series, &raw));
		if (wants(r, "jobs") && r->options->drivers > 1)
			HF_TRY(run_many(r));
		if (wants(r, "api"))
			HF_TRY(one_round(r, run_api, &r->api_series, &raw));
		if (wants(r, "api") && r->options->authorizers)
			HF_TRY(run_checked(r));
	}
	fputc('\n', stderr);
	series_print_head("secp256k1, median of rounds", "of the raw loop");
	series_print(r->options->warm_keys ? "raw loop: sign" : "raw loop: unwrap + sign + destroy",
	             &r->raw_series);
	series_print("queue + driver + signer", &r->jobs_series);
	snprintf(name, sizeof(name), "the same, %lld drivers; of one",
	         (long long)r->options->drivers);
	series_print(name, &r->many_series);
	series_print("and the Signing API with user actions", &r->api_series);
	series_print("the same, checked by the drivers; of that", &r->checked_series);
	return HF_SUCCESS;
}

static double p50_ms(const struct bench_result *r)
{
	return (double)hf_latency_percentile(&r->latency, 0.5) / 1000;
}

/* One request at a time: what the way adds to the raw operation. */
static hf_status run_light(struct run *r)
{
	double raw[SERIES_MAX], queue[SERIES_MAX], sign[SERIES_MAX], whole[SERIES_MAX];
	size_t n = 0;

	for (; n < (size_t)r->options->rounds; n++) {
		struct bench_result alone;

		HF_TRY(measure_raw(r, 1, 1, &alone));
		raw[n] = p50_ms(&alone);
		HF_TRY(run_jobs(r, 1));
		queue[n] = p50_ms(&r->result) - raw[n];
		HF_TRY(run_api(r, 1));
		sign[n] = p50_ms(&r->sign) - raw[n];
		whole[n] = p50_ms(&r->result) - raw[n];
		fputc('.', stderr);
	}
	fputc('\n', stderr);
	printf("\nOne at a time, medians in ms: raw operation %.3f; added by queue, driver and "
	       "signer %.3f; by the signing request over the "
	       "API %.3f; by its user action too, three requests in all, %.3f\n",
	       series_median(raw, n), series_median(queue, n), series_median(sign, n),
	       series_median(whole, n));
	return HF_SUCCESS;
}

enum { PLAYED_DRIVERS = 4, SQL_WORKERS = 2 };

static hf_status measure_sql(struct run *r, struct bench_result *ret)
{
	const struct bench_sql config = {
		.db = r->rig.server_db,
		.store_id = r->rig.account.store_id,
		.workers = r->options->postgres_url ? SQL_WORKERS : 1,
		.batch = (unsigned)r->options->batch,
		.ms = r->options->ms,
		.relaxed = r->options->relaxed,
	};

	return bench_sql(&config, ret, r->err);
}

static hf_status run_claims_once(struct run *r)
{
	const struct load load = load_of(r, (unsigned)r->options->outstanding);
	const struct claims_config config = {
		.rig = &r->rig,
		.server_db = r->rig.server_db,
		.drivers = PLAYED_DRIVERS,
		.batch = (unsigned)r->options->batch,
	};

	return load_claims(&config, &load, &r->result, r->err);
}

static hf_status run_claims(struct run *r)
{
	struct bench_result before, after;

	HF_TRY(measure_sql(r, &before));
	for (int64_t i = 0; i < r->options->rounds; i++) {
		HF_TRY(run_claims_once(r));
		HF_TRY(measure_sql(r, &after));
		series_add(&r->claims_series, &r->result, bench_rate(&before), bench_rate(&after));
		series_add(&r->sql_series, &after, 0, 0);
		before = after;
		fputc('.', stderr);
	}
	fputc('\n', stderr);
	series_print_head("jobs, median of rounds", "of the raw loop");
	series_print("bare SQL statements", &r->sql_series);
	series_print("queue: claim and completion over mTLS", &r->claims_series);
	return HF_SUCCESS;
}

static hf_status run_parts(struct run *r)
{
	if (strcmp(r->options->only, "claims") == 0)
		return run_claims(r);
	if (strcmp(r->options->only, "light") != 0)
		HF_TRY(run_rounds(r));
	if (wants(r, "light") && !r->options->count)
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
	if (strcmp(o->only, "claims") != 0) /* no HSM in it */
		HF_TRY(module_options_setup(&o->module, true, &r->raw.setup, err));
	r->driver = (struct rig_driver){ .module = &o->module,
		                         .setup = &r->raw.setup,
		                         .count = (unsigned)o->drivers,
		                         .sessions = (unsigned)o->sessions,
		                         .threads = (unsigned)o->threads,
		                         .warm_keys = (unsigned)o->warm_keys };
	s = rig_new(o->dir, o->postgres_url, &r->rig, err);
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
	           "its own that is removed at the "
	           "end: queue, driver and signer alone, then with the Signing API and its user "
	           "actions, then one request at a time. "
	           "Each round stands between two raw loops and is compared with their mean.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
