/* SPDX-License-Identifier: Apache-2.0
 * Operations to the gateway and results back, many in one request. */
#include "server/slot_links/inside.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define AT_ONCE 2 /* requests in each lane: one is answered while the other gathers */
#define OVERDUE_MIN_MS 300
#define OVERDUE_MS 700 /* of a gateway that usually answers within half of that */
#define OVERDUE_MAX_MS 5000
#define DOWN_MS 2000    /* nobody waits longer for one that is known to be down */
#define BATCH_US 250000 /* a batch is as large as this allows */
#define BATCH_LEAST 8
#define REOPENED_MOST 2

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
		return OVERDUE_MS;
	if (usual > OVERDUE_MS / 2)
		return 2 * usual < OVERDUE_MAX_MS ? 2 * usual : OVERDUE_MAX_MS;
	if (most_ms > OVERDUE_MS)
		return OVERDUE_MS;
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

static void answered(void *ctx, const struct http_reply *reply);

static void batch_end(struct batch *b)
{
	LIST_REMOVE(b, entry);
	b->link->in_flight[b->lane]--;
	free(b);
}

/* None of its attempts has an answer. */
static void batch_missed(struct batch *b, bool unsure, enum hf_code code, const char *words)
{
	for (size_t i = 0; i < b->n; i++) {
		struct slot_op *op = b->attempts[i].op;
		struct backend_state *c = op->of;

		way_lock(c);
		op->in_flight--;
		op->unsure = op->unsure || (unsure && !b->attempts[i].looking);
		if (!op->settled)
			op_missed(op, code, words);
		way_unlock(c);
		way_release(c);
	}
}

