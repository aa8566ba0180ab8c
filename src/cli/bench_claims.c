/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench_claims.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/bench_host.h"
#include "cli/bench_puller.h"
#include "server/core/keys/signatures.h"
#include "server/store/fill_rows.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TICK_NS = 100000000, SLOTS_MAX = 10000, SLOT_DIGITS = 4, PULLERS_MAX = 64 };

/* The private key is 1; so everybody can check, and nobody is to use it. */
static const uint8_t public_key[] = { 0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac,
	                              0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b, 0x07, 0x02,
	                              0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2,
	                              0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98 };
static const uint8_t digest[] = { 0xa5, 0x73, 0x69, 0x78, 0x73, 0x98, 0x26, 0x14, 0xaf, 0xa0, 0x44,
	                          0xea, 0x0f, 0xa9, 0x09, 0x7e, 0xbb, 0xed, 0x20, 0x74, 0xf1, 0xbb,
	                          0x8c, 0x88, 0x78, 0x60, 0x99, 0xdf, 0xd2, 0xad, 0xf1, 0x15 };
static const uint8_t signature_bytes[] = {
	0x5b, 0xca, 0x05, 0x64, 0x10, 0x13, 0x93, 0xbf, 0x7c, 0xb0, 0xe7, 0x91, 0x5a,
	0x26, 0x45, 0x8c, 0x18, 0xfe, 0xee, 0x0f, 0x2e, 0x5b, 0x25, 0xd3, 0x21, 0xa5,
	0x6d, 0x24, 0xc7, 0x3e, 0xbe, 0xad, 0x64, 0x3e, 0x33, 0xff, 0xff, 0x48, 0x76,
	0x79, 0xfa, 0xc3, 0x29, 0xcb, 0x34, 0x51, 0x68, 0x59, 0xcd, 0xe0, 0xbc, 0x90,
	0x7b, 0x9d, 0xfb, 0xbc, 0x7e, 0x10, 0xca, 0xbf, 0xfc, 0xcd, 0xde, 0x36
};

/* The digest above. */
static const char body[] = "{\"kind\":\"Hash\",\"hash\":\""
                           "a573697873982614afa044ea0fa9097ebbed2074f1bb8c88786099dfd2adf115\"}";

const struct hf_span claims_public_key = { public_key, sizeof(public_key) };
const struct hf_span claims_digest = { digest, sizeof(digest) };

struct claims;

struct slot {
	struct db_task task; /* first */
	struct claims *c;
	unsigned number;
	char subject[HF_ID_MAX]; /* ends with the number: announce() finds the slot by it */
	int64_t began;
};

struct claims {
	struct bench_host host;
	const struct claims_config *config;
	const struct load *load;
	struct json_t *doc; /* body, parsed */
	struct slot *slots;
	struct puller *pullers[PULLERS_MAX];
	pthread_mutex_t lock; /* what follows */
	pthread_cond_t changed;
	int64_t began, ends;
	uint64_t started, done;
	unsigned busy;
	struct bench_result *result;
	char failure[256];
};

