/* SPDX-License-Identifier: Apache-2.0
 * Operations to the gateway, many in one request. */
#include "server/slot_links/inside.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define AT_ONCE 2 /* requests in each lane: one is answered while the other gathers */
#define OVERDUE_MIN_MS 300
#define OVERDUE_MAX_MS 5000
#define DOWN_MS 2000    /* nobody waits longer for one that is known to be down */
#define BATCH_US 250000 /* a batch is as large as this allows */
#define BATCH_LEAST 8

static struct slot_op *pop(struct link *l, enum lane lane)
{
	struct slot_op *op;

	pthread_mutex_lock(&l->lock);
	op = TAILQ_FIRST(&l->queues[lane]);
	if (op) {
		TAILQ_REMOVE(&l->queues[lane], op, entry);
		atomic_fetch_sub(&l->waiting, 1);
	}
	pthread_mutex_unlock(&l->lock);
	return op;
}

static void push_back(struct link *l, struct slot_op *op, enum lane lane)
{
	pthread_mutex_lock(&l->lock);
	TAILQ_INSERT_HEAD(&l->queues[lane], op, entry);
	atomic_fetch_add(&l->waiting, 1);
	pthread_mutex_unlock(&l->lock);
}

/* Is the new key there? By the name that it was to have. */
static struct crypto_op look_for(const struct crypto_op *op)
{
	struct crypto_op look = { .kind = CRYPTO_DESCRIBE };

	memcpy(look.key_id, op->key_id, sizeof(look.key_id));
	look.key.name.id = op->made.id;
	look.key.name.label = op->made.label;
	look.key.name.type = op->made.type;
	return look;
}

/* Bytes that the answer may have. */
static size_t foreseen(const struct crypto_op *op)
{
	size_t n = 4096 + op->data.len;

	if (op->kind == CRYPTO_RANDOM)
		n += op->count;
	if (op->kind == CRYPTO_LIST)
		n += (size_t)op->count * 2600;
	return n;
}

struct packing {
	size_t at[SLOT_OPS_MAX + 1]; /* where each begins in the buffer */
	size_t reply;
};

/* Under the lock of its call. False: no room for it in this batch. */
static bool pack(struct link *l, struct batch *b, struct packing *p, struct slot_op *op)
{
	const struct crypto_op *asked = &op->of->call->ops[op->index];
	struct crypto_op look;
	size_t before = l->ops.len;

	if (op->looking) {
		look = look_for(asked);
		asked = &look;
	}
	if (b->n && p->reply + foreseen(asked) > LINK_REPLY_BYTES)
		return false;
	crypto_op_encode(&l->ops, asked);
	if (b->n && l->ops.len > LINK_BATCH_BYTES) {
		l->ops.len = before;
		return false;
	}
	p->at[b->n] = before;
	p->reply += foreseen(asked);
	b->attempts[b->n++] = (struct attempt){ op, op->looking };
	op_mark_tried(op, l);
	if (!op->looking)
		op->sent_ms = hf_mono_ms();
	op->in_flight++;
	way_hold(op->of);
	if (op->of->deadline_ms < b->deadline_ms)
		b->deadline_ms = op->of->deadline_ms;
	return true;
}

/* False: this batch is full. */
static bool take(struct link *l, struct batch *b, struct packing *p, struct slot_op *op)
{
	struct backend_state *c = op->of;
	bool fits = true;

	way_lock(c);
	if (!op->settled) {
		fits = pack(l, b, p, op);
		op->queued = !fits;
	} else {
		op->queued = false;
	}
	pthread_mutex_unlock(&c->lock); /* nothing was settled here */
	if (fits)
		way_release(c);
	return fits;
}

static size_t most(const struct link *l, enum lane lane)
{
	size_t n;

	if (lane != LANE_QUICK)
		return BATCH_LEAST;
	if (l->per_op_us <= 0)
		return SLOT_OPS_MAX;
	n = (size_t)(BATCH_US / l->per_op_us);
	return n < BATCH_LEAST ? BATCH_LEAST : n < SLOT_OPS_MAX ? n : SLOT_OPS_MAX;
}

