/* SPDX-License-Identifier: Apache-2.0
 * A call on its way: which link each of its operations is at, and goes to next. */
#include "server/slot_links/inside.h"

#include "base/clock.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

static enum lane lane_of(const struct crypto_op *op)
{
	if (op->kind == CRYPTO_LIST)
		return LANE_SLOW;
	if (op->kind == CRYPTO_GENERATE && op->made.type == OBJECT_RSA)
		return LANE_SLOW;
	return crypto_op_makes(op->kind) ? LANE_MAKE : LANE_QUICK;
}

void way_lock(struct backend_state *c)
{
	pthread_mutex_lock(&c->lock);
}

void way_hold(struct backend_state *c)
{
	atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
}

static void op_done(struct slot_op *op)
{
	if (op->kept.ptr)
		hf_wipe(op->kept.ptr, op->kept.cap);
	hf_buf_done(&op->kept);
}

void way_release(struct backend_state *c)
{
	if (atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < c->n; i++)
		op_done(&c->ops[i]);
	for (size_t i = 0; i < c->n_route; i++)
		link_release(c->route[i]);
	pthread_mutex_destroy(&c->lock);
	free(c->results);
	free(c);
}

void way_unlock(struct backend_state *c)
{
	struct backend_call *call = c->left == 0 ? hf_take(c->call) : NULL;

	pthread_mutex_unlock(&c->lock);
	if (!call)
		return;
	call->done(call, c->results);
	way_release(c);
}

void op_settle(struct slot_op *op, const struct crypto_result *r)
{
	op->of->results[op->index] = *r;
	op->settled = true;
	op->of->left--;
}

void op_fail(struct slot_op *op, enum hf_code code, const char *text)
{
	struct crypto_result r = { .outcome = OP_FAILED, .code = code };

	snprintf(r.text, sizeof(r.text), "%s", text);
	op_settle(op, &r);
}

void op_fail_unheard(struct slot_op *op, enum hf_code code, const char *text)
{
	char words[512];

	if (!crypto_op_makes(op->of->call->ops[op->index].kind)) {
		op_fail(op, code, text);
		return;
	}
	snprintf(words, sizeof(words),
	         "nobody can tell whether the key was made: look for it before you try again "
	         "(%.150s)",
	         text);
	op_fail(op, code, words);
}

void op_mark_tried(struct slot_op *op, const struct link *l)
{
	for (size_t i = 0; i < op->of->n_route; i++)
		if (op->of->route[i] == l)
			op->tried |= 1u << i;
}

void op_unmark_tried(struct slot_op *op, const struct link *l)
{
	for (size_t i = 0; i < op->of->n_route; i++)
		if (op->of->route[i] == l)
			op->tried &= ~(1u << i);
}

/* Smaller is better; -1: not to be asked at all. */
static int rank(const struct link *l)
{
	switch (atomic_load(&l->health)) {
	case HEALTH_UP:
	case HEALTH_NEW:
		return 0;
	case HEALTH_SUSPECT:
		return 1;
	case HEALTH_DOWN:
		return 2;
	case HEALTH_REFUSED:
	case HEALTH_GONE:
		return -1;
	}
	return -1;
}

bool link_may_answer(const struct link *l)
{
	int r = rank(l);

	return (r == 0 || r == 1) && !atomic_load(&l->silent);
}

bool op_is_awaited(const struct slot_op *op, const struct link *l)
{
	const struct backend_state *c = op->of;

	for (size_t i = 0; op->in_flight && i < c->n_route; i++)
		if (c->route[i] != l && op->tried & 1u << i && link_may_answer(c->route[i]))
			return true;
	return false;
}

bool op_is_worked_on(const struct slot_op *op, const struct link *l)
{
	bool slow = lane_of(&op->of->call->ops[op->index]) == LANE_SLOW;

	return op_is_awaited(op, l) ||
	       (op->in_flight && slow && hf_mono_ms() - op->sent_ms < LINK_SURE_MS);
}

