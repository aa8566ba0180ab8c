/* SPDX-License-Identifier: Apache-2.0
 * Is the gateway itself there? It is asked for an answer that no HSM has a part in, so that one
 * whose HSM is busy is told from one that hangs: idle connections every now and then, so that
 * nobody has to find out by waiting, and others as soon as an answer is not there at once. */
#include "server/slot_links/inside.h"

#include "base/clock.h"

#define IDLE_MS 2000
#define WAITING_MS 500
#define ANSWER_MS 1000

static int64_t oldest_sent_ms(const struct link *l)
{
	const struct batch *b;
	int64_t oldest = INT64_MAX;

	LIST_FOREACH(b, &l->batches, entry)
		if (b->sent_ms < oldest)
			oldest = b->sent_ms;
	return oldest;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t link_alive_due(const struct link *l)
{
	int64_t heard = later(l->heard_ms, l->asked_ms);
	enum link_health health = atomic_load(&l->health);

	if (!l->open || l->asking || atomic_load(&l->silent) ||
	    (health != HEALTH_UP && health != HEALTH_SUSPECT))
		return 0;
	if (LIST_EMPTY(&l->batches))
		return heard + IDLE_MS;
	return later(heard, oldest_sent_ms(l)) + WAITING_MS;
}

void link_heard(struct link *l)
{
	l->heard_ms = hf_mono_ms();
	atomic_store(&l->silent, false);
}

/* What waits for it is looked for elsewhere now, and what has not gone to it goes elsewhere. Down
 * it is only when the question whether its slot works is not answered either: where it is the only
 * one, it may just be slow. */
static void is_silent(struct link *l)
{
	struct batch *b;

	atomic_store(&l->silent, true);
	link_is_suspect(l);
	LIST_FOREACH(b, &l->batches, entry)
		b->overdue_ms = hf_mono_ms();
}

static void answered(void *ctx, const struct http_reply *reply)
{
	struct link *l = ctx;

	l->asking = false;
	if (reply->status != 0) /* whatever it says */
		link_heard(l);
	else
		is_silent(l);
}

void link_ask_alive(struct link *l, int64_t now)
{
	int64_t due = link_alive_due(l);

	if (!due || now < due)
		return;
	l->asked_ms = now;
	l->asking = hf_ok(peer_alive_ask(l->client, ANSWER_MS, answered, l));
}
