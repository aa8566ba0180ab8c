/* SPDX-License-Identifier: Apache-2.0
 * holdfast bench pages: what a page costs that stands far down in a long list. */
#include "base/clock.h"
#include "cli/bench_claims.h"
#include "cli/bench_series.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "server/store/fill_rows.h"
#include "server/store/signature_rows.h"

#include <stdio.h>
#include <string.h>

struct options {
	const char *dir, *postgres_url;
	int64_t rows, page, size, rounds;
};

static const struct cli_option options[] = {
	CLI_OPTION_TEXT(struct options, dir, "dir", "DIR", NULL,
	                "where the files of the run lie; without it, $TMPDIR or /tmp"),
	CLI_OPTION_TEXT(
	        struct options, postgres_url, "postgres-url", "URL", NULL,
	        "measure on this PostgreSQL, in a schema of the run's own, instead of SQLite"),
	CLI_OPTION_NUMBER(struct options, rows, "rows", "1000000", 1000, 100000000,
	                  "signature requests in the list"),
	CLI_OPTION_NUMBER(struct options, page, "page", "1000", 2, 1000000,
	                  "which page is compared with the first"),
	CLI_OPTION_NUMBER(struct options, size, "size", "50", 1, 200, "rows of a page"),
	CLI_OPTION_NUMBER(struct options, rounds, "rounds", "25", 1, SERIES_MAX,
	                  "rounds; each reads both pages of each list twenty times"),
};

enum { CHUNK = 100000, READS = 20 };

/* A list of signature requests, by whose they are. */
static const struct list {
	const char *name, *prefix;
	hf_status (*read)(struct db *db, const char *of, const char *after, int limit,
	                  signature_row_fn fn, void *ctx);
} lists[] = {
	{ "of a key", "key", signature_rows_of_key },
	{ "of a wallet", "wa", signature_rows_of_wallet },
};

struct measured {
	double first[SERIES_MAX], far[SERIES_MAX], ratios[SERIES_MAX];
};

static hf_status count_row(void *ctx, const struct signature_row *row)
{
	++*(int64_t *)ctx;
	return HF_SUCCESS;
}

static hf_status fill(const struct options *o, struct rig *rig, struct db *db)
{
	const struct fill rows = { .org_id = rig->account.org_id,
		                   .store_id = rig->account.store_id,
		                   .public_key = claims_public_key,
		                   .hash = claims_digest,
		                   .now_ms = hf_wall_ms() };
	struct progress p = { 0 };
	hf_status s;

	progress_begin(&p, "rows");
	s = fill_begin(db);
	if (hf_ok(s))
		s = fill_key_rows(db, &rows, 0, 1);
	for (int64_t at = 0; hf_ok(s) && at < o->rows; at += CHUNK) {
		s = fill_signature_rows(db, &rows, at, at + CHUNK < o->rows ? at + CHUNK : o->rows);
		progress_tell(&p, at, o->rows);
	}
	if (hf_ok(s))
		s = fill_end(db);
	progress_end(&p);
	return s;
}

/* Microseconds of one read of the page after `after`. */
static hf_status read_page(const struct options *o, struct db *db, const struct list *l,
                           const char *after, double *ret)
{
	char of[HF_ID_MAX];
	int64_t seen = 0, began = hf_mono_us();

	fill_id(l->prefix, 0, of);
	for (int i = 0; i < READS; i++)
		HF_TRY(l->read(db, of, after, (int)o->size + 1, count_row, &seen));
	*ret = (double)(hf_mono_us() - began) / READS;
	HF_ENSURE(seen >= READS * o->size, HF_INTERNAL);
	return HF_SUCCESS;
}

static hf_status run_round(const struct options *o, struct db *db, struct measured *m, size_t round)
{
	char after[HF_ID_MAX];

	fill_id("sig", o->rows - (o->page - 1) * o->size, after);
	for (size_t i = 0; i < HF_COUNT(lists); i++) {
		HF_TRY(read_page(o, db, &lists[i], "", &m[i].first[round]));
		HF_TRY(read_page(o, db, &lists[i], after, &m[i].far[round]));
		m[i].ratios[round] = m[i].far[round] / m[i].first[round];
	}
	fputc('.', stderr);
	return HF_SUCCESS;
}

static void print(const struct options *o, struct measured *m)
{
	size_t n = (size_t)o->rounds;

	printf("%12s %14s %9s %6lld us %8s\n", "list", "page 1 us", "page", (long long)o->page,
	       "ratio");
	for (size_t i = 0; i < HF_COUNT(lists); i++)
		printf("%12s %14.0f %19.0f %8.2f\n", lists[i].name, series_median(m[i].first, n),
		       series_median(m[i].far, n), series_median(m[i].ratios, n));
}

static hf_status measure(const struct options *o, struct rig *rig, struct hf_err *err)
{
	HF_FREE struct measured *m = calloc(HF_COUNT(lists), sizeof(*m));
	DB_SCOPED struct db *db = NULL;
	hf_status s;

	HF_ENSURE(m, HF_NOMEM);
	HF_TRY(db_open(&rig->server_db, &db, err));
	s = fill(o, rig, db);
	for (size_t round = 0; hf_ok(s) && round < (size_t)o->rounds; round++)
		s = run_round(o, db, m, round);
	fputc('\n', stderr);
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot fill or read the lists: %s", db_error(db));
	print(o, m);
	return s;
}

static int run(void *config, const char *const *args, size_t n_args)
{
	const struct options *o = config;
	HF_FREE struct rig *rig = calloc(1, sizeof(*rig));
	struct hf_err err = { 0 };
	hf_status s = HF_FAILURE(HF_NOMEM);

	hf_log_setup("bench", HF_LOG_WARN, HF_LOG_AUTO);
	if (o->page * o->size > o->rows)
		s = hf_fail(&err, HF_INVALID, "--page: the list of %lld rows ends before it",
		            (long long)o->rows);
	else if (rig)
		s = rig_new(o->dir, o->postgres_url, rig, &err);
	if (hf_ok(s))
		s = measure(o, rig, &err);
	if (rig)
		rig_done(rig);
	return hf_ok(s) ? 0 : cli_failed("bench pages", s, &err);
}

const struct cli_command cmd_bench_pages = {
	.name = "bench pages",
	.summary = "measure what a page costs that stands far down in a long list",
	.details = "Fills a database with finished signature requests of one key and its wallet, "
	           "and reads the first page of each list and one far down, by turns. Everything "
	           "made is removed at the end.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
