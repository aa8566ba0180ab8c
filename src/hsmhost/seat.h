/* SPDX-License-Identifier: Apache-2.0
 * A seat for one signer, and the jobs that it has been given, in their order. Says nothing about
 * what is to become of them: that is the host's. */
#ifndef HF_HSMHOST_SEAT_H
#define HF_HSMHOST_SEAT_H

#include "hsmhost/host.h"
#include "hsmhost/proc.h"

struct flight { /* a job on its way */
	struct flight *next;
	struct hsmhost_job job;
	struct crypto_op crypto; /* job.crypto, decoded: kind 0 without one */
	uint64_t tag;
	int64_t began_ms;       /* 0: waits behind others */
	bool moved;             /* lost one signer already, through no fault of its own */
	struct seat *missed_by; /* the signer there has not seen its key; NULL: none missed it */
};

/* It may take as long as config->slow_deadline_ms. */
bool flight_is_slow(const struct flight *f);

enum seat_state {
	SEAT_EMPTY,
	SEAT_STARTING, /* loading, logging in: never killed before the slow deadline */
	SEAT_READY,
	SEAT_DRAINING, /* works off what it has */
	SEAT_ENDING,   /* was asked to end */
};

struct seat {
	enum seat_state state;
	struct proc proc;
	int64_t since_ms; /* in this state */
	struct flight *first, **last;
	size_t flights;
	uint64_t ops;
	int64_t op_us;              /* moving average */
	int64_t looked_ms;          /* at its memory */
	uint32_t walks[WIRE_WALKS]; /* numbers of lists under way in this signer; 0: none */
	unsigned next_walk;
	bool unready; /* asked to end before it was ready: may be logging in */
	bool worn;    /* over its budget: to be replaced */
};

void seat_clear(struct seat *s);
void seat_enter(struct seat *s, enum seat_state state);

/* How many more jobs it should have now. */
size_t seat_room(const struct seat *s, unsigned threads, unsigned ahead);
/* Takes over the flight and sends it off. */
void seat_give(struct seat *s, struct flight *f, unsigned threads);
/* Takes the flight with this tag out, the caller's again; NULL: there is none, or it cannot have
 * begun. */
struct flight *seat_answered(struct seat *s, uint64_t tag, unsigned threads);
/* A page of this list came from it (cursor 0: the last one), so that the next is asked of it. */
void seat_note_walk(struct seat *s, uint64_t asked, uint64_t cursor);
bool seat_has_walk(const struct seat *s, uint64_t cursor);
/* Takes all out, as a list in their order. */
struct flight *seat_take_all(struct seat *s);

/* When the earliest of the jobs at work is overdue; INT64_MAX: nothing is at work. */
int64_t seat_deadline(const struct seat *s, const struct hsmhost_config *config);

#endif
