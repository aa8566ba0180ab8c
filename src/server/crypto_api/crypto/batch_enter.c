/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/batch.h"

#include <string.h>

static bool same_object(const struct object *a, const struct object *b)
{
	return a == b || (a && b && strcmp(a->id, b->id) == 0);
}

/* One entry stands for all operations of a key that ended alike. */
static bool alike(const struct batch_item *a, const struct batch_item *b)
{
	return same_object(a->work.object, b->work.object) &&
	       (a->status == 200) == (b->status == 200) && (a->status == 403) == (b->status == 403);
}

static bool is_first(const struct batch *b, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (alike(&b->items[k], &b->items[i]))
			return false;
	return true;
}

/* What does not say that something was done or refused: as for single calls. */
static bool is_entered(const struct batch_item *item)
{
	if (item->status == 200)
		return !(item->work.object->uses & USE_HIGHVOLUME);
	return item->status != 501 && item->status != 503;
}

static void tell(struct batch *b, size_t i)
{
	struct crypto_call *c = &b->call;
	const struct batch_item *item = &b->items[i];
	const struct object *o = item->work.object;

	c->count = 0;
	for (size_t k = i; k < b->n; k++)
		c->count += alike(&b->items[k], item);
	memset(c->subject_id, 0, sizeof(c->subject_id));
	memset(c->group_id, 0, sizeof(c->group_id));
	if (o) {
		memcpy(c->subject_id, o->id, sizeof(c->subject_id));
		memcpy(c->group_id, o->group_id, sizeof(c->group_id));
	}
	c->status = item->status;
	c->reason = item->status == 200 ? NULL : item->words;
}

static void tell_nothing(struct crypto_call *c)
{
	c->status = 200;
	c->reason = NULL;
}

static hf_status enter(struct db_task *task, struct db *db)
{
	struct batch *b = (struct batch *)task;
	hf_status s = HF_SUCCESS;

	for (size_t i = 0; i < b->n && hf_ok(s); i++) {
		if (!is_entered(&b->items[i]) || !is_first(b, i))
			continue;
		tell(b, i);
		s = crypto_call_audit(&b->call, db);
	}
	tell_nothing(&b->call);
	return s;
}

static void entered(struct db_task *task, hf_status s)
{
	struct batch *b = (struct batch *)task;

	b->call.entered = true;
	if (hf_ok(s))
		crypto_call_reply(&b->call);
	else
		crypto_call_fail_with(&b->call, 503,
		                      "the audit log cannot be written, and nothing is given out "
		                      "without its entry: try again");
}

/* All of one key, and all well: the call's own entry says it. */
static bool is_plain(const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->items[i].status != 200 || b->items[i].work.object != b->items[0].work.object)
			return false;
	return true;
}

void batch_enter(struct batch *b)
{
	struct crypto_call *c = &b->call;
	hf_status s;

	if (is_plain(b)) {
		tell(b, 0);
		c->unlogged = b->items[0].work.object->uses & USE_HIGHVOLUME;
		crypto_call_reply(c);
		return;
	}
	c->task = (struct db_task){ .run = enter,
		                    .done = entered,
		                    .durability = core_use_durability(c->api->core) };
	s = db_work_submit(c->api->core->writer, &c->task);
	if (!hf_ok(s))
		entered(&c->task, s);
}
