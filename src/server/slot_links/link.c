/* SPDX-License-Identifier: Apache-2.0
 * One connection: its queues, how it is, and its thread. */
#include "server/slot_links/inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#define PROBE_FIRST_MS 250
#define PROBE_MOST_MS 15000
#define STEADY_MS 10000 /* well for so long: what was before is forgotten */
#define REST_MS 1000    /* between two looks at queues where nothing happens */

struct link *link_hold(struct link *l)
{
	atomic_fetch_add_explicit(&l->references, 1, memory_order_relaxed);
	return l;
}

void link_release(struct link *l)
{
	if (!l || atomic_fetch_sub_explicit(&l->references, 1, memory_order_acq_rel) != 1)
		return;
	http_client_free(l->client);
	hf_buf_done(&l->ops);
	hf_buf_done(&l->body);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	pthread_mutex_destroy(&l->lock);
	free(l->answer);
	free(l);
}

HF_DEFINE_CLEANUP(link_release, struct link *)

hf_status link_new(struct slot_links *s, const char *org_id, const char *group_id, const char *id,
                   struct link **ret)
{
	struct link *made = calloc(1, sizeof(*made));
	HF_CLEANUP(link_release_at) struct link *l = made;
	hf_status status;

	HF_ENSURE(l, HF_NOMEM);
	atomic_init(&l->references, 1);
	pthread_mutex_init(&l->lock, NULL);
	l->of = s;
	snprintf(l->id, sizeof(l->id), "%s", id);
	snprintf(l->group_id, sizeof(l->group_id), "%s", group_id);
	snprintf(l->org_id, sizeof(l->org_id), "%s", org_id);
	for (int lane = 0; lane < LANES; lane++)
		TAILQ_INIT(&l->queues[lane]);
	TAILQ_INIT(&l->later);
	LIST_INIT(&l->batches);
	l->ops = HF_BUF(SLOT_LINK_BODY_MAX);
	l->body = HF_BUF(SLOT_LINK_BODY_MAX);
	atomic_init(&l->recheck, true);
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->answer = calloc(1, sizeof(*l->answer));
	HF_ENSURE(l->wake_fd >= 0 && l->answer, HF_NOMEM);
	link_hold(l); /* the thread's */
	status = hf_thread_start("slot", link_run, l, &l->thread, NULL);
	if (!hf_ok(status))
		link_release(l);
	HF_TRY(status);
	*ret = hf_take(l);
	return HF_SUCCESS;
}

