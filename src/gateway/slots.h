/* SPDX-License-Identifier: Apache-2.0
 * The slots that are open on this gateway, each with its engine.
 *
 * One thread opens them, one after another: it looks which tokens there are, and has a fresh engine
 * log in with the PIN, once. A slot that is open already is given to whoever has the PIN in use,
 * without the token's being asked; another PIN is tried once on a fresh engine, which takes the
 * old one's place if the token accepts it (the PIN was changed). A slot that no session has opened
 * for a while is closed. Any thread may call. */
#ifndef HF_GATEWAY_SLOTS_H
#define HF_GATEWAY_SLOTS_H

#include "gateway/engine.h"
#include "gateway/sessions.h"

struct slots;

#define SLOTS_MAX 32

struct slots_config {
	struct hsmhost_config hsm; /* but for slot and PIN, which come with each request */
	struct gateway_metrics *metrics;
	struct sessions *sessions;
	unsigned pin_attempts; /* pins.h */
	size_t queue_max;      /* operations that may wait for one slot */
	int64_t linger_ms;     /* of a slot that no session has open */
};

/* Loads the module once, to be sure that it can be. Words name the option. */
HF_MUST hf_status slots_new(const struct slots_config *config, struct slots **ret,
                            struct hf_err *err);
/* Ends all engines, each with `grace_ms`; all requests are answered, and those that still come are
 * refused. False: the opening thread is inside the module and does not come back; only the end of
 * the process helps then. */
bool slots_stop(struct slots *s, int grace_ms);
/* After slots_stop(), when no thread can call any more. */
void slots_free(struct slots *s);

/* On success `opened`, otherwise the words: HF_DENIED the PIN, HF_NOTFOUND no such slot, HF_EXISTS
 * another token in it, HF_BUSY too many at once, any other: it does not work now. */
typedef void (*slots_opened)(void *ctx, hf_status s, const struct slot_opened *opened,
                             const struct hf_err *err);
/* Takes the PIN over. Calls back exactly once, out of this call or later on another thread. */
void slots_open(struct slots *s, struct slot_open *open, const struct session_owner *owner,
                slots_opened opened, void *ctx);

/* As engine_submit(); HF_NOTFOUND: the slot is not open any longer. */
HF_MUST hf_status slots_submit(struct slots *s, struct session_slot where, struct work *w);

/* Appends a line for each slot that is unhealthy. */
void slots_complaints(struct slots *s, struct hf_buf *to);
void slots_write_metrics(struct slots *s, struct hf_buf *to);

#endif
