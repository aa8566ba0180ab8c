/* SPDX-License-Identifier: Apache-2.0
 * Signers start one after another, work, wear out, hang, crash, and are replaced. */
#include "hsmhost/inside.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum {
	RESTART_BASE_MS = 100,
	RESTART_CAP_MS = 800, /* work flows again within a second of the HSM's return */
	TELL_EVERY_MS = 60000,
	TELL_AT_ONCE = 16, /* ends of signers in a row; of further ones, as of an HSM that is away
	                      for hours, one a minute */
	ENDING_MS = 10000, /* from its input's end to its own: C_Finalize can be slow */
	MEMORY_EVERY_MS = 1000,
	EXIT_WORN = 75, /* the module wants a new process */
};

static unsigned count_fresh(const struct hsmhost *h)
{
	unsigned n = host_count(h, SEAT_STARTING);

	for (size_t i = 0; i < h->n_seats; i++)
		n += h->seats[i].state == SEAT_READY && !h->seats[i].worn;
	return n;
}

/* The first failure is answered at once; a row of them is not. */
static void strike(struct hsmhost *h, enum hf_code code, const char *why)
{
	hf_ignore(hf_fail(&h->last_failure, code, "%s", why));
	if (h->strikes++ > 0)
		h->start_at_ms = hf_mono_ms() +
		                 hf_backoff_ms(h->strikes - 2, RESTART_BASE_MS, RESTART_CAP_MS);
}

static void stop_for_good(struct hsmhost *h, const struct hf_err *err)
{
	h->stopped = true;
	h->last_failure = *err;
	if (h->known)
		HF_ERROR("the HSM needs an operator; no signer is started any more",
		         HF_KS("reason", err->text));
}

/* With one session, nothing is at work any more. With several, the others' jobs were. */
static void mark_waiting(struct flight *all, unsigned threads)
{
	for (struct flight *f = all; f && threads == 1; f = f->next)
		f->began_ms = 0;
}

static bool may_tell(struct hsmhost *h)
{
	int64_t now = hf_mono_ms();

	if (h->strikes >= TELL_AT_ONCE && now - h->ended_told_ms < TELL_EVERY_MS)
		return false;
	h->ended_told_ms = now;
	return true;
}

/* `counter` is where this kind of end is counted. */
static void died(struct hsmhost *h, struct seat *s, const char *before, uint64_t *counter)
{
	bool expected = s->state == SEAT_ENDING;
	struct flight *all = seat_take_all(s);
	char how[128], why[256];
	int status = proc_bury(&s->proc, how, sizeof(how));

	seat_clear(s);
	if (expected)
		return;
	snprintf(why, sizeof(why), "the signer %s%s", before, how);
	*(status == EXIT_WORN ? &h->stats.recycled : counter) += 1;
	if (may_tell(h))
		HF_WARN("a signer ended; its jobs are given back", HF_KS("how", why),
		        HF_KS("token", h->stats.token));
	strike(h, HF_IO, why);
	if (status == EXIT_WORN) /* it answered what it worked on, and began nothing after that */
		mark_waiting(all, h->config.setup.threads);
	place_elsewhere(h, all, HF_CLOSED, why);
}

void life_kill(struct hsmhost *h, struct seat *s)
{
	os_process_kill(&s->proc.os);
	died(h, s, "", &h->stats.crashes);
}

static void hung(struct hsmhost *h, struct seat *s)
{
	os_process_kill(&s->proc.os);
	died(h, s,
	     s->state == SEAT_STARTING ? "hung while starting and " : "hung in its module and ",
	     &h->stats.hangs);
}

void life_dismiss(struct seat *s)
{
	s->unready = s->state == SEAT_STARTING;
	os_process_hang_up(&s->proc.os);
	seat_enter(s, SEAT_ENDING);
}

static struct seat *find_seat(struct hsmhost *h, enum seat_state state)
{
	for (size_t i = 0; i < h->n_seats; i++)
		if (h->seats[i].state == state)
			return &h->seats[i];
	return NULL;
}

