/* SPDX-License-Identifier: Apache-2.0
 * holdfast audit export, holdfast audit show: the log for auditors, for other systems, for people.
 */
#include "audit/entry.h"
#include "audit/formats.h"
#include "base/clock.h"
#include "cli/audit_options.h"
#include "cli/commands.h"
#include "crypto/spki.h"
#include "server/store/audit_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct options {
	struct audit_options audit;
	const char *format;
	bool wide;
};

static const struct cli_option export_options[] = {
	CLI_AUDIT_OPTIONS(struct options, audit),
	CLI_OPTION_TEXT(struct options, format, "format", "FORMAT", "jsonl",
	                "jsonl: a file that proves itself, for holdfast audit verify; syslog, cef "
	                "or ocsf: a line for each entry; checkpoint: the newest checkpoint, to be "
	                "kept elsewhere; keys: the public keys that sign checkpoints"),
};

static const struct cli_option show_options[] = {
	CLI_AUDIT_OPTIONS(struct options, audit),
	CLI_OPTION_FLAG(struct options, wide, "wide", "ids, credentials and reasons in full"),
};

static hf_status print_line(void *ctx, struct hf_span line)
{
	HF_ENSURE(fwrite(line.ptr, 1, line.len, stdout) == line.len, HF_IO);
	return HF_SUCCESS;
}

struct printing {
	const struct audit_export *what;
	enum audit_format format;
	bool table, wide;
	struct hf_buf line;
};

static bool is_wanted(const struct audit_export *what, const struct entry *e)
{
	int64_t ms;

	if (!hf_ok(hf_iso_parse(e->time, &ms)))
		return true;
	return ms >= what->since_ms && (!what->until_ms || ms <= what->until_ms);
}

/* A cell: cut off at `width` unless wide, nothing in it that steers a terminal. */
static void put_cell(struct printing *p, const char *text, int width)
{
	HF_BUF_SCOPED struct hf_buf cell = HF_BUF(2048);
	int n = 0;

	for (; *text && (p->wide || n < width); text++) {
		unsigned char c = (unsigned char)*text;

		hf_buf_u8(&cell, c < 0x20 || c == 0x7f ? '?' : c);
		n += (c & 0xc0) != 0x80;
	}
	for (; n < width; n++)
		hf_buf_u8(&cell, ' ');
	hf_buf_u8(&cell, ' ');
	hf_buf_put(&p->line, cell.ptr, cell.len);
}

static void put_row(struct printing *p, uint64_t leaf, const struct entry *e)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, leaf);
	put_cell(p, number, 8);
	put_cell(p, e->time, 24);
	put_cell(p, e->operation, 28);
	put_cell(p, e->outcome, 9);
	put_cell(p, e->name ? e->name : entry_text(e->identity_id), 24);
	put_cell(p, entry_text(e->subject_id), 32);
	if (p->wide) {
		put_cell(p, e->id, 31);
		put_cell(p, entry_text(e->credential_id), 1);
	}
	if (e->reason)
		put_cell(p, e->reason, 1);
	while (p->line.len && p->line.ptr[p->line.len - 1] == ' ')
		p->line.len--;
}

static hf_status print_entry(void *ctx, uint64_t leaf, const struct merkle_hash *hash,
                             const char *id, struct hf_span text)
{
	struct printing *p = ctx;
	ENTRY_SCOPED e = { 0 };

	hf_buf_clear(&p->line);
	if (!hf_ok(entry_parse(text, &e, NULL))) {
		fprintf(stderr,
		        "entry %" PRIu64 " (%s) is gone, or cannot be read: see holdfast audit "
		        "verify\n",
		        leaf, id);
		return HF_SUCCESS;
	}
	if (!is_wanted(p->what, &e))
		return HF_SUCCESS;
	if (p->table)
		put_row(p, leaf, &e);
	else
		HF_TRY(format_entry(&p->line, p->format, &e, leaf, ""));
	hf_buf_u8(&p->line, '\n');
	HF_TRY(hf_buf_status(&p->line));
	return print_line(NULL, hf_buf_span(&p->line));
}

static hf_status print_all(struct db *db, struct printing *p)
{
	uint64_t size;
	hf_status s;

	p->line = HF_BUF(FORMAT_LINE_MAX);
	s = audit_size(db, p->what->org_id, &size);
	if (hf_ok(s))
		s = audit_walk(db, p->what->org_id, 0, size, print_entry, p);
	hf_buf_done(&p->line);
	return s;
}

