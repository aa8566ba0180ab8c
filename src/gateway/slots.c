/* SPDX-License-Identifier: Apache-2.0
 * The table. opening.c has the way into it. */
#include "gateway/slots.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/slots_inside.h"

#include <stdio.h>
#include <string.h>

static const struct slot *matching(const struct slots *s, const struct slot_open *open)
{
	const struct slot *found = NULL;

	for (size_t i = 0; i < SLOTS_MAX; i++) {
		const struct slot *one = &s->list[i];

		if (!one->engine)
			continue;
		if (one->token.slot == open->slot &&
		    (!open->serial[0] || strcmp(one->token.serial, open->serial) == 0))
			return one;
		if (open->serial[0] && strcmp(one->token.serial, open->serial) == 0)
			found = one;
	}
	return found;
}

hf_status slots_admit(struct slots *s, const struct slot *slot, uint64_t asked,
                      const struct session_owner *owner, struct slot_opened *ret)
{
	struct session_slot where = { (size_t)(slot - s->list), slot->generation };
	struct slot_opened o = { .slot = slot->token.slot, .moved = slot->token.slot != asked };

	memcpy(o.label, slot->token.label, sizeof(o.label));
	memcpy(o.manufacturer, slot->token.manufacturer, sizeof(o.manufacturer));
	memcpy(o.model, slot->token.model, sizeof(o.model));
	memcpy(o.serial, slot->token.serial, sizeof(o.serial));
	memcpy(o.library, slot->library, sizeof(o.library));
	HF_TRY(sessions_open(s->config.sessions, owner, where, o.session));
	*ret = o;
	return HF_SUCCESS;
}

hf_status slots_admit_open(struct slots *s, const struct slot_open *open,
                           const struct pin_mark *pin, const struct session_owner *owner,
                           struct slot_opened *ret)
{
	hf_status admitted = HF_FAILURE(HF_NOTFOUND);
	struct engine_state state = { 0 };
	const struct slot *slot;

	pthread_mutex_lock(&s->lock);
	slot = matching(s, open);
	if (slot && pin_mark_equal(&slot->pin, pin)) {
		engine_state(slot->engine, &state);
		if (!state.stopped)
			admitted = slots_admit(s, slot, open->slot, owner, ret);
	}
	pthread_mutex_unlock(&s->lock);
	return admitted;
}

hf_status slots_submit(struct slots *s, struct session_slot where, struct work *w)
{
	hf_status done = HF_FAILURE(HF_NOTFOUND);
	struct slot *slot = &s->list[where.index];

	pthread_mutex_lock(&s->lock);
	if (slot->engine && slot->generation == where.generation)
		done = engine_submit(slot->engine, w);
	pthread_mutex_unlock(&s->lock);
	return done;
}

/* A copy of each slot's state, so that texts are made without the lock. */
struct view {
	struct hsmhost_token token;
	struct engine_state state;
};

static size_t look(struct slots *s, struct view to[SLOTS_MAX])
{
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < SLOTS_MAX; i++) {
		if (!s->list[i].engine)
			continue;
		to[n].token = s->list[i].token;
		engine_state(s->list[i].engine, &to[n].state);
		n++;
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

void slots_complaints(struct slots *s, struct hf_buf *to)
{
	struct view views[SLOTS_MAX];
	size_t n = look(s, views);

	for (size_t i = 0; i < n; i++)
		if (!views[i].state.healthy)
			hf_buf_printf(to, "slot %llu (%s): %s\n",
			              (unsigned long long)views[i].token.slot, views[i].token.label,
			              views[i].state.reason);
}

static double healthy(const struct engine_state *s)
{
	return s->healthy;
}

static double waiting(const struct engine_state *s)
{
	return (double)s->waiting;
}

static double in_hsm(const struct engine_state *s)
{
	return (double)s->in_hsm;
}

static double signers(const struct engine_state *s)
{
	return s->signers_ready;
}

static double crashes(const struct engine_state *s)
{
	return (double)s->crashes;
}

static double hangs(const struct engine_state *s)
{
	return (double)s->hangs;
}

static double recycled(const struct engine_state *s)
{
	return (double)s->recycled;
}

static void write_slots(const struct view *views, size_t n, const char *name, const char *help,
                        enum hf_metric_type type, double (*value)(const struct engine_state *s),
                        struct hf_buf *to)
{
	hf_metric_head(to, name, help, type);
	for (size_t i = 0; i < n; i++) {
		char number[24];
		struct hf_label labels[] = { { "slot", number },
			                     { "serial", views[i].token.serial } };

		snprintf(number, sizeof(number), "%llu", (unsigned long long)views[i].token.slot);
		hf_metric_sample(to, name, labels, HF_COUNT(labels), value(&views[i].state));
	}
}

void slots_write_metrics(struct slots *s, struct hf_buf *to)
{
	struct view views[SLOTS_MAX];
	size_t n = look(s, views);

	hf_metric(to, "holdfast_gateway_slots", "Slots that are open", HF_METRIC_GAUGE, (double)n);
	hf_metric(to, "holdfast_gateway_sessions", "Sessions that are open", HF_METRIC_GAUGE,
	          (double)sessions_count(s->config.sessions));
	write_slots(views, n, "holdfast_gateway_slot_healthy", "1 while the slot works",
	            HF_METRIC_GAUGE, healthy, to);
	write_slots(views, n, "holdfast_gateway_slot_waiting",
	            "Operations that wait for a signer of the slot", HF_METRIC_GAUGE, waiting, to);
	write_slots(views, n, "holdfast_gateway_slot_in_hsm", "Operations that a signer has",
	            HF_METRIC_GAUGE, in_hsm, to);
	write_slots(views, n, "holdfast_gateway_signers_ready",
	            "Signer processes that are logged in", HF_METRIC_GAUGE, signers, to);
	write_slots(views, n, "holdfast_gateway_signer_crashes_total", "Signers that ended unasked",
	            HF_METRIC_COUNTER, crashes, to);
	write_slots(views, n, "holdfast_gateway_signer_hangs_total",
	            "Signers killed past a call's deadline", HF_METRIC_COUNTER, hangs, to);
	write_slots(views, n, "holdfast_gateway_signer_recycled_total",
	            "Signers replaced on their budget", HF_METRIC_COUNTER, recycled, to);
}