/* The very first start is tried once: its failure is the operator's to hear. Later ones come back,
 * after a while, but for those that need an operator. */
static bool is_wanted(const struct hsmhost *h)
{
	return !h->stopped && !h->closing && (h->known || !h->strikes) &&
	       host_count(h, SEAT_STARTING) == 0 && count_fresh(h) < h->config.processes;
}

void life_start_wanted(struct hsmhost *h)
{
	struct seat *s = find_seat(h, SEAT_EMPTY);
	struct hf_err err = { 0 };

	if (!s || !is_wanted(h) || hf_mono_ms() < h->start_at_ms)
		return;
	seat_clear(s);
	if (!hf_ok(proc_start(h->path, &h->config.setup, &s->proc, &err))) {
		if (may_tell(h))
			HF_WARN("cannot start a signer", HF_KS("reason", err.text));
		strike(h, err.code, err.text);
		return;
	}
	seat_enter(s, SEAT_STARTING);
}

/* A replacement is at work: the one that it replaces may go. */
static void drain_worn(struct hsmhost *h)
{
	for (size_t i = 0; i < h->n_seats; i++) {
		struct seat *s = &h->seats[i];

		if (s->state == SEAT_READY && s->worn &&
		    host_count(h, SEAT_READY) > h->config.processes) {
			seat_enter(s, SEAT_DRAINING);
			h->stats.recycled++;
		}
	}
}

/* Another token or master key under the same name, while we run, is not for us to go on with. */
static bool is_the_same(const struct hsmhost *h, const struct wire_ready *ready)
{
	return strcmp(ready->token, h->stats.token) == 0 &&
	       strcmp(ready->master_id, h->stats.master_id) == 0;
}

static bool take_ready(struct hsmhost *h, struct seat *s, const struct wire_frame *frame)
{
	struct wire_ready ready;

	if (s->state != SEAT_STARTING || !hf_ok(wire_get_ready(frame->body, &ready)))
		return false;
	if (h->known && !is_the_same(h, &ready)) {
		struct hf_err err;

		hf_ignore(hf_fail(&err, HF_STOP,
		                  "the token was %s with master key %s and is now %s with %s: "
		                  "start again if that is meant",
		                  h->stats.token, h->stats.master_id, ready.token,
		                  ready.master_id));
		stop_for_good(h, &err);
		life_dismiss(s);
		return true;
	}
	memcpy(h->stats.token, ready.token, sizeof(h->stats.token));
	memcpy(h->stats.master_id, ready.master_id, sizeof(h->stats.master_id));
	h->config.setup.have_profile = ready.have_profile;
	h->config.setup.profile = h->stats.profile = ready.profile;
	h->known = true;
	h->refused = false;
	seat_enter(s, SEAT_READY);
	drain_worn(h);
	return true;
}

/* The first one's failure is told by hsmhost_start(). */
static void tell_refused(struct hsmhost *h, const struct hf_err *err)
{
	int64_t now = hf_mono_ms();
	bool told = h->refused && strcmp(h->last_failure.text, err->text) == 0 &&
	            now - h->told_ms < TELL_EVERY_MS;

	if (!h->known || told)
		return;
	h->told_ms = now;
	HF_WARN("a signer could not start; trying on", HF_KS("reason", err->text));
}

/* The signer ends itself after this. */
static bool take_failed(struct hsmhost *h, struct seat *s, const struct wire_frame *frame)
{
	struct hf_err err;

	if (!hf_ok(wire_get_failed(frame->body, &err)))
		return false;
	if (s->state == SEAT_STARTING && err.code == HF_UNAUTHENTIC) {
		err.code = HF_STOP;
		if (h->config.pin_refused)
			h->config.pin_refused(h->ctx);
	}
	if (err.code == HF_STOP) {
		stop_for_good(h, &err);
	} else {
		tell_refused(h, &err);
		h->refused = true;
		strike(h, err.code, err.text);
	}
	h->last_failure = err;
	place_elsewhere(h, seat_take_all(s), err.code, err.text);
	life_dismiss(s);
	return true;
}

