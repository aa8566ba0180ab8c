/* SPDX-License-Identifier: Apache-2.0
 * holdfast bench crypto: the Crypto API with keys that are resident in a slot, against the raw
 * token and, where asked for, against another way to the same token, in one run. */
#include "base/text.h"
#include "cli/bench_crypto.h"
#include "cli/bench_load.h"
#include "cli/bench_series.h"
#include "cli/bench_slot.h"
#include "cli/bench_sync.h"
#include "cli/commands.h"
#include "json/write.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct options {
	struct module_options module;
	const char *dir, *against;
	int64_t signers, callers, batch, rounds, ms, against_threads, keys;
	bool relaxed;
};

static const struct cli_option options[] = {
	CLI_MODULE_OPTIONS(struct options, module),
	CLI_OPTION_TEXT(struct options, dir, "dir", "DIR", NULL,
	                "where the database of the run lies; without it, $TMPDIR or /tmp"),
	CLI_OPTION_NUMBER(struct options, signers, "signers", "2", 1, 64,
	                  "signer processes of the gateway, and processes of the raw loop"),
	CLI_OPTION_NUMBER(struct options, callers, "callers", "4", 1, 256,
	                  "clients, each with a connection and one request under way"),
	CLI_OPTION_NUMBER(struct options, batch, "batch", "64", 1, 256, "operations in a batch"),
	CLI_OPTION_NUMBER(struct options, rounds, "rounds", "3", 1, SERIES_MAX, "rounds"),
	CLI_OPTION_NUMBER(struct options, ms, "ms", "3000", 100, 3600000,
	                  "milliseconds for each measurement"),
	CLI_OPTION_TEXT(struct options, against, "against", "FILE", NULL,
	                "another PKCS#11 library that reaches the same token, such as a remote "
	                "one's client: its raw loop is what signatures are compared with"),
	CLI_OPTION_NUMBER(struct options, against_threads, "against-threads", "4", 1,
	                  WIRE_THREADS_MAX, "sessions of that library, in one process"),
	CLI_OPTION_NUMBER(
	        struct options, keys, "keys", "0", 0, 1000000,
	        "also: time the sync of so many keys; those that the slot lacks are made, "
	        "and are removed with the token's own tools"),
	CLI_OPTION_FLAG(struct options, relaxed, "relaxed",
	                "the server commits without waiting for the disk"),
};

/* Whose processor time is told apart. */
enum part { PART_SERVER, PART_GATEWAY, PART_SIGNERS, PART_CLIENTS, PARTS };

enum load_kind { SIGN_BATCH, SIGN_SINGLE, SIGN_UNLOGGED, GCM_BATCH, GCM_SINGLE, LOADS };

static const struct {
	const char *name, *path;
	bool batch, gcm, unlogged;
} loads[LOADS] = {
	[SIGN_BATCH] = { "sign P-256, in batches", "/crypto/v1/keys/batch/sign", true },
	[SIGN_SINGLE] = { "sign P-256, one by one", "/crypto/v1/sign" },
	[SIGN_UNLOGGED] = { "sign P-256, one by one, key of high volume", "/crypto/v1/sign", false,
	                    false, true },
	[GCM_BATCH] = { "encrypt AES-256-GCM of 1 KB, in batches", "/crypto/v1/keys/batch/encrypt",
	                true, true },
	[GCM_SINGLE] = { "encrypt AES-256-GCM of 1 KB, one by one", "/crypto/v1/encrypt", false,
	                 true },
};

struct run {
	const struct options *options;
	struct signer_setup setup;
	struct hsmhost_config token;
	struct rig rig;
	struct bench_slot slot;
	struct hf_buf bodies[LOADS];
	struct series series[LOADS], raw_sign, raw_gcm, other;
	double cpu[LOADS][PARTS][SERIES_MAX]; /* microseconds an operation */
	struct hf_err *err;
};

static void write_sign(const char *kid, struct hf_buf *to)
{
	hf_buf_printf(to,
	              "{\"key\":{\"kid\":\"%s\"},\"hash_alg\":\"SHA256\","
	              "\"hash\":\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"}",
	              kid);
}

