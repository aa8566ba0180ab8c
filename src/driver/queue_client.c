/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/queue_client.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "http/client.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	REQUESTS = 3, /* 0: the poll, which may park; the others hand in */
	PARK_MS = 20000,
	ANSWER_MS = 5000, /* for the server to answer, parking not counted: less than a lease */
	CONNECT_MS = 2500,
	BACKOFF_BASE_MS = 100,
	BACKOFF_CAP_MS = 800, /* work flows again within a second of the server's return */
	RECALL_MS = 500,      /* from the answer to a recall to that of the parked poll */
	RETRY_AFTER_MAX_MS = 60000,
	LEASE_UNKNOWN_MS = 3000,
	LEASE_LEAST_MS = 100,
	EMPTY_PAUSE_MS = 50, /* after a poll that ended with nothing, early */
	FLOWING_US = 20000,  /* a poll that is out no longer is probably not parked */
	GATHER_MAX = 32,     /* so many results go without waiting for more */
	SMOOTHING = 8,
	LOOK_EVERY_MS = 1000, /* at the certificate files */
};

struct request {
	struct queue_client *queue;
	unsigned index;
	bool under_way;
	bool recalled; /* a parked poll: its server was told that nothing is wanted */
	bool recalls;  /* the telling */
	uint32_t asked;
	uint32_t wait_ms;
	int64_t sent_us;
};

struct queue_client {
	struct queue_client_config config;
	struct queue_servers servers;
	struct http_client *http; /* of the server that is spoken to */
	size_t speaks_to;
	bool move; /* to another, once no call of ours is inside http */
	bool recall;
	int64_t recalled_ms; /* when a recall was last answered */
	char instance[INSTANCE_ID_MAX];
	char name[65];
	struct queue_jobs jobs;
	struct request requests[REQUESTS];
	bool quiet;
	int64_t lease_ms;
	int64_t sent_us; /* the last request: what we hold was told then */
	unsigned failed_in_a_row;
	int64_t retry_at_ms; /* 0: now */
	int64_t poll_at_ms;  /* not before */
	int64_t look_at_ms;  /* the next look at the certificate files */
	char problem[512];
	struct queue_client_stats stats;
	struct poll_result results[POLL_BATCH_MAX];
	struct poll_job incoming[POLL_BATCH_MAX];
	uint64_t working[POLL_WORKING_MAX];
};

static void note_dates(struct queue_client *q)
{
	struct tls_date dates[TLS_DATES_MAX];

	if (q->config.dates)
		cert_dates_set(q->config.dates, "queue", dates, http_client_dates(q->http, dates));
}

hf_status queue_client_new(const struct queue_client_config *config, struct queue_client **ret,
                           struct hf_err *err)
{
	struct http_client_config http = {
		.base_url = queue_servers_url(config->servers),
		.ca_file = config->ca_cert,
		.cert_file = config->client_cert,
		.key_file = config->client_key,
		.chain_file = config->ca_cert,
		.connect_timeout_ms = CONNECT_MS,
		.max_connections = REQUESTS,
		.max_reply = POLL_BODY_MAX,
	};
	struct queue_client *q = calloc(1, sizeof(*q));
	uint8_t raw[(INSTANCE_ID_MAX - 1) / 2];
	hf_status s;

	HF_ENSURE(q, HF_NOMEM);
	q->config = *config;
	q->servers = *config->servers;
	q->speaks_to = q->servers.at;
	q->lease_ms = LEASE_UNKNOWN_MS;
	hf_random(raw, sizeof(raw));
	hf_hex(raw, sizeof(raw), q->instance);
	snprintf(q->name, sizeof(q->name), "%s", config->name ? config->name : "");
	for (unsigned i = 0; i < REQUESTS; i++)
		q->requests[i] = (struct request){ .queue = q, .index = i };
	s = http_client_new(&http, &q->http, err);
	if (!hf_ok(s)) {
		queue_client_free(q);
		return s;
	}
	note_dates(q);
	*ret = q;
	return HF_SUCCESS;
}

void queue_client_free(struct queue_client *q)
{
	if (!q)
		return;
	http_client_free(q->http);
	queue_jobs_clear(&q->jobs);
	free(q);
}

void queue_client_result(struct queue_client *q, struct queue_job *job,
                         const struct op_result *result)
{
	queue_jobs_finish(&q->jobs, job, result);
}

void queue_client_recall(struct queue_client *q)
{
	q->recall = true;
}

void queue_client_quiesce(struct queue_client *q)
{
	q->quiet = true;
	queue_client_recall(q);
}

