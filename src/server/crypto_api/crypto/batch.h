/* SPDX-License-Identifier: Apache-2.0
 * Many operations in one request: each has an answer of its own, in the order in which they were
 * asked for. Those whose keys are in one group reach the HSM together. For src/server/crypto_api/
 * crypto only. */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_BATCH_H
#define HF_SERVER_CRYPTO_API_CRYPTO_BATCH_H

#include "server/crypto_api/crypto/work.h"

#define BATCH_MAX 256

struct batch_item {
	struct work_item work;
	const char *kid, *name; /* one of the two, unless it failed */
	struct crypto_op op;
	size_t part;
	int status;     /* 0: nothing came of it yet */
	char *words;    /* unless 200 */
	size_t at, len; /* 200: its answer in the part's `out` */
};

/* What one group's HSM does. */
struct batch_part {
	struct backend_call backend;
	struct batch *batch;
	struct group *group; /* an item's */
	size_t first, n;     /* in the batch's ops and order */
	struct hf_buf out;
};

struct batch {
	struct crypto_call call; /* first */
	const struct work *work;
	struct hf_buf bytes;
	size_t n;
	struct batch_item *items;
	struct crypto_op *ops; /* by parts */
	size_t *order;         /* the items of ops */
	struct batch_part *parts;
	size_t n_parts;
	struct batch_part here; /* what was done without an HSM */
	atomic_size_t waiting;  /* parts, and what begins them */
};

/* batch_read.c: a prepare(), for requests of this kind. `enveloped`: each is {"kid", "request"}. */
HF_MUST hf_status batch_read(struct crypto_call *c, const struct work *work, bool enveloped,
                             struct hf_err *err);

void batch_item_fail(struct batch_item *item, hf_status s, const struct hf_err *err);
/* batch_enter.c: makes the audit log's entries, one for each key and outcome, then answers c->out.
 */
void batch_enter(struct batch *b);

#endif
