/* SPDX-License-Identifier: Apache-2.0
 * Opening slots, one after another. */
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "gateway/choose.h"
#include "gateway/slots_inside.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	STOP_GRACE_MS = 5000,
	LOOK_EVERY_S = 1,
	SESSION_UNUSED_MS = 24 * 3600000, /* a session without a request */
};

static void describe(const struct hsmhost_token *t, char *to, size_t cap)
{
	snprintf(to, cap, "%s, %s %s %s", t->label, t->manufacturer, t->model, t->serial);
}

static hf_status start_engine(struct slots *s, const struct hsmhost_token *token, struct opening *o,
                              struct engine **ret, struct hf_err *err)
{
	struct engine_config config = { .hsm = s->config.hsm, .queue_max = s->config.queue_max };

	config.hsm.setup.pin = o->open.pin; /* copied */
	choose_selector(&s->tokens, token, config.hsm.setup.slot);
	describe(token, config.token, sizeof(config.token));
	return engine_start(&config, ret, err);
}

/* The PIN is put to the token. */
static hf_status log_in(struct slots *s, const struct hsmhost_token *token, struct opening *o,
                        struct engine **ret, struct hf_err *err)
{
	hf_status st;

	HF_TRY(pins_may_try(s->pins, token, &o->pin, err));
	st = start_engine(s, token, o, ret, err);
	if (hf_ok(st)) {
		pins_accepted(s->pins, token);
		return st;
	}
	if (st.code == HF_DENIED) {
		pins_refused(s->pins, token, &o->pin);
		hf_count(&s->config.metrics->logins_refused, 1);
	} else if (st.code == HF_STOP) {
		/* A PIN that is locked, say: once it is not any more, it may be the right one. The
		 * words are the token's. */
		st.code = err->code = HF_DENIED;
	}
	return st;
}

static bool is_same(const struct hsmhost_token *a, const struct hsmhost_token *b)
{
	return strcmp(a->serial, b->serial) == 0 && (a->serial[0] || a->slot == b->slot);
}

static struct slot *find_slot(struct slots *s, const struct hsmhost_token *token)
{
	for (size_t i = 0; i < SLOTS_MAX; i++)
		if (s->list[i].engine && is_same(&s->list[i].token, token))
			return &s->list[i];
	return NULL;
}

static struct slot *free_slot(struct slots *s)
{
	for (size_t i = 0; i < SLOTS_MAX; i++)
		if (!s->list[i].engine)
			return &s->list[i];
	return NULL;
}

/* Is the slot at work, with this PIN? One that had to be given up is opened anew, as if it had not
 * been open; but for a PIN that the token has refused meanwhile, to a signer that took another's
 * place. */
static bool is_at_work(struct slots *s, const struct slot *slot, const struct pin_mark *pin)
{
	struct engine_state state;

	if (!pin_mark_equal(&slot->pin, pin))
		return false;
	engine_state(slot->engine, &state);
	if (state.pin_refused)
		pins_refused(s->pins, &slot->token, pin);
	return !state.stopped;
}

/* Puts the engine into the token's place, new or not. What was there before is *ret_old. */
static void place(struct slots *s, struct slot *slot, const struct hsmhost_token *token,
                  const struct pin_mark *pin, struct engine *engine, struct engine **ret_old)
{
	*ret_old = slot->engine;
	if (!slot->engine)
		slot->generation = ++s->generations;
	slot->left_ms = 0;
	slot->token = *token;
	slot->pin = *pin;
	slot->engine = engine;
	memcpy(slot->library, s->tokens.library, sizeof(slot->library));
}

static void tell_opened(const struct hsmhost_token *token, bool again, uint64_t asked)
{
	if (again)
		HF_INFO("the slot goes on with a new login", HF_KS("token", token->label),
		        HF_KS("serial", token->serial), HF_KI("slot", token->slot));
	else
		HF_INFO("slot opened", HF_KS("token", token->label), HF_KS("serial", token->serial),
		        HF_KI("slot", token->slot));
	if (token->slot != asked)
		HF_WARN("the token is in another slot than the server thought",
		        HF_KS("serial", token->serial), HF_KI("slot", token->slot),
		        HF_KI("asked", asked));
}

/* A token that is open with another PIN, or not at all. Only this thread changes the table. */
static hf_status open_token(struct slots *s, const struct hsmhost_token *token, struct opening *o,
                            struct slot_opened *ret, struct hf_err *err)
{
	struct slot *slot = find_slot(s, token);
	struct engine *engine = NULL, *old = NULL;
	bool again = slot != NULL;
	hf_status st;

