/* SPDX-License-Identifier: Apache-2.0
 * PUT /crypto/v1/keys/{id}/revert: a change is taken back, as long as the group's
 * key_history_policy lets it be. Whoever does has to be allowed to make the change itself. */
#include "server/core/objects/object_change.h"
#include "server/core/objects/object_history.h"
#include "server/crypto_api/handlers.h"

#include <string.h>

struct revert_call {
	struct crypto_call call; /* first */
	const char *item;        /* what to go back to */
	struct object *object;
	struct history_row to;
	struct object_change change;
};

static struct revert_call *of_change(struct object_change *change)
{
	return (struct revert_call *)((char *)change - offsetof(struct revert_call, change));
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	struct revert_call *x = (struct revert_call *)c;
	struct {
		struct json_t *ids;
	} in = { 0 };
	const struct json_field fields[] = {
		{ "ids", JSON_READ_ARRAY, offsetof(__typeof__(in), ids), true, false, 0, 0 },
	};

	if (!json_value_is(c->body, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "the body is {\"ids\": [id]}");
	HF_TRY(json_read(c->body, fields, HF_COUNT(fields), &in, err));
	x->item = json_count(in.ids) == 1 ? json_value_text(json_element(in.ids, 0)) : NULL;
	if (!x->item || !hf_uuid_valid(x->item))
		return hf_fail(err, HF_INVALID,
		               "field \"ids\": the id of one entry of the key's history, which is "
		               "what the key goes back to");
	return HF_SUCCESS;
}

static bool other_text(const char *a, const char *b)
{
	return a ? !b || strcmp(a, b) != 0 : b != NULL;
}

/* Than those by which it was judged whether the caller may. */
static bool other_policies(const struct object_row *row, const struct object_row *judged)
{
	return row->activation_ms != judged->activation_ms ||
	       row->deactivation_ms != judged->deactivation_ms ||
	       other_text(row->rotation_policy, judged->rotation_policy);
}

static hf_status apply(struct object_change *change, struct db *db, struct object_row *row)
{
	struct revert_call *x = of_change(change);

	if (other_policies(row, &x->object->row))
		return hf_fail(&change->err, HF_STATE,
		               "the key was changed by somebody else just now: look at it, then "
		               "try again");
	HF_TRY(object_history_apply(&x->to, x->call.now_ms, row, &change->err));
	x->call.status = 204;
	return crypto_call_audit(&x->call, db);
}

static void done(struct object_change *change, hf_status s)
{
	struct crypto_call *c = &of_change(change)->call;

	if (hf_ok(s)) {
		crypto_call_reply(c);
		return;
	}
	crypto_call_undone(c, s, &change->err);
}

/* The permissions of the changes that this makes; the quorum's leave with them. */
static bool may(struct revert_call *x)
{
	struct crypto_call *c = &x->call;
	const struct object *o = x->object;
	const struct history_row *to = &x->to;
	const struct crypto_op with_uses = {
		.kind = CRYPTO_IMPORT, /* judged as one that comes in so */
		.made = { .type = o->type, .curve = o->curve, .bits = o->bits, .uses = to->uses },
	};
	bool policies = to->activation_ms != o->activation_ms ||
	                to->deactivation_ms != o->deactivation_ms ||
	                other_text(to->rotation_policy, o->rotation_policy);

	if (to->uses != o->uses && !crypto_call_may(c, ACT_UPDATE_KEY_OPS, o, NULL, &with_uses))
		return false;
	if (to->state != o->state && !crypto_call_may(c, ACT_REVOKE, o, NULL, NULL))
		return false;
	return !policies || crypto_call_may(c, ACT_UPDATE_POLICIES, o, NULL, NULL);
}

static void item_found(struct crypto_call *c)
{
	struct revert_call *x = (struct revert_call *)c;
	hf_status s = object_history_check(x->object, &x->to, &c->err);

	if (!hf_ok(s)) {
		crypto_call_fail(c, s);
		return;
	}
	if (!may(x))
		return;
	object_update_op(x->object, x->object->name, x->to.uses, &x->change.op);
	if (x->change.op.kind && !x->change.op.made.uses_given)
		x->change.op.kind = 0; /* its label was another before we came */
	x->change.core = c->api->core;
	x->change.object = x->object;
	x->change.apply = apply;
	x->change.done = done;
	object_change(&x->change);
}

static hf_status take_item(void *ctx, const struct history_row *row)
{
	struct history_row *to = ctx;

	object_history_done(to); /* of a first run */
	return object_history_copy(row, to);
}

static hf_status find_item(struct crypto_call *c, struct db *db)
{
	struct revert_call *x = (struct revert_call *)c;

	HF_TRY(history_rows_list(db, x->object->id, x->item, c->now_ms, take_item, &x->to));
	if (!x->to.state)
		return hf_fail(&c->err, HF_NOTFOUND,
		               "the key's history has no such entry, or its time is over");
	return HF_SUCCESS;
}

static void found(struct crypto_call *c, struct object *object)
{
	static const struct crypto_step step = { .run = find_item, .after = item_found };

	((struct revert_call *)c)->object = object;
	if (!crypto_call_may(c, ACT_REVERT, object, NULL, NULL))
		return;
	if (object->group->undo_ms)
		crypto_call_step(c, &step);
	else
		crypto_call_fail_with(c, 400,
		                      "the key's group has no key_history_policy, so changes are "
		                      "not taken back");
}

static void begin(struct crypto_call *c)
{
	crypto_call_object_of(c, crypto_call_param(c, "key_id"), NULL, found);
}

static void release(struct crypto_call *c)
{
	struct revert_call *x = (struct revert_call *)c;

	object_unref(x->change.changed);
	object_unref(x->object);
	object_history_done(&x->to);
}

const struct crypto_operation crypto_key_revert = {
	.size = sizeof(struct revert_call),
	.prepare = prepare,
	.after = begin,
	.release = release,
};
