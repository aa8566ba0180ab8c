/* SPDX-License-Identifier: Apache-2.0
 * What slots.c and opening.c share. */
#ifndef HF_GATEWAY_SLOTS_INSIDE_H
#define HF_GATEWAY_SLOTS_INSIDE_H

#include "gateway/pins.h"
#include "gateway/slots.h"

#include <pthread.h>

#define OPENINGS_MAX 32 /* that may wait */

struct slot {
	struct hsmhost_token token;
	char library[128];
	struct pin_mark pin; /* in use */
	uint64_t generation;
	struct engine *engine; /* NULL: the place is free */
	int64_t left_ms;       /* since when nobody has it open; 0: somebody has */
};

struct opening {
	struct opening *next;
	struct slot_open open;
	struct session_owner owner;
	struct pin_mark pin;
	slots_opened opened;
	void *ctx;
};

struct slots {
	struct slots_config config;
	pthread_mutex_t lock; /* over what follows, up to the line */
	struct slot list[SLOTS_MAX];
	uint64_t generations;
	struct opening *first, **last;
	size_t n_openings;
	bool stopping, opener_gone;
	pthread_cond_t changed;

	/* the opening thread's own ---------------------------------------- */
	pthread_t opener;
	struct hsmhost_tokens tokens;
	struct pins *pins; /* its key and marks: any thread */
};

/* A session on a slot; the lock is held. */
HF_MUST hf_status slots_admit(struct slots *s, const struct slot *slot, uint64_t asked,
                              const struct session_owner *owner, struct slot_opened *ret);
/* A session on a slot that is open with this PIN. HF_NOTFOUND: none is. */
HF_MUST hf_status slots_admit_open(struct slots *s, const struct slot_open *open,
                                   const struct pin_mark *pin, const struct session_owner *owner,
                                   struct slot_opened *ret);

#endif
