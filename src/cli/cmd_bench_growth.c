/* SPDX-License-Identifier: Apache-2.0
 * holdfast bench growth: what a job costs with more and more keys in the tables. */
#include "base/clock.h"
#include "cli/bench_claims.h"
#include "cli/bench_series.h"
#include "cli/commands.h"
#include "keydb/fill.h"
#include "keydb/keydb.h"
#include "op/poll.h"
#include "server/store/fill_rows.h"

#include <stdio.h>
#include <string.h>

struct options {
	const char *dir, *postgres_url;
	int64_t keys, finished, outstanding, drivers, batch, rounds, ms;
	bool relaxed;
};

static const struct cli_option options[] = {
	CLI_OPTION_TEXT(struct options, dir, "dir", "DIR", NULL,
	                "where the files of the run lie; without it, $TMPDIR or /tmp"),
	CLI_OPTION_TEXT(
	        struct options, postgres_url, "postgres-url", "URL", NULL,
	        "measure on this PostgreSQL, in schemas of the run's own, instead of SQLite"),
	CLI_OPTION_NUMBER(
	        struct options, keys, "keys", "1000000", 10000, 100000000,
	        "measured with 10,000 keys, and with ten times as many until this number"),
	CLI_OPTION_NUMBER(struct options, finished, "finished", "1000000", 0, 100000000,
	                  "signature requests that were signed before, at most as many as keys"),
	CLI_OPTION_NUMBER(struct options, outstanding, "outstanding", "256", 1, 4096,
	                  "jobs under way at a time"),
	CLI_OPTION_NUMBER(struct options, drivers, "drivers", "2", 1, 64,
	                  "drivers that are played"),
	CLI_OPTION_NUMBER(struct options, batch, "batch", "64", 1, POLL_BATCH_MAX,
	                  "jobs that a played driver takes at a time"),
	CLI_OPTION_NUMBER(struct options, rounds, "rounds", "5", 1, SERIES_MAX,
	                  "rounds; each measures every size once"),
	CLI_OPTION_NUMBER(struct options, ms, "ms", "2000", 100, 3600000,
	                  "milliseconds for each measurement"),
	CLI_OPTION_FLAG(struct options, relaxed, "relaxed", "commits do not wait for the disk"),
};

enum { SMALLEST = 10000, SIZES_MAX = 5, CHUNK = 100000 };

struct size {
	int64_t keys;
	struct rig rig;
	double rates[SERIES_MAX], costs[SERIES_MAX]; /* costs: against the smallest of the round */
};

struct growth {
	const struct options *options;
	struct size *sizes;
	size_t n;
	struct hf_err *err;
};

/* `fn` fills from one number to another. */
static hf_status by_chunks(struct db *db, const char *what, int64_t n,
                           hf_status (*fn)(struct db *db, const void *ctx, int64_t from,
                                           int64_t to),
                           const void *ctx, struct hf_err *err)
{
	int64_t began = hf_mono_ms();
	hf_status s = HF_SUCCESS;

	for (int64_t from = 0; hf_ok(s) && from < n; from += CHUNK) {
		s = db_begin(db);
		if (hf_ok(s))
			s = fn(db, ctx, from, from + CHUNK < n ? from + CHUNK : n);
		if (hf_ok(s))
			s = db_commit(db, DB_RELAXED);
		if (!hf_ok(s))
			db_rollback(db);
	}
	if (!hf_ok(s))
		return hf_fail(err, s.code, "cannot make %s: %s", what, db_error(db));
	fprintf(stderr, "  %lld %s in %.1f s\n", (long long)n, what,
	        (double)(hf_mono_ms() - began) / 1000);
	return HF_SUCCESS;
}

static hf_status fill_keys(struct db *db, const void *ctx, int64_t from, int64_t to)
{
	return fill_key_rows(db, ctx, from, to);
}

static hf_status fill_signatures(struct db *db, const void *ctx, int64_t from, int64_t to)
{
	return fill_signature_rows(db, ctx, from, to);
}

static hf_status fill_records(struct db *db, const void *ctx, int64_t from, int64_t to)
{
	char prefix[HF_ID_MAX];

	fill_id("key", 0, prefix);
	prefix[strlen(prefix) - 16] = 0; /* the digits that keydb_fill() adds */
	return keydb_fill(db, prefix, claims_public_key, from, to);
}

static hf_status fill_server(struct growth *g, struct size *z)
{
	const struct fill fill = { .org_id = z->rig.account.org_id,
		                   .store_id = z->rig.account.store_id,
		                   .public_key = claims_public_key,
		                   .hash = claims_digest,
		                   .now_ms = hf_wall_ms() };
	int64_t finished = g->options->finished < z->keys ? g->options->finished : z->keys;
	DB_SCOPED struct db *db = NULL;

	HF_TRY(db_open(&z->rig.server_db, &db, g->err));
	HF_TRY(fill_begin(db));
	HF_TRY(by_chunks(db, "keys of the server", z->keys, fill_keys, &fill, g->err));
	HF_TRY(by_chunks(db, "finished signatures", finished, fill_signatures, &fill, g->err));
	return fill_end(db);
}