static void gather(struct link *l, struct batch *b, struct packing *p)
{
	size_t limit = most(l, b->lane);

	while (b->n < limit) {
		struct slot_op *op = pop(l, b->lane);

		if (!op)
			return;
		if (!take(l, b, p, op)) {
			push_back(l, op, b->lane);
			return;
		}
	}
}

/* From when on an answer is overdue: soon where answers usually come soon. */
static int64_t patience_ms(const struct link *l, enum lane lane)
{
	int64_t usual = l->slowest_us / 1000, most_ms = 3 * usual + 100;

	if (lane == LANE_MAKE)
		return LINK_MAKE_MS;
	if (lane == LANE_SLOW)
		return LINK_SLOW_MS;
	if (!l->slowest_us)
		return LINK_OVERDUE_MS;
	if (usual > LINK_OVERDUE_MS / 2)
		return 2 * usual < OVERDUE_MAX_MS ? 2 * usual : OVERDUE_MAX_MS;
	if (most_ms > LINK_OVERDUE_MS)
		return LINK_OVERDUE_MS;
	return most_ms < OVERDUE_MIN_MS ? OVERDUE_MIN_MS : most_ms;
}

static int timeout_of(const struct link *l, const struct batch *b, int64_t now)
{
	int64_t latest = now;

	for (size_t i = 0; i < b->n; i++)
		if (b->attempts[i].op->of->deadline_ms > latest)
			latest = b->attempts[i].op->of->deadline_ms;
	latest -= now;
	if (atomic_load(&l->health) == HEALTH_DOWN && latest > DOWN_MS)
		latest = DOWN_MS;
	if (latest > SLOT_DEADLINE_MAX_MS)
		latest = SLOT_DEADLINE_MAX_MS;
	return latest < 1 ? 1 : (int)latest;
}

static void post(struct link *l, struct batch *b, const struct packing *p)
{
	struct slot_ops *s = &l->sending;
	int64_t now = hf_mono_ms();
	int timeout = timeout_of(l, b, now);
	hf_status status;

	memcpy(s->session, l->session, sizeof(s->session));
	memcpy(b->session, l->session, sizeof(b->session));
	s->deadline_ms = (uint32_t)timeout;
	s->n = (uint32_t)b->n;
	for (size_t i = 0; i < b->n; i++)
		s->ops[i] = HF_SPAN(l->ops.ptr + p->at[i],
		                    (i + 1 < b->n ? p->at[i + 1] : l->ops.len) - p->at[i]);
	b->sent_ms = now;
	b->sent_us = hf_mono_us();
	b->overdue_ms = now + patience_ms(l, b->lane);
	LIST_INSERT_HEAD(&l->batches, b, entry);
	l->in_flight[b->lane]++;
	hf_count(&l->counts.ops, b->n);
	status = peer_ops(l->client, s, &l->body, timeout, batch_answered, b);
	if (!hf_ok(status)) {
		batch_missed(b, false, status.code, "the request could not be made");
		batch_end(b);
	}
}

static bool send_one(struct link *l, enum lane lane)
{
	struct batch *b = calloc(1, sizeof(*b));
	struct packing p = { 0 };
	bool sent;

	if (!b)
		return false; /* they wait until they expire */
	b->link = l;
	b->lane = lane;
	b->deadline_ms = INT64_MAX;
	hf_buf_clear(&l->ops);
	gather(l, b, &p);
	sent = b->n > 0;
	if (sent)
		post(l, b, &p);
	else
		free(b);
	if (l->ops.ptr)
		hf_wipe(l->ops.ptr, l->ops.len);
	return sent;
}

void link_send(struct link *l)
{
	for (int lane = 0; lane < LANES; lane++)
		while (l->open && l->in_flight[lane] < AT_ONCE && send_one(l, (enum lane)lane))
			;
}
