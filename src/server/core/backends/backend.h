/* SPDX-License-Identifier: Apache-2.0
 * Where keys are worked with: a slot behind gateways, or a pool of drivers. A group has exactly one
 * of the two (core/groups/group.h); whoever has an operation to do (op/crypto_op.h) neither knows
 * nor asks which.
 *
 * A slot: the group's connections in the order of their priority. One that does not answer, or
 * whose slot is ill, is passed over for a while and looked at again by itself. An operation that is
 * safe to repeat goes to the next connection when one fails in the middle; one that makes a key is
 * looked for first (by its CKA_ID, on the next connection), and done there only if it has not
 * happened. A pool: a job of the queue (core/backends/pool.h). */
#ifndef HF_SERVER_CORE_BACKENDS_BACKEND_H
#define HF_SERVER_CORE_BACKENDS_BACKEND_H

#include "op/crypto_op.h"
#include "server/core/core.h"
#include "server/core/groups/group.h"

#define BACKEND_DEADLINE_MS 10000      /* of quick operations, all attempts together */
#define BACKEND_SLOW_DEADLINE_MS 60000 /* of those that make RSA keys, or list */

struct backend_call;
/* Once for each call, from any thread, perhaps before backend_submit() returns. `results` has as
 * many entries as the call had operations, valid during the call; an operation that reached no HSM
 * has OP_FAILED or OP_RETRY with its words like any other. */
typedef void (*backend_done)(struct backend_call *call, const struct crypto_result *results);

/* Embedded by the caller, who keeps it and everything that it points to until done(). */
struct backend_call {
	const struct group *group; /* the caller holds a reference */
	const char *org_id;
	const struct crypto_op *ops; /* one slot or pool does them all, in no particular order */
	size_t n_ops;
	int deadline_ms; /* 0: by the kinds of the operations */
	backend_done done;
	void *ctx;
	/* ---- the backend's own */
	struct backend_state *state;
};

/* Takes it, or calls done() with what stands in the way. Any thread. */
void backend_submit(const struct core *core, struct backend_call *call);

/* Ends a call that nothing was done of: OP_FAILED for each, with these words. */
void backend_refuse(struct backend_call *call, enum hf_code code, const char *words);

/* The slot side, told by the program that has the connections (server/slot_links.h): the core has
 * no HTTP in it. */
struct slot_links;
struct slot_backend {
	struct slot_links *links;
	void (*submit)(struct slot_links *links, struct backend_call *call);
	/* A group's connections were changed, made or removed, here or by another server; NULL:
	 * those of any may have been. Does not block. */
	void (*changed)(struct slot_links *links, const char *group_id);
};

/* What a person reads next to a connection. */
enum link_state {
	LINK_UNKNOWN, /* not tried since the server started */
	LINK_CONNECTED,
	LINK_NOT_CONNECTED, /* with words */
};

#endif
