/* SPDX-License-Identifier: Apache-2.0
 * Doing a batch: the keys are found, the operations go to the HSMs of their groups, and the answers
 * are put in order. */
#include "server/crypto_api/crypto/batch.h"

#include "base/secret.h"
#include "base/text.h"
#include "server/crypto_api/errors.h"
#include "server/crypto_api/handlers.h"

#include <string.h>

void batch_item_fail(struct batch_item *item, hf_status s, const struct hf_err *err)
{
	bool told = err->code == s.code && err->text[0];

	item->status = crypto_error_status(s.code);
	item->words = hf_strdup(told ? err->text : crypto_error_words(s.code));
}

#define ITEM_FRAME 64    /* {"status":200,"body":} and a comma */
#define ANSWER_FRAME 512 /* of what is no data: kid, IV, tag, the names of all of them */

/* ---- Answering */

static void print(struct batch *b)
{
	struct json_writer w = JSON_WRITER(&b->call.out);
	size_t foreseen = b->here.out.len + b->n * ITEM_FRAME;

	for (size_t p = 0; p < b->n_parts; p++)
		foreseen += b->parts[p].out.len;
	hf_buf_reserve(&b->call.out, foreseen);
	json_open_array(&w, NULL);
	for (size_t i = 0; i < b->n; i++) {
		const struct batch_item *item = &b->items[i];
		const struct batch_part *part = item->work.here ? &b->here : &b->parts[item->part];

		json_open_object(&w, NULL);
		json_int(&w, "status", item->status);
		if (item->status == 200)
			json_raw(&w, "body", HF_SPAN(part->out.ptr + item->at, item->len));
		else
			json_text(&w, "error", item->words);
		json_close_object(&w);
	}
	json_close_array(&w);
}

static void part_ended(struct batch *b)
{
	if (atomic_fetch_sub(&b->waiting, 1) != 1)
		return;
	print(b);
	batch_enter(b);
}

/* `r` NULL: done here. */
static void answer_item(struct batch_part *part, struct batch_item *item,
                        const struct crypto_result *r)
{
	struct batch *b = part->batch;
	struct json_writer w = JSON_WRITER(&part->out);
	struct hf_err err = { 0 };
	hf_status s;

	item->at = part->out.len;
	if (r && r->outcome != OP_DONE)
		s = work_failed(r, &err);
	else
		s = work_print(b->work, &item->work, &item->op, r, &w, &err);
	item->len = part->out.len - item->at;
	if (!hf_ok(s)) {
		batch_item_fail(item, s, &err);
		return;
	}
	item->status = 200;
	objects_used(b->call.api->objects, item->work.object, b->call.now_ms);
}

static void part_done(struct backend_call *backend, const struct crypto_result *results)
{
	struct batch_part *part = backend->ctx;
	struct batch *b = part->batch;

	for (size_t i = 0; i < part->n; i++)
		answer_item(part, &b->items[b->order[part->first + i]], &results[i]);
	part_ended(b);
}

/* ---- Doing */

static void do_here(struct batch *b, struct batch_item *item)
{
	struct hf_err err = { 0 };
	hf_status s = b->work->here(&item->work, &item->op, &err);

	if (hf_ok(s))
		answer_item(&b->here, item, NULL);
	else
		batch_item_fail(item, s, &err);
}

static hf_status allow(struct batch *b, struct batch_item *item, struct hf_err *err)
{
	const struct guard_question q = {
		.who = b->call.who,
		.act = item->work.act,
		.object = item->work.object,
		.op = &item->op,
		.approved_group = b->call.approved_group,
		.now_ms = b->call.now_ms,
	};
	bool quorum = false;
	hf_status s = guard_check(&q, &quorum, err);

	return quorum ? hf_fail(err, HF_DENIED, GUARD_QUORUM_TEXT) : s;
}

static struct batch_part *part_of(struct batch *b, struct group *group)
{
	struct batch_part *part;

	for (size_t i = b->n_parts; i > 0; i--)
		if (strcmp(b->parts[i - 1].group->id, group->id) == 0)
			return &b->parts[i - 1];
	part = &b->parts[b->n_parts++];
	part->batch = b;
	part->group = group;
	part->out = HF_BUF_SECRET(CRYPTO_REPLY_MAX);
	return part;
}

static void begin_item(struct batch *b, struct batch_item *item)
{
	struct hf_err err = { 0 };
	struct crypto_call *c = &b->call;
	struct batch_part *part;
	hf_status s;

	s = work_plan(b->work, &item->work, c->who, c->now_ms, &item->op, &err);
	if (hf_ok(s))
		s = allow(b, item, &err);
	if (!hf_ok(s)) {
		batch_item_fail(item, s, &err);
	} else if (item->work.here) {
		do_here(b, item);
	} else {
		part = part_of(b, item->work.object->group);
		item->part = (size_t)(part - b->parts);
		part->n++;
	}
}

/* The operations of one part stand together. */
static void arrange(struct batch *b)
{
	size_t at = 0;

	for (size_t p = 0; p < b->n_parts; p++) {
		b->parts[p].first = at;
		at += b->parts[p].n;
		b->parts[p].n = 0;
	}
	for (size_t i = 0; i < b->n; i++) {
		struct batch_item *item = &b->items[i];
		struct batch_part *part = &b->parts[item->part];

		if (item->status || item->work.here)
			continue;
		b->ops[part->first + part->n] = item->op;
		b->order[part->first + part->n++] = i;
	}
}

