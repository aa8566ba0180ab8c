/* SPDX-License-Identifier: Apache-2.0
 * Which signer gets a job, and the jobs that wait for one: new ones, and those whose signer ended
 * before it had begun with them. */
#include "hsmhost/inside.h"

#include "base/clock.h"

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

/* Where the job is to go: the next page of a list to the signer that has begun it, though it may
 * have one more job than it should, then. */
static struct seat *seat_for(struct hsmhost *h, const struct flight *f)
{
	uint64_t cursor = f->crypto.kind == CRYPTO_LIST ? f->crypto.cursor : 0;

	for (size_t i = 0; cursor && i < h->n_seats; i++)
		if (h->seats[i].state == SEAT_READY && seat_has_walk(&h->seats[i], cursor))
			return &h->seats[i];
	return roomiest(h);
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