/* The newest checkpoint. */
static hf_status print_checkpoint(struct db *db, const char *org, struct hf_err *err)
{
	HF_FREE struct audit_checkpoint_row *row = calloc(1, sizeof(*row));
	hf_status s;

	HF_ENSURE(row, HF_NOMEM);
	s = audit_checkpoint_signed(db, org, row);
	if (s.code == HF_NOTFOUND)
		return hf_fail(err, s.code,
		               "there is no checkpoint yet: a server signs one as soon as a driver "
		               "of the organisation's key store is there");
	HF_TRY(s);
	return print_line(NULL, hf_span_text(row->note));
}

static hf_status print_key(void *ctx, const struct audit_key_row *key)
{
	HF_BUF_SCOPED struct hf_buf pem = HF_BUF(4096);

	*(bool *)ctx = true;
	HF_TRY(spki_pem(key->type, HF_SPAN(key->public_key.bytes, key->public_key.len), &pem));
	return print_line(NULL, hf_buf_span(&pem));
}

static hf_status print_keys(struct db *db, const char *org, struct hf_err *err)
{
	bool any = false;

	HF_TRY(audit_keys_list(db, org, print_key, &any));
	if (!any)
		return hf_fail(err, HF_NOTFOUND,
		               "there is no key yet: a server has one made as soon as a driver of "
		               "the organisation's key store is there");
	return HF_SUCCESS;
}

static hf_status export_log(struct options *o, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	struct audit_export what;
	struct printing p = { .what = &what };
	char org[HF_ID_MAX];
	const bool jsonl = strcmp(o->format, "jsonl") == 0;
	const bool checkpoint = strcmp(o->format, "checkpoint") == 0;
	const bool keys = strcmp(o->format, "keys") == 0;
	const char *format = strcmp(o->format, "syslog") == 0 ? "rfc5424" : o->format;

	if (!jsonl && !checkpoint && !keys && !hf_ok(audit_format_parse(format, &p.format)))
		return hf_fail(err, HF_INVALID,
		               "--format: \"%s\" is none of jsonl, syslog, cef, ocsf, checkpoint, "
		               "keys",
		               o->format);
	HF_TRY(audit_options_open(&o->audit, org, &what, &db, err));
	if (checkpoint)
		return print_checkpoint(db, org, err);
	if (keys)
		return print_keys(db, org, err);
	return jsonl ? audit_export(db, &what, print_line, NULL) : print_all(db, &p);
}

static hf_status show(struct options *o, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	struct audit_export what;
	struct printing p = { .what = &what, .table = true, .wide = o->wide };
	char org[HF_ID_MAX];

	HF_TRY(audit_options_open(&o->audit, org, &what, &db, err));
	printf("%-8s %-24s %-28s %-9s %-24s %s\n", "ENTRY", "TIME", "OPERATION", "OUTCOME", "WHO",
	       "WHAT");
	return print_all(db, &p);
}

static int finish(const char *command, hf_status s, const struct hf_err *err)
{
	if (hf_ok(s) && fflush(stdout) != 0)
		s = HF_FAILURE(HF_IO);
	return hf_ok(s) ? 0 : cli_failed(command, s, err);
}

static int run_export(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = export_log(config, &err);

	return finish("audit export", s, &err);
}

static int run_show(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s = show(config, &err);

	return finish("audit show", s, &err);
}

const struct cli_command cmd_audit_export = {
	.name = "audit export",
	.summary = "write the audit log to standard output",
	.details = "The format jsonl has all that holdfast audit verify needs, without the "
	           "database: the entries, their leaves in the log's Merkle tree, and the "
	           "checkpoints that a key in the HSM has signed. With --since and --until it "
	           "has at least what lies between, up to the checkpoint that covers it.",
	.options = export_options,
	.n_options = HF_COUNT(export_options),
	.config_size = sizeof(struct options),
	.run = run_export,
};

const struct cli_command cmd_audit_show = {
	.name = "audit show",
	.summary = "print the audit log as a table",
	.options = show_options,
	.n_options = HF_COUNT(show_options),
	.config_size = sizeof(struct options),
	.run = run_show,
};
