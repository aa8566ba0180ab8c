/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench_puller.h"

#include "base/random.h"
#include "base/text.h"
#include "base/thread.h"
#include "http/load.h"
#include "keydb/keydb.h"
#include "op/poll.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 1000, STEP_MS = 100 };

struct puller {
	struct puller_config config;
	pthread_t thread;
	bool running;
	atomic_bool stopping;
	struct http_load *http;
	struct db *keys;
	struct hf_buf result, body; /* result: of every job */
	struct poll_request request;
	struct poll_result results[POLL_BATCH_MAX];
	struct poll_job jobs[POLL_BATCH_MAX];
	bool answered;
	hf_status status;
};

/* All of a reply in one round trip, as a driver does. */
static hf_status look_up(struct puller *p, const struct poll_reply *polled)
{
	static _Thread_local struct keydb_get gets[POLL_BATCH_MAX];
	static _Thread_local struct op ops[POLL_BATCH_MAX];
	hf_status s = HF_SUCCESS;

	for (size_t i = 0; i < polled->n_jobs; i++) {
		HF_TRY(op_decode(polled->jobs[i].op, &ops[i], NULL));
		gets[i] = (struct keydb_get){ .key_id = ops[i].key_id,
			                      .record = HF_BUF(RECORD_ENCODED_MAX) };
	}
	s = keydb_get_all(p->keys, gets, polled->n_jobs);
	for (size_t i = 0; i < polled->n_jobs; i++) {
		s = hf_ok(s) ? gets[i].status : s;
		hf_buf_done(&gets[i].record);
	}
	return s;
}

/* The reply's jobs become the next request's results. */
static hf_status take(struct puller *p, const struct http_reply *reply)
{
	struct poll_reply polled = { .jobs = p->jobs };

	HF_ENSURE(reply->status == 200, HF_IO);
	HF_TRY(poll_reply_decode(reply->body, &polled));
	if (p->keys)
		HF_TRY(look_up(p, &polled));
	for (size_t i = 0; i < polled.n_jobs; i++)
		p->results[i] = (struct poll_result){ .job = polled.jobs[i].job,
			                              .result = hf_buf_span(&p->result) };
	p->request.n_results = polled.n_jobs;
	return HF_SUCCESS;
}

static void on_reply(void *ctx, const struct http_reply *reply)
{
	struct puller *p = ctx;

	p->status = take(p, reply);
	p->answered = true;
}

static hf_status poll_once(struct puller *p)
{
	static const char *const no_more_lines[] = { NULL };

	hf_buf_clear(&p->body);
	poll_request_encode(&p->body, &p->request);
	HF_TRY(hf_buf_status(&p->body));
	p->answered = false;
	HF_TRY(http_load_post(p->http, 0, POLL_PATH, no_more_lines, hf_buf_span(&p->body), on_reply,
	                      p));
	while (!p->answered)
		HF_TRY(http_load_step(p->http, STEP_MS));
	return p->status;
}

static void *pull(void *arg)
{
	struct puller *p = arg;
	hf_status s = HF_SUCCESS;

	while (hf_ok(s) && !(atomic_load(&p->stopping) && p->request.n_results == 0)) {
		p->request.capacity = atomic_load(&p->stopping) ? 0 : p->config.batch;
		s = poll_once(p);
	}
	if (!hf_ok(s))
		p->config.failed(p->config.ctx, "a poll of a played driver failed");
	return NULL;
}

static hf_status prepare(struct puller *p, struct hf_err *err)
{
	const struct rig *rig = p->config.rig;
	const struct http_load_config http = {
		.port = (uint16_t)p->config.port,
		.callers = 1,
		.ca_file = rig->path[RIG_CA],
		.cert_file = rig->path[RIG_DRIVER_CERT],
		.key_file = rig->path[RIG_DRIVER_KEY],
		.content_type = POLL_CONTENT_TYPE,
	};
	struct op_result done = { .outcome = OP_DONE,
		                  .signature = { .len = p->config.signature.len, .recid = -1 } };
	HF_BUF_SCOPED struct hf_buf hex = HF_BUF(INSTANCE_ID_MAX);
	uint8_t instance[16];

	memcpy(done.signature.bytes, p->config.signature.ptr, p->config.signature.len);
	op_result_encode(&p->result, &done);
	HF_TRY(hf_buf_status(&p->result));
	hf_random(instance, sizeof(instance));
	hf_buf_hex(&hex, HF_SPAN(instance, sizeof(instance)));
	HF_TRY(hf_span_to_text(hf_buf_span(&hex), p->request.instance, INSTANCE_ID_MAX));
	if (p->config.keys_db)
		HF_TRY(keydb_open(p->config.keys_db, &p->keys, err));
	return http_load_new(&http, &p->http, err);
}

hf_status puller_start(const struct puller_config *config, struct puller **ret, struct hf_err *err)
{
	struct puller *p = calloc(1, sizeof(*p));
	hf_status s;

	HF_ENSURE(p, HF_NOMEM);
	p->config = *config;
	p->result = HF_BUF(OP_RESULT_ENCODED_MAX);
	p->body = HF_BUF(POLL_BODY_MAX);
	p->request = (struct poll_request){ .results = p->results, .wait_ms = WAIT_MS };
	s = prepare(p, err);
	if (hf_ok(s))
		s = hf_thread_start("played driver's", pull, p, &p->thread, err);
	if (!hf_ok(s)) {
		puller_free(p);
		return s;
	}
	p->running = true;
	*ret = p;
	return HF_SUCCESS;
}

void puller_stopping(struct puller *p)
{
	if (p)
		atomic_store(&p->stopping, true);
}

void puller_free(struct puller *p)
{
	if (!p)
		return;
	puller_stopping(p);
	if (p->running)
		pthread_join(p->thread, NULL);
	http_load_free(p->http);
	db_close(p->keys);
	hf_buf_done(&p->result);
	hf_buf_done(&p->body);
	free(p);
}