static bool take_frame(struct hsmhost *h, struct seat *s, const struct wire_frame *frame)
{
	switch (frame->type) {
	case WIRE_READY:
		return take_ready(h, s, frame);
	case WIRE_ANSWER:
		return answer_take(h, s, frame);
	case WIRE_CRYPTO_ANSWER:
		return crypto_answer_take(h, s, frame);
	case WIRE_FAILED:
		return take_failed(h, s, frame);
	case WIRE_SETUP:
	case WIRE_JOB:
	case WIRE_TASK:
	case WIRE_REWRAP:
	case WIRE_CRYPTO:
	case WIRE_REPORT:
	case WIRE_NEWS:
		break;
	}
	return false;
}

static void read_frames(struct hsmhost *h, struct seat *s)
{
	hf_status got = proc_receive(&s->proc);
	struct wire_frame frame;
	hf_status next = HF_SUCCESS;

	while (hf_ok(next = proc_next(&s->proc, &frame)))
		if (!take_frame(h, s, &frame)) {
			next = HF_FAILURE(HF_INVALID);
			break;
		}
	if (next.code != HF_BUSY) {
		os_process_kill(&s->proc.os);
		died(h, s, "sent what cannot be and ", &h->stats.crashes);
	} else if (!hf_ok(got)) {
		died(h, s, "", &h->stats.crashes);
	}
}

static void watch_budget(struct hsmhost *h, struct seat *s, int64_t now)
{
	const struct hsmhost_config *c = &h->config;

	if (c->recycle_ops && s->ops >= c->recycle_ops)
		s->worn = true;
	if (c->recycle_rss && now - s->looked_ms >= MEMORY_EVERY_MS) {
		s->looked_ms = now;
		s->worn = s->worn || os_process_rss(s->proc.os.pid) >= c->recycle_rss;
	}
}

static int64_t deadline_of(const struct hsmhost *h, const struct seat *s)
{
	switch (s->state) {
	case SEAT_EMPTY:
		break;
	case SEAT_STARTING:
		return s->since_ms + h->config.slow_deadline_ms;
	case SEAT_READY:
	case SEAT_DRAINING:
		return seat_deadline(s, &h->config);
	case SEAT_ENDING:
		return s->since_ms + (s->unready ? h->config.slow_deadline_ms : ENDING_MS);
	}
	return INT64_MAX;
}

void life_step(struct hsmhost *h, struct seat *s)
{
	int64_t now = hf_mono_ms();

	if (s->state == SEAT_EMPTY)
		return;
	hf_ignore(proc_send(&s->proc)); /* when it is gone, reading tells */
	read_frames(h, s);
	if (s->state == SEAT_READY)
		watch_budget(h, s, now);
	if (s->state == SEAT_DRAINING && !s->flights)
		life_dismiss(s);
	if (now >= deadline_of(h, s)) {
		if (s->state == SEAT_ENDING)
			life_kill(h, s);
		else
			hung(h, s);
	}
}

int64_t life_next_ms(const struct hsmhost *h)
{
	int64_t soonest = INT64_MAX;
	bool wanted = is_wanted(h);

	for (size_t i = 0; i < h->n_seats; i++) {
		int64_t at = deadline_of(h, &h->seats[i]);

		soonest = at < soonest ? at : soonest;
	}
	if (wanted && h->start_at_ms < soonest)
		soonest = h->start_at_ms;
	if (place_until_ms(h) < soonest)
		soonest = place_until_ms(h);
	if (h->config.recycle_rss && hf_mono_ms() + MEMORY_EVERY_MS < soonest)
		soonest = hf_mono_ms() + MEMORY_EVERY_MS;
	return soonest;
}