/* Speaks to the server that was chosen, by new connections; what was under way counts as failed. */
static void move(struct queue_client *q)
{
	struct hf_err err = { 0 };

	q->move = false;
	if (!hf_ok(http_client_move(q->http, queue_servers_url(&q->servers), &err))) {
		HF_WARN("cannot go on to another server", HF_KS("reason", err.text));
		q->servers.at = q->speaks_to;
		return;
	}
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct request *r = &q->requests[i];

		if (r->under_way)
			queue_jobs_settle(&q->jobs, r->index, false);
		*r = (struct request){ .queue = q, .index = i };
	}
	if (q->speaks_to != q->servers.at)
		q->stats.moves++;
	q->speaks_to = q->servers.at;
}

/* Numbers in a text ("after 5001 ms") do not make it another problem. */
static bool same_problem(const char *a, const char *b)
{
	for (;;) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

static void failed(struct queue_client *q, const char *why, bool answered, int64_t retry_after_ms)
{
	int64_t now = hf_mono_ms(), wait;
	bool pause = true;

	q->stats.failures++;
	q->stats.connected = false;
	if (!same_problem(q->problem, why))
		HF_WARN("the queue cannot be reached; trying on",
		        HF_KS("queue", q->servers.url[q->speaks_to]), HF_KS("reason", why));
	snprintf(q->problem, sizeof(q->problem), "%s", why);
	if (q->move || q->retry_at_ms > now)
		return; /* several requests that failed together are one failure */
	q->move = queue_servers_failed(&q->servers, answered, now, &pause);
	if (!pause)
		return;
	wait = hf_backoff_ms(q->failed_in_a_row++, BACKOFF_BASE_MS, BACKOFF_CAP_MS);
	if (retry_after_ms > RETRY_AFTER_MAX_MS)
		retry_after_ms = RETRY_AFTER_MAX_MS;
	q->retry_at_ms = now + (retry_after_ms > wait ? retry_after_ms : wait);
}

static void succeeded(struct queue_client *q, const struct request *r, size_t n_jobs)
{
	int64_t us = hf_mono_us() - r->sent_us;

	if (!q->stats.connected)
		HF_INFO("connected to the queue", HF_KS("queue", queue_servers_url(&q->servers)));
	queue_servers_succeeded(&q->servers, hf_mono_ms());
	q->stats.connected = true;
	q->stats.round_trips++;
	q->problem[0] = 0;
	q->failed_in_a_row = 0;
	q->retry_at_ms = 0;
	if (r->wait_ms == 0 || (n_jobs > 0 && us < FLOWING_US)) {
		int64_t old = q->stats.round_trip_us;

		q->stats.round_trip_us = old ? old + (us - old) / SMOOTHING : us;
	}
}

static void take(struct queue_client *q, const struct poll_job *from)
{
	struct queue_job *job;
	hf_status s = queue_jobs_add(&q->jobs, from, &job);

	if (s.code == HF_EXISTS)
		return; /* still at it: its result will count */
	if (!hf_ok(s)) {
		/* Not kept, so not named as held: its lease ends and another driver has it. */
		HF_WARN("no room for a job", HF_KI("job", from->job),
		        HF_KS("code", hf_code_name(s.code)));
		return;
	}
	q->stats.taken++;
	q->config.took(q->config.ctx, job);
}

/* What is wrong with a reply, or NULL. Fills `in`. */
static const char *reply_fault(struct queue_client *q, const struct request *r,
                               const struct http_reply *reply, struct poll_reply *in, char *text,
                               size_t cap)
{
	int shown = reply->body.len < 200 ? (int)reply->body.len : 200;

	if (reply->status == 0)
		return reply->error && reply->error[0] ? reply->error : "no answer";
	if (reply->status != 200) {
		snprintf(text, cap, "%s answered %d%s%.*s", queue_servers_url(&q->servers),
		         reply->status, shown ? ": " : "", shown,
		         shown ? (const char *)reply->body.ptr : "");
		return text;
	}
	in->jobs = q->incoming;
	if (!hf_ok(poll_reply_decode(reply->body, in)) || in->n_jobs > r->asked)
		return "the server's reply is not understood: is --proxy-addr a Holdfast queue of "
		       "a fitting release?";
	return NULL;
}

static void replied(void *ctx, const struct http_reply *reply)
{
	struct request *r = ctx;
	struct queue_client *q = r->queue;
	struct poll_reply in = { 0 };
	char text[600];
	const char *fault = reply_fault(q, r, reply, &in, text, sizeof(text));

	r->under_way = false;
	r->asked = 0;
	queue_jobs_settle(&q->jobs, r->index, !fault);
	if (fault) {
		failed(q, fault, reply->status != 0, reply->retry_after_ms);
		return;
	}
	succeeded(q, r, in.n_jobs);
	if (r->recalls)
		q->recalled_ms = hf_mono_ms();
	if (in.n_jobs == 0 && hf_mono_us() - r->sent_us < (int64_t)r->wait_ms * 500)
		q->poll_at_ms = hf_mono_ms() + EMPTY_PAUSE_MS;
	q->lease_ms = in.lease_ms > LEASE_LEAST_MS ? in.lease_ms : LEASE_LEAST_MS;
	for (size_t i = 0; i < in.n_jobs; i++)
		take(q, &in.jobs[i]);
}

static void send_request(struct queue_client *q, struct request *r, size_t capacity,
                         uint32_t wait_ms, bool recall)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(POLL_BODY_MAX);
	struct poll_request p = {
		.capacity = capacity < POLL_BATCH_MAX ? (uint32_t)capacity : POLL_BATCH_MAX,
		.wait_ms = wait_ms,
		.recall = recall,
		.results = q->results,
		.working = q->working,
	};
	struct http_client_request http = {
		.method = "POST",
		.path = POLL_PATH,
		.content_type = POLL_CONTENT_TYPE,
		.timeout_ms = (int)wait_ms + ANSWER_MS,
		.done = replied,
		.ctx = r,
	};
	hf_status s;

	memcpy(p.instance, q->instance, sizeof(p.instance));
	memcpy(p.store, q->name, sizeof(p.store));
	p.n_results = queue_jobs_send(&q->jobs, r->index, q->results, POLL_BATCH_MAX);
	p.n_working = queue_jobs_numbers(&q->jobs, r->index, q->working);
	poll_request_encode(&body, &p);
	http.body = hf_buf_span(&body);
	s = hf_buf_status(&body);
	if (hf_ok(s))
		s = http_client_send(q->http, &http);
	if (!hf_ok(s)) {
		queue_jobs_settle(&q->jobs, r->index, false);
		failed(q, "out of memory for a request", true, -1);
		return;
	}
	r->under_way = true;
	r->recalled = false;
	r->recalls = recall;
	r->asked = p.capacity;
	r->wait_ms = wait_ms;
	r->sent_us = hf_mono_us();
	q->sent_us = r->sent_us;
}

