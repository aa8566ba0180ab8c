/* SPDX-License-Identifier: Apache-2.0 */
#include "hsmhost/seat.h"

#include "base/clock.h"

enum { AHEAD_LEAST = 2, AHEAD_MOST = 64, AHEAD_US = 2000 };

void seat_clear(struct seat *s)
{
	*s = (struct seat){ .state = SEAT_EMPTY, .since_ms = hf_mono_ms() };
	s->last = &s->first;
}

void seat_enter(struct seat *s, enum seat_state state)
{
	s->state = state;
	s->since_ms = hf_mono_ms();
}

size_t seat_room(const struct seat *s, unsigned threads, unsigned ahead)
{
	size_t most = ahead;

	if (s->state != SEAT_READY)
		return 0;
	if (!ahead) {
		most = s->op_us ? (size_t)(AHEAD_US / s->op_us) : AHEAD_LEAST;
		most = most < AHEAD_LEAST ? AHEAD_LEAST : most > AHEAD_MOST ? AHEAD_MOST : most;
		most *= threads;
	}
	most += threads;
	return s->flights < most ? most - s->flights : 0;
}

/* The first `threads` of them are at work (signer/wire.h). */
static void mark_begun(struct seat *s, unsigned threads)
{
	struct flight *f = s->first;
	int64_t now = 0;

	for (unsigned i = 0; f && i < threads; i++, f = f->next)
		if (!f->began_ms)
			f->began_ms = now ? now : (now = hf_mono_ms());
}

void seat_give(struct seat *s, struct flight *f, unsigned threads)
{
	const struct wire_job job = { f->job.op, f->job.record, f->job.evidence };

	if (f->crypto.kind)
		wire_put_crypto(&s->proc.out, f->tag, f->job.crypto);
	else if (f->job.rewrap_to)
		wire_put_rewrap(&s->proc.out, f->tag, f->job.rewrap_to, f->job.record);
	else
		wire_put_job(&s->proc.out, f->tag, &job);
	f->began_ms = 0;
	f->next = NULL;
	*s->last = f;
	s->last = &f->next;
	s->flights++;
	if (s->flights <= threads)
		mark_begun(s, threads);
}

struct flight *seat_answered(struct seat *s, uint64_t tag, unsigned threads)
{
	struct flight **at = &s->first, *f;

	while (*at && (*at)->tag != tag)
		at = &(*at)->next;
	f = *at;
	if (!f || !f->began_ms)
		return NULL;
	*at = f->next;
	if (!*at)
		s->last = at;
	s->flights--;
	mark_begun(s, threads);
	return f;
}

bool seat_has_walk(const struct seat *s, uint64_t cursor)
{
	for (size_t i = 0; cursor && i < WIRE_WALKS; i++)
		if (s->walks[i] == WIRE_WALK_OF(cursor))
			return true;
	return false;
}

void seat_note_walk(struct seat *s, uint64_t asked, uint64_t cursor)
{
	for (size_t i = 0; asked && i < WIRE_WALKS; i++)
		if (s->walks[i] == WIRE_WALK_OF(asked))
			s->walks[i] = 0;
	if (cursor)
		s->walks[s->next_walk++ % WIRE_WALKS] = WIRE_WALK_OF(cursor);
}

struct flight *seat_take_all(struct seat *s)
{
	struct flight *all = s->first;

	s->first = NULL;
	s->last = &s->first;
	s->flights = 0;
	return all;
}

bool flight_is_slow(const struct flight *f)
{
	const struct op *op = &f->job.op;

	if (f->crypto.kind)
		return f->crypto.kind == CRYPTO_LIST ||
		       (f->crypto.kind == CRYPTO_GENERATE && f->crypto.made.type == OBJECT_RSA);
	return op->kind == OP_GENERATE && key_type_info((int)op->key_type)->family == FAMILY_RSA;
}

int64_t seat_deadline(const struct seat *s, const struct hsmhost_config *config)
{
	int64_t soonest = INT64_MAX;

	for (const struct flight *f = s->first; f && f->began_ms; f = f->next) {
		int64_t at = f->began_ms + (flight_is_slow(f) ? config->slow_deadline_ms
		                                              : config->op_deadline_ms);

		if (at < soonest)
			soonest = at;
	}
	return soonest;
}