/* Most answers are as long as the question; what is longer makes the buffer grow. */
static void reserve(struct batch_part *part)
{
	const struct batch *b = part->batch;
	size_t foreseen = 0;

	for (size_t i = 0; i < part->n; i++)
		foreseen += ANSWER_FRAME + b->ops[part->first + i].data.len / 3 * 4;
	hf_buf_reserve(&part->out, foreseen);
}

static void begin_items(struct batch *b)
{
	size_t n_parts;

	b->here.batch = b;
	b->here.out = HF_BUF_SECRET(CRYPTO_REPLY_MAX);
	for (size_t i = 0; i < b->n; i++)
		if (!b->items[i].status)
			begin_item(b, &b->items[i]);
	arrange(b);
	n_parts = b->n_parts;
	atomic_store(&b->waiting, n_parts + 1); /* and this function */
	for (size_t p = 0; p < n_parts; p++) {
		struct batch_part *part = &b->parts[p];

		reserve(part);
		part->backend = (struct backend_call){
			.group = part->group,
			.org_id = b->call.who->org_id,
			.ops = b->ops + part->first,
			.n_ops = part->n,
			.done = part_done,
			.ctx = part,
		};
		backend_submit(b->call.api->core, &part->backend);
	}
	part_ended(b);
}

/* ---- Finding the keys */

static bool same_key(const struct batch_item *a, const struct batch_item *b)
{
	return a->kid ? b->kid && strcmp(a->kid, b->kid) == 0
	              : b->name && strcmp(a->name, b->name) == 0;
}

/* False: some are in no cache. */
static bool find_cached(struct batch *b)
{
	struct objects *objects = b->call.api->objects;
	const struct batch_item *before = NULL;
	bool all = true;

	for (size_t i = 0; i < b->n; i++) {
		struct batch_item *item = &b->items[i];

		if (item->status)
			continue;
		if (before && before->work.object && same_key(before, item))
			item->work.object = object_ref(before->work.object);
		else
			item->work.object =
			        objects_cached(objects, b->call.who->org_id, item->kid, item->name);
		all = all && item->work.object;
		before = item;
	}
	return all;
}

static hf_status load(struct db_task *task, struct db *db)
{
	struct batch *b = (struct batch *)task;
	struct crypto_api *api = b->call.api;

	for (size_t i = 0; i < b->n; i++) {
		struct batch_item *item = &b->items[i];
		struct hf_err err = { 0 };
		hf_status s;

		if (item->status || item->work.object)
			continue;
		item->work.object =
		        objects_cached(api->objects, b->call.who->org_id, item->kid, item->name);
		if (item->work.object)
			continue;
		s = objects_load(api->objects, api->groups, db, b->call.who->org_id, item->kid,
		                 item->name, &item->work.object, &err);
		if (s.code == HF_NOTFOUND)
			batch_item_fail(item, s, &err);
		else
			HF_TRY(s);
	}
	return HF_SUCCESS;
}

static void loaded(struct db_task *task, hf_status s)
{
	struct batch *b = (struct batch *)task;

	if (hf_ok(s))
		begin_items(b);
	else
		crypto_call_fail(&b->call, s);
}

/* Checking many signatures takes its time: not on a thread that serves requests. */
static void begin(struct crypto_call *c)
{
	struct batch *b = (struct batch *)c;
	hf_status s;

	if (find_cached(b) && !b->work->here) {
		begin_items(b);
		return;
	}
	c->task = (struct db_task){ .run = load, .done = loaded };
	s = db_work_submit(c->api->core->reader, &c->task);
	if (!hf_ok(s))
		crypto_call_fail(c, s);
}

static void release(struct crypto_call *c)
{
	struct batch *b = (struct batch *)c;

	for (size_t i = 0; i < b->n && b->items; i++) {
		work_item_release(&b->items[i].work);
		free(b->items[i].words);
	}
	for (size_t p = 0; p < b->n_parts; p++)
		hf_buf_done(&b->parts[p].out);
	hf_buf_done(&b->here.out);
	body_wipe(&b->bytes);
	free(b->items);
	free(b->ops);
	free(b->order);
	free(b->parts);
}

/* ---- The four */

static hf_status prepare_encrypt(struct crypto_call *c, struct hf_err *err)
{
	return batch_read(c, &work_encrypt, true, err);
}

static hf_status prepare_decrypt(struct crypto_call *c, struct hf_err *err)
{
	return batch_read(c, &work_decrypt, true, err);
}

static hf_status prepare_sign(struct crypto_call *c, struct hf_err *err)
{
	return batch_read(c, &work_sign, false, err);
}

static hf_status prepare_verify(struct crypto_call *c, struct hf_err *err)
{
	return batch_read(c, &work_verify, false, err);
}

#define BATCH(prepare_it)                                                                          \
	{                                                                                          \
		.size = sizeof(struct batch), .prepare = (prepare_it), .after = begin,             \
		.release = release                                                                 \
	}
const struct crypto_operation crypto_batch_encrypt = BATCH(prepare_encrypt);
const struct crypto_operation crypto_batch_decrypt = BATCH(prepare_decrypt);
const struct crypto_operation crypto_batch_sign = BATCH(prepare_sign);
const struct crypto_operation crypto_batch_verify = BATCH(prepare_verify);
