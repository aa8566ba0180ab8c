/* SPDX-License-Identifier: Apache-2.0 */
#include "server/webhook_sender.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "server/errand.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define LOOK_MS 500            /* for due events, and for organisations with webhooks */
#define LEASE_MS 60000         /* more than a delivery and the write after it take */
#define AT_ONCE 32             /* deliveries */
#define FORGET_MS (60 * 60000) /* between two looks for what is too old */
#define FORGET_AT_ONCE 1000

/* One attempt. */
struct delivery {
	struct webhook_sender *of;
	struct delivery *next; /* of those that have ended */
	struct event_row row;  /* with `data` of its own */
	struct hf_buf data;
	char url[WEBHOOK_URL_MAX];
	struct hf_buf sealed;
	bool enabled;
};

struct webhook_sender {
	struct webhook_sender_config config;
	struct outbound *outbound;
	pthread_t thread;
	bool running;
	atomic_bool stop;
	struct webhook_pings pings;
	struct delivery *ended;
	int64_t forget_at_ms;
};

static void delivery_free(struct delivery *d)
{
	if (!d)
		return;
	hf_buf_done(&d->data);
	hf_buf_done(&d->sealed);
	free(d);
}

/* What the database handed out. The task may run twice: then the first lot is thrown away. */
struct claim {
	struct webhook_sender *of;
	struct delivery *list[AT_ONCE];
	size_t n, max;
};

static void claim_drop(struct claim *c)
{
	while (c->n)
		delivery_free(c->list[--c->n]);
}

static hf_status take(void *ctx, const struct event_due *due)
{
	struct claim *c = ctx;
	struct delivery *d;

	if (c->n == c->max)
		return HF_SUCCESS;
	d = calloc(1, sizeof(*d));
	HF_ENSURE(d, HF_NOMEM);
	d->of = c->of;
	d->row = due->event;
	d->enabled = due->enabled;
	snprintf(d->url, sizeof(d->url), "%s", due->url);
	d->data = HF_BUF(WEBHOOK_BODY_MAX);
	d->sealed = HF_BUF(WEBHOOK_SECRET_SEALED);
	hf_buf_put(&d->data, due->event.data.ptr, due->event.data.len);
	hf_buf_put(&d->sealed, due->secret.ptr, due->secret.len);
	d->row.data = hf_buf_span(&d->data);
	c->list[c->n++] = d;
	if (!hf_ok(hf_buf_status(&d->data)))
		return hf_buf_status(&d->data);
	return hf_buf_status(&d->sealed);
}

static hf_status run_claim(void *ctx, struct db *db)
{
	struct claim *c = ctx;

	claim_drop(c);
	return event_rows_claim(db, (int)c->max, LEASE_MS, take, c);
}

static void ended(struct delivery *d, int status, const char *error)
{
	struct event_row *row = &d->row;

	row->failed = status != 200;
	if (status)
		snprintf(row->status, sizeof(row->status), "%d", status);
	if (row->failed)
		snprintf(row->error, sizeof(row->error), "%s",
		         error && *error ? error : "the target did not answer with 200");
	d->next = d->of->ended;
	d->of->ended = d;
}

static void delivered(void *ctx, const struct outbound_reply *reply)
{
	ended(ctx, reply->status, reply->error);
}

static void post(struct webhook_sender *s, struct delivery *d)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(WEBHOOK_BODY_MAX + 4096);
	char signature[WEBHOOK_SIGNATURE_TEXT], header[128];
	const char *const headers[] = { header, NULL };
	struct outbound_post p = {
		.url = d->url,
		.content_type = "application/json",
		.headers = headers,
		.timeout_ms = WEBHOOK_TIMEOUT_MS,
		.done = delivered,
		.ctx = d,
	};

	d->row.sent_ms = hf_wall_ms();
	if (!d->enabled) {
		ended(d, 0, "the webhook has been disabled");
		return;
	}
	if (!hf_ok(webhook_body(&d->row, d->row.sent_ms, &body)) ||
	    !hf_ok(webhook_sign(s->config.key, d->row.webhook_id, hf_buf_span(&d->sealed),
	                        hf_buf_span(&body), signature))) {
		ended(d, 0, "the webhook's secret cannot be read: make the webhook anew");
		return;
	}
	snprintf(header, sizeof(header), "X-DFNS-WEBHOOK-SIGNATURE: %s", signature);
	p.body = hf_buf_span(&body);
	if (!hf_ok(outbound_send(s->outbound, &p)))
		ended(d, 0, "out of memory");
}

static hf_status run_any_due(void *ctx, struct db *db)
{
	return event_rows_any_due(db, ctx);
}

static void claim_due(struct webhook_sender *s)
{
	struct claim c = { .of = s };
	bool any = false;

	if (outbound_pending(s->outbound) >= AT_ONCE ||
	    !hf_ok(errand_run(s->config.reader, run_any_due, &any)) || !any)
		return;
	c.max = AT_ONCE - outbound_pending(s->outbound);
	if (!hf_ok(errand_run(s->config.writer, run_claim, &c))) {
		claim_drop(&c);
		return;
	}
	for (size_t i = 0; i < c.n; i++)
		post(s, c.list[i]);
}

