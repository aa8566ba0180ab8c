/* SPDX-License-Identifier: Apache-2.0
 * holdfast hsm: the master key, and what a module can do. */
#include "cli/commands.h"
#include "cli/module_options.h"
#include "hsmhost/task.h"
#include "json/read.h"

#include <stdio.h>
#include <string.h>

struct options {
	struct module_options module;
	bool json;
};

static const struct cli_option options[] = {
	CLI_MODULE_OPTIONS(struct options, module),
	CLI_OPTION_FLAG(struct options, json, "json", "the result as JSON, for machines"),
};

static void say(void *ctx, const char *line)
{
	fprintf(stderr, "%s\n", line);
}

/* Runs the task in a signer of its own, and reads its report. */
static hf_status ask(struct options *o, enum signer_task task, hsmhost_news news,
                     struct hf_buf *report, struct json_t **ret, struct hf_err *err)
{
	struct hsmhost_config config = { .signer_path = o->module.signer, .processes = 1 };
	hf_status s = module_options_setup(&o->module, true, &config.setup, err);

	if (hf_ok(s))
		s = hsmhost_task(&config, task, "", news, NULL, report, err);
	hf_secret_done(&config.setup.pin);
	hf_secret_done(&o->module.user_pin);
	HF_TRY(s);
	return json_parse(hf_buf_span(report), WIRE_REPORT_MAX, ret, err);
}

static const char *text_or(const struct json_t *object, const char *name, const char *otherwise)
{
	const char *text = json_member_text(object, name);

	return text ? text : otherwise;
}

static hf_status init_master(struct options *o, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(ask(o, TASK_INIT_MASTER, NULL, &report, &doc, err));
	if (o->json) {
		printf("%.*s\n", (int)report.len, (const char *)report.ptr);
		return HF_SUCCESS;
	}
	printf("Made the master key \"%s\", id %s%s.\n"
	       "It is sensitive, cannot be extracted, and wraps and unwraps only.\n"
	       "Next: back it up by your vendor's procedure now, and clone it to every other HSM "
	       "that shall share these\n"
	       "keys. Without it no key that it wraps can ever be used again.\n",
	       text_or(doc, "label", "?"), text_or(doc, "master_id", "?"),
	       json_value_true(json_member(doc, "mac"))
	               ? ", with its MAC key"
	               : " (this HSM makes no HMAC, so there is no MAC key)");
	return HF_SUCCESS;
}

static void print_quirks(const struct json_t *row)
{
	const struct json_t *quirks = json_member(row, "quirks");
	char line[64] = "-";
	size_t used = 0;

	for (size_t i = 0; i < json_count(quirks) && used < sizeof(line); i++)
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", i ? "," : "",
		                         json_value_text(json_element(quirks, i)));
	printf("%-10s ", line);
}

static void print_row(const struct json_t *row)
{
	const char *step = json_member_text(row, "step"), *rv = json_member_text(row, "rvName");
	const char *why = json_member_text(row, "why");

	printf("%c %-10s %-14s %-11s %-9s ",
	       json_value_true(json_member(row, "chosen")) ? '*' : ' ',
	       text_or(row, "keyType", "?"), text_or(row, "format", "-"),
	       text_or(row, "mechanism", "-"), text_or(row, "ecParams", "-"));
	print_quirks(row);
	printf("%s", text_or(row, "outcome", "?"));
	if (step)
		printf(" at %s", step);
	if (why)
		printf(": %s", why);
	else if (rv)
		printf(": %s", rv);
	if (!step)
		printf(", %.1f ms",
		       (double)json_value_int(json_member(row, "microseconds")) / 1000);
	putchar('\n');
}

static void print_report(const struct json_t *doc)
{
	const struct json_t *rows = json_member(doc, "rows");

	printf("Module      %s\nToken       %s\nMaster key  %s\nMAC         %s\n\n",
	       text_or(doc, "module", "?"), text_or(doc, "token", "?"),
	       text_or(doc, "masterKeyId",
	               "none yet (tried with a temporary one); make it: holdfast hsm init-master"),
	       text_or(doc, "mac", "none"));
	printf("  %-10s %-14s %-11s %-9s %-10s %s\n", "Key type", "Wrap format", "Mechanism",
	       "EC params", "Quirks", "Generate, wrap, destroy, unwrap, sign, verify");
	for (size_t i = 0; i < json_count(rows); i++)
		print_row(json_element(rows, i));
	printf("\n* what the driver uses here. A key type without a star is not available on this "
	       "HSM.\n");
}

static hf_status check(struct options *o, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(WIRE_REPORT_MAX);
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(ask(o, TASK_CHECK, o->json ? NULL : say, &report, &doc, err));
	if (o->json)
		printf("%.*s\n", (int)report.len, (const char *)report.ptr);
	else
		print_report(doc);
	return HF_SUCCESS;
}

static int run_init_master(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = init_master(config, &err);

	return hf_ok(s) ? 0 : cli_failed("hsm init-master", s, &err);
}

static int run_check(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = check(config, &err);

	return hf_ok(s) ? 0 : cli_failed("hsm check", s, &err);
}

const struct cli_command cmd_hsm_init_master = {
	.name = "hsm init-master",
	.summary = "make the master key and its MAC key inside the HSM",
	.details = "Done once, by an administrator, on one HSM; every other HSM gets a clone by "
	           "its vendor's procedure. "
	           "Refused when a key of that label is there.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run_init_master,
};

const struct cli_command cmd_hsm_check = {
	.name = "hsm check",
	.summary = "try out what a module can do, and show it as a matrix",
	.details = "For every key type and wrap format: generates, wraps, destroys, unwraps, "
	           "signs, and verifies in software. The "
	           "driver chooses its formats and encodings by the same code. Nothing is left "
	           "behind in the HSM.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run_check,
};
