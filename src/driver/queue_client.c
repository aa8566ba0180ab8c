/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/queue_inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	PARK_MS = 20000,
	CONNECT_MS = 2500,
	/* From the answer to a recall to that of the parked poll, which may have been dealt jobs by
	 * a commit that a busy disk holds up. */
	RECALL_MS = 3000,
	LEASE_UNKNOWN_MS = 3000,
	GATHER_MAX = 32,      /* so many results go without waiting for more */
	LOOK_EVERY_MS = 1000, /* at the certificate files */
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
		queue_exchange_send(q, r, 0, 0, false);
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

		queue_exchange_send(q, poll, wanted, may_park ? park_ms : 0, false);
		wanted = 0;
	}
	while (q->jobs.ready > 0 && q->retry_at_ms <= now && (r = free_hand_in(q)) != NULL) {
		queue_exchange_send(q, r, ask_by_the_way(q, wanted), 0, false);
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
		queue_exchange_send(q, r, 0, 0, true);
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
		queue_exchange_move(q);
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
