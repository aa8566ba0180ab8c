/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "gateway/waiting.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

enum {
	PROBE_UNWELL_MS = 1000,
	PROBE_IDLE_MS = 10000,
	GIVE_BACK_MS = 2000, /* without a signer for so long, what waits is given back */
	TURN_MS = 1000,
	FDS_MAX = 1024,
	PING_MAX = 4096, /* bytes of an encoded CRYPTO_PING */
};

struct engine {
	struct engine_config config;
	pthread_t thread;
	int wake;

	pthread_mutex_t lock; /* over what follows, up to the line */
	pthread_cond_t begun;
	bool started, failed;
	struct hf_err why_failed;
	struct waiting inbox;
	size_t load; /* items without an answer */
	bool closing;
	int grace_ms;
	struct engine_state state;

	/* the thread's own ------------------------------------------------ */
	struct hsmhost *host;
	struct waiting waiting;
	size_t in_hsm;
	bool told_healthy;
	char fault[256]; /* of the last failure on the HSM's side; "": none since a success */
	int64_t unwell_since_ms; /* without a working signer; 0: there is one */
	int64_t heard_ms;        /* the last answer, or probe */
	bool probing, pin_refused;
	struct hf_buf ping;
	struct pollfd fds[FDS_MAX];
};

static void wake(struct engine *e)
{
	uint64_t one = 1;

	if (write(e->wake, &one, sizeof(one)) < 0)
		return; /* it is awake already */
}

static void unload(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	e->load--;
	pthread_mutex_unlock(&e->lock);
}

static void give_up(struct engine *e, struct work_item *item, enum op_outcome outcome,
                    enum hf_code code, bool unhealthy, const char *why)
{
	unload(e);
	work_fail(item, outcome, code, unhealthy, why);
}

/* A signer that died or hung is the HSM's side, too. */
static bool is_of_the_hsm(const struct crypto_result *r)
{
	return r->unhealthy ||
	       (r->outcome == OP_RETRY &&
	        (r->code == HF_CLOSED || r->code == HF_IO || r->code == HF_TIMEOUT));
}

static void note(struct engine *e, const struct crypto_result *r)
{
	e->heard_ms = hf_mono_ms();
	if (r->outcome == OP_DONE)
		e->fault[0] = 0;
	else if (r->unhealthy)
		snprintf(e->fault, sizeof(e->fault), "%s",
		         r->text[0] ? r->text : hf_code_name(r->code));
}

static void answered(void *ctx, const struct hsmhost_answer *answer)
{
	struct engine *e = ctx;
	struct crypto_result r;

	if (answer->crypto) {
		r = *answer->crypto;
	} else {
		r = (struct crypto_result){ .outcome = answer->result.outcome,
			                    .code = answer->result.code };
		snprintf(r.text, sizeof(r.text), "%s", answer->result.text);
	}
	r.unhealthy = is_of_the_hsm(&r);
	note(e, &r);
	if (!answer->tag) {
		e->probing = false;
		return;
	}
	e->in_hsm--;
	unload(e);
	work_answer(answer->tag, &r);
}

static void pin_refused(void *ctx)
{
	struct engine *e = ctx;

	e->pin_refused = true;
}

static void take_inbox(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	waiting_move(&e->waiting, &e->inbox);
	pthread_mutex_unlock(&e->lock);
}

/* Answers those whose time is over. Returns the next time to look. */
static int64_t expire(struct engine *e, int64_t now)
{
	struct waiting late;
	int64_t next = waiting_expire(&e->waiting, now, &late);
	struct work_item *item;

	while ((item = waiting_next(&late)))
		give_up(e, item, OP_RETRY, HF_TIMEOUT, false,
		        "the operation had not begun when its time was over");
	return next;
}

static void feed(struct engine *e)
{
	while (e->waiting.n && hsmhost_capacity(e->host) > 0) {
		struct work_item *item = waiting_next(&e->waiting);
		struct hsmhost_job job = { .crypto = item->op, .tag = item };
		hf_status s = hsmhost_submit(e->host, &job);

		if (hf_ok(s)) {
			item->begun_us = hf_mono_us();
			e->in_hsm++;
			continue;
		}
		give_up(e, item, s.code == HF_INVALID ? OP_FAILED : OP_RETRY, s.code, false,
		        s.code == HF_INVALID ? "the operation cannot be: it contradicts itself, or "
		                               "names no public key to check its signature with"
		                             : "the gateway could not take the operation");
	}
}

static void give_back_waiting(struct engine *e, enum op_outcome outcome, enum hf_code code,
                              bool unhealthy, const char *why)
{
	struct work_item *item;

	while ((item = waiting_next(&e->waiting)))
		give_up(e, item, outcome, code, unhealthy, why);
}