bool op_may_still_come(const struct slot_op *op)
{
	bool slow = lane_of(&op->of->call->ops[op->index]) == LANE_SLOW;

	return op->unheard &&
	       hf_mono_ms() - op->sent_ms < (slow ? LINK_SURE_MS : LINK_SURE_QUICK_MS);
}

/* The best of those that were not tried in this round; of equal ones the first. */
static struct link *choose(const struct slot_op *op, int worst)
{
	const struct backend_state *c = op->of;
	struct link *best = NULL;
	int best_rank = worst + 1;

	for (size_t i = 0; i < c->n_route; i++) {
		int r = rank(c->route[i]);

		if (r < 0 || r >= best_rank || (op->tried & 1u << i))
			continue;
		best = c->route[i];
		best_rank = r;
	}
	return best;
}

/* Any that was well until a moment ago, or still is, and could not be had: worth a pause. */
static bool may_come_back(const struct slot_op *op, int64_t now)
{
	const struct backend_state *c = op->of;

	if (now + LINK_ROUND_MS >= c->deadline_ms || now - c->began_ms >= LINK_PATIENCE_MS)
		return false;
	if (op->code != HF_BUSY && op->code != HF_CLOSED) /* the HSM itself, or a lie */
		return false;
	if (*op->absent) /* there was an answer */
		return false;
	for (size_t i = 0; i < c->n_route; i++) {
		int r = rank(c->route[i]);

		if (r == 0 || r == 1 ||
		    (r == 2 && now - atomic_load(&c->route[i]->down_ms) < LINK_PATIENCE_MS))
			return true;
	}
	return false;
}

static bool all_are_removed(const struct backend_state *c)
{
	for (size_t i = 0; i < c->n_route; i++)
		if (atomic_load(&c->route[i]->health) != HEALTH_GONE)
			return false;
	return true;
}

static void give_up(struct slot_op *op)
{
	const struct backend_state *c = op->of;
	struct link_view view;
	char text[512], where[LINK_URL_MAX];

	if (op->unsure && crypto_op_makes(c->call->ops[op->index].kind)) {
		op_fail_unheard(op, HF_IO, op->text);
	} else if (*op->absent) {
		op_fail(op, HF_NOTFOUND, op->absent);
	} else if (c->n_route == 0) {
		op_fail(op, HF_STATE,
		        "this group has no connection to an HSM: an administrator of the group has "
		        "to add one");
	} else if (*op->text) {
		op_fail(op, op->code, op->text);
	} else if (all_are_removed(c)) {
		op_fail(op, HF_CLOSED,
		        "the connections of this key's group were removed while it was worked "
		        "with: try again");
	} else { /* none could even be asked */
		slot_links_view(c->links, c->route[0]->id, &view);
		snprintf(text, sizeof(text), "%.80s: %.160s", link_where(c->route[0], where),
		         *view.message ? view.message
		                       : "too many operations wait there: try again");
		op_fail(op, HF_STOP, text);
	}
}

static void op_next(struct slot_op *op)
{
	int64_t now = hf_mono_ms();
	struct link *l = choose(op, 2);
	const struct crypto_op *asked = &op->of->call->ops[op->index];
	enum lane lane = op->looking ? LANE_QUICK : lane_of(asked);
	bool moved = op->tried != 0;

	op->not_before_ms = 0;
	if (!l && may_come_back(op, now)) {
		op->tried = 0;
		op->not_before_ms = now + LINK_ROUND_MS;
		l = choose(op, 2);
	}
	while (l && !link_push(l, op, lane)) {
		op_mark_tried(op, l);
		l = choose(op, 2);
	}
	if (!l) {
		give_up(op);
		return;
	}
	op->queued = true;
	way_hold(op->of);
	if (moved)
		hf_count(&l->counts.failovers, 1);
}

void op_missed(struct slot_op *op, enum hf_code code, const char *text)
{
	op->code = code;
	snprintf(op->text, sizeof(op->text), "%s", text);
	if (op->queued || op->in_flight)
		return;
	/* What makes a key is asked for anew only where it is not to be found. */
	if (op->unsure && crypto_op_makes(op->of->call->ops[op->index].kind))
		op->looking = true;
	op_next(op);
}

