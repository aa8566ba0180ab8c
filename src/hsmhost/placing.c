/* SPDX-License-Identifier: Apache-2.0
 * Which signer gets a job, and the jobs that wait for one: new ones, and those whose signer ended
 * before it had begun with them. */
#include "hsmhost/inside.h"

#include "base/clock.h"

/* What waits behind each other in the writer: jobs, and the time that they take. */
enum { WRITER_MOST = 256, WRITER_MS = 500 };

static struct seat *roomiest(struct hsmhost *h)
{
	struct seat *best = NULL;

	for (size_t i = 0; i < h->n_seats; i++) {
		struct seat *s = &h->seats[i];

		if (seat_room(s, h->config.setup.threads, h->config.ahead) > 0 &&
		    (!best || s->flights < best->flights))
			best = s;
	}
	return best;
}

/* The signer that makes, changes and lists the slot's keys; NULL: none has room. It is the same for
 * as long as it works, since a module need not see what another process has made: tpm2-pkcs11 reads
 * its objects once, and SoftHSM2, when two processes make one at the same moment, may overlook the
 * other's until something changes again. What is more than it can do soon goes to others after all.
 */
static struct seat *writer_of(struct hsmhost *h)
{
	if (!h->writer || h->writer->state != SEAT_READY)
		h->writer = roomiest(h);
	return h->writer;
}

/* The next page of a list goes to the signer that has begun it. */
static struct seat *reader_of(struct hsmhost *h, uint64_t cursor)
{
	for (size_t i = 0; cursor && i < h->n_seats; i++)
		if (h->seats[i].state == SEAT_READY && seat_has_walk(&h->seats[i], cursor))
			return &h->seats[i];
	return NULL;
}

static bool needs_writer(const struct hsmhost *h, const struct flight *f)
{
	const struct op *op = &f->job.op;

	if (f->crypto.kind)
		return f->crypto.kind == CRYPTO_LIST || crypto_op_changes_slot(&f->crypto);
	return !f->job.rewrap_to && op->kind == OP_GENERATE &&
	       h->stats.profile.types[op->key_type].ability == ABILITY_RESIDENT;
}

/* What is given to it is begun however late: so it is no more than it will soon have done. */
static bool writer_takes(const struct hsmhost *h, const struct seat *s, const struct flight *f)
{
	size_t threads = h->config.setup.threads;
	size_t most = flight_is_slow(f) ? threads + 1 : WRITER_MOST;
	int64_t work_us = (int64_t)s->flights * s->op_us / (int64_t)threads;

	if (s->first && hf_mono_ms() - s->first->began_ms >= WRITER_MS)
		return false;
	return s->flights < most && work_us < WRITER_MS * 1000;
}

/* Where the job is to go. The writer gets more than it should have otherwise; but nobody waits for
 * it: when it has too much, or hangs, another helps. */
static struct seat *seat_for(struct hsmhost *h, const struct flight *f)
{
	struct seat *best = NULL;

	if (f->crypto.kind == CRYPTO_LIST)
		best = reader_of(h, f->crypto.cursor);
	if (!best && (f->missed_by || needs_writer(h, f))) {
		best = writer_of(h);
		if (best && !writer_takes(h, best, f))
			best = NULL;
	}
	return best ? best : roomiest(h);
}

int64_t place_until_ms(const struct hsmhost *h)
{
	if (!h->waiting || host_count(h, SEAT_READY) > 0)
		return INT64_MAX;
	return h->stopped || h->closing || h->refused ? 0
	                                              : h->waiting_ms + h->config.op_deadline_ms;
}

void place_waiting(struct hsmhost *h)
{
	while (h->waiting) {
		struct flight *f = h->waiting;
		struct seat *best = seat_for(h, f);

		if (!best && hf_mono_ms() < place_until_ms(h))
			return;
		h->waiting = f->next;
		h->n_waiting--;
		if (!h->waiting)
			h->waiting_last = &h->waiting;
		if (best)
			seat_give(best, f, h->config.setup.threads);
		else
			answer_give_back(h, f, HF_CLOSED, "no signer works at the moment");
	}
}

void place_later(struct hsmhost *h, struct flight *f)
{
	if (!h->waiting)
		h->waiting_ms = hf_mono_ms();
	f->next = NULL;
	*h->waiting_last = f;
	h->waiting_last = &f->next;
	h->n_waiting++;
}

bool place_again(struct hsmhost *h, struct seat *s, struct flight *f)
{
	struct seat *writer = writer_of(h);

	if (f->missed_by || !writer || writer == s || !writer_takes(h, writer, f))
		return false;
	f->missed_by = s;
	place_later(h, f);
	return true;
}

void place_elsewhere(struct hsmhost *h, struct flight *all, enum hf_code code, const char *why)
{
	while (all) {
		struct flight *f = all;

		all = f->next;
		if (f->began_ms || f->moved) {
			answer_give_back(h, f, code, why);
		} else {
			f->moved = true;
			place_later(h, f);
		}
	}
}