static void write_gcm(const char *kid, bool batch, struct hf_buf *to)
{
	static const uint8_t plain[1024];

	if (batch)
		hf_buf_printf(to, "{\"kid\":\"%s\",\"request\":{", kid);
	else
		hf_buf_printf(to, "{\"key\":{\"kid\":\"%s\"},", kid);
	hf_buf_text(to, "\"alg\":\"AES\",\"mode\":\"GCM\",\"tag_len\":128,\"plain\":\"");
	hf_buf_base64(to, HF_SPAN(plain, sizeof(plain)));
	hf_buf_text(to, batch ? "\"}}" : "\"}");
}

static hf_status write_bodies(struct run *r)
{
	for (int i = 0; i < LOADS; i++) {
		struct hf_buf *to = &r->bodies[i];
		const char *kid = loads[i].gcm        ? r->slot.aes
		                  : loads[i].unlogged ? r->slot.unlogged
		                                      : r->slot.ec;

		*to = HF_BUF(4u << 20);
		hf_buf_text(to, loads[i].batch ? "[" : "");
		for (int64_t n = 0; n < (loads[i].batch ? r->options->batch : 1); n++) {
			hf_buf_text(to, n ? "," : "");
			if (loads[i].gcm)
				write_gcm(kid, loads[i].batch, to);
			else
				write_sign(kid, to);
		}
		hf_buf_text(to, loads[i].batch ? "]" : "");
		HF_TRY(hf_buf_status(to));
	}
	return HF_SUCCESS;
}

static void read_cpu(const struct run *r, int64_t ret[PARTS])
{
	pid_t gateway = r->rig.gateway.process.pid;

	ret[PART_SERVER] = os_process_cpu_us(r->rig.server.process.pid);
	ret[PART_GATEWAY] = os_process_cpu_us(gateway);
	ret[PART_SIGNERS] = os_process_children_cpu_us(gateway);
	ret[PART_CLIENTS] = os_process_cpu_us(getpid());
}

static void add_cpu(struct run *r, enum load_kind kind, const int64_t before[PARTS],
                    double operations)
{
	size_t round = r->series[kind].n;
	int64_t now[PARTS];

	read_cpu(r, now);
	for (int i = 0; i < PARTS && round < SERIES_MAX; i++)
		r->cpu[kind][i][round] = (double)(now[i] - before[i]) / operations;
}

static hf_status measure(struct run *r, enum load_kind kind, double against)
{
	const struct crypto_load load = {
		.port = (uint16_t)r->rig.crypto_port,
		.ca_file = r->rig.path[RIG_CA],
		.authorization = r->slot.authorization,
		.path = loads[kind].path,
		.body = hf_buf_span(&r->bodies[kind]),
		.expect = loads[kind].gcm ? "\"cipher\":" : "\"signature\":",
		.callers = (unsigned)r->options->callers,
		.items = loads[kind].batch ? (unsigned)r->options->batch : 1,
		.ms = r->options->ms,
	};
	struct bench_result result;
	int64_t before[PARTS];
	double rate;

	read_cpu(r, before);
	HF_TRY(crypto_load_run(&load, &result, &rate, r->err));
	add_cpu(r, kind, before, rate * result.seconds);
	result.seconds = rate > 0 ? (double)result.latency.count / rate : 0; /* operations count */
	series_add(&r->series[kind], &result, against, against);
	fputc('.', stderr);
	return HF_SUCCESS;
}

static hf_status raw(struct run *r, const char *module, unsigned processes, unsigned threads,
                     const char *kind, struct series *to, double *ret)
{
	struct hsmhost_config config = { .signer_path = r->options->module.signer,
		                         .setup = r->setup,
		                         .processes = processes };
	struct bench_result result;

	config.setup.threads = threads;
	if (module)
		snprintf(config.setup.module, sizeof(config.setup.module), "%s", module);
	HF_TRY(bench_raw(&config, kind, "P-256", r->options->ms, &result, r->err));
	series_add(to, &result, 0, 0);
	*ret = bench_rate(&result);
	fputc('.', stderr);
	return HF_SUCCESS;
}