bool op_has_witness(const struct slot_op *op, const struct link *l)
{
	bool removes = op->of->call->ops[op->index].kind == CRYPTO_DESTROY;

	if (choose(op, 1))
		return true;
	/* What an attempt may have removed by now is no sign that there is another answer. */
	return !(removes && op->unsure) && (op->queued || op_is_worked_on(op, l));
}

bool op_has_other(const struct slot_op *op, const struct link *l)
{
	const struct link *other = choose(op, 0);

	return other && other != l;
}

void op_hedge(struct slot_op *op)
{
	if (op->queued || !choose(op, 0))
		return;
	op->unsure = op->unsure || !op->looking;
	if (crypto_op_makes(op->of->call->ops[op->index].kind))
		op->looking = true;
	op_next(op);
}

static void again(struct slot_op *op, struct link *l, int64_t not_before_ms)
{
	const struct crypto_op *asked = &op->of->call->ops[op->index];

	if (op->queued) /* it is to be asked elsewhere already */
		return;
	op->not_before_ms = not_before_ms;
	if (!link_push(l, op, op->looking ? LANE_QUICK : lane_of(asked))) {
		op_missed(op, HF_BUSY, "the connection was removed");
		return;
	}
	op->queued = true;
	way_hold(op->of);
}

void op_again(struct slot_op *op, struct link *l)
{
	again(op, l, 0);
}

void op_again_later(struct slot_op *op, struct link *l)
{
	again(op, l, hf_mono_ms() + LINK_ROUND_MS);
}

/* Whoever has begun a list goes on with it: all its pages are asked of one link. */
static bool lists(const struct backend_call *call)
{
	return call->n_ops == 1 && call->ops[0].kind == CRYPTO_LIST;
}

static size_t find_route(struct slot_links *s, const struct backend_call *call, struct link **route)
{
	const struct group *g = call->group;
	size_t n = 0, first = 0;

	if (!g->by_priority && g->n_links && !lists(call))
		first = atomic_fetch_add(&s->turn, 1) % g->n_links;
	for (size_t i = 0; i < g->n_links; i++) {
		const struct group_link *l = &g->links[(first + i) % g->n_links];

		if (hf_ok(links_find(s, g, l, &route[n])))
			n++;
	}
	return n;
}

static int deadline_of(const struct backend_call *call)
{
	if (call->deadline_ms > 0)
		return call->deadline_ms;
	for (size_t i = 0; i < call->n_ops; i++)
		if (lane_of(&call->ops[i]) == LANE_SLOW)
			return BACKEND_SLOW_DEADLINE_MS;
	return BACKEND_DEADLINE_MS;
}

static struct backend_state *way_new(struct slot_links *s, struct backend_call *call)
{
	struct backend_state *c = calloc(1, sizeof(*c) + call->n_ops * sizeof(c->ops[0]));

	if (!c)
		return NULL;
	c->results = calloc(call->n_ops ? call->n_ops : 1, sizeof(*c->results));
	if (!c->results) {
		free(c);
		return NULL;
	}
	atomic_init(&c->references, 1);
	pthread_mutex_init(&c->lock, NULL);
	c->links = s;
	c->call = call;
	c->n = c->left = call->n_ops;
	c->began_ms = hf_mono_ms();
	c->deadline_ms = c->began_ms + deadline_of(call);
	for (size_t i = 0; i < c->n; i++) {
		c->ops[i].of = c;
		c->ops[i].index = (unsigned)i;
		c->ops[i].kept = HF_BUF(CRYPTO_RESULT_ENCODED_MAX);
	}
	return c;
}

void way_begin(struct slot_links *s, struct backend_call *call)
{
	struct backend_state *c = way_new(s, call);

	if (!c) {
		backend_refuse(call, HF_NOMEM, "out of memory");
		return;
	}
	call->state = c;
	c->n_route = find_route(s, call, c->route);
	way_hold(c); /* done() may come at once */
	way_lock(c);
	for (size_t i = 0; i < c->n; i++)
		op_next(&c->ops[i]);
	way_unlock(c);
	way_release(c);
}