static hf_status fill_keydb(struct growth *g, struct size *z)
{
	DB_SCOPED struct db *db = NULL;

	HF_TRY(keydb_open(&z->rig.keys_db, &db, g->err)); /* makes the tables */
	HF_TRY(by_chunks(db, "wrapped keys", z->keys, fill_records, NULL, g->err));
	return db_exec(db, "ANALYZE");
}

static hf_status prepare(struct growth *g)
{
	for (int64_t keys = SMALLEST; keys <= g->options->keys && g->n < SIZES_MAX; keys *= 10) {
		struct size *z = &g->sizes[g->n++];

		z->keys = keys;
		fprintf(stderr, "%lld keys:\n", (long long)keys);
		HF_TRY(rig_new(g->options->dir, g->options->postgres_url, &z->rig, g->err));
		HF_TRY(fill_server(g, z));
		HF_TRY(fill_keydb(g, z));
	}
	return HF_SUCCESS;
}

static hf_status measure(struct growth *g, struct size *z, struct bench_result *ret)
{
	const struct load load = {
		.outstanding = (unsigned)g->options->outstanding,
		.ms = g->options->ms,
		.relaxed = g->options->relaxed,
	};
	const struct claims_config config = {
		.rig = &z->rig,
		.server_db = z->rig.server_db,
		.keys_db = z->rig.keys_db,
		.drivers = (unsigned)g->options->drivers,
		.batch = (unsigned)g->options->batch,
		.keys = z->keys,
	};

	return load_claims(&config, &load, ret, g->err);
}

/* Every other round goes the other way, so that a machine that gets slower favours no size. */
static hf_status run_round(struct growth *g, size_t round)
{
	struct bench_result result;

	for (size_t i = 0; i < g->n; i++) {
		struct size *z = &g->sizes[round % 2 ? g->n - 1 - i : i];

		HF_TRY(measure(g, z, &result));
		z->rates[round] = bench_rate(&result);
	}
	for (size_t i = 0; i < g->n; i++)
		g->sizes[i].costs[round] = g->sizes[0].rates[round] / g->sizes[i].rates[round];
	fputc('.', stderr);
	return HF_SUCCESS;
}

static void print(struct growth *g, size_t rounds)
{
	printf("%12s %12s %12s %24s\n", "keys", "jobs/s", "us a job", "cost, smallest = 1");
	for (size_t i = 0; i < g->n; i++) {
		struct size *z = &g->sizes[i];
		double rate = series_median(z->rates, rounds);
		double cost = series_median(z->costs, rounds); /* sorted now */

		printf("%12lld %12.0f %12.1f %10.2f (%.2f to %.2f)\n", (long long)z->keys, rate,
		       1e6 / rate, cost, z->costs[0], z->costs[rounds - 1]);
	}
}

static hf_status bench(const struct options *o, struct hf_err *err)
{
	HF_FREE struct size *sizes = calloc(SIZES_MAX, sizeof(*sizes));
	struct growth g = { .options = o, .sizes = sizes, .err = err };
	hf_status s;

	HF_ENSURE(sizes, HF_NOMEM);
	s = prepare(&g);
	for (size_t round = 0; hf_ok(s) && round < (size_t)o->rounds; round++)
		s = run_round(&g, round);
	fputc('\n', stderr);
	if (hf_ok(s))
		print(&g, (size_t)o->rounds);
	for (size_t i = 0; i < g.n; i++)
		rig_done(&g.sizes[i].rig);
	return s;
}

static int run(void *config, const char *const *args, size_t n_args)
{
	struct hf_err err = { 0 };
	hf_status s;

	hf_log_setup("bench", HF_LOG_WARN, HF_LOG_AUTO);
	s = bench(config, &err);
	return hf_ok(s) ? 0 : cli_failed("bench growth", s, &err);
}

const struct cli_command cmd_bench_growth = {
	.name = "bench growth",
	.summary = "measure what a job costs with more and more keys in the tables",
	.details =
	        "Fills a database for each size (10,000 keys, and ten times as many, and so on) "
	        "with "
	        "keys, wrapped keys and finished signatures, then has jobs for random keys made, "
	        "claimed and completed over mTLS by drivers that are played: everything of a job "
	        "but "
	        "the HSM. Sizes take turns, and each is compared with the smallest of its round. "
	        "Everything made is removed at the end.",
	.options = options,
	.n_options = HF_COUNT(options),
	.config_size = sizeof(struct options),
	.run = run,
};