void link_wake(struct link *l)
{
	const uint64_t one = 1;

	if (atomic_exchange(&l->woken, true))
		return;
	/* A full counter wakes as well. */
	while (write(l->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void slept(struct link *l)
{
	uint64_t n;

	while (read(l->wake_fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
	/* After it: what is written from now on is not taken away again. What was pushed before is
	 * seen by the work that follows. */
	atomic_store(&l->woken, false);
}

bool link_push(struct link *l, struct slot_op *op, enum lane lane)
{
	bool taken;

	pthread_mutex_lock(&l->lock);
	taken = atomic_load(&l->health) != HEALTH_GONE && atomic_load(&l->waiting) < LINK_QUEUE_MAX;
	if (taken) {
		op->lane = lane;
		TAILQ_INSERT_TAIL(op->not_before_ms ? &l->later : &l->queues[lane], op, entry);
		atomic_fetch_add(&l->waiting, 1);
	}
	pthread_mutex_unlock(&l->lock);
	if (taken)
		link_wake(l);
	return taken;
}

const char *link_where(struct link *l, char to[LINK_URL_MAX])
{
	pthread_mutex_lock(&l->lock);
	snprintf(to, LINK_URL_MAX, "%s", *l->url ? l->url : "a connection");
	pthread_mutex_unlock(&l->lock);
	return to;
}

/* Takes out of a queue what `wanted` says, or all; the caller has the lock. */
static void take_from(struct link *l, struct op_queue *from, int64_t expired_ms,
                      struct op_queue *to)
{
	struct slot_op *op, *next;

	for (op = TAILQ_FIRST(from); op; op = next) {
		next = TAILQ_NEXT(op, entry);
		if (expired_ms && op->of->deadline_ms > expired_ms)
			continue;
		TAILQ_REMOVE(from, op, entry);
		TAILQ_INSERT_TAIL(to, op, entry);
		atomic_fetch_sub(&l->waiting, 1);
	}
}

/* expired_ms 0: all of them. */
static void take_queues(struct link *l, int64_t expired_ms, struct op_queue *to)
{
	TAILQ_INIT(to);
	pthread_mutex_lock(&l->lock);
	for (int lane = 0; lane < LANES; lane++)
		take_from(l, &l->queues[lane], expired_ms, to);
	take_from(l, &l->later, expired_ms, to);
	pthread_mutex_unlock(&l->lock);
}

/* Whether it is better off waiting here: nowhere else is it to be had, unless somebody has said
 * that the key is not there. Against that only one is heard who has worked, however slow he is now.
 */
static bool may_stay(const struct link *l, const struct slot_op *op)
{
	return !op_has_other(op, l) && (l->open || !*op->absent);
}

static void link_pass_on(struct link *l, bool only_where_possible, enum hf_code code,
                         const char *words)
{
	struct op_queue all;
	struct slot_op *op;

	take_queues(l, 0, &all);
	while ((op = TAILQ_FIRST(&all))) {
		struct backend_state *c = op->of;

		TAILQ_REMOVE(&all, op, entry);
		way_lock(c);
		op->queued = false;
		if (!op->settled && only_where_possible && may_stay(l, op)) {
			op_again(op, l);
		} else if (!op->settled) {
			op_mark_tried(op, l);
			op_missed(op, code, words);
		}
		way_unlock(c);
		way_release(c);
	}
}

static void expire(struct link *l, int64_t now)
{
	char text[400], where[LINK_URL_MAX];
	struct op_queue late;
	struct slot_op *op;

	if (!atomic_load(&l->waiting))
		return;
	take_queues(l, now, &late);
	while ((op = TAILQ_FIRST(&late))) {
		struct backend_state *c = op->of;

		TAILQ_REMOVE(&late, op, entry);
		way_lock(c);
		snprintf(text, sizeof(text), "no connection to the HSM in time: %.100s %.200s",
		         link_where(l, where), op->text);
		op->queued = false;
		if (!op->settled && op->unsure)
			op_fail_unheard(op, HF_TIMEOUT, text);
		else if (!op->settled)
			op_fail(op, HF_TIMEOUT, text);
		way_unlock(c);
		way_release(c);
	}
}

/* Those whose pause is over. */
static void wake_later(struct link *l, int64_t now)
{
	struct slot_op *op, *next;

	pthread_mutex_lock(&l->lock);
	for (op = TAILQ_FIRST(&l->later); op; op = next) {
		next = TAILQ_NEXT(op, entry);
		if (op->not_before_ms > now)
			continue;
		TAILQ_REMOVE(&l->later, op, entry);
		TAILQ_INSERT_TAIL(&l->queues[op->lane], op, entry);
	}
	pthread_mutex_unlock(&l->lock);
}

static void set_view(struct link *l, enum link_state state, const char *words)
{
	pthread_mutex_lock(&l->lock);
	l->view.state = state;
	snprintf(l->view.message, sizeof(l->view.message), "%s", words);
	pthread_mutex_unlock(&l->lock);
}

void link_is_new(struct link *l)
{
	set_view(l, LINK_UNKNOWN, "");
	atomic_store(&l->health, HEALTH_NEW);
}

void link_is_up(struct link *l)
{
	enum link_health before = atomic_load(&l->health);
	int64_t now = hf_mono_ms();
	char where[LINK_URL_MAX];

	if (before == HEALTH_REFUSED || before == HEALTH_GONE)
		return; /* an answer from before its PIN was refused */
	atomic_store(&l->seen_up_ms, now);
	if (before == HEALTH_UP) {
		if (l->strikes && now - l->up_since_ms > STEADY_MS)
			l->strikes = 0;
		return;
	}
	l->up_since_ms = now;
	l->probe_ms = 0;
	set_view(l, LINK_CONNECTED, "");
	HF_INFO("connected to a slot", HF_KS("gateway", link_where(l, where)),
	        HF_KS("group", l->group_id), HF_KS("link", l->id));
	atomic_store(&l->health, HEALTH_UP);
}

void link_is_down(struct link *l, const char *words)
{
	enum link_health before = atomic_load(&l->health);
	int64_t now = hf_mono_ms();
	char where[LINK_URL_MAX];

	hf_count(&l->counts.failures, 1);
	if (before == HEALTH_REFUSED || before == HEALTH_GONE)
		return;
	if (before != HEALTH_DOWN) {
		HF_WARN("a slot cannot be reached", HF_KS("gateway", link_where(l, where)),
		        HF_KS("group", l->group_id), HF_KS("link", l->id), HF_KS("reason", words));
		atomic_store(&l->down_ms, now);
	}
	if (!l->probe_ms || before != HEALTH_DOWN || l->probe_ms <= now) {
		l->probe_ms = now + hf_backoff_ms(l->strikes, PROBE_FIRST_MS, PROBE_MOST_MS);
		l->strikes++;
	}
	set_view(l, LINK_NOT_CONNECTED, words);
	atomic_store(&l->health, HEALTH_DOWN);
	link_pass_on(l, false, HF_BUSY, words);
}

/* Nothing bad is known of it. */
static bool is_trusted(const struct link *l)
{
	enum link_health h = atomic_load(&l->health);

	return h == HEALTH_UP || h == HEALTH_NEW;
}

void link_is_suspect(struct link *l)
{
	char where[LINK_URL_MAX];

	if (!is_trusted(l))
		return;
	HF_INFO("a slot does not answer in time", HF_KS("gateway", link_where(l, where)),
	        HF_KS("group", l->group_id), HF_KS("link", l->id));
	atomic_store(&l->health, HEALTH_SUSPECT);
	l->probe_ms = hf_mono_ms();
	link_pass_on(l, true, HF_TIMEOUT, "no answer in time");
}

void link_is_refused(struct link *l, const char *words)
{
	char where[LINK_URL_MAX];

	if (atomic_load(&l->health) != HEALTH_REFUSED)
		HF_ERROR("a slot is not to be used with this PIN: give it anew, or ask for a test",
		         HF_KS("gateway", link_where(l, where)), HF_KS("group", l->group_id),
		         HF_KS("link", l->id), HF_KS("reason", words));
	l->probe_ms = 0;
	l->open = false;
	set_view(l, LINK_NOT_CONNECTED, words);
	atomic_store(&l->health, HEALTH_REFUSED);
	link_pass_on(l, false, HF_STOP, words);
}

static bool may_open(const struct link *l)
{
	enum link_health h = atomic_load(&l->health);

	return l->client && !l->opening && !l->open && h != HEALTH_REFUSED && h != HEALTH_GONE;
}

/* From when on what waits for it to be open is better off elsewhere; 0: it does not matter. */
static int64_t opening_overdue_ms(const struct link *l)
{
	return l->opening && is_trusted(l) ? l->opening_ms + LINK_OPEN_OVERDUE_MS : 0;
}

/* Sends what there is to send, opens and probes what is to be opened and probed. */
static void work(struct link *l)
{
	int64_t now = hf_mono_ms(), overdue = opening_overdue_ms(l);
	bool due = atomic_exchange(&l->probe, false) || (l->probe_ms && now >= l->probe_ms);

	wake_later(l, now);
	expire(l, now);
	if (overdue && now >= overdue)
		link_is_suspect(l);
	link_ask_alive(l, now);
	link_look_at_batches(l, now);
	if (!l->client && due)
		link_reread(l);
	if (due && l->probe_ms)
		l->probe_ms = now + PROBE_MOST_MS; /* until it is known what came of this one */
	if (may_open(l) && (due || atomic_load(&l->waiting)))
		link_open(l);
	else if (l->open && due && !l->probing)
		link_ping(l);
	if (l->open)
		link_send(l);
	else if (!l->opening && !may_open(l) && atomic_load(&l->waiting))
		link_pass_on(l, false, HF_STOP, l->view.message);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return b && b < a ? b : a;
}

static int pause_ms(const struct link *l)
{
	int64_t now = hf_mono_ms(),
	        until = now + (atomic_load(&l->waiting) ? LINK_ROUND_MS : 60000);

	until = sooner(until, l->probe_ms);
	until = sooner(until, link_next_due(l));
	until = sooner(until, link_alive_due(l));
	until = sooner(until, opening_overdue_ms(l));
	return until <= now ? 1 : (int)(until - now);
}

static void wait(struct link *l)
{
	struct pollfd wake = { .fd = l->wake_fd, .events = POLLIN };

	if (!l->client)
		poll(&wake, 1, pause_ms(l));
	else if (!hf_ok(http_client_step(l->client, &wake, 1, pause_ms(l))))
		poll(&wake, 1, REST_MS);
	if (wake.revents)
		slept(l);
}

static void end(struct link *l)
{
	atomic_store(&l->health, HEALTH_GONE);
	link_drop_batches(l, "the connection was removed, or the server is stopping");
	link_pass_on(l, false, HF_CLOSED, "the connection was removed, or the server is stopping");
	links_remove(l->of, l);
}

void *link_run(void *arg)
{
	struct link *l = arg;

	while (!atomic_load(&l->stop) && atomic_load(&l->health) != HEALTH_GONE) {
		if (atomic_exchange(&l->recheck, false))
			link_reread(l);
		work(l);
		wait(l);
	}
	end(l);
	return NULL;
}
