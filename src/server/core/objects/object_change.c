/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/objects/object_change.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/core/objects/object_history.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static struct object_change *of_task(struct db_task *task)
{
	return (struct object_change *)((char *)task - offsetof(struct object_change, task));
}

void object_update_op(const struct object *o, const char *name, unsigned uses,
                      struct crypto_op *ret)
{
	bool label = !hf_span_is(HF_SPAN(o->cka_label, o->cka_label_len), name);
	bool other_uses = (uses & USE_IN_HSM) != (o->uses & USE_IN_HSM);

	*ret = (struct crypto_op){ 0 };
	if (!o->virtual_key || !o->group->apply_to_hsm || (!label && !other_uses))
		return;
	ret->kind = CRYPTO_UPDATE;
	object_where(o, &ret->key, ret->key_id);
	ret->made.type = o->type;
	ret->made.curve = o->curve;
	ret->made.label = label ? HF_SPAN(name, strnlen(name, CKA_LABEL_MAX)) : HF_SPAN(NULL, 0);
	ret->made.uses = uses & USE_IN_HSM;
	ret->made.uses_given = other_uses;
}

void object_destroy_op(const struct object *o, bool private_only, struct crypto_op *ret)
{
	*ret = (struct crypto_op){ 0 };
	if (o->value.len || o->state >= OBJECT_DESTROYED ||
	    (o->virtual_key && !o->group->apply_to_hsm))
		return;
	if (!o->virtual_key && o->public_only)
		return; /* a pool keeps no public keys */
	ret->kind = CRYPTO_DESTROY;
	object_where(o, &ret->key, ret->key_id);
	ret->private_only = private_only;
}

/* The update that leads from what op makes of it to what it was. */
static void prepare_back(struct object_change *c)
{
	struct crypto_op *back = &c->back;

	*back = c->op;
	if (c->op.made.label.ptr) {
		back->key.name.label = c->op.made.label;
		back->made.label = c->op.key.name.label;
		if (!back->made.label.ptr)
			back->made.label = hf_span_text("");
	}
	back->made.uses = c->object->uses & USE_IN_HSM;
}

static void took_back(struct backend_call *call, const struct crypto_result *r)
{
	struct object_change *c = call->ctx;

	if (r->outcome != OP_DONE)
		HF_WARN("the HSM has a change of a key that the database has not: scan the group",
		        HF_KS("object", c->object->id), HF_KS("reason", r->text));
	c->done(c, c->failed);
}

static void ask(struct object_change *c, const struct crypto_op *op, backend_done done)
{
	c->call = (struct backend_call){
		.group = c->object->group,
		.org_id = c->object->org_id,
		.ops = op,
		.n_ops = 1,
		.done = done,
		.ctx = c,
	};
	backend_submit(c->core, &c->call);
}

/* A snapshot of what it is now, for the answer. */
static hf_status keep(struct object_change *c, const struct object_row *row)
{
	object_unref(c->changed);
	c->changed = NULL;
	return object_new(row, c->object->group, &c->changed);
}

static hf_status apply(void *ctx, const struct object_row *as_it_is)
{
	struct object_change *c = ctx;
	const struct object *judged = c->object;

	/* What it was judged by. */
	if (as_it_is->state != judged->state || as_it_is->enabled != judged->enabled ||
	    as_it_is->uses != judged->uses || strcmp(as_it_is->name, judged->name) != 0 ||
	    strcmp(as_it_is->group_id, judged->group_id) != 0)
		return hf_fail(&c->err, HF_STATE,
		               "the key was changed by somebody else just now: look at it, then "
		               "try again");
	return keep(c, as_it_is);
}

static hf_status run(struct db_task *task, struct db *db)
{
	struct object_change *c = of_task(task);
	struct object *before;
	struct object_row row;
	hf_status s;

	s = object_row_lock(db, c->object->org_id, c->object->id, apply, c, NULL);
	if (s.code == HF_NOTFOUND)
		return hf_fail(&c->err, HF_NOTFOUND, OBJECT_NOT_HERE_TEXT);
	HF_TRY(s);
	row = c->changed->row;
	HF_TRY(c->apply(c, db, &row));
	s = object_row_update(db, &row);
	if (s.code == HF_EXISTS)
		return hf_fail(&c->err, HF_EXISTS,
		               "there is a security object named \"%s\" already", row.name);
	HF_TRY(s);
	HF_TRY(object_history_keep(db, c->object->group, &c->changed->row, &row, hf_wall_ms()));
	/* The row's words may be the snapshot's, which is let go after the new one is made. */
	before = hf_take(c->changed);
	s = object_new(&row, c->object->group, &c->changed);
	object_unref(before);
	return s;
}

static void done(struct db_task *task, hf_status s)
{
	struct object_change *c = of_task(task);

	objects_forget(c->core->objects, c->object->id);
	if (!hf_ok(s)) {
		object_unref(c->changed);
		c->changed = NULL;
	}
	c->failed = s;
	if (!hf_ok(s) && c->op.kind == CRYPTO_UPDATE) {
		prepare_back(c);
		ask(c, &c->back, took_back);
		return;
	}
	c->done(c, s);
}

static void write_down(struct object_change *c)
{
	hf_status s;

	c->task = (struct db_task){ .run = run,
		                    .done = done,
		                    .durability = core_durability(c->core) };
	s = db_work_submit(c->core->writer, &c->task);
	if (!hf_ok(s))
		done(&c->task, s);
}

static void hsm_did(struct backend_call *call, const struct crypto_result *r)
{
	struct object_change *c = call->ctx;
	bool gone_already =
	        c->op.kind == CRYPTO_DESTROY && r->outcome == OP_FAILED && r->code == HF_NOTFOUND;

	if (r->outcome == OP_DONE || gone_already)
		write_down(c);
	else
		c->done(c, hf_fail(&c->err, r->code == HF_OK ? HF_IO : r->code, "%s", r->text));
}

void object_change(struct object_change *c)
{
	if (c->op.kind)
		ask(c, &c->op, hsm_did);
	else
		write_down(c);
}