	if (!slot)
		slot = free_slot(s);
	if (!slot)
		return hf_fail(err, HF_BUSY, "this gateway serves %d slots already: use another",
		               SLOTS_MAX);
	if (!again || !is_at_work(s, slot, &o->pin)) {
		HF_TRY(log_in(s, token, o, &engine, err));
		tell_opened(token, again, o->open.slot);
	}
	pthread_mutex_lock(&s->lock);
	if (engine)
		place(s, slot, token, &o->pin, engine, &old);
	else
		slot->token = *token; /* perhaps elsewhere now */
	st = slots_admit(s, slot, o->open.slot, &o->owner, ret);
	pthread_mutex_unlock(&s->lock);
	engine_stop(old, STOP_GRACE_MS);
	return st;
}

static hf_status open_slot(struct slots *s, struct opening *o, struct slot_opened *ret,
                           struct hf_err *err)
{
	struct hsmhost_token token;

	/* Somebody else may have opened it while this one waited. */
	if (hf_ok(slots_admit_open(s, &o->open, &o->pin, &o->owner, ret)))
		return HF_SUCCESS;
	HF_TRY(hf_context(err, hsmhost_list_tokens(&s->config.hsm, &s->tokens, err),
	                  "the HSM does not show its tokens"));
	HF_TRY(choose_token(&s->tokens, &o->open, &token, err));
	return open_token(s, &token, o, ret, err);
}

static void count(struct slots *s, hf_status st, const struct slot_opened *opened)
{
	enum gateway_opening what = hf_ok(st)              ? (opened->moved ? OPENED_MOVED : OPENED)
	                            : st.code == HF_DENIED ? OPEN_PIN_REFUSED
	                                                   : OPEN_FAILED;

	hf_count(&s->config.metrics->openings[what], 1);
}

static void tell(struct slots *s, struct opening *o, hf_status st, const struct slot_opened *opened,
                 struct hf_err *err)
{
	count(s, st, opened);
	if (!hf_ok(st) && err->code != st.code)
		hf_ignore(hf_fail(err, st.code, "%s", hf_code_name(st.code)));
	if (!hf_ok(st))
		HF_WARN("a slot was not opened", HF_KI("slot", o->open.slot),
		        HF_KS("serial", o->open.serial), HF_KS("reason", err->text));
	o->opened(o->ctx, st, opened, err);
	hf_secret_done(&o->open.pin);
	free(o);
}

/* Takes the engine out of a slot that nobody has had open for a while: its PIN is given up, and it
 * is nobody's health any more. NULL: not yet. */
static struct engine *take_left(struct slots *s, struct slot *slot, int64_t now)
{
	struct session_slot where = { (size_t)(slot - s->list), slot->generation };
	struct engine *engine = NULL;

	pthread_mutex_lock(&s->lock);
	if (!slot->engine || sessions_have(s->config.sessions, where))
		slot->left_ms = 0;
	else if (!slot->left_ms)
		slot->left_ms = now;
	else if (now - slot->left_ms >= s->config.linger_ms)
		engine = hf_take(slot->engine);
	pthread_mutex_unlock(&s->lock);
	return engine;
}

static void close_left(struct slots *s)
{
	sessions_expire(s->config.sessions, SESSION_UNUSED_MS);
	for (size_t i = 0; i < SLOTS_MAX; i++) {
		struct engine *engine = take_left(s, &s->list[i], hf_mono_ms());

		if (!engine)
			continue;
		engine_stop(engine, STOP_GRACE_MS);
		HF_INFO("slot closed: no server has it open",
		        HF_KS("token", s->list[i].token.label),
		        HF_KS("serial", s->list[i].token.serial));
	}
}

/* Waits for the next request, but not for long. NULL: none came. */
static struct opening *next_opening(struct slots *s, bool *ret_stopping)
{
	struct timespec until;
	struct opening *o;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_EVERY_S;
	pthread_mutex_lock(&s->lock);
	while (!s->first && !s->stopping &&
	       pthread_cond_clockwait(&s->changed, &s->lock, CLOCK_MONOTONIC, &until) == 0)
		;
	o = s->first;
	if (o) {
		s->first = o->next;
		s->n_openings--;
		if (!s->first)
			s->last = &s->first;
	}
	*ret_stopping = s->stopping;
	pthread_mutex_unlock(&s->lock);
	return o;
}

