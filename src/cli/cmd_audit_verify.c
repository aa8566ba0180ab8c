/* SPDX-License-Identifier: Apache-2.0
 * holdfast audit verify: is this log what was written? From an exported file, without anything else
 * of ours; or from the database itself. */
#include "audit/verify.h"
#include "cli/audit_options.h"
#include "cli/commands.h"
#include "cli/db_options.h"
#include "cli/progress.h"
#include "crypto/spki.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX (1u << 20)

struct options {
	struct audit_options audit;
	const char *public_key, *credentials, *checkpoint;
	bool quiet;
};

static const struct cli_option options[] = {
	CLI_OPTION_TEXT(struct options, public_key, "public-key", "PEM", NULL,
	                "the key that has signed the checkpoints, several one after another; "
	                "without it the log's own word is taken for it"),
	CLI_OPTION_TEXT(struct options, credentials, "credentials", "FILE", NULL,
	                "credentials of the organisation, in the form of a driver's authorizers: "
	                "the proof in each entry is checked with them"),
	CLI_OPTION_TEXT(struct options, checkpoint, "checkpoint", "FILE", NULL,
	                "a checkpoint of this log that was kept elsewhere"),
	CLI_AUDIT_OPTIONS(struct options, audit),
	CLI_OPTION_FLAG(struct options, quiet, "quiet", "no progress"),
};

struct verifying {
	struct checkpoint_key keys[BUNDLE_KEYS_MAX];
	size_t n_keys;
	struct authorizers *credentials;
	struct checkpoint older;
	bool has_older;
	struct verify *verify;
	struct progress progress;
	uint64_t lines;
	struct hf_err *err;
	bool bad; /* err says what is wrong with the log, not with us */
};

static hf_status read_file(const char *path, struct hf_buf *to, struct hf_err *err)
{
	FILE *f = fopen(path, "re");
	uint8_t *at;
	size_t n;

	if (!f)
		return hf_fail(err, HF_IO, "%s: %s", path, strerror(errno));
	at = hf_buf_grow(to, FILE_MAX);
	n = at ? fread(at, 1, FILE_MAX, f) : 0;
	fclose(f);
	to->len = n;
	if (n == FILE_MAX)
		return hf_fail(err, HF_TOOBIG, "%s: too large", path);
	return hf_buf_status(to);
}

#define PEM_END "-----END PUBLIC KEY-----"

static hf_status read_keys(struct verifying *v, const char *path, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(FILE_MAX);
	const uint8_t *at, *end;
	size_t left;

	HF_TRY(read_file(path, &text, err));
	at = text.ptr;
	left = text.len;
	while (left && (end = memmem(at, left, PEM_END, strlen(PEM_END)))) {
		struct checkpoint_key *key = &v->keys[v->n_keys];
		size_t n = (size_t)(end - at) + strlen(PEM_END);
		HF_BUF_SCOPED struct hf_buf pem = HF_BUF(FILE_MAX);

		hf_buf_put(&pem, at, n);
		hf_buf_u8(&pem, '\n');
		if (v->n_keys == HF_COUNT(v->keys) ||
		    !hf_ok(spki_pem_parse(hf_buf_span(&pem), &key->type, &key->public_key)))
			return hf_fail(err, HF_INVALID,
			               "%s: expected at most %zu public keys in PEM, Ed25519 or "
			               "P-256",
			               path, HF_COUNT(v->keys));
		v->n_keys++;
		at += n;
		left -= n;
	}
	if (!v->n_keys)
		return hf_fail(err, HF_INVALID, "%s: there is no public key in it", path);
	return HF_SUCCESS;
}

static hf_status read_credentials(struct verifying *v, const char *path, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(FILE_MAX);

	HF_TRY(read_file(path, &text, err));
	return hf_context(err, authorizers_parse(hf_buf_span(&text), &v->credentials, err), "%s",
	                  path);
}

/* It is there to be compared with; only its own signature says that it was the log's. */
static hf_status read_checkpoint(struct verifying *v, const char *path, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(FILE_MAX);

	HF_TRY(read_file(path, &text, err));
	if (!v->n_keys)
		return hf_fail(err, HF_INVALID,
		               "--checkpoint: give --public-key too, so that it can be told from a "
		               "forged one");
	v->has_older = true;
	return hf_context(err,
	                  checkpoint_open(hf_buf_span(&text), v->keys, v->n_keys, &v->older, err),
	                  "%s", path);
}

static hf_status take_line(struct verifying *v, struct hf_span line)
{
	hf_status s;

	while (line.len && line.ptr[line.len - 1] == '\n')
		line.len--;
	s = verify_line(v->verify, line, v->err);
	v->bad = s.code == HF_CORRUPT;
	if (hf_ok(s) && ++v->lines % 1000 == 0)
		progress_tell(&v->progress, (int64_t)v->lines, 0);
	return s;
}

static hf_status take_exported(void *ctx, struct hf_span line)
{
	return take_line(ctx, line);
}

static hf_status of_file(struct verifying *v, const char *path, struct hf_err *err)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	hf_status s = HF_SUCCESS;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!f)
		return hf_fail(err, HF_IO, "%s: %s", path, strerror(errno));
	while (hf_ok(s) && (n = getline(&line, &cap, f)) >= 0)
		s = take_line(v, HF_SPAN(line, n));
	if (hf_ok(s) && ferror(f))
		s = hf_fail(err, HF_IO, "%s: %s", path, strerror(errno));
	free(line);
	if (f != stdin)
		fclose(f);
	return s;
}

