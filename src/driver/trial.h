/* SPDX-License-Identifier: Apache-2.0
 * Is the HSM fit for work again? After it failed a job in a way that was not the job's fault, no
 * more jobs are risked until something went well: a signature with the canary's key, which is of no
 * use to anybody, tried again and again with pauses short enough that work flows within a second of
 * the HSM's return. Any job that ends well does, too. */
#ifndef HF_DRIVER_TRIAL_H
#define HF_DRIVER_TRIAL_H

#include "hsmhost/host.h"

struct trial {
	struct hf_buf record; /* the canary; empty: there is none, as for keys that live inside */
	struct op op;         /* its spans point into `record` and `input` */
	uint8_t input[64];
	bool doubt;
	bool confirmed; /* a trial has failed, too */
	bool under_way;
	unsigned attempts;
	int64_t next_ms;
	char why[256];
	uint64_t failures; /* of trials, ever */
};

/* Takes over the canary's record (op/record.h) of this HSM's master key. One that cannot be read is
 * none. */
void trial_init(struct trial *t, struct hf_buf *record);
void trial_done(struct trial *t);

/* Every answer of the HSM's, whosever. True: it was the trial's own, and nobody else's. */
bool trial_answered(struct trial *t, const struct hsmhost_answer *answer);
/* Begins a trial when one is due; *timeout_ms is lowered. */
void trial_step(struct trial *t, struct hsmhost *hsm, int *timeout_ms);

#endif