static hf_status run_round(struct run *r)
{
	const struct options *o = r->options;
	double sign, gcm, other;

	HF_TRY(raw(r, NULL, (unsigned)o->signers, 1, "plain-sign", &r->raw_sign, &sign));
	other = sign;
	if (o->against)
		HF_TRY(raw(r, o->against, 1, (unsigned)o->against_threads, "plain-sign", &r->other,
		           &other));
	HF_TRY(measure(r, SIGN_BATCH, other));
	HF_TRY(measure(r, SIGN_SINGLE, other));
	HF_TRY(measure(r, SIGN_UNLOGGED, other));
	HF_TRY(raw(r, NULL, (unsigned)o->signers, 1, "encrypt", &r->raw_gcm, &gcm));
	HF_TRY(measure(r, GCM_BATCH, gcm));
	return measure(r, GCM_SINGLE, gcm);
}

static void report(struct run *r)
{
	fputc('\n', stderr);
	series_print_head("medians of rounds", "of the loop");
	series_print("raw loop: sign P-256", &r->raw_sign);
	if (r->options->against)
		series_print("the other library's loop: sign P-256", &r->other);
	for (int i = SIGN_BATCH; i <= SIGN_UNLOGGED; i++)
		series_print(loads[i].name, &r->series[i]);
	series_print("raw loop: encrypt AES-256-GCM of 1 KB", &r->raw_gcm);
	for (int i = GCM_BATCH; i <= GCM_SINGLE; i++)
		series_print(loads[i].name, &r->series[i]);
}

static void report_cpu(struct run *r)
{
	printf("\n%-46s %9s %9s %9s %9s\n", "processor time of an operation, microseconds",
	       "server", "gateway", "signers", "clients");
	for (int i = 0; i < LOADS; i++) {
		printf("%-46s", loads[i].name);
		for (int part = 0; part < PARTS; part++)
			printf(" %9.1f", series_median(r->cpu[i][part], r->series[i].n));
		putchar('\n');
	}
}

static hf_status sync_keys(struct run *r)
{
	const struct bench_sync sync = { .rig = &r->rig,
		                         .slot = &r->slot,
		                         .token = &r->token,
		                         .keys = r->options->keys,
		                         .rounds = r->options->rounds,
		                         .relaxed = r->options->relaxed };

	return bench_sync(&sync, r->err);
}

static hf_status start(struct run *r)
{
	const struct options *o = r->options;

	r->token = (struct hsmhost_config){ .signer_path = o->module.signer,
		                            .setup = r->setup,
		                            .processes = 1 };
	HF_TRY(rig_new(o->dir, NULL, &r->rig, r->err));
	HF_TRY(rig_start_server(&r->rig, o->relaxed, r->err));
	HF_TRY(rig_start_gateway(&r->rig, &o->module, &r->setup, (unsigned)o->signers, r->err));
	HF_TRY(bench_slot_open(&r->rig, &r->token, &r->slot, r->err));
	return write_bodies(r);
}

static hf_status bench(struct options *o, struct run *r)
{
	hf_status s;

	HF_TRY(module_options_setup(&o->module, true, &r->setup, r->err));
	r->setup.threads = 1;
	r->setup.allow_resident = true; /* the raw loops' keys are in the token, too */
	s = start(r);
	for (int64_t i = 0; hf_ok(s) && i < o->rounds; i++)
		s = run_round(r);
	if (hf_ok(s))
		report(r);
	if (hf_ok(s))
		report_cpu(r);
	if (hf_ok(s) && o->keys)
		s = sync_keys(r);
	bench_slot_close(&r->slot);
	rig_stop(&r->rig.gateway);
	rig_done(&r->rig);
	hf_secret_done(&r->setup.pin);
	for (int i = 0; i < LOADS; i++)
		hf_buf_done(&r->bodies[i]);
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
	return hf_ok(s) ? 0 : cli_failed("bench crypto", s, &err);
}

const struct cli_command cmd_bench_crypto = {
	.name = "bench crypto",
	.summary = "measure the Crypto API with keys in a slot, against the raw token",
	.details = "Starts a server and a gateway of its own in a directory that is removed at the "
	           "end; three keys named bench-… stay in the token, which should be one for "
	           "trials. Each round measures the raw loop and everything else once; ratios are "
	           "to the loop of the same round.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
