/* SPDX-License-Identifier: Apache-2.0
 * A queue over a real database, of either engine, with subjects that only count what happened to
 * them. */
#ifndef HF_TESTS_QUEUE_FIXTURE_H
#define HF_TESTS_QUEUE_FIXTURE_H

#include "../db/tempdb.h"
#include "check.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/core/queue/jobs.h"
#include "server/store/job_rows.h"
#include "server/store/migrations.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STORE "ks-1"
#define SUBJECTS 64
#define ALICE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BOB "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const uint8_t test_public[33] = {
	0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0,
	0x62, 0x95, 0xce, 0x87, 0x0b, 0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d,
	0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98,
}; /* secp256k1's generator */

static struct fixture {
	struct tempdb temp;
	struct db_config db;
	unsigned writers; /* PostgreSQL */
	char dir[64];     /* for files of a test's own */
	struct db_work *writer;
	struct jobs *jobs;
	int lease_ms;
	/* By number of the subject; written on the writers' threads, with the lock. */
	pthread_mutex_t lock;
	int settled[SUBJECTS], announced[SUBJECTS];
	struct op_result last;
	enum hf_code settle_code;
	sem_t announcements;
	char said[200];      /* the last word for the other servers */
	size_t evidence_len; /* of each job */
	bool leave;          /* everybody is let go while jobs are dealt, which fails */
} fx;

static inline int subject_number(const char *id)
{
	return atoi(id + strlen("sig-"));
}

static inline hf_status fixture_settle(void *ctx, struct db *db, const struct job_settled *s)
{
	if (fx.settle_code != HF_OK && s->result->outcome == OP_DONE)
		return HF_FAILURE(fx.settle_code);
	pthread_mutex_lock(&fx.lock);
	fx.settled[subject_number(s->subject_id)]++;
	fx.last = *s->result;
	pthread_mutex_unlock(&fx.lock);
	return HF_SUCCESS;
}

static inline void fixture_announce(void *ctx, enum job_subject subject, const char *subject_id)
{
	pthread_mutex_lock(&fx.lock);
	fx.announced[subject_number(subject_id)]++;
	pthread_mutex_unlock(&fx.lock);
	sem_post(&fx.announcements);
}

static inline void fixture_say(void *ctx, const char *word)
{
	pthread_mutex_lock(&fx.lock);
	snprintf(fx.said, sizeof(fx.said), "%s", word);
	pthread_mutex_unlock(&fx.lock);
}

/* So many bytes, the first of which is the job's number. */
static inline hf_status fixture_evidence(void *ctx, struct db *db, uint64_t job, struct hf_buf *to)
{
	uint8_t *at = hf_buf_grow(to, fx.evidence_len);

	HF_ENSURE(at, HF_NOMEM);
	if (fx.leave) {
		fx.leave = false;
		jobs_release_all(fx.jobs);
		return HF_FAILURE(HF_STATE);
	}
	memset(at, (uint8_t)job, fx.evidence_len);
	return HF_SUCCESS;
}

static inline hf_status before_commit(void *ctx, struct db *db)
{
	return jobs_before_commit(fx.jobs, db);
}

static inline void after_commit(void *ctx, hf_status s)
{
	jobs_after_commit(fx.jobs, s);
}

static inline void fixture_start(void)
{
	struct jobs_config config = {
		.lease_ms = fx.lease_ms,
		.sweep_ms = 1,
		.settle = fixture_settle,
		.announce = fixture_announce,
		.say = fixture_say,
		.evidence = fixture_evidence,
		.origin = "srv-ours",
	};
	struct db_work_config work = {
		.db = fx.db,
		.write = true,
		.threads = fx.writers,
		.before_commit = before_commit,
		.after_commit = after_commit,
	};
	DB_SCOPED struct db *db = NULL;

	CHECK_OK(db_open(&fx.db, &db, NULL));
	CHECK_OK(server_migrate(db, NULL));
	CHECK_OK(jobs_new(&config, &fx.jobs));
	CHECK_OK(db_work_start(&work, &fx.writer, NULL));
}

