/* SPDX-License-Identifier: Apache-2.0
 * One request to the queue and its reply, and what a failure of it means. */
#include "driver/queue_inside.h"

#include "base/clock.h"
#include "base/log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	ANSWER_MS = 5000, /* for the server to answer, parking not counted: less than a lease */
	BACKOFF_BASE_MS = 100,
	BACKOFF_CAP_MS = 800, /* work flows again within a second of the server's return */
	RETRY_AFTER_MAX_MS = 60000,
	LEASE_LEAST_MS = 100,
	WORDS_MAX = 200,
	EMPTY_PAUSE_MS = 50, /* after a poll that ended with nothing, early */
	SMOOTHING = 8,
	TELL_AT_ONCE = 4, /* problems in a row, such as one of each server; further ones rarely */
	TELL_EVERY_MS = 60000,
};

void queue_exchange_move(struct queue_client *q)
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

static void tell_problem(struct queue_client *q, const char *why)
{
	int64_t now = hf_mono_ms();

	if (same_problem(q->problem, why) ||
	    (q->told >= TELL_AT_ONCE && now < q->told_ms + TELL_EVERY_MS))
		return;
	q->told++;
	q->told_ms = now;
	HF_WARN("the queue cannot be reached; trying on",
	        HF_KS("queue", q->servers.url[q->speaks_to]), HF_KS("reason", why));
}

static void failed(struct queue_client *q, const char *why, bool answered, int64_t retry_after_ms)
{
	int64_t now = hf_mono_ms(), wait;
	bool pause = true;

	q->stats.failures++;
	q->stats.connected = false;
	tell_problem(q, why);
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
	q->told = 0;
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

/* The words of an answer: a Holdfast server's own, without the number that each answer has anew, or
 * the beginning of what another says. */
static struct hf_span words_of(struct hf_span body)
{
	static const char mark[] = "\"message\":\"";
	const char *at = body.len ? memmem(body.ptr, body.len, mark, strlen(mark)) : NULL;

	if (at) {
		size_t left;
		const char *quote;

		at += strlen(mark);
		left = body.len - (size_t)(at - (const char *)body.ptr);
		quote = memchr(at, '"', left);
		body = HF_SPAN(at, quote ? (size_t)(quote - at) : left);
	}
	body.len = body.len < WORDS_MAX ? body.len : WORDS_MAX;
	return body;
}

/* What is wrong with a reply, or NULL. Fills `in`. */
static const char *reply_fault(struct queue_client *q, const struct request *r,
                               const struct http_reply *reply, struct poll_reply *in, char *text,
                               size_t cap)
{
	struct hf_span words = words_of(reply->body);

	if (reply->status == 0)
		return reply->error && reply->error[0] ? reply->error : "no answer";
	if (reply->status != 200) {
		snprintf(text, cap, "%s answered %d%s%.*s%s", queue_servers_url(&q->servers),
		         reply->status, words.len ? ": " : "", (int)words.len,
		         words.len ? (const char *)words.ptr : "",
		         reply->status == 404 ? " Is --proxy-addr the drivers' port of a Holdfast "
		                                "server (--driver-listen)?"
		                              : "");
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

void queue_exchange_send(struct queue_client *q, struct request *r, size_t capacity,
                         uint32_t wait_ms, bool recall)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(POLL_BODY_MAX);
	struct poll_request p = {
		.capacity = capacity < POLL_BATCH_MAX ? (uint32_t)capacity : POLL_BATCH_MAX,
		.wait_ms = wait_ms,
		.recall = recall,
		.evidence = q->config.evidence,
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