/* What cannot be done here is better done elsewhere than waited for. */
static void judge_host(struct engine *e, const struct hsmhost_stats *stats, int64_t now)
{
	switch (stats->health) {
	case HSMHOST_HEALTHY:
		e->unwell_since_ms = 0;
		break;
	case HSMHOST_RECOVERING:
		if (!e->unwell_since_ms)
			e->unwell_since_ms = now;
		if (stats->refused || now - e->unwell_since_ms >= GIVE_BACK_MS)
			give_back_waiting(e, OP_RETRY, HF_CLOSED, true, stats->reason);
		break;
	case HSMHOST_STOPPED:
		give_back_waiting(e, OP_FAILED, HF_STOP, true, stats->reason);
		break;
	}
}

static void tell_health(struct engine *e, bool healthy, const char *reason)
{
	if (healthy == e->told_healthy)
		return;
	e->told_healthy = healthy;
	if (healthy)
		HF_INFO("the slot is healthy", HF_KS("token", e->config.token));
	else
		HF_WARN("the slot is unhealthy", HF_KS("token", e->config.token),
		        HF_KS("reason", reason));
}

/* A signer that ends since its HSM failed says little itself: what failed is told with it. */
static void say_why(const struct engine *e, const struct hsmhost_stats *stats, char *to, size_t cap)
{
	const char *end = stats->health != HSMHOST_HEALTHY ? stats->reason : "";

	if (stats->health == HSMHOST_RECOVERING && *end && e->fault[0] &&
	    strcmp(end, e->fault) != 0)
		snprintf(to, cap, "%.110s; the last operation failed: %.110s", end, e->fault);
	else
		snprintf(to, cap, "%s", *end ? end : e->fault[0] ? e->fault : "no signer works");
}

static void publish(struct engine *e, const struct hsmhost_stats *stats)
{
	struct engine_state s = {
		.healthy = stats->health == HSMHOST_HEALTHY && !e->fault[0],
		.stopped = stats->health == HSMHOST_STOPPED,
		.pin_refused = e->pin_refused,
		.waiting = e->waiting.n,
		.in_hsm = e->in_hsm,
		.signers_ready = stats->signers_ready,
		.crashes = stats->crashes,
		.hangs = stats->hangs,
		.recycled = stats->recycled,
	};

	if (!s.healthy)
		say_why(e, stats, s.reason, sizeof(s.reason));
	pthread_mutex_lock(&e->lock);
	e->state = s;
	pthread_mutex_unlock(&e->lock);
	tell_health(e, s.healthy, s.reason);
}

/* When the next probe is due. What is at work is probe enough. */
static int64_t probe_due_ms(const struct engine *e)
{
	if (e->probing || e->in_hsm || e->waiting.n)
		return INT64_MAX;
	return e->heard_ms + (e->fault[0] ? PROBE_UNWELL_MS : PROBE_IDLE_MS);
}

static void probe(struct engine *e, int64_t now)
{
	struct hsmhost_job job = { .crypto = hf_buf_span(&e->ping) };

	if (now < probe_due_ms(e) || hsmhost_capacity(e->host) == 0)
		return;
	e->heard_ms = now;
	e->probing = hf_ok(hsmhost_submit(e->host, &job));
}

static void lower(int *timeout_ms, int64_t at_ms, int64_t now)
{
	int64_t left = at_ms == INT64_MAX ? INT64_MAX : at_ms > now ? at_ms - now : 0;

	if (left < *timeout_ms)
		*timeout_ms = (int)left;
}

static void turn(struct engine *e)
{
	int timeout_ms = TURN_MS;
	struct hsmhost_stats stats;
	int64_t now = hf_mono_ms();
	uint64_t count;
	size_t n;

	take_inbox(e);
	lower(&timeout_ms, expire(e, now), now);
	feed(e);
	hsmhost_stats(e->host, &stats);
	if (stats.health != HSMHOST_HEALTHY)
		publish(e, &stats); /* first: whoever is given back his work may look at once */
	judge_host(e, &stats, now);
	probe(e, now);
	publish(e, &stats);
	if (probe_due_ms(e) > now) /* otherwise there is no room for it now */
		lower(&timeout_ms, probe_due_ms(e), now);
	e->fds[0] = (struct pollfd){ .fd = e->wake, .events = POLLIN };
	n = 1 + hsmhost_pollfds(e->host, e->fds + 1, FDS_MAX - 1, &timeout_ms);
	(void)poll(e->fds, (nfds_t)n, timeout_ms);
	if (e->fds[0].revents && read(e->wake, &count, sizeof(count)) < 0)
		HF_DEBUG("woken for nothing");
	hsmhost_step(e->host);
}

