/* SPDX-License-Identifier: Apache-2.0
 * What the files of this folder share about a host: host.c is its face, life.c starts and ends
 * signers, placing.c gives them jobs, answer.c and crypto_answer.c judge what they say. */
#ifndef HF_HSMHOST_INSIDE_H
#define HF_HSMHOST_INSIDE_H

#include "hsmhost/seat.h"

struct hsmhost {
	struct hsmhost_config config; /* with its defaults filled in; setup.pin is ours */
	char path[4096];
	hsmhost_answered answered;
	void *ctx;
	struct hsmhost_stats stats; /* health and signers_ready are made when asked for */
	uint64_t next_tag;
	struct seat *writer;                    /* makes the slot's keys: placing.c */
	struct flight *waiting, **waiting_last; /* jobs without a signer: placing.c */
	size_t n_waiting;
	int64_t waiting_ms; /* since when there are any */
	bool known;         /* a signer was ready once: token, master and profile are known */
	bool stopped;       /* an operator has to act */
	bool refused;       /* the last signer that started could not use the HSM */
	int64_t told_ms;    /* when the log last heard of that */
	bool closing;       /* hsmhost_stop(): no new signers */
	struct hf_err last_failure;
	unsigned strikes;      /* failures since the last job done */
	unsigned unchecked;    /* signatures since the last one that was verified here */
	int64_t replaced_ms;   /* when a signer was last replaced for what it answered */
	int64_t ended_told_ms; /* when the log last heard that a signer ended, or could not start */
	int64_t start_at_ms;
	size_t n_seats; /* two more than processes: for replacements while others drain */
	struct seat seats[];
};

unsigned host_count(const struct hsmhost *h, enum seat_state state);

/* life.c */
/* Starts a signer when one is wanted, unless another is starting. */
void life_start_wanted(struct hsmhost *h);
/* Frames, deadlines, budgets of one seat. */
void life_step(struct hsmhost *h, struct seat *s);
/* When life_step() or life_start_wanted() want to be called again at the latest. */
int64_t life_next_ms(const struct hsmhost *h);
/* Asks it to end, once it is empty. */
void life_dismiss(struct seat *s);
/* Kills it; its jobs are given back. */
void life_kill(struct hsmhost *h, struct seat *s);

/* placing.c */
/* Takes a job over that has no signer yet; place_waiting() is due. */
void place_later(struct hsmhost *h, struct flight *f);
/* That a key is not there is for the signer to say that has made all those of late: asks that one,
 * in place of `s`, which has missed it. False: it is the one, was asked already, or has too much to
 * do; the job is still the caller's. */
bool place_again(struct hsmhost *h, struct seat *s, struct flight *f);
/* Gives those that wait to signers with room. Where none works, they wait for one to start, for as
 * long as an operation may take, and go back to the queue then. */
void place_waiting(struct hsmhost *h);
/* When the first of them goes back; INT64_MAX: none will, since a signer works or nobody waits. */
int64_t place_until_ms(const struct hsmhost *h);
/* The jobs of a signer that has ended. Those that were at work may be the cause, and go back to the
 * queue; the others only stood behind them, and wait for another signer, once. */
void place_elsewhere(struct hsmhost *h, struct flight *all, enum hf_code code, const char *why);

/* crypto_answer.c */
/* Fills f->crypto from the job's. HF_INVALID: see hsmhost_submit(). */
HF_MUST hf_status crypto_flight(struct flight *f);
/* Hands in what a CRYPTO_ANSWER frame says. False: the signer broke the protocol. */
bool crypto_answer_take(struct hsmhost *h, struct seat *s, const struct wire_frame *frame);
void crypto_give_back(struct hsmhost *h, struct flight *f, enum hf_code code, const char *why);

/* answer.c */
/* Counts the answer, hands it to the caller, and ends the flight. */
void answer_hand_over(struct hsmhost *h, struct flight *f, struct hsmhost_answer *answer);
/* A seat whose HSM said what does not verify gets no more work. */
void answer_distrust(struct seat *s);
/* Was no signer replaced for what it answered in the last `pause_ms`? Then one may be now: requests
 * must not be able to keep signers from working by what they ask for. */
bool answer_may_replace(struct hsmhost *h, int64_t pause_ms);
/* A module need not see an object that another process has made since it started. A new signer
 * does, and takes this one's place once it works, unless that was tried less than `pause_ms` ago:
 * then the key is elsewhere. NULL: nobody has missed one. */
void answer_look_again(struct hsmhost *h, struct seat *s, int64_t pause_ms);
/* Hands in what an ANSWER frame says. False: the signer broke the protocol. */
bool answer_take(struct hsmhost *h, struct seat *s, const struct wire_frame *frame);
/* OP_RETRY, with words; consumes the flight. */
void answer_give_back(struct hsmhost *h, struct flight *f, enum hf_code code, const char *why);

#endif