/* What an exported file cannot show: tiles against each other, and entries beside the tree. */
static hf_status look_beside(struct verifying *v, struct db *db, const char *org,
                             struct hf_err *err)
{
	char stray[HF_ID_MAX];
	hf_status s = audit_check_tiles(db, org, err);

	if (hf_ok(s))
		s = audit_find_stray(db, org, stray);
	else
		v->bad = s.code == HF_CORRUPT;
	if (s.code == HF_NOTFOUND)
		return HF_SUCCESS;
	HF_TRY(s);
	v->bad = true;
	return hf_fail(err, HF_CORRUPT,
	               "entry %s has no place in the log: it was put into the database by hand",
	               stray);
}

static hf_status of_database(struct verifying *v, struct options *o, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	struct audit_export what;
	char org[HF_ID_MAX];

	HF_TRY(audit_options_open(&o->audit, org, &what, &db, err));
	HF_TRY(audit_export(db, &what, take_exported, v));
	return look_beside(v, db, org, err);
}

static void print(const struct verify_summary *sum)
{
	printf("The log of %s is whole: %" PRIu64 " entries from entry %" PRIu64 " on, %" PRIu64
	       " checkpoints",
	       sum->org_id, sum->entries, sum->first, sum->checkpoints);
	if (sum->proofs || sum->unknown)
		printf(", %" PRIu64 " proofs of user actions", sum->proofs);
	puts(".");
	if (sum->older)
		puts("The checkpoint that was kept elsewhere is one of this log.");
	if (sum->first + sum->entries > sum->covered)
		printf("No checkpoint covers the last %" PRIu64
		       " entries yet: for these only the file's own word stands.\n",
		       sum->first + sum->entries - sum->covered);
	if (sum->unknown)
		printf("%" PRIu64
		       " proofs are by credentials that are not in the given file: not checked.\n",
		       sum->unknown);
	if (sum->own_keys)
		puts("The checkpoints were verified with the key that the log itself names: "
		     "compare "
		     "it with one that you had from elsewhere, and give that as --public-key.");
}

static hf_status prepare(struct verifying *v, struct options *o, struct hf_err *err)
{
	if (o->public_key)
		HF_TRY(read_keys(v, o->public_key, err));
	if (o->credentials)
		HF_TRY(read_credentials(v, o->credentials, err));
	if (o->checkpoint)
		HF_TRY(read_checkpoint(v, o->checkpoint, err));
	return verify_new(
	        &(struct verify_config){
	                .keys = v->keys,
	                .n_keys = v->n_keys,
	                .credentials = v->credentials,
	                .older = &v->older,
	                .n_older = v->has_older,
	        },
	        &v->verify);
}

/* Without any checkpoint the given keys say nothing: whoever rewrote the log left theirs out. */
static hf_status check_covered(const struct verifying *v, const struct verify_summary *sum,
                               struct hf_err *err)
{
	if (!v->n_keys || !sum->entries || sum->covered > sum->first)
		return HF_SUCCESS;
	return hf_fail(err, HF_UNAUTHENTIC,
	               "no checkpoint covers any of the %" PRIu64
	               " entries: nothing here is signed by the given key, so anybody may have "
	               "written it. Export again once a checkpoint is signed "
	               "(--audit-checkpoint-seconds of the server)",
	               sum->entries);
}

static hf_status verify_all(struct verifying *v, struct options *o, const char *file,
                            struct hf_err *err)
{
	struct verify_summary sum;
	hf_status s;

	HF_TRY(prepare(v, o, err));
	progress_begin(&v->progress, "verify");
	s = file ? of_file(v, file, err) : of_database(v, o, err);
	if (hf_ok(s)) {
		s = verify_end(v->verify, &sum, err);
		v->bad = s.code == HF_CORRUPT;
	}
	progress_end(&v->progress);
	HF_TRY(s);
	HF_TRY(check_covered(v, &sum, err));
	print(&sum);
	return HF_SUCCESS;
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct options *o = config;
	struct hf_err err = { 0 };
	struct verifying v = { .progress.quiet = o->quiet, .err = &err };
	hf_status s = verify_all(&v, o, n_args ? args[0] : NULL, &err);

	verify_free(v.verify);
	authorizers_free(v.credentials);
	if (!hf_ok(s) && v.bad)
		fputs("holdfast audit verify: THE LOG IS NOT WHAT WAS WRITTEN\n", stderr);
	return hf_ok(s) ? 0 : cli_failed("audit verify", s, &err);
}

const struct cli_command cmd_audit_verify = {
	.name = "audit verify",
	.summary = "prove that the audit log is what was written",
	.details =
	        "Takes FILE as holdfast audit export has written it (- for standard input), and "
	        "needs nothing else but the public key; or, without FILE, reads the "
	        "database. Every entry's leaf, every checkpoint's root and signature, and with "
	        "--credentials the proof of every user action are recomputed. "
	        "The first entry that is wrong is named, and the exit status is 1; so it is when "
	        "--public-key is given and no checkpoint covers anything.",
	.positional = "FILE",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
