/* SPDX-License-Identifier: Apache-2.0 */
#include "server/queue_api/queue_api.h"

#include "base/log.h"
#include "op/poll.h"
#include "server/errors.h"
#include "server/queue_api/choice.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One request on its way. Their memory is kept for the next ones and released only with the whole,
 * because a peer's leaving is noticed on the loop's thread while another thread may be answering:
 * what on_gone() looks at must still be a poll, even when it has become another's. That one is then
 * answered with nothing, and asks again. */
struct poll {
	struct jobs_poll jobs; /* first */
	struct db_task choose;
	struct queue_api *api;
	struct http_request *req;
	char store_id[HF_ID_MAX];
	char driver[DRIVER_NAME_MAX];
	struct choice choice;
	void *arrays; /* results and working, no larger than they are */
	atomic_bool gone;
	struct poll *next_free, *next_all;
};

struct queue_api {
	struct core *core;
	struct choices *choices;
	struct drivers *drivers;
	pthread_mutex_t lock;
	struct poll *free, *all;
};

hf_status queue_api_new(struct core *core, struct queue_api **ret)
{
	struct queue_api *q = calloc(1, sizeof(*q));

	HF_ENSURE(q, HF_NOMEM);
	q->core = core;
	pthread_mutex_init(&q->lock, NULL);
	if (!hf_ok(choices_new(&q->choices)) || !hf_ok(drivers_new(&q->drivers))) {
		queue_api_free(q);
		return HF_FAILURE(HF_NOMEM);
	}
	*ret = q;
	return HF_SUCCESS;
}