static inline void fixture_stop(void)
{
	jobs_release_all(fx.jobs);
	db_work_stop(fx.writer);
	jobs_free(fx.jobs);
}

static inline int fixture_setup(void **state)
{
	memset(&fx, 0, sizeof(fx));
	hf_log_setup("test", HF_LOG_ERROR, HF_LOG_TEXT);
	strcpy(fx.dir, "/tmp/holdfast-queue-XXXXXX");
	if (!mkdtemp(fx.dir))
		return -1;
	tempdb_make(&fx.temp);
	fx.db = tempdb_config(&fx.temp);
	fx.lease_ms = 10000;
	pthread_mutex_init(&fx.lock, NULL);
	sem_init(&fx.announcements, 0, 0);
	fixture_start();
	return 0;
}

static inline int fixture_teardown(void **state)
{
	fixture_stop();
	tempdb_remove(&fx.temp);
	rmdir(fx.dir);
	sem_destroy(&fx.announcements);
	return 0;
}

/* Any work in a write task, waited for. */
struct call {
	struct db_task task; /* first */
	hf_status (*fn)(struct db *db, void *arg);
	void *arg;
	hf_status result;
	sem_t ended;
};

static inline hf_status call_run(struct db_task *task, struct db *db)
{
	struct call *c = (struct call *)task;

	return c->fn(db, c->arg);
}

static inline void call_done(struct db_task *task, hf_status s)
{
	struct call *c = (struct call *)task;

	c->result = s;
	sem_post(&c->ended);
}

static inline void call_begin(struct call *c, hf_status (*fn)(struct db *, void *), void *arg)
{
	*c = (struct call){ .task = { .run = call_run, .done = call_done }, .fn = fn, .arg = arg };
	sem_init(&c->ended, 0, 0);
	CHECK_OK(db_work_submit(fx.writer, &c->task));
}

static inline hf_status call_end(struct call *c)
{
	sem_wait(&c->ended);
	sem_destroy(&c->ended);
	return c->result;
}

static inline hf_status call(hf_status (*fn)(struct db *, void *), void *arg)
{
	struct call c;

	call_begin(&c, fn, arg);
	return call_end(&c);
}

/* Jobs to sign, subjects "sig-<first>" and on. */
struct adding {
	int first, n;
	uint64_t ids[SUBJECTS];
};

static inline hf_status add_run(struct db *db, void *arg)
{
	struct adding *a = arg;
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(OP_ENCODED_MAX);
	uint8_t digest[32] = { 1 };
	char subject[32];
	const struct op op = {
		.kind = OP_SIGN,
		.key_type = KEY_SECP256K1,
		.key_id = "key-01k9h-x3v7q-8m2c4d6e8f0g1h2j",
		.scheme = SIGN_ECDSA,
		.input = HF_SPAN(digest, 32),
		.public_key = HF_SPAN(test_public, 33),
	};

	op_encode(&b, &op);
	HF_TRY(hf_buf_status(&b));
	for (int i = 0; i < a->n; i++) {
		snprintf(subject, sizeof(subject), "sig-%d", a->first + i);
		const struct job_new job = { STORE, JOB_FOR_SIGNATURE, subject, hf_buf_span(&b) };
		HF_TRY(jobs_add(fx.jobs, db, &job, &a->ids[i]));
	}
	return HF_SUCCESS;
}

static inline struct adding add(int first, int n)
{
	struct adding a = { .first = first, .n = n };

	CHECK_OK(call(add_run, &a));
	return a;
}

/* A driver's poll, and what it got. */
struct driver {
	struct jobs_poll poll; /* first */
	struct poll_result results[8];
	uint8_t encoded[8][OP_RESULT_ENCODED_MAX];
	uint64_t working[8];
	size_t n_jobs;
	uint64_t jobs[POLL_BATCH_MAX];
	uint32_t attempts[POLL_BATCH_MAX];
	size_t evidence_bytes;
	hf_status status;
	sem_t answered;
};