static void post(struct link *l, struct batch *b, const struct packing *p)
{
	struct slot_ops *s = &l->sending;
	int64_t now = hf_mono_ms();
	int timeout = timeout_of(l, b, now);
	hf_status status;

	memcpy(s->session, l->session, sizeof(s->session));
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
	status = peer_ops(l->client, s, &l->body, timeout, answered, b);
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

/* ---- answers */

static bool is_missing(const struct crypto_result *r)
{
	return r->outcome == OP_FAILED && r->code == HF_NOTFOUND;
}

static void settle_done(struct slot_op *op)
{
	struct crypto_result done = { .outcome = OP_DONE };

	op_settle(op, &done);
}

/* Of looking for a new key. */
static void found(struct link *l, struct slot_op *op, const struct crypto_result *r)
{
	const struct crypto_op *asked = &op->of->call->ops[op->index];
	struct hf_err err;

	if (r->outcome == OP_DONE && hf_ok(answer_is_made(asked, r, &err))) {
		op_settle(op, r);
	} else if (r->outcome == OP_DONE) {
		op_fail(op, HF_EXISTS, err.text);
	} else if (is_missing(r)) { /* so it was not made: now, here */
		op->looking = op->unsure = false;
		op_again(op, l);
	} else {
		op_missed(op, r->code, r->text);
	}
}

/* One result, under the lock of its call. False: nonsense, with words. */
static bool take_result(struct link *l, struct slot_op *op, bool looking,
                        const struct crypto_result *r, struct hf_err *err)
{
	const struct crypto_op *asked = &op->of->call->ops[op->index];

	if (r->outcome == OP_DONE && !looking && !hf_ok(answer_check(asked, r, err))) {
		op->unsure = true;
		op_missed(op, HF_UNAUTHENTIC, err->text);
		return false;
	}
	if (r->outcome == OP_RETRY || (r->outcome == OP_FAILED && r->unhealthy)) {
		op->unsure = op->unsure || !looking;
		op_missed(op, r->code, r->text);
	} else if (looking) {
		found(l, op, r);
	} else if (asked->kind == CRYPTO_DESTROY && is_missing(r) && op->unsure) {
		settle_done(op); /* the attempt that nobody had an answer of */
	} else {
		op_settle(op, r);
	}
	return true;
}

/* The words of a gateway are for people. */
static void clean(struct crypto_result *r)
{
	char text[sizeof(r->text)];

	peer_words(hf_span_text(r->text), text, sizeof(text));
	memcpy(r->text, text, sizeof(text));
}

static bool take_bytes(struct link *l, struct attempt *a, struct hf_span bytes, bool *ill,
                       struct hf_err *err)
{
	struct slot_op *op = a->op;
	struct backend_state *c = op->of;
	struct crypto_result r;
	bool sense = true;

	way_lock(c);
	op->in_flight--;
	if (!op->settled) {
		hf_buf_clear(&op->kept);
		hf_buf_put(&op->kept, bytes.ptr, bytes.len);
		if (hf_ok(hf_buf_status(&op->kept)) &&
		    hf_ok(crypto_result_decode(hf_buf_span(&op->kept), &r))) {
			clean(&r);
			*ill = *ill || (r.outcome != OP_DONE && r.unhealthy);
			if (*ill && err)
				snprintf(err->text, sizeof(err->text), "%s", r.text);
			sense = take_result(l, op, a->looking, &r, err);
		} else {
			op->unsure = op->unsure || !a->looking;
			op_missed(op, HF_IO, "the gateway answered nonsense");
			sense = false;
		}
	}
	way_unlock(c);
	way_release(c);
	return sense;
}

static void note_latency(struct link *l, const struct batch *b)
{
	int64_t us = hf_mono_us() - b->sent_us, each = us / (int64_t)b->n;

	hf_histogram_add(&l->counts.latency, us);
	if (b->lane != LANE_QUICK)
		return;
	l->slowest_us -= l->slowest_us / 32;
	if (us > l->slowest_us)
		l->slowest_us = us;
	l->per_op_us = l->per_op_us ? (7 * l->per_op_us + each) / 8 : each;
}

static void take_results(struct link *l, struct batch *b)
{
	struct hf_err err = { .text = "" }, words = { .text = "" };
	bool sense = true, ill = false;

	for (size_t i = 0; i < b->n; i++) {
		bool is_ill = false;

		if (!take_bytes(l, &b->attempts[i], l->answer->results[i], &is_ill, &err))
			sense = false;
		if ((is_ill || !sense) && !*words.text)
			words = err;
		ill = ill || is_ill;
	}
	note_latency(l, b);
	if (sense && !ill) {
		link_is_up(l);
		return;
	}
	if (!sense)
		hf_count(&l->counts.nonsense, 1);
	link_is_down(l, *words.text ? words.text : "the gateway answered nonsense");
}

/* It has forgotten us: nothing was done. */
static void session_lost(struct link *l, struct batch *b)
{
	l->open = false;
	for (size_t i = 0; i < b->n; i++) {
		struct slot_op *op = b->attempts[i].op;
		struct backend_state *c = op->of;

		way_lock(c);
		op->in_flight--;
		if (!op->settled && !op->queued && op->reopened++ < REOPENED_MOST)
			op_again(op, l);
		else if (!op->settled)
			op_missed(op, HF_BUSY, "the gateway forgets its sessions");
		way_unlock(c);
		way_release(c);
	}
}

static void explain(const struct http_reply *reply, char *to, size_t cap)
{
	char words[200];

	if (reply->status == 0) {
		snprintf(to, cap, "%s", reply->error);
		return;
	}
	peer_words(reply->body, words, sizeof(words));
	if (reply->status == 200)
		snprintf(to, cap, "the gateway answered nonsense");
	else
		snprintf(to, cap, "the gateway answers with HTTP %d: %s", reply->status, words);
}

/* Bodies and sessions are judged before anything is done; whatever else is said by a server that
 * is in trouble, or none of ours. */
static bool nothing_done(const struct http_reply *reply)
{
	if (reply->status == 0)
		return !reply->sent;
	return reply->status >= 400 && reply->status < 500;
}

static void answered(void *ctx, const struct http_reply *reply)
{
	struct batch *b = ctx;
	struct link *l = b->link;
	char words[400];

	if (reply->status == 401) {
		session_lost(l, b);
	} else if (reply->status == 200 && hf_ok(slot_results_decode(reply->body, l->answer)) &&
	           l->answer->n == b->n) {
		take_results(l, b);
	} else {
		explain(reply, words, sizeof(words));
		if (reply->status == 200)
			hf_count(&l->counts.nonsense, 1);
		batch_missed(b, !nothing_done(reply), HF_BUSY, words);
		link_is_down(l, words);
	}
	batch_end(b);
}

/* ---- what does not come */

static void look_at_attempt(struct link *l, const struct batch *b, struct slot_op *op, int64_t now)
{
	struct backend_state *c = op->of;
	char text[256], where[LINK_URL_MAX];

	way_lock(c);
	if (!op->settled && now >= c->deadline_ms) {
		snprintf(text, sizeof(text), "no answer in time from %.200s", link_where(l, where));
		op_fail(op, HF_TIMEOUT, text);
	} else if (!op->settled && now >= b->overdue_ms) {
		op_hedge(op);
	}
	way_unlock(c);
}

void link_look_at_batches(struct link *l, int64_t now)
{
	struct batch *b, *next;

	for (b = LIST_FIRST(&l->batches); b; b = next) {
		next = LIST_NEXT(b, entry);
		if (now < b->overdue_ms && now < b->deadline_ms)
			continue;
		for (size_t i = 0; i < b->n; i++)
			look_at_attempt(l, b, b->attempts[i].op, now);
		if (now >= b->overdue_ms) {
			link_is_suspect(l);
			b->overdue_ms = now + OVERDUE_MS; /* another may work by then */
		}
		if (now >= b->deadline_ms)
			b->deadline_ms = now + LINK_ROUND_MS;
	}
}

int64_t link_next_due(const struct link *l)
{
	const struct batch *b;
	int64_t first = 0;

	LIST_FOREACH(b, &l->batches, entry)
	{
		int64_t at = b->overdue_ms < b->deadline_ms ? b->overdue_ms : b->deadline_ms;

		if (!first || at < first)
			first = at;
	}
	return first;
}

void link_drop_batches(struct link *l, const char *words)
{
	while (!LIST_EMPTY(&l->batches)) {
		struct batch *b = LIST_FIRST(&l->batches);

		batch_missed(b, true, HF_CLOSED, words);
		batch_end(b);
	}
}
