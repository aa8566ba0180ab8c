/* SPDX-License-Identifier: Apache-2.0
 * One token at work: a thread on which its signers live (hsmhost/host.h), and the queue through
 * which other threads hand it operations.
 *
 * It knows whether its slot is healthy: not after an operation failed on the server's side of
 * PKCS#11 (crypto_result.unhealthy) or while no signer works; again after a success. An unhealthy
 * slot that nobody uses is probed every second, so that it recovers by itself, and one that lies
 * idle every ten, so that a dead HSM is noticed before somebody needs it. */
#ifndef HF_GATEWAY_ENGINE_H
#define HF_GATEWAY_ENGINE_H

#include "gateway/work.h"
#include "hsmhost/host.h"

struct engine;

struct engine_config {
	struct hsmhost_config hsm; /* copied, the PIN too */
	char token[112];           /* for logs */
	size_t queue_max;          /* operations that may wait */
};

/* Starts the signers and waits until the first is ready: the PIN is tried once. Blocks. Words and
 * codes are those of hsmhost_start(), but HF_DENIED when the token has refused the PIN. */
HF_MUST hf_status engine_start(const struct engine_config *config, struct engine **ret,
                               struct hf_err *err);
/* What waits is given back; what is in the HSM has `grace_ms` to end. Blocks. */
void engine_stop(struct engine *e, int grace_ms);

/* Takes over the work, which finishes on the engine's thread. HF_BUSY when more would wait than may
 * and HF_CLOSED while it stops: the work is then still the caller's. Any thread. */
HF_MUST hf_status engine_submit(struct engine *e, struct work *w);

struct engine_state {
	bool healthy;
	bool stopped;     /* an operator has to act */
	bool pin_refused; /* since the token says that the PIN is wrong */
	char reason[256]; /* unless healthy */
	size_t waiting, in_hsm;
	unsigned signers_ready;
	uint64_t crashes, hangs, recycled;
};
/* As of its last turn. Any thread. */
void engine_state(struct engine *e, struct engine_state *ret);

#endif