void queue_api_free(struct queue_api *q)
{
	if (!q)
		return;
	while (q->all) {
		struct poll *p = q->all;

		q->all = p->next_all;
		free(p);
	}
	choices_free(q->choices);
	drivers_free(q->drivers);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

struct drivers *queue_api_drivers(struct queue_api *q)
{
	return q->drivers;
}

static struct poll *poll_new(struct queue_api *q, struct http_request *req)
{
	struct poll *p;

	pthread_mutex_lock(&q->lock);
	p = q->free;
	if (p) {
		q->free = p->next_free;
	} else if ((p = calloc(1, sizeof(*p))) != NULL) {
		p->api = q;
		p->next_all = q->all;
		q->all = p;
	}
	pthread_mutex_unlock(&q->lock);
	if (p) {
		p->req = req;
		atomic_store(&p->gone, false);
	}
	return p;
}

static void poll_release(struct poll *p)
{
	struct queue_api *q = p->api;

	free(hf_take(p->arrays));
	p->req = NULL;
	pthread_mutex_lock(&q->lock);
	p->next_free = q->free;
	q->free = p;
	pthread_mutex_unlock(&q->lock);
}

/* Answers with a failure and lets go. */
static void poll_fail(struct poll *p, int status, const char *message)
{
	struct http_request *req = p->req;

	poll_release(p);
	if (status == 503)
		http_reply_header(req, "Retry-After", "1");
	api_error_reply(req, status, message);
}

static void answered(struct jobs_poll *jobs, const struct poll_reply *reply, hf_status s)
{
	struct poll *p = (struct poll *)jobs;
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(POLL_BODY_MAX);
	struct http_request *req = p->req;

	if (!hf_ok(s)) {
		poll_fail(p, 503, "The results could not be stored; bring them again.");
		return;
	}
	poll_reply_encode(&body, reply);
	if (!hf_ok(hf_buf_status(&body))) {
		poll_fail(p, 503, "The server is short of memory.");
		return;
	}
	poll_release(p);
	http_reply(req, 200, POLL_CONTENT_TYPE, hf_buf_span(&body));
}

/* The peer left. `p` may be another request's by now: see struct poll. */
static void on_gone(void *arg)
{
	struct poll *p = arg;

	atomic_store(&p->gone, true);
	jobs_poll_gone(p->api->core->jobs, &p->jobs);
}

static void enqueue(struct poll *p)
{
	struct core *core = p->api->core;
	hf_status s;

	if (p->choice.code != HF_OK) {
		poll_fail(p, 403, p->choice.why);
		return;
	}
	snprintf(p->store_id, sizeof(p->store_id), "%s", p->choice.store_id);
	drivers_note(p->api->drivers, p->driver, p->store_id, http_peer_address(p->req));
	p->jobs.store_id = p->store_id;
	p->jobs.driver = p->driver;
	p->jobs.answered = answered;
	s = jobs_poll(core->jobs, core->writer, &p->jobs);
	if (!hf_ok(s))
		poll_fail(p, 503, "The server takes no more work at the moment.");
	else if (atomic_load(&p->gone)) /* it left before the queue knew of it */
		jobs_poll_gone(core->jobs, &p->jobs);
}

static hf_status choose_run(struct db_task *task, struct db *db)
{
	struct poll *p = (struct poll *)((char *)task - offsetof(struct poll, choose));

	return choice_make(db, http_peer(p->req)->issuer_key_id, p->jobs.request.store, &p->choice);
}

static void choose_done(struct db_task *task, hf_status s)
{
	struct poll *p = (struct poll *)((char *)task - offsetof(struct poll, choose));
	const struct tls_peer *peer = http_peer(p->req);

	if (!hf_ok(s)) {
		poll_fail(p, 503, "The database could not be read.");
		return;
	}
	if (p->choice.code != HF_OK)
		HF_WARN("driver refused", HF_KS("driver", peer->subject),
		        HF_KS("issuer", peer->issuer), HF_KS("issuer_key_id", peer->issuer_key_id),
		        HF_KS("address", http_peer_address(p->req)),
		        HF_KS("reason", p->choice.why));
	choices_put(p->api->choices, peer->issuer_key_id, p->jobs.request.store, &p->choice);
	enqueue(p);
}

/* Decodes into arrays of this thread's, then keeps what is there and no more: a parked poll is
 * small. */
static hf_status decode(struct hf_span body, struct poll *p)
{
	static _Thread_local struct poll_result results[POLL_BATCH_MAX];
	static _Thread_local uint64_t working[POLL_WORKING_MAX];
	struct poll_request r = { .results = results, .working = working };
	size_t results_len, working_len;

	HF_TRY(poll_request_decode(body, &r));
	results_len = r.n_results * sizeof(results[0]);
	working_len = r.n_working * sizeof(working[0]);
	p->arrays = malloc(results_len + working_len + 1);
	HF_ENSURE(p->arrays, HF_NOMEM);
	memcpy(p->arrays, results, results_len);
	memcpy((char *)p->arrays + results_len, working, working_len);
	r.results = p->arrays;
	r.working = (uint64_t *)((char *)p->arrays + results_len);
	p->jobs.request = r;
	return HF_SUCCESS;
}

static void handle_poll(struct http_request *req, void *ctx)
{
	struct queue_api *q = ctx;
	const struct tls_peer *peer = http_peer(req);
	const char *type = http_header(req, "Content-Type");
	struct poll *p;
	hf_status s;

	if (!peer) {
		api_error_reply(req, 403, "A client certificate is needed.");
		return;
	}
	if (!type || strcasecmp(type, POLL_CONTENT_TYPE) != 0) {
		api_error_reply(req, 415, "The content type has to be " POLL_CONTENT_TYPE ".");
		return;
	}
	p = poll_new(q, req);
	if (!p) {
		api_error_reply(req, 503, "The server is short of memory.");
		return;
	}
	s = decode(http_body(req), p);
	if (!hf_ok(s)) {
		poll_fail(p, api_error_status(s.code),
		          "The body is not a poll that this server understands.");
		return;
	}
	snprintf(p->driver, sizeof(p->driver), "%s", peer->common_name);
	http_on_gone(req, on_gone, p);
	if (choices_get(q->choices, peer->issuer_key_id, p->jobs.request.store, &p->choice)) {
		enqueue(p);
		return;
	}
	p->choose = (struct db_task){ .run = choose_run, .done = choose_done };
	if (!hf_ok(db_work_submit(q->core->reader, &p->choose)))
		poll_fail(p, 503, "The server takes no more work at the moment.");
}

const struct http_route queue_api_routes[] = {
	{ "POST", POLL_PATH, handle_poll, POLL_BODY_MAX },
};
const size_t queue_api_route_count = HF_COUNT(queue_api_routes);
