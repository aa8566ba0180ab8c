/* SPDX-License-Identifier: Apache-2.0
 * holdfast bench hsm: how fast this module is with nothing around it. */
#include "cli/bench.h"
#include "cli/commands.h"
#include "cli/module_options.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct options {
	struct module_options module;
	const char *key_types, *processes, *threads;
	int64_t ms;
};

static const struct cli_option options[] = {
	CLI_MODULE_OPTIONS(struct options, module),
	CLI_OPTION_TEXT(struct options, key_types, "key-types", "LIST", "secp256k1,P-256",
	                "key types to measure, separated by commas"),
	CLI_OPTION_TEXT(struct options, processes, "processes", "LIST", "1,2",
	                "numbers of signer processes"),
	CLI_OPTION_TEXT(struct options, threads, "threads", "LIST", "1,2",
	                "numbers of sessions in each process"),
	CLI_OPTION_NUMBER(struct options, ms, "ms", "2000", 100, 3600000,
	                  "milliseconds for each measurement"),
};

/* The next element of a list; false at its end. */
static bool next_word(const char **list, char *to, size_t cap)
{
	size_t n = strcspn(*list, ",");

	if (!**list || n >= cap)
		return false;
	memcpy(to, *list, n);
	to[n] = 0;
	*list += n + ((*list)[n] == ',');
	return true;
}

static hf_status measure(struct hsmhost_config *config, const char *key_type, const char *kind,
                         const char *what, int64_t ms, struct hf_err *err)
{
	struct bench_result result;
	hf_status s = bench_raw(config, kind, key_type, ms, &result, err);
	char name[96];

	snprintf(name, sizeof(name), "%s: %s, %u x %u", key_type, what, config->processes,
	         config->setup.threads);
	if (s.code == HF_UNSUPPORTED) {
		printf("%-52s %10s  %s\n", name, "-", err->text);
		return HF_SUCCESS;
	}
	HF_TRY(s);
	bench_print(name, &result);
	return HF_SUCCESS;
}

static hf_status measure_kinds(struct hsmhost_config *config, const char *key_type, int64_t ms,
                               struct hf_err *err)
{
	HF_TRY(measure(config, key_type, "sign", "sign, key resident", ms, err));
	HF_TRY(measure(config, key_type, "unwrap", "unwrap + sign + destroy", ms, err));
	return measure(config, key_type, "generate", "generate + wrap + destroy", ms, err);
}

enum { LIST_MAX = 8 };

struct numbers {
	unsigned n[LIST_MAX];
	size_t count;
};

static hf_status read_numbers(const char *option, const char *list, int64_t max,
                              struct numbers *ret, struct hf_err *err)
{
	char word[16];
	int64_t n;

	ret->count = 0;
	while (next_word(&list, word, sizeof(word))) {
		if (ret->count == LIST_MAX || !hf_ok(hf_parse_i64(word, 1, max, &n)))
			return hf_fail(
			        err, HF_INVALID,
			        "--%s: a list of up to %d numbers from 1 to %lld, such as 1,2,4",
			        option, LIST_MAX, (long long)max);
		ret->n[ret->count++] = (unsigned)n;
	}
	return HF_SUCCESS;
}

static hf_status measure_type(struct hsmhost_config *config, const char *key_type,
                              const struct numbers *processes, const struct numbers *threads,
                              int64_t ms, struct hf_err *err)
{
	for (size_t p = 0; p < processes->count; p++)
		for (size_t t = 0; t < threads->count; t++) {
			config->processes = processes->n[p];
			config->setup.threads = threads->n[t];
			HF_TRY(measure_kinds(config, key_type, ms, err));
		}
	return HF_SUCCESS;
}

static hf_status measure_all(struct hsmhost_config *config, const struct options *o,
                             struct hf_err *err)
{
	const char *types = o->key_types;
	struct numbers processes, threads;
	char type[32];

	HF_TRY(read_numbers("processes", o->processes, 256, &processes, err));
	HF_TRY(read_numbers("threads", o->threads, WIRE_THREADS_MAX, &threads, err));
	bench_print_head("raw loop, processes x sessions in each");
	while (next_word(&types, type, sizeof(type)))
		HF_TRY(measure_type(config, type, &processes, &threads, o->ms, err));
	return HF_SUCCESS;
}

static int run(void *command, const char *const *args, size_t n_args)
{
	struct options *o = command;
	struct hsmhost_config config = { .signer_path = o->module.signer };
	struct hf_err err = { 0 };
	hf_status s = module_options_setup(&o->module, true, &config.setup, &err);

	if (hf_ok(s))
		s = measure_all(&config, o, &err);
	hf_secret_done(&config.setup.pin);
	hf_secret_done(&o->module.user_pin);
	return hf_ok(s) ? 0 : cli_failed("bench hsm", s, &err);
}

const struct cli_command cmd_bench_hsm = {
	.name = "bench hsm",
	.summary = "measure the raw loop on a module: the limit of this HSM",
	.details = "Resident sign; unwrap, sign and destroy; generate, wrap and destroy; by signer "
	           "processes and by sessions in each. "
	           "Needs a master key, and leaves nothing behind.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