static struct request *free_hand_in(struct queue_client *q)
{
	for (unsigned i = 1; i < REQUESTS; i++)
		if (!q->requests[i].under_way)
			return &q->requests[i];
	return NULL;
}

static size_t asked(const struct queue_client *q)
{
	size_t n = 0;

	for (unsigned i = 0; i < REQUESTS; i++)
		n += q->requests[i].under_way ? q->requests[i].asked : 0;
	return n;
}

/* Work is flowing: then a hand-in may bring back jobs too, if that is worth the server's search. */
static size_t ask_by_the_way(const struct queue_client *q, size_t wanted)
{
	const struct request *poll = &q->requests[0];
	bool flowing = poll->under_way && hf_mono_us() - poll->sent_us < FLOWING_US;

	return flowing && wanted > 1 && wanted >= q->jobs.working / 4 ? wanted : 0;
}

static void lower(int *timeout_ms, int64_t to)
{
	if (to < 0)
		to = 0;
	if (*timeout_ms < 0 || to < *timeout_ms)
		*timeout_ms = (int)to;
}

static void renew_leases(struct queue_client *q, int64_t now, int *timeout_ms)
{
	int64_t due = q->sent_us / 1000 + q->lease_ms / 3;
	struct request *r = free_hand_in(q);

	if (q->jobs.held == 0 || !r)
		return;
	if (now >= due) {
		send_request(q, r, 0, 0, false);
		due = now + q->lease_ms / 3;
	}
	lower(timeout_ms, due - now);
}

/* Under a backlog nothing is in a hurry: a round trip for each single job would cost more than it
 * brings. */
static bool gathering(const struct queue_client *q, int64_t gather_us, int *timeout_ms)
{
	int64_t left_us = q->sent_us + gather_us - hf_mono_us();

	if (left_us <= 0 || q->jobs.ready >= GATHER_MAX)
		return false;
	lower(timeout_ms, (left_us + 999) / 1000);
	return true;
}

