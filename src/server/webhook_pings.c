/* SPDX-License-Identifier: Apache-2.0 */
#include "server/webhook_pings.h"

#include <stdio.h>

void webhook_pings_init(struct webhook_pings *all)
{
	*all = (struct webhook_pings){ 0 };
	pthread_mutex_init(&all->lock, NULL);
}

void webhook_pings_done(struct webhook_pings *all)
{
	pthread_mutex_destroy(&all->lock);
}

hf_status webhook_pings_add(struct webhook_pings *all, struct webhook_ping *p)
{
	bool closed;

	p->of = all;
	pthread_mutex_lock(&all->lock);
	closed = all->closed;
	if (!closed) {
		p->next = all->asked;
		all->asked = p;
	}
	pthread_mutex_unlock(&all->lock);
	HF_ENSURE(!closed, HF_CLOSED);
	return HF_SUCCESS;
}

static struct webhook_ping *take_asked(struct webhook_pings *all, bool close)
{
	struct webhook_ping *list;

	pthread_mutex_lock(&all->lock);
	list = hf_take(all->asked);
	all->closed = all->closed || close;
	pthread_mutex_unlock(&all->lock);
	return list;
}

static void unlink_ping(struct webhook_pings *all, const struct webhook_ping *p)
{
	struct webhook_ping **at = &all->under_way;

	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		*at = p->next;
}

static void pinged(void *ctx, const struct outbound_reply *reply)
{
	struct webhook_ping *p = ctx;

	unlink_ping(p->of, p);
	p->done(p, reply->status, reply->error);
}

static void send_one(struct webhook_pings *all, struct outbound *outbound, struct webhook_ping *p)
{
	char header[128];
	const char *const headers[] = { header, NULL };
	const struct outbound_post post = {
		.url = p->url,
		.content_type = "application/json",
		.body = hf_buf_span(&p->body),
		.headers = headers,
		.timeout_ms = WEBHOOK_TIMEOUT_MS,
		.done = pinged,
		.ctx = p,
	};

	snprintf(header, sizeof(header), "X-DFNS-WEBHOOK-SIGNATURE: %s", p->signature);
	p->next = all->under_way;
	all->under_way = p;
	if (!hf_ok(outbound_send(outbound, &post))) {
		unlink_ping(all, p);
		p->done(p, 0, "out of memory");
	}
}

void webhook_pings_send(struct webhook_pings *all, struct outbound *outbound)
{
	struct webhook_ping *list = take_asked(all, false);

	while (list) {
		struct webhook_ping *p = list;

		list = p->next;
		send_one(all, outbound, p);
	}
}

static void give_up(struct webhook_ping *list)
{
	while (list) {
		struct webhook_ping *p = list;

		list = p->next;
		p->done(p, 0, "the server is stopping: try again");
	}
}

void webhook_pings_close(struct webhook_pings *all)
{
	give_up(take_asked(all, true));
	give_up(hf_take(all->under_way));
}