/* The next attempt is an event of its own. */
static hf_status settle_one(const struct webhook_sender *s, struct db *db,
                            const struct event_row *row)
{
	struct event_row again = *row;
	int64_t pause = webhook_pause_ms(row->attempt, s->config.first_pause_ms);

	HF_TRY(event_row_settle(db, row));
	if (!row->failed || !pause)
		return HF_SUCCESS;
	hf_id_new("whe", again.id);
	snprintf(again.retry_of, sizeof(again.retry_of), "%s", row->id);
	again.attempt++;
	return event_row_insert(db, &again, pause);
}

static hf_status run_settle(void *ctx, struct db *db)
{
	const struct webhook_sender *s = ctx;

	for (const struct delivery *d = s->ended; d; d = d->next)
		HF_TRY(settle_one(s, db, &d->row));
	return HF_SUCCESS;
}

static void count(struct webhook_sender *s, const struct event_row *row)
{
	struct server_metrics *m = s->config.metrics;

	if (!row->failed) {
		hf_count(&m->webhooks_delivered, 1);
		return;
	}
	hf_count(&m->webhooks_failed, 1);
	if (row->attempt >= WEBHOOK_ATTEMPTS)
		hf_count(&m->webhooks_given_up, 1);
	HF_WARN("a webhook event could not be delivered", HF_KS("event", row->id),
	        HF_KS("webhook", row->webhook_id), HF_KS("status", row->status),
	        HF_KS("reason", row->error));
}

/* When the database cannot take it, the events are due again once their lease ends. */
static void settle_ended(struct webhook_sender *s)
{
	bool kept;

	if (!s->ended)
		return;
	kept = hf_ok(errand_run(s->config.writer, run_settle, s));
	while (s->ended) {
		struct delivery *d = s->ended;

		s->ended = d->next;
		if (kept)
			count(s, &d->row);
		delivery_free(d);
	}
}

static hf_status run_forget(void *ctx, struct db *db)
{
	return event_rows_forget(db, WEBHOOK_KEPT_MS, FORGET_AT_ONCE);
}

static hf_status run_watch(void *ctx, struct db *db)
{
	return events_watch_refresh(ctx, db);
}

static void look(struct webhook_sender *s)
{
	hf_ignore(errand_run(s->config.reader, run_watch, s->config.watch));
	claim_due(s);
	if (hf_mono_ms() >= s->forget_at_ms) {
		hf_ignore(errand_run(s->config.writer, run_forget, s));
		s->forget_at_ms = hf_mono_ms() + FORGET_MS;
	}
}

static void *run(void *arg)
{
	struct webhook_sender *s = arg;
	int64_t next_ms = 0;

	while (!atomic_load(&s->stop)) {
		int64_t now = hf_mono_ms();

		if (now >= next_ms) {
			look(s);
			next_ms = now + LOOK_MS;
		}
		webhook_pings_send(&s->pings, s->outbound);
		settle_ended(s);
		if (!hf_ok(outbound_step(s->outbound, LOOK_MS)))
			HF_ERROR("webhooks cannot be sent: out of memory");
		settle_ended(s);
	}
	webhook_pings_close(&s->pings);
	return NULL;
}

hf_status webhook_sender_start(const struct webhook_sender_config *config,
                               struct webhook_sender **ret, struct hf_err *err)
{
	struct webhook_sender *s = calloc(1, sizeof(*s));
	hf_status status;

	HF_ENSURE(s, HF_NOMEM);
	s->config = *config;
	if (!s->config.first_pause_ms)
		s->config.first_pause_ms = WEBHOOK_FIRST_PAUSE_MS;
	webhook_pings_init(&s->pings);
	status = outbound_new(&config->targets, &s->outbound, err);
	if (hf_ok(status))
		status = hf_thread_start("webhooks", run, s, &s->thread, err);
	s->running = hf_ok(status);
	if (!s->running) {
		webhook_sender_stop(s);
		return status;
	}
	*ret = s;
	return HF_SUCCESS;
}

void webhook_sender_stop(struct webhook_sender *s)
{
	if (!s)
		return;
	atomic_store(&s->stop, true);
	if (s->running) {
		outbound_wake(s->outbound);
		pthread_join(s->thread, NULL);
	}
	outbound_free(s->outbound);
	webhook_pings_done(&s->pings);
	free(s);
}

hf_status webhook_sender_check(const struct webhook_sender *s, const char *url, struct hf_err *err)
{
	return outbound_check(&s->config.targets, url, err);
}

hf_status webhook_sender_ping(struct webhook_sender *s, struct webhook_ping *p)
{
	HF_TRY(webhook_pings_add(&s->pings, p));
	outbound_wake(s->outbound);
	return HF_SUCCESS;
}