static void failed(void *ctx, const char *why)
{
	struct claims *c = ctx;

	pthread_mutex_lock(&c->lock);
	if (!c->failure[0])
		snprintf(c->failure, sizeof(c->failure), "%s", why);
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

static hf_status add_bare(struct slot *s, struct db *db)
{
	HF_BUF_SCOPED struct hf_buf encoded = HF_BUF(OP_ENCODED_MAX);
	struct op op = {
		.kind = OP_SIGN,
		.key_type = KEY_SECP256K1,
		.scheme = SIGN_ECDSA,
		.hash = HASH_NONE,
		.input = claims_digest,
		.public_key = claims_public_key,
	};
	struct job_new job = { .store_id = s->c->config->rig->account.store_id,
		               .subject = JOB_FOR_SIGNATURE,
		               .subject_id = s->subject };
	uint64_t number;

	fill_id("key", 0, op.key_id);
	op_encode(&encoded, &op);
	job.op = hf_buf_span(&encoded);
	return jobs_add(s->c->host.core.jobs, db, &job, &number);
}

static hf_status add_request(struct slot *s, struct db *db)
{
	const struct claims_config *config = s->c->config;
	char key_id[HF_ID_MAX];
	struct signature_new request = {
		.id = s->subject,
		.org_id = config->rig->account.org_id,
		.key_id = key_id,
		.identity_id = config->rig->account.identity_id,
		.token_id = "",
		.wallet_id = "",
		.body = hf_span_text(body),
		.doc = s->c->doc,
		.body_hash = digest,
		.external_id = "",
		.now_ms = hf_wall_ms(),
	};
	struct signature_made made = { 0 };
	struct hf_err err = { 0 };

	fill_id("key", (int64_t)(hf_random_u64() % (uint64_t)config->keys), key_id);
	return signature_create(s->c->host.core.jobs, db, &request, &made, &err);
}

static hf_status add_job(struct db_task *task, struct db *db)
{
	struct slot *s = (struct slot *)task;

	return s->c->config->keys ? add_request(s, db) : add_bare(s, db);
}

static void job_added(struct db_task *task, hf_status status)
{
	if (!hf_ok(status))
		failed(((struct slot *)task)->c, "a job could not be added");
}

static void submit(struct slot *s)
{
	char number[SLOT_DIGITS + 1];

	hf_id_new("sig", s->subject);
	snprintf(number, sizeof(number), "%0*u", SLOT_DIGITS, s->number % SLOTS_MAX);
	memcpy(s->subject + strlen(s->subject) - SLOT_DIGITS, number, SLOT_DIGITS);
	s->began = hf_mono_us();
	s->task = (struct db_task){ .run = add_job,
		                    .done = job_added,
		                    .durability = s->c->load->relaxed ? DB_RELAXED : DB_DURABLE };
	if (!hf_ok(db_work_submit(s->c->host.core.writer, &s->task)))
		failed(s->c, "the queue takes no more jobs");
}

static hf_status settle(void *ctx, struct db *db, const struct job_settled *settled)
{
	struct claims *c = ctx;
	struct signature_outcome outcome;

	if (settled->result->outcome != OP_DONE)
		failed(c, settled->result->text);
	return c->config->keys ? signature_settle(c->host.core.jobs, db, "", settled, &outcome)
	                       : HF_SUCCESS;
}

static bool is_over(const struct claims *c)
{
	return c->failure[0] ||
	       (c->load->count ? c->started >= (uint64_t)c->load->count : hf_mono_us() >= c->ends);
}

static void announce(void *ctx, enum job_subject subject, const char *subject_id)
{
	struct claims *c = ctx;
	int64_t number = 0;
	struct slot *s;
	bool more;

	hf_ignore(hf_parse_i64(subject_id + strlen(subject_id) - SLOT_DIGITS, 0,
	                       c->load->outstanding - 1, &number));
	s = &c->slots[number];
	pthread_mutex_lock(&c->lock);
	c->done++;
	hf_latency_add(&c->result->latency, hf_mono_us() - s->began);
	more = !is_over(c);
	c->started += more;
	c->busy -= !more;
	if (!more)
		pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	if (more)
		submit(s);
}

/* Until every slot is idle; meanwhile the queue's clock is kept. */
static hf_status wait_idle(struct claims *c, struct hf_err *err)
{
	int64_t told = hf_mono_ms();
	struct timespec at;

	pthread_mutex_lock(&c->lock);
	while (c->busy > 0 && !c->failure[0]) {
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_nsec += TICK_NS;
		at.tv_sec += at.tv_nsec / 1000000000;
		at.tv_nsec %= 1000000000;
		pthread_cond_clockwait(&c->changed, &c->lock, CLOCK_MONOTONIC, &at);
		pthread_mutex_unlock(&c->lock);
		bench_host_tick(&c->host);
		if (c->load->progress && hf_mono_ms() - told >= 1000) {
			told = hf_mono_ms();
			c->load->progress(c->load->ctx, c->done);
		}
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return c->failure[0] ? hf_fail(err, HF_IO, "%s", c->failure) : HF_SUCCESS;
}

static hf_status start(struct claims *c, struct hf_err *err)
{
	const struct bench_host_config host = {
		.rig = c->config->rig,
		.db = c->config->server_db,
		.relaxed = c->load->relaxed,
		.settle = settle,
		.announce = announce,
		.ctx = c,
	};
	struct puller_config puller = {
		.rig = c->config->rig,
		.keys_db = c->config->keys ? &c->config->keys_db : NULL,
		.batch = c->config->batch,
		.signature = HF_SPAN(signature_bytes, sizeof(signature_bytes)),
		.failed = failed,
		.ctx = c,
	};

	HF_TRY(bench_host_start(&c->host, &host, err));
	puller.port = bench_host_port(&c->host);
	for (unsigned i = 0; i < c->config->drivers && i < PULLERS_MAX; i++)
		HF_TRY(puller_start(&puller, &c->pullers[i], err));
	return HF_SUCCESS;
}

static hf_status run(struct claims *c, struct hf_err *err)
{
	c->began = hf_mono_us();
	c->ends = c->began + c->load->ms * 1000;
	c->busy = c->load->outstanding;
	c->started = c->busy;
	for (unsigned i = 0; i < c->load->outstanding; i++)
		submit(&c->slots[i]);
	HF_TRY(wait_idle(c, err));
	c->result->seconds = (double)(hf_mono_us() - c->began) / 1e6;
	return HF_SUCCESS;
}

static void stop(struct claims *c)
{
	for (unsigned i = 0; i < PULLERS_MAX; i++)
		puller_stopping(c->pullers[i]);
	bench_host_release(&c->host);
	for (unsigned i = 0; i < PULLERS_MAX; i++)
		puller_free(c->pullers[i]);
	bench_host_stop(&c->host);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
}

hf_status load_claims(const struct claims_config *config, const struct load *load,
                      struct bench_result *ret, struct hf_err *err)
{
	HF_FREE struct slot *slots = calloc(load->outstanding, sizeof(*slots));
	HF_FREE struct claims *c = calloc(1, sizeof(*c));
	hf_status s;

	HF_ENSURE(slots && c, HF_NOMEM);
	HF_ENSURE(load->outstanding <= SLOTS_MAX, HF_TOOBIG);
	memset(ret, 0, sizeof(*ret));
	*c = (struct claims){ .config = config, .load = load, .slots = slots, .result = ret };
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	for (unsigned i = 0; i < load->outstanding; i++)
		slots[i] = (struct slot){ .c = c, .number = i };
	s = json_parse(hf_span_text(body), sizeof(body), &c->doc, err);
	if (hf_ok(s))
		s = start(c, err);
	if (hf_ok(s))
		s = run(c, err);
	stop(c);
	json_done(c->doc);
	return s;
}
