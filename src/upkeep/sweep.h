/* SPDX-License-Identifier: Apache-2.0
 * Many records through the HSM, as many at a time as its signers take: each is used once (its MAC
 * checked, the key unwrapped, something random signed), and the signature is verified here against
 * the public key in the record. Or each key is first wrapped by another master key, and it is the
 * new record that is then used so: what comes out has been proven. Records are not stored here. */
#ifndef HF_UPKEEP_SWEEP_H
#define HF_UPKEEP_SWEEP_H

#include "hsmhost/host.h"

enum sweep_outcome {
	SWEEP_GOOD,
	SWEEP_BAD,       /* `why` tells: damaged, altered, of a master key that is not here, … */
	SWEEP_ELSEWHERE, /* a resident key of another HSM */
};

struct sweep_item {
	enum sweep_outcome outcome;
	const char *key_id; /* as the row has it */
	struct hf_span record;
	const struct key_record *decoded; /* NULL: the record is damaged */
	struct hf_span fresh;             /* SWEEP_GOOD of a rewrap: the new record */
	const char *why;
};

/* Out of sweep_add(), sweep_drain() and sweep_stop(). */
typedef void (*sweep_done)(void *ctx, const struct sweep_item *item);

struct sweep;

/* Starts the signers. `rewrap_to`: the id of the master key to wrap by, copied; NULL: only use. */
HF_MUST hf_status sweep_start(const struct hsmhost_config *hsm, const char *rewrap_to,
                              sweep_done done, void *ctx, struct sweep **ret, struct hf_err *err);
/* Copies the record, and waits until a signer has room for it. Fails when the HSM does not come
 * back within a minute or is given up, never because of a record. */
HF_MUST hf_status sweep_add(struct sweep *s, const char *key_id, struct hf_span record,
                            struct hf_err *err);
/* Waits for the outcome of all. */
HF_MUST hf_status sweep_drain(struct sweep *s, struct hf_err *err);
/* What was not done gets no outcome. */
void sweep_stop(struct sweep *s);
HF_DEFINE_CLEANUP(sweep_stop, struct sweep *)

#endif
