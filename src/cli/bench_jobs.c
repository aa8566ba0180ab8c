/* SPDX-License-Identifier: Apache-2.0
 * Load on the queue alone: its database, its leases and its mTLS listener in this process, a real
 * driver as a child. */
#include "cli/bench_load.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/bench_host.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TICK_NS = 100000000 };

struct slot;

struct bench_queue {
	struct bench_host host;
	const struct load *load;
	const struct rig *rig;
	struct slot *slots;
	struct public_key key;
	char key_id[HF_ID_MAX];
	pthread_mutex_t lock; /* what follows */
	pthread_cond_t changed;
	int64_t began, ends;
	uint64_t started, done;
	unsigned busy;
	bool have_key;
	struct bench_result *result;
	char failure[256];
};

struct slot {
	struct db_task task; /* first */
	struct bench_queue *q;
	char subject[HF_ID_MAX]; /* "slot-N" */
	uint8_t digest[32];
	int64_t began;
};

static void failed(struct bench_queue *q, const char *why)
{
	pthread_mutex_lock(&q->lock);
	if (!q->failure[0])
		snprintf(q->failure, sizeof(q->failure), "%s", why);
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

static hf_status add_job(struct db_task *task, struct db *db)
{
	struct slot *s = (struct slot *)task;
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(OP_ENCODED_MAX);
	struct op op = {
		.kind = s->q->have_key ? OP_SIGN : OP_GENERATE,
		.key_type = KEY_SECP256K1,
		.scheme = SIGN_ECDSA,
		.hash = HASH_NONE,
		.input = HF_SPAN(s->digest, sizeof(s->digest)),
		.public_key = HF_SPAN(s->q->key.bytes, s->q->key.len),
	};
	struct job_new job = { .store_id = s->q->rig->account.store_id,
		               .subject = JOB_FOR_SIGNATURE,
		               .subject_id = s->subject };
	uint64_t number;

	snprintf(op.key_id, sizeof(op.key_id), "%s", s->q->key_id);
	op_encode(&encoded, &op);
	job.op = hf_buf_span(&encoded);
	return jobs_add(s->q->host.core.jobs, db, &job, &number);
}

static void job_added(struct db_task *task, hf_status status)
{
	if (!hf_ok(status))
		failed(((struct slot *)task)->q, "a job could not be added");
}

static void submit(struct slot *s)
{
	hf_random(s->digest, sizeof(s->digest));
	s->began = hf_mono_us();
	s->task = (struct db_task){ .run = add_job,
		                    .done = job_added,
		                    .durability = s->q->load->relaxed ? DB_RELAXED : DB_DURABLE };
	if (!hf_ok(db_work_submit(s->q->host.core.writer, &s->task)))
		failed(s->q, "the queue takes no more jobs");
}

/* Inside the completing transaction: what is measured ends at the announcement. */
static hf_status settle(void *ctx, struct db *db, const struct job_settled *settled)
{
	struct bench_queue *q = ctx;

	if (settled->result->outcome != OP_DONE)
		failed(q, settled->result->text);
	else if (!q->have_key && settled->result->public_key.len <= sizeof(q->key.bytes)) {
		q->key.len = settled->result->public_key.len;
		memcpy(q->key.bytes, settled->result->public_key.ptr, q->key.len);
	}
	return HF_SUCCESS;
}

static bool is_over(const struct bench_queue *q)
{
	return q->failure[0] ||
	       (q->load->count ? q->started >= (uint64_t)q->load->count : hf_mono_us() >= q->ends);
}

static struct slot *slot_of(struct bench_queue *q, const char *subject_id)
{
	int64_t i = 0;

	hf_ignore(hf_parse_i64(subject_id + strlen("slot-"), 0, q->load->outstanding - 1, &i));
	return &q->slots[i];
}

static void announce(void *ctx, enum job_subject subject, const char *subject_id)
{
	struct bench_queue *q = ctx;
	struct slot *s = slot_of(q, subject_id);
	bool more = false;

	pthread_mutex_lock(&q->lock);
	if (!q->have_key) {
		q->have_key = true;
	} else {
		q->done++;
		hf_latency_add(&q->result->latency, hf_mono_us() - s->began);
		more = !is_over(q);
		q->started += more;
		q->busy -= !more;
	}
	if (!more)
		pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	if (more)
		submit(s);
}

static hf_status start(struct bench_queue *q, struct hf_err *err)
{
	const struct bench_host_config host = {
		.rig = q->rig,
		.db = q->rig->server_db,
		.relaxed = q->load->relaxed,
		.settle = settle,
		.announce = announce,
		.ctx = q,
	};

	return bench_host_start(&q->host, &host, err);
}

/* Until `over` holds; meanwhile the queue's clock is kept. */
static hf_status wait_until(struct bench_queue *q, bool (*over)(const struct bench_queue *q),
                            struct hf_err *err)
{
	int64_t told = hf_mono_ms();
	struct timespec at;

	pthread_mutex_lock(&q->lock);
	while (!over(q) && !q->failure[0]) {
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_nsec += TICK_NS;
		at.tv_sec += at.tv_nsec / 1000000000;
		at.tv_nsec %= 1000000000;
		pthread_cond_clockwait(&q->changed, &q->lock, CLOCK_MONOTONIC, &at);
		pthread_mutex_unlock(&q->lock);
		bench_host_tick(&q->host);
		if (q->load->progress && hf_mono_ms() - told >= 1000) {
			told = hf_mono_ms();
			q->load->progress(q->load->ctx, q->done);
		}
		pthread_mutex_lock(&q->lock);
	}
	pthread_mutex_unlock(&q->lock);
	return q->failure[0] ? hf_fail(err, HF_IO, "%s", q->failure) : HF_SUCCESS;
}

static bool key_made(const struct bench_queue *q)
{
	return q->have_key;
}

static bool all_idle(const struct bench_queue *q)
{
	return q->busy == 0;
}

static hf_status run(struct bench_queue *q, struct hf_err *err)
{
	hf_id_new("key", q->key_id);
	submit(&q->slots[0]);
	HF_TRY(wait_until(q, key_made, err));
	q->began = hf_mono_us();
	q->ends = q->began + q->load->ms * 1000;
	q->busy = q->load->outstanding;
	q->started = q->busy;
	for (unsigned i = 0; i < q->load->outstanding; i++)
		submit(&q->slots[i]);
	HF_TRY(wait_until(q, all_idle, err));
	q->result->seconds = (double)(hf_mono_us() - q->began) / 1e6;
	return HF_SUCCESS;
}

static void stop(struct bench_queue *q)
{
	bench_host_stop(&q->host);
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
}

hf_status load_jobs(struct rig *r, const struct rig_driver *driver, const struct load *load,
                    struct bench_result *ret, struct hf_err *err)
{
	HF_FREE struct slot *slots = calloc(load->outstanding, sizeof(*slots));
	struct bench_queue q = { .load = load, .rig = r, .slots = slots, .result = ret };
	hf_status s;

	HF_ENSURE(slots, HF_NOMEM);
	memset(ret, 0, sizeof(*ret));
	pthread_mutex_init(&q.lock, NULL);
	pthread_cond_init(&q.changed, NULL);
	for (unsigned i = 0; i < load->outstanding; i++) {
		slots[i].q = &q;
		snprintf(slots[i].subject, sizeof(slots[i].subject), "slot-%u", i);
	}
	s = start(&q, err);
	if (hf_ok(s)) {
		r->driver_port = bench_host_port(&q.host);
		s = rig_start_drivers(r, driver, err);
	}
	if (hf_ok(s))
		s = run(&q, err);
	rig_stop_drivers(r);
	stop(&q);
	return s;
}