static inline void driver_answered(struct jobs_poll *p, const struct poll_reply *reply, hf_status s)
{
	struct driver *d = (struct driver *)p;

	d->status = s;
	d->n_jobs = reply ? reply->n_jobs : 0;
	for (size_t i = 0; i < d->n_jobs; i++) {
		struct op op;

		CHECK_OK(op_decode(reply->jobs[i].op, &op, NULL));
		d->jobs[i] = reply->jobs[i].job;
		d->evidence_bytes += reply->jobs[i].evidence.len;
		if (reply->jobs[i].evidence.len)
			CHECK(reply->jobs[i].evidence.ptr[0] == (uint8_t)d->jobs[i]);
		d->attempts[i] = reply->jobs[i].attempt;
	}
	sem_post(&d->answered);
}

static inline void driver_init(struct driver *d, const char *instance, uint32_t capacity,
                               uint32_t wait_ms)
{
	memset(d, 0, sizeof(*d));
	d->poll.store_id = STORE;
	d->poll.driver = "driver";
	strcpy(d->poll.request.instance, instance);
	d->poll.request.capacity = capacity;
	d->poll.request.wait_ms = wait_ms;
	d->poll.request.results = d->results;
	d->poll.request.working = d->working;
	d->poll.answered = driver_answered;
	sem_init(&d->answered, 0, 0);
}

static inline void driver_result(struct driver *d, uint64_t job, const struct op_result *r)
{
	struct hf_buf b = HF_BUF(OP_RESULT_ENCODED_MAX);
	size_t i = d->poll.request.n_results++;

	op_result_encode(&b, r);
	CHECK_OK(hf_buf_status(&b));
	memcpy(d->encoded[i], b.ptr, b.len);
	d->results[i] = (struct poll_result){ job, HF_SPAN(d->encoded[i], b.len) };
	hf_buf_done(&b);
}

static inline void driver_send(struct driver *d)
{
	CHECK_OK(jobs_poll(fx.jobs, fx.writer, &d->poll));
}

static inline size_t driver_wait(struct driver *d)
{
	sem_wait(&d->answered);
	sem_destroy(&d->answered);
	CHECK_OK(d->status);
	return d->n_jobs;
}

static inline bool driver_answered_yet(struct driver *d)
{
	int v;

	sem_getvalue(&d->answered, &v);
	return v > 0;
}

/* One round trip without waiting: how many jobs came. */
static inline size_t take_jobs(struct driver *d, const char *instance, uint32_t capacity)
{
	driver_init(d, instance, capacity, 0);
	driver_send(d);
	return driver_wait(d);
}

static const struct op_result signed_well = {
	.outcome = OP_DONE,
	.signature = { .bytes = { 1 }, .len = 64, .recid = 0 },
};

/* Hands in one result, taking nothing. */
static inline void hand_in(const char *instance, uint64_t job, const struct op_result *r)
{
	struct driver d;

	driver_init(&d, instance, 0, 0);
	driver_result(&d, job, r);
	driver_send(&d);
	driver_wait(&d);
}

static inline struct jobs_stats stats_now(void)
{
	struct jobs_stats s;

	jobs_stats(fx.jobs, &s);
	return s;
}

static inline hf_status count_run(struct db *db, void *arg)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db_query(db, "SELECT count(*) FROM jobs", &st));
	HF_TRY(db_step(st, &row));
	*(int64_t *)arg = db_col_int(st, 0);
	return HF_SUCCESS;
}

static inline int64_t rows(void)
{
	int64_t n = -1;

	CHECK_OK(call(count_run, &n));
	return n;
}

/* Sets leases to have ended, and sweeps until that was seen. */
static inline hf_status end_leases_run(struct db *db, void *arg)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "UPDATE jobs SET lease_until = 1 WHERE state = 1", &st));
	return db_run(st, NULL);
}

static inline void sweep(void)
{
	usleep(2000); /* longer than the time between two sweeps */
	jobs_tick(fx.jobs, fx.writer);
	rows(); /* a later task of the writer: the sweep is over */
}

static inline void end_leases(void)
{
	CHECK_OK(call(end_leases_run, NULL));
	sweep();
}

#endif
