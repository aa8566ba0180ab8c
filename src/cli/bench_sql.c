/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench_sql.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "op/op.h"
#include "op/poll.h"
#include "server/store/job_rows.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { OP_BYTES = 150, WORKERS_MAX = 16, COUNTER_BITS = 40, LEASE_MS = 10000 };

struct worker {
	const struct bench_sql *config;
	pthread_t thread;
	bool running;
	struct db *db;
	char owner[HF_ID_MAX];
	uint64_t next_id;
	uint64_t claimed[POLL_BATCH_MAX];
	size_t n_claimed;
	int64_t until_us;
	struct hf_latency latency;
	hf_status status;
};

static hf_status claimed(void *ctx, uint64_t id, int attempt, struct hf_span op)
{
	struct worker *w = ctx;

	w->claimed[w->n_claimed++] = id;
	return HF_SUCCESS;
}

static hf_status add(struct worker *w)
{
	uint8_t op[OP_BYTES] = { 0 };
	JOB_ROW row = { .op = HF_BUF(OP_ENCODED_MAX), .created_at = hf_wall_ms() };

	snprintf(row.store_id, sizeof(row.store_id), "%s", w->config->store_id);
	snprintf(row.subject_id, sizeof(row.subject_id), "%s", w->owner);
	row.subject = 2;
	hf_buf_put(&row.op, op, sizeof(op));
	for (unsigned i = 0; i < w->config->batch; i++) {
		row.id = w->next_id++;
		HF_TRY(job_row_insert(w->db, &row));
	}
	return HF_SUCCESS;
}

static hf_status take_away(struct worker *w)
{
	static _Thread_local struct job_row rows[JOB_ROWS_TAKE_MAX];
	size_t n = w->n_claimed;

	HF_TRY(job_rows_take(w->db, w->config->store_id, w->claimed, n, rows));
	for (size_t i = 0; i < n; i++)
		job_row_done(&rows[i]);
	memset(rows, 0, n * sizeof(rows[0]));
	w->n_claimed = 0;
	return HF_SUCCESS;
}

static hf_status transaction(struct worker *w)
{
	int got;

	HF_TRY(take_away(w));
	HF_TRY(add(w));
	return job_rows_claim(w->db, w->config->store_id, w->owner, LEASE_MS, (int)w->config->batch,
	                      claimed, w, &got);
}

static hf_status run(struct worker *w)
{
	while (hf_mono_us() < w->until_us) {
		int64_t began = hf_mono_us(), took;
		size_t n = w->n_claimed;

		HF_TRY(db_begin(w->db));
		HF_TRY(transaction(w));
		HF_TRY(db_commit(w->db, w->config->relaxed ? DB_RELAXED : DB_DURABLE));
		took = hf_mono_us() - began;
		for (size_t i = 0; i < n; i++)
			hf_latency_add(&w->latency, took);
	}
	HF_TRY(db_begin(w->db));
	HF_TRY(take_away(w));
	return db_commit(w->db, DB_RELAXED);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	w->status = run(w);
	db_rollback(w->db);
	return NULL;
}

static hf_status start(struct worker *w, struct hf_err *err)
{
	HF_TRY(db_open(&w->config->db, &w->db, err));
	hf_id_new("worker", w->owner);
	w->next_id = hf_random_u64() >> 2 >> COUNTER_BITS << COUNTER_BITS;
	w->until_us = hf_mono_us() + w->config->ms * 1000;
	HF_TRY(hf_thread_start("statements", work, w, &w->thread, err));
	w->running = true;
	return HF_SUCCESS;
}

static hf_status finish(struct worker *w, struct bench_result *to, struct hf_err *err)
{
	if (!w->running)
		return HF_SUCCESS;
	pthread_join(w->thread, NULL);
	hf_latency_merge(&to->latency, &w->latency);
	if (hf_ok(w->status))
		return HF_SUCCESS;
	return hf_fail(err, w->status.code, "the bare statements failed: %s", db_error(w->db));
}

hf_status bench_sql(const struct bench_sql *config, struct bench_result *ret, struct hf_err *err)
{
	HF_FREE struct worker *workers = calloc(WORKERS_MAX, sizeof(*workers));
	int64_t began = hf_mono_us();
	hf_status s = HF_SUCCESS;

	HF_ENSURE(workers, HF_NOMEM);
	HF_ENSURE(config->workers <= WORKERS_MAX && config->batch <= POLL_BATCH_MAX, HF_TOOBIG);
	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; hf_ok(s) && i < config->workers; i++) {
		workers[i].config = config;
		s = start(&workers[i], err);
	}
	for (unsigned i = 0; i < config->workers; i++) {
		hf_status ended = finish(&workers[i], ret, err);

		s = hf_ok(s) ? ended : s;
		db_close(workers[i].db);
	}
	ret->seconds = (double)(hf_mono_us() - began) / 1e6;
	return s;
}