static void open_next(struct slots *s, struct opening *o, bool stopping)
{
	struct slot_opened opened = { 0 };
	struct hf_err err = { 0 };
	hf_status st = stopping ? hf_fail(&err, HF_CLOSED, "the gateway is shutting down")
	                        : open_slot(s, o, &opened, &err);

	tell(s, o, st, &opened, &err);
	hf_wipe(&opened, sizeof(opened));
}

static void *run(void *arg)
{
	struct slots *s = arg;
	bool stopping = false;

	for (;;) {
		struct opening *o = next_opening(s, &stopping);

		if (o)
			open_next(s, o, stopping);
		else if (stopping)
			break;
		close_left(s);
	}
	pthread_mutex_lock(&s->lock);
	s->opener_gone = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static bool enqueue(struct slots *s, struct opening *o)
{
	bool taken = false;

	pthread_mutex_lock(&s->lock);
	if (s->n_openings < OPENINGS_MAX && !s->stopping) {
		*s->last = o;
		s->last = &o->next;
		s->n_openings++;
		taken = true;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return taken;
}

void slots_open(struct slots *s, struct slot_open *open, const struct session_owner *owner,
                slots_opened opened, void *ctx)
{
	struct opening *o = calloc(1, sizeof(*o));
	struct slot_opened answer = { 0 };
	struct hf_err err = { 0 };
	hf_status st;

	if (!o) {
		hf_secret_done(&open->pin);
		opened(ctx, hf_fail(&err, HF_NOMEM, "no memory"), NULL, &err);
		return;
	}
	*o = (struct opening){ .open = *open, .owner = *owner, .opened = opened, .ctx = ctx };
	open->pin = (struct hf_secret){ 0 };
	st = pins_mark(s->pins, &o->open.pin, &o->pin);
	if (hf_ok(st))
		st = slots_admit_open(s, &o->open, &o->pin, owner, &answer);
	if (st.code == HF_NOTFOUND) {
		if (enqueue(s, o))
			return;
		st = hf_fail(&err, HF_BUSY,
		             "too many slots are being opened, or the gateway is shutting down: "
		             "try again, or elsewhere");
	}
	tell(s, o, st, &answer, &err);
	hf_wipe(&answer, sizeof(answer));
}

void slots_free(struct slots *s)
{
	if (!s)
		return;
	pins_free(s->pins);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static hf_status prepare(struct slots *s, struct hf_err *err)
{
	HF_TRY(hf_context(err, hsmhost_list_tokens(&s->config.hsm, &s->tokens, err), "--module %s",
	                  s->config.hsm.setup.module));
	HF_TRY(pins_new(s->config.pin_attempts, &s->pins));
	HF_TRY(hf_thread_start("opening", run, s, &s->opener, err));
	HF_INFO("the HSM's library works", HF_KS("library", s->tokens.library),
	        HF_KI("tokens", s->tokens.n));
	return HF_SUCCESS;
}

hf_status slots_new(const struct slots_config *config, struct slots **ret, struct hf_err *err)
{
	struct slots *s = calloc(1, sizeof(*s));
	hf_status st;

	HF_ENSURE(s, HF_NOMEM);
	s->config = *config;
	s->last = &s->first;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	st = prepare(s, err);
	if (!hf_ok(st)) {
		slots_free(s);
		return st;
	}
	*ret = s;
	return HF_SUCCESS;
}

/* Waits for the opening thread, but not for ever. */
static bool end_opener(struct slots *s, int grace_ms)
{
	struct timespec until;
	bool gone;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += grace_ms / 1000 + 1;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->changed);
	while (!s->opener_gone &&
	       pthread_cond_clockwait(&s->changed, &s->lock, CLOCK_MONOTONIC, &until) == 0)
		;
	gone = s->opener_gone;
	pthread_mutex_unlock(&s->lock);
	if (gone)
		pthread_join(s->opener, NULL);
	return gone;
}

bool slots_stop(struct slots *s, int grace_ms)
{
	if (!s)
		return true;
	if (!end_opener(s, grace_ms))
		return false;
	for (size_t i = 0; i < SLOTS_MAX; i++) {
		struct engine *engine = s->list[i].engine;

		pthread_mutex_lock(&s->lock);
		s->list[i].engine = NULL;
		pthread_mutex_unlock(&s->lock);
		engine_stop(engine, grace_ms);
	}
	return true;
}