static void send_due(struct queue_client *q, size_t wanted, int64_t now, int *timeout_ms)
{
	uint32_t park_ms = (uint32_t)(q->config.park_ms ? q->config.park_ms : PARK_MS);
	struct request *poll = &q->requests[0], *r;

	if (wanted > 0 && !poll->under_way && q->poll_at_ms > now) {
		lower(timeout_ms, q->poll_at_ms - now);
	} else if (wanted > 0 && !poll->under_way) {
		/* Parked only when there is nothing to wait for but jobs: the first is answered at
		 * once, since it tells that the queue is there, and so is one with results, since
		 * its answer is what acknowledges them. */
		bool may_park = q->stats.connected && q->jobs.ready == 0;

		send_request(q, poll, wanted, may_park ? park_ms : 0, false);
		wanted = 0;
	}
	while (q->jobs.ready > 0 && q->retry_at_ms <= now && (r = free_hand_in(q)) != NULL) {
		send_request(q, r, ask_by_the_way(q, wanted), 0, false);
		wanted = 0;
	}
}

/* A renewed certificate is used by the next request: those under way end on their connections. */
static void look(struct queue_client *q, bool anew)
{
	struct hf_err err = { .text = "" };
	const char *reason = err.text;
	bool renewed;

	if (!hf_ok(http_client_refresh(q->http, anew, &renewed, &err))) {
		HF_WARN("changed TLS files cannot be used; the old ones stay in force",
		        HF_KS("reason", reason));
	} else if (renewed) {
		HF_INFO("the TLS files have changed and are in force",
		        HF_KS("queue", queue_servers_url(&q->servers)));
		note_dates(q);
		q->retry_at_ms = 0; /* it may be what was wanting */
	}
	if (q->config.dates)
		cert_dates_warn(q->config.dates, hf_wall_ms() / 1000);
}

void queue_client_look(struct queue_client *q)
{
	look(q, true);
}

static void look_when_due(struct queue_client *q, int64_t now, int *timeout_ms)
{
	if (now >= q->look_at_ms) {
		look(q, false);
		q->look_at_ms = now + LOOK_EVERY_MS;
	}
	lower(timeout_ms, q->look_at_ms - now);
}

/* Its answer comes by the poll's own connection: with nothing, or with the jobs that it was dealt
 * just before. */
static void call_back(struct queue_client *q)
{
	struct request *poll = &q->requests[0], *r = free_hand_in(q);

	if (!poll->under_way || poll->recalled || poll->asked == 0 || poll->wait_ms == 0) {
		q->recall = false;
	} else if (r) {
		poll->recalled = true;
		send_request(q, r, 0, 0, true);
		q->recall = false;
	}
}

static bool is_idle(const struct queue_client *q)
{
	for (unsigned i = 0; i < REQUESTS; i++)
		if (q->requests[i].under_way)
			return false;
	return true;
}

void queue_client_pump(struct queue_client *q, size_t room, int64_t gather_us, int *timeout_ms)
{
	int64_t now = hf_mono_ms();
	size_t out, wanted;

	look_when_due(q, now, timeout_ms);
	if (q->move || (is_idle(q) && queue_servers_go_home(&q->servers, now)))
		move(q);
	out = asked(q);
	wanted = room > out && !q->quiet ? room - out : 0;
	if (q->recall && q->retry_at_ms <= now)
		call_back(q);
	if (wanted > POLL_WORKING_MAX - q->jobs.held)
		wanted = POLL_WORKING_MAX - q->jobs.held;
	if (q->retry_at_ms <= now && !gathering(q, gather_us, timeout_ms))
		send_due(q, wanted, now, timeout_ms);
	if (q->retry_at_ms <= now)
		renew_leases(q, now, timeout_ms);
	else
		lower(timeout_ms, q->retry_at_ms - now);
}

hf_status queue_client_wait(struct queue_client *q, struct pollfd *fds, unsigned n, int timeout_ms)
{
	return http_client_step(q->http, fds, n, timeout_ms);
}

/* The recall has been answered and the poll has not: they went to different servers, through
 * something that spreads connections. */
static bool is_out_of_reach(const struct queue_client *q)
{
	const struct request *poll = &q->requests[0];

	return poll->under_way && poll->recalled && q->recalled_ms * 1000 > poll->sent_us &&
	       hf_mono_ms() - q->recalled_ms > RECALL_MS;
}

void queue_client_stats(const struct queue_client *q, struct queue_client_stats *ret)
{
	*ret = q->stats;
	ret->problem = q->problem;
	ret->working = q->jobs.working;
	ret->outbox = q->jobs.ready + q->jobs.sent;
	ret->on_the_way = is_out_of_reach(q) ? 0 : asked(q);
}
