/* SPDX-License-Identifier: Apache-2.0
 * holdfast hsm: the master key, and what a module can do. */
#include "cli/commands.h"
#include "cli/db_options.h"
#include "cli/module_options.h"
#include "base/text.h"
#include "hsmhost/task.h"
#include "json/read.h"
#include "json/write.h"
#include "upkeep/canaries.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct options {
	struct module_options module;
	bool json;
	const char *canary;
	struct db_config db;
};

static const struct cli_option options[] = {
	CLI_MODULE_OPTIONS(struct options, module),
	CLI_OPTION_FLAG(struct options, json, "json", "the result as JSON, for machines"),
};

static const struct cli_option check_options[] = {
	CLI_MODULE_OPTIONS(struct options, module),
	CLI_OPTION_FLAG(struct options, json, "json", "the result as JSON, for machines"),
	CLI_OPTION_TEXT(
	        struct options, canary, "canary", "FILE", NULL,
	        "only compare: does this HSM hold the master key of the one that wrote FILE "
	        "(holdfast hsm canary)?"),
	CLI_DB_OPTIONS(struct options, db, "only compare with the master keys of this database"),
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
	const char *without = json_value_true(json_member(doc, "masterKeyPossible"))
	                              ? "none yet (tried with a temporary one); make it: holdfast "
	                                "hsm init-master"
	                              : "impossible: this token makes no AES keys, so its keys can "
	                                "only live inside it";

	printf("Module      %s\nToken       %s\nMaster key  %s\nMAC         %s\n\n",
	       text_or(doc, "module", "?"), text_or(doc, "token", "?"),
	       text_or(doc, "masterKeyId", without), text_or(doc, "mac", "none"));
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

#define CANARY_PREFIX "holdfast-canary-1 "
#define CANARY_FILE_MAX (2 * RECORD_ENCODED_MAX + 64)

/* One line: the prefix and the record in hex. */
static hf_status read_canary(const char *path, struct hf_buf *record, struct hf_err *err)
{
	char text[CANARY_FILE_MAX];
	const size_t prefix = sizeof(CANARY_PREFIX) - 1;
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return hf_fail(err, HF_IO, "--canary %s: %s", path, strerror(errno));
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	while (n && text[n - 1] == '\n')
		n--;
	if (n <= prefix || memcmp(text, CANARY_PREFIX, prefix) != 0 ||
	    !hf_ok(hf_unhex(HF_SPAN(text + prefix, n - prefix), record)))
		return hf_fail(err, HF_INVALID,
		               "--canary %s: this is no canary: `holdfast hsm canary FILE` writes "
		               "one",
		               path);
	return HF_SUCCESS;
}

static hf_status compare(struct options *o, const struct hsmhost_config *hsm, struct canaries *ret,
                         struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf record = HF_BUF(RECORD_ENCODED_MAX);
	DB_SCOPED struct db *db = NULL;
	struct hf_span span;

	if (!o->canary) {
		HF_TRY(cli_db_options(&o->db, err));
		o->db.read_only = true;
		HF_TRY(keydb_open(&o->db, &db, err));
		return canaries_of(db, hsm, ret, err);
	}
	HF_TRY(read_canary(o->canary, &record, err));
	span = hf_buf_span(&record);
	return canaries_ask(hsm, &span, 1, ret, err);
}

static void write_comparison(const struct canaries *c)
{
	HF_BUF_SCOPED struct hf_buf json = HF_BUF((size_t)1 << 20);
	struct json_writer w = JSON_WRITER(&json);

	json_open_array(&w, NULL);
	for (size_t i = 0; i < c->n; i++) {
		json_open_object(&w, NULL);
		json_text(&w, "masterKeyId", c->list[i].master_id);
		json_bool(&w, "same", c->list[i].ok);
		json_text(&w, "message", c->list[i].message);
		json_close_object(&w);
	}
	json_close_array(&w);
	printf("%.*s\n", (int)json.len, (const char *)json.ptr);
}

/* The exit status. */
static int tell_comparison(const struct options *o, const struct canaries *c)
{
	int status = c->n ? 0 : 1;

	for (size_t i = 0; i < c->n; i++)
		status = c->list[i].ok ? status : 1;
	if (o->json) {
		write_comparison(c);
		return status;
	}
	for (size_t i = 0; i < c->n_masters; i++)
		printf("This HSM holds master key %s, labelled %s%s\n", c->masters[i].id,
		       c->masters[i].label, i ? "" : ": it wraps new keys");
	for (size_t i = 0; i < c->n; i++)
		printf("Master key %s: %s%s\n", c->list[i].master_id,
		       c->list[i].ok ? "the same here, proven by unwrapping and signing"
		                     : "NOT the same here: ",
		       c->list[i].message);
	if (!c->n)
		printf("The database has no canary yet: no driver has used it\n");
	return status;
}

static int run_compare(struct options *o)
{
	struct hsmhost_config hsm = { .signer_path = o->module.signer, .processes = 1 };
	struct hf_err err = { 0 };
	struct canaries c = { 0 };
	hf_status s = module_options_setup(&o->module, true, &hsm.setup, &err);

	if (hf_ok(s))
		s = compare(o, &hsm, &c, &err);
	hf_secret_done(&hsm.setup.pin);
	hf_secret_done(&o->module.user_pin);
	return hf_ok(s) ? tell_comparison(o, &c) : cli_failed("hsm check", s, &err);
}

static hf_status write_canary(const char *path, const struct hf_buf *record, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(CANARY_FILE_MAX);
	HF_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return hf_fail(err, HF_IO, "%s: %s", path, strerror(errno));
	hf_buf_text(&text, CANARY_PREFIX);
	hf_buf_hex(&text, hf_buf_span(record));
	hf_buf_text(&text, "\n");
	HF_TRY(hf_buf_status(&text));
	if (write(fd, text.ptr, text.len) != (ssize_t)text.len)
		return hf_fail(err, HF_IO, "%s: %s", path, strerror(errno));
	return HF_SUCCESS;
}

static hf_status canary(struct options *o, const char *path, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf record = HF_BUF(RECORD_ENCODED_MAX);
	struct hsmhost_config hsm = { .signer_path = o->module.signer, .processes = 1 };
	char master[MASTER_ID_MAX] = "";
	hf_status s = module_options_setup(&o->module, true, &hsm.setup, err);

	if (hf_ok(s))
		s = canary_make(&hsm, &record, master, err);
	hf_secret_done(&hsm.setup.pin);
	hf_secret_done(&o->module.user_pin);
	HF_TRY(s);
	HF_TRY(write_canary(path, &record, err));
	printf("Wrote %s, a canary of master key %s. Next, beside the other HSM: holdfast hsm "
	       "check "
	       "--canary %s\n",
	       path, master, path);
	return HF_SUCCESS;
}

static int run_canary(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = n_args == 1 ? canary(config, args[0], &err)
	                          : hf_fail(&err, HF_INVALID, "give one FILE to write");

	return hf_ok(s) ? 0 : cli_failed("hsm canary", s, &err);
}

static int run_init_master(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = init_master(config, &err);

	return hf_ok(s) ? 0 : cli_failed("hsm init-master", s, &err);
}

static int run_check(void *config, const char *const *args, size_t n_args)
{
	const struct options *o = config;
	struct hf_err err = { 0 };
	hf_status s;

	if (o->canary || o->db.sqlite_path || o->db.postgres_url)
		return run_compare(config);
	s = check(config, &err);

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
	.details =
	        "For every key type and wrap format: generates, wraps, destroys, unwraps, "
	        "signs, and verifies in software. The "
	        "driver chooses its formats and encodings by the same code. Nothing is left "
	        "behind in the HSM. With --canary or a database it compares instead: does this HSM "
	        "hold the same master key, and the same MAC key? Exit status 1 when not.",
	.options = check_options,
	.n_options = HF_COUNT(check_options),
	.config_size = sizeof(struct options),
	.run = run_check,
};

const struct cli_command cmd_hsm_canary = {
	.name = "hsm canary",
	.summary = "write a file by which another HSM can be compared with this one",
	.details = "Has the HSM make and wrap a key that nobody uses. `holdfast hsm check --canary "
	           "FILE` beside another HSM then says whether that one holds the same master key "
	           "and MAC key. The file holds no secret.",
	.positional = "FILE",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run_canary,
};