static bool is_closing(struct engine *e, int *ret_grace_ms)
{
	bool closing;

	pthread_mutex_lock(&e->lock);
	closing = e->closing;
	*ret_grace_ms = e->grace_ms;
	pthread_mutex_unlock(&e->lock);
	return closing;
}

static void tell_begun(struct engine *e, hf_status s, const struct hf_err *err)
{
	pthread_mutex_lock(&e->lock);
	e->started = true;
	e->failed = !hf_ok(s);
	if (e->failed)
		hf_ignore(hf_fail(&e->why_failed, e->pin_refused ? HF_DENIED : s.code, "%s",
		                  err->code == s.code ? err->text : hf_code_name(s.code)));
	e->state.healthy = hf_ok(s);
	pthread_cond_signal(&e->begun);
	pthread_mutex_unlock(&e->lock);
}

static void *run(void *arg)
{
	struct engine *e = arg;
	struct hf_err err = { 0 };
	hf_status s = hsmhost_start(&e->config.hsm, answered, e, &e->host, &err);
	int grace_ms;

	hf_secret_done(&e->config.hsm.setup.pin); /* the host has its own */
	e->heard_ms = hf_mono_ms();
	tell_begun(e, s, &err);
	if (!hf_ok(s))
		return NULL;
	while (!is_closing(e, &grace_ms))
		turn(e);
	take_inbox(e);
	give_back_waiting(e, OP_RETRY, HF_CLOSED, false, "the gateway closes this slot");
	hsmhost_stop(e->host, grace_ms);
	return NULL;
}

static void release(struct engine *e)
{
	hf_secret_done(&e->config.hsm.setup.pin);
	hf_buf_done(&e->ping);
	if (e->wake >= 0)
		close(e->wake);
	pthread_cond_destroy(&e->begun);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

static hf_status prepare(struct engine *e, const struct engine_config *config)
{
	const struct crypto_op ping = { .kind = CRYPTO_PING };
	const struct hf_secret *pin = &config->hsm.setup.pin;

	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->begun, NULL);
	e->config = *config;
	e->config.hsm.setup.pin = (struct hf_secret){ 0 };
	e->config.hsm.pin_refused = pin_refused;
	waiting_init(&e->inbox);
	waiting_init(&e->waiting);
	e->told_healthy = true;
	e->ping = HF_BUF(PING_MAX);
	crypto_op_encode(&e->ping, &ping);
	e->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	HF_ENSURE(e->wake >= 0, HF_NOMEM);
	HF_TRY(hf_buf_status(&e->ping));
	return hf_secret_copy(pin->ptr, pin->len, &e->config.hsm.setup.pin);
}

hf_status engine_start(const struct engine_config *config, struct engine **ret, struct hf_err *err)
{
	struct engine *e = calloc(1, sizeof(*e));
	hf_status s;

	HF_ENSURE(e, HF_NOMEM);
	s = prepare(e, config);
	if (hf_ok(s))
		s = hf_thread_start("slot", run, e, &e->thread, err);
	if (!hf_ok(s)) {
		release(e);
		return hf_fail(err, s.code, "no memory for another slot");
	}
	pthread_mutex_lock(&e->lock);
	while (!e->started)
		pthread_cond_wait(&e->begun, &e->lock);
	pthread_mutex_unlock(&e->lock);
	if (e->failed) {
		pthread_join(e->thread, NULL);
		s = hf_fail(err, e->why_failed.code, "%s", e->why_failed.text);
		release(e);
		return s;
	}
	*ret = e;
	return HF_SUCCESS;
}

void engine_stop(struct engine *e, int grace_ms)
{
	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->closing = true;
	e->grace_ms = grace_ms;
	pthread_mutex_unlock(&e->lock);
	wake(e);
	pthread_join(e->thread, NULL);
	release(e);
}

hf_status engine_submit(struct engine *e, struct work *w)
{
	hf_status s = HF_SUCCESS;
	uint32_t open = w->n - w->answered;

	pthread_mutex_lock(&e->lock);
	if (e->closing)
		s = HF_FAILURE(HF_CLOSED);
	else if (e->load + open > e->config.queue_max)
		s = HF_FAILURE(HF_BUSY);
	for (uint32_t i = 0; hf_ok(s) && i < w->n; i++)
		if (work_is_open(&w->items[i]))
			waiting_add(&e->inbox, &w->items[i]);
	if (hf_ok(s))
		e->load += open;
	pthread_mutex_unlock(&e->lock);
	if (hf_ok(s))
		wake(e);
	return s;
}

void engine_state(struct engine *e, struct engine_state *ret)
{
	pthread_mutex_lock(&e->lock);
	*ret = e->state;
	pthread_mutex_unlock(&e->lock);
}
