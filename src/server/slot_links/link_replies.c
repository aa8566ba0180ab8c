/* SPDX-License-Identifier: Apache-2.0
 * What comes back from the gateway, what does not, and when. */
#include "server/slot_links/inside.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define REOPENED_MOST 2

void batch_end(struct batch *b)
{
	LIST_REMOVE(b, entry);
	b->link->in_flight[b->lane]--;
	free(b);
}

void batch_missed(struct batch *b, bool unsure, enum hf_code code, const char *words)
{
	for (size_t i = 0; i < b->n; i++) {
		struct slot_op *op = b->attempts[i].op;
		struct backend_state *c = op->of;

		way_lock(c);
		op->in_flight--;
		op->unsure = op->unsure || (unsure && !b->attempts[i].looking);
		op->unheard = op->unheard || (unsure && !b->attempts[i].looking);
		if (!op->settled)
			op_missed(op, code, words);
		way_unlock(c);
		way_release(c);
	}
}

static bool is_missing(const struct crypto_result *r)
{
	return r->outcome == OP_FAILED && r->code == HF_NOTFOUND;
}

/* One gateway need not see yet what was made by way of another: it is gone when all say so. */
static bool lacks_key(const struct crypto_op *asked, const struct crypto_result *r)
{
	return is_missing(r) && crypto_op_uses_key(asked->kind) && !asked->key.record.len;
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

	if ((is_missing(r) && op_is_worked_on(op, l)) ||
	    (r->outcome == OP_DONE && op_is_awaited(op, l))) {
		/* It may still be made there, and two keys would have one CKA_ID; one that is there
		 * already need not be whole: SoftHSM2 writes its value last. So it is looked for
		 * again, until that attempt ends or its gateway is taken for down. */
		op_unmark_tried(op, l);
	} else if (r->outcome == OP_DONE && hf_ok(answer_is_made(asked, r, &err))) {
		op_settle(op, r);
	} else if (r->outcome == OP_DONE) {
		op_fail(op, HF_EXISTS, err.text);
	} else if (is_missing(r) && op_may_still_come(op)) {
		op_again_later(op, l);
	} else if (is_missing(r)) { /* so it was not made: now, here */
		op->looking = op->unsure = op->unheard = false;
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
	} else if (lacks_key(asked, r) && op_has_witness(op, l)) {
		snprintf(op->absent, sizeof(op->absent), "%s", r->text);
		op_missed(op, r->code, r->text);
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
	int64_t us = hf_mono_us() - b->sent_us, each = us / (int64_t)(b->n ? b->n : 1);

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
	bool is_now = memcmp(b->session, l->session, sizeof(b->session)) == 0;

	if (is_now)
		l->open = false;
	for (size_t i = 0; i < b->n; i++) {
		struct slot_op *op = b->attempts[i].op;
		struct backend_state *c = op->of;

		way_lock(c);
		op->in_flight--;
		op->reopened += is_now;
		if (!op->settled && !op->queued && op->reopened <= REOPENED_MOST)
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

void batch_answered(void *ctx, const struct http_reply *reply)
{
	struct batch *b = ctx;
	struct link *l = b->link;
	char words[400];

	if (reply->status != 0)
		link_heard(l);
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
		op_fail_unheard(op, HF_TIMEOUT, text);
	} else if (!op->settled && now >= b->overdue_ms && *op->absent && !link_may_answer(l)) {
		op_fail(op, HF_NOTFOUND, op->absent);
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
			b->overdue_ms = now + LINK_OVERDUE_MS; /* another may work by then */
		}
		if (now >= b->deadline_ms)
			b->deadline_ms = now + LINK_ROUND_MS;
	}
}

int64_t link_next_due(const struct link *l)
{
	const struct batch *b;
	int64_t first = 0;

	LIST_FOREACH(b, &l->batches, entry) {
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
