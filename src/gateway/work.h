/* SPDX-License-Identifier: Apache-2.0
 * The operations of one request, from arrival to reply. Whoever holds it has it alone: first the
 * listener, then an engine, which answers each operation and finishes it. */
#ifndef HF_GATEWAY_WORK_H
#define HF_GATEWAY_WORK_H

#include "gateway/metrics.h"
#include "op/slot_link.h"

struct work_item {
	struct work *work;
	struct work_item *next; /* gateway/waiting.h */
	struct hf_span op;      /* encoded; lives as long as the request's body */
	enum crypto_op_kind kind;
	struct hf_buf result; /* encoded, once it is answered */
	int64_t begun_us;     /* handed to a signer */
};

struct work {
	int64_t deadline_ms; /* hf_mono_ms(): what has not begun by then does not */
	uint32_t n, answered;
	size_t result_bytes; /* of all answers so far */
	struct gateway_metrics *metrics;
	/* Called once, when all are answered, on the thread that answered last; frees the work. */
	void (*finished)(struct work *w);
	void *ctx;
	struct work_item items[];
};

/* Operations that cannot be decoded are answered at once. HF_NOMEM. */
HF_MUST hf_status work_new(const struct slot_ops *ops, struct gateway_metrics *metrics,
                           void (*finished)(struct work *w), void *ctx, struct work **ret);
void work_free(struct work *w);

/* Is this one without an answer yet? */
bool work_is_open(const struct work_item *item);
/* Answers one operation; the last one finishes the work. Wipes nothing of `result`. */
void work_answer(struct work_item *item, const struct crypto_result *result);
/* The same, with words instead of a result. */
void work_fail(struct work_item *item, enum op_outcome outcome, enum hf_code code, bool unhealthy,
               const char *text);

/* The body of the reply: slot_results_encode() of all answers. Holds plaintext: work_wipe(). */
HF_MUST hf_status work_reply(const struct work *w, struct hf_buf *to);
void work_wipe(struct hf_buf *b);

#endif
