/* SPDX-License-Identifier: Apache-2.0
 * POST /batch/v1: calls of any kind in one request, each as if it had come by itself, with its own
 * entry in the audit log. A serial batch ends with its first failure, and says of the rest that it
 * was skipped; an unordered one does all of it, several at a time. */
#include "server/crypto_api/crypto/generic_batch.h"

#include "base/secret.h"
#include "server/crypto_api/call_inside.h"
#include "server/crypto_api/handlers.h"

#include <pthread.h>
#include <string.h>

#define AT_ONCE 16
#define SKIPPED "an earlier item of the same serial batch failed"

struct generic_batch;

struct generic_result {
	struct generic_batch *batch;
	int status; /* 0: not yet; -1: skipped */
	struct hf_buf body;
};

struct generic_batch {
	struct crypto_call call; /* first */
	struct generic_tree tree;
	struct generic_result results[GENERIC_ITEMS_MAX];
	/* The member of each list that failed first, as member_of() has it; 0: none did. */
	size_t failed[GENERIC_BATCHES_MAX];
	size_t printed; /* items, while they are */
	char address[64];
	/* ---- below the lock */
	pthread_mutex_t lock;
	size_t next, under_way;
	bool driving;
};

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	struct generic_batch *b = (struct generic_batch *)c;

	pthread_mutex_init(&b->lock, NULL);
	for (size_t i = 0; i < GENERIC_ITEMS_MAX; i++) {
		b->results[i].batch = b;
		b->results[i].body = HF_BUF(CRYPTO_REPLY_MAX);
	}
	crypto_call_address(c, b->address, sizeof(b->address));
	return generic_tree_read(c->body, &b->tree, err);
}

/* ---- The answer */

static void print_item(const struct generic_result *r, struct json_writer *w)
{
	json_open_object(w, NULL);
	json_open_object(w, "SingleItem");
	json_open_object(w, r->status < 0 ? "Skipped" : "Result");
	if (r->status < 0) {
		json_text(w, "reason", SKIPPED);
	} else {
		json_int(w, "status", r->status);
		if (r->body.len && r->status < 300)
			json_raw(w, "body", hf_buf_span(&r->body));
		else if (r->body.len)
			json_span(w, "body", hf_buf_span(&r->body));
	}
	json_close_object(w);
	json_close_object(w);
	json_close_object(w);
}

/* The same tree as was asked for, whose items come in the order in which they were read. */
static void print_node(struct generic_batch *b, const struct json_t *asked, struct json_writer *w)
{
	const struct json_t *items = json_member(json_member(asked, "Batch"), "items");

	if (!items) {
		print_item(&b->results[b->printed++], w);
		return;
	}
	json_open_object(w, NULL);
	json_open_object(w, "Batch");
	json_open_array(w, "items");
	for (size_t i = 0; i < json_count(items); i++)
		print_node(b, json_element(items, i), w);
	json_close_array(w);
	json_close_object(w);
	json_close_object(w);
}

static void answer(struct generic_batch *b)
{
	struct json_writer w = JSON_WRITER(&b->call.out);

	print_node(b, b->call.body, &w);
	crypto_call_reply(&b->call);
}

/* ---- The calls */

static void drive(struct generic_batch *b);

/* A list's members are items and other lists: one number for each. */
static size_t item_member(size_t i)
{
	return GENERIC_BATCHES_MAX + 1 + i;
}

static size_t list_member(size_t l)
{
	return l + 1;
}

static void note_failure(struct generic_batch *b, size_t i)
{
	size_t member = item_member(i);

	for (size_t l = b->tree.items[i].batch; l != GENERIC_NONE; l = b->tree.lists[l].parent) {
		if (!b->failed[l])
			b->failed[l] = member;
		member = list_member(l);
	}
}

/* An earlier member of a serial list that it is in, at whatever depth, failed. */
static bool is_skipped(const struct generic_batch *b, size_t i)
{
	size_t member = item_member(i);

	for (size_t l = b->tree.items[i].batch; l != GENERIC_NONE; l = b->tree.lists[l].parent) {
		if (b->tree.lists[l].serial && b->failed[l] && b->failed[l] != member)
			return true;
		member = list_member(l);
	}
	return false;
}

static void item_ended(void *ctx, int status, struct hf_span body)
{
	struct generic_result *r = ctx;
	struct generic_batch *b = r->batch;

	hf_buf_put(&r->body, body.ptr, body.len);
	pthread_mutex_lock(&b->lock);
	r->status = status;
	if (status >= 300)
		note_failure(b, (size_t)(r - b->results));
	b->under_way--;
	pthread_mutex_unlock(&b->lock);
	drive(b);
}

static void begin_item(struct generic_batch *b, size_t i)
{
	const struct generic_item *item = &b->tree.items[i];
	struct hf_buf body = HF_BUF(CRYPTO_BATCH_BODY_MAX);
	struct crypto_inner inner = {
		.who = b->call.who,
		.method = item->method,
		.path = item->operation,
		.approved_group = b->call.approved_group,
		.address = b->address,
		.ended = item_ended,
		.ctx = &b->results[i],
	};
	hf_status s = item->body ? json_canonical(item->body, &body) : HF_SUCCESS;

	inner.body = hf_buf_span(&body);
	if (hf_ok(s))
		crypto_call_inner(b->call.api, &inner);
	else
		item_ended(&b->results[i], 503, hf_span_text("the server is short of memory"));
	if (body.ptr)
		hf_wipe(body.ptr, body.cap);
	hf_buf_done(&body);
}

/* Whoever finds nobody driving begins what may begin. An item that ends at once, inside of
 * begin_item(), is seen by the same loop. */
static void drive(struct generic_batch *b)
{
	size_t at_once = b->tree.any_serial ? 1 : AT_ONCE;
	bool all;

	pthread_mutex_lock(&b->lock);
	if (b->driving) {
		pthread_mutex_unlock(&b->lock);
		return;
	}
	b->driving = true;
	while (b->next < b->tree.n_items && b->under_way < at_once) {
		size_t i = b->next++;

		if (is_skipped(b, i)) {
			b->results[i].status = -1;
			continue;
		}
		b->under_way++;
		pthread_mutex_unlock(&b->lock);
		begin_item(b, i);
		pthread_mutex_lock(&b->lock);
	}
	b->driving = false;
	all = b->next == b->tree.n_items && !b->under_way;
	pthread_mutex_unlock(&b->lock);
	if (all)
		answer(b);
}

static void begin(struct crypto_call *c)
{
	drive((struct generic_batch *)c);
}

static void release(struct crypto_call *c)
{
	struct generic_batch *b = (struct generic_batch *)c;

	for (size_t i = 0; i < b->tree.n_items; i++) {
		if (b->results[i].body.ptr)
			hf_wipe(b->results[i].body.ptr, b->results[i].body.cap);
		hf_buf_done(&b->results[i].body);
	}
	pthread_mutex_destroy(&b->lock);
}

const struct crypto_operation crypto_generic_batch = {
	.size = sizeof(struct generic_batch),
	.prepare = prepare,
	.after = begin,
	.release = release,
};
