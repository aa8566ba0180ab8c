/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/work.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

/* Of each answer's place in the reply, and of what a failure in its stead would take. */
#define RESULT_ROOM 512

void work_wipe(struct hf_buf *b)
{
	if (b->ptr)
		hf_wipe(b->ptr, b->cap);
	hf_buf_done(b);
}

static void take_op(struct work_item *item, struct hf_span encoded)
{
	struct hf_err err = { 0 };
	struct crypto_op op;

	hf_status s = crypto_op_decode(encoded, &op, &err);

	item->op = encoded;
	if (hf_ok(s)) {
		item->kind = op.kind;
		s = crypto_op_check_records(&op, &err);
	}
	if (!hf_ok(s))
		work_fail(item, OP_FAILED, s.code, false,
		          err.text[0] ? err.text : "the operation is malformed");
}

hf_status work_new(const struct slot_ops *ops, struct gateway_metrics *metrics,
                   void (*finished)(struct work *w), void *ctx, struct work **ret)
{
	struct work *w = calloc(1, sizeof(*w) + ops->n * sizeof(w->items[0]));

	HF_ENSURE(w, HF_NOMEM);
	w->n = ops->n;
	w->deadline_ms = hf_mono_ms() + ops->deadline_ms;
	w->metrics = metrics;
	for (uint32_t i = 0; i < w->n; i++) {
		w->items[i].work = w;
		w->items[i].result = HF_BUF(CRYPTO_RESULT_ENCODED_MAX);
		take_op(&w->items[i], ops->ops[i]);
	}
	w->finished = finished; /* not while it is made */
	w->ctx = ctx;
	*ret = w;
	return HF_SUCCESS;
}

void work_free(struct work *w)
{
	if (!w)
		return;
	for (uint32_t i = 0; i < w->n; i++)
		work_wipe(&w->items[i].result);
	free(w);
}

bool work_is_open(const struct work_item *item)
{
	return item->result.len == 0;
}

/* Room for all of it at once, since what grows leaves copies of plaintext behind. */
static void encode(struct hf_buf *to, const struct crypto_result *r)
{
	(void)hf_buf_grow(to, r->data.len + r->iv.len + r->tag.len + r->record.len + r->list.len +
	                              r->made.id.len + r->made.label.len + r->made.public_key.len +
	                              2 * RESULT_ROOM);
	hf_buf_clear(to);
	crypto_result_encode(to, r);
}

static void encode_failure(struct hf_buf *to, enum op_outcome outcome, enum hf_code code,
                           bool unhealthy, const char *text)
{
	struct crypto_result r = { .outcome = outcome, .code = code, .unhealthy = unhealthy };

	snprintf(r.text, sizeof(r.text), "%.*s", (int)sizeof(r.text) - 1, text);
	work_wipe(to);
	encode(to, &r);
}

static void count(struct work_item *item, const struct crypto_result *result)
{
	if (item->kind)
		gateway_metrics_count(item->work->metrics, item->kind, result->outcome,
		                      item->begun_us ? hf_mono_us() - item->begun_us : -1);
}

void work_answer(struct work_item *item, const struct crypto_result *result)
{
	struct work *w = item->work;

	encode(&item->result, result);
	if (!hf_ok(hf_buf_status(&item->result)))
		encode_failure(&item->result, OP_FAILED, HF_NOMEM, false,
		               "no memory for the answer");
	else if (w->result_bytes + item->result.len + (w->n - w->answered) * RESULT_ROOM >
	         SLOT_LINK_BODY_MAX)
		encode_failure(&item->result, OP_FAILED, HF_TOOBIG, false,
		               "the answers do not fit into one reply: ask for fewer at a time");
	w->result_bytes += item->result.len;
	count(item, result);
	if (++w->answered == w->n && w->finished)
		w->finished(w);
}

void work_fail(struct work_item *item, enum op_outcome outcome, enum hf_code code, bool unhealthy,
               const char *text)
{
	struct crypto_result r = { .outcome = outcome, .code = code, .unhealthy = unhealthy };

	snprintf(r.text, sizeof(r.text), "%.*s", (int)sizeof(r.text) - 1, text);
	work_answer(item, &r);
}

hf_status work_reply(const struct work *w, struct hf_buf *to)
{
	struct slot_results results = { .n = w->n };

	for (uint32_t i = 0; i < w->n; i++)
		results.results[i] = hf_buf_span(&w->items[i].result);
	(void)hf_buf_grow(to, w->result_bytes + 4 * w->n + 5);
	hf_buf_clear(to);
	slot_results_encode(to, &results);
	return hf_buf_status(to);
}
