/* SPDX-License-Identifier: Apache-2.0
 * PATCH /crypto/v1/keys/{id}: what is not named stays as it is. Each kind of change has a
 * permission of its own. */
#include "server/core/objects/object_change.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"
#include "server/crypto_api/objects/request.h"

#include <stdio.h>
#include <string.h>

struct update_call {
	struct crypto_call call; /* first */
	struct sobject_request request;
	struct object *object;
	struct group *target; /* to be moved to; NULL */
	struct object_change change;
	unsigned uses;
	char *options;
};

static struct update_call *of_change(struct object_change *change)
{
	return (struct update_call *)((char *)change - offsetof(struct update_call, change));
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	struct update_call *x = (struct update_call *)c;
	const struct sobject_request *r = &x->request;

	HF_TRY(sobject_request_read(c->body, NULL, 0, c->now_ms, &x->request, err));
	HF_TRY(sobject_request_not_transient(r, err));
	if (r->value || r->kcv || r->exponent)
		return hf_fail(err, HF_INVALID,
		               "the value of a key is not changed: rotate it, or import another");
	if (r->state)
		return hf_fail(err, HF_INVALID,
		               "field \"state\": a key's state is changed by activate, revoke and "
		               "destroy");
	if (r->group_id && !hf_uuid_valid(r->group_id))
		return hf_fail(err, HF_INVALID, "field \"group_id\": expected a UUID");
	return HF_SUCCESS;
}

/* ---- in the transaction */

static void move_to(struct object_row *row, const struct group *target)
{
	if (target)
		memcpy(row->group_id, target->id, sizeof(row->group_id));
}

static void change_profile(const struct sobject_request *r, struct object_row *row)
{
	if (r->name)
		snprintf(row->name, sizeof(row->name), "%s", r->name);
	if (r->description)
		row->description = (char *)(uintptr_t)r->description;
	if (r->custom_metadata)
		row->custom_metadata = (char *)r->metadata_text.ptr;
}

static void change_policies(const struct sobject_request *r, struct object_row *row)
{
	if (r->rotation_policy) {
		row->rotation_policy = r->rotation_text.len ? (char *)r->rotation_text.ptr : NULL;
		row->rotate_at_ms = r->rotate_at_ms;
	}
	if (r->activation)
		row->activation_ms = r->activation_ms;
	if (r->deactivation)
		row->deactivation_ms = r->deactivation_ms;
	if (r->publish)
		row->publish_public_key =
		        strcmp(json_member_text(r->publish, "state"), "enabled") == 0;
}

static hf_status apply(struct object_change *change, struct db *db, struct object_row *row)
{
	struct update_call *x = of_change(change);
	const struct sobject_request *r = &x->request;

	change_profile(r, row);
	change_policies(r, row);
	move_to(row, x->target);
	row->uses = x->uses;
	row->options = x->options;
	if (r->enabled)
		row->enabled = json_value_true(r->enabled);
	if (change->op.kind && change->op.made.label.ptr) {
		row->cka_label_len = change->op.made.label.len;
		memcpy(row->cka_label, change->op.made.label.ptr, row->cka_label_len);
	}
	return crypto_call_audit(&x->call, db);
}

static void done(struct object_change *change, hf_status s)
{
	struct update_call *x = of_change(change);
	struct crypto_call *c = &x->call;
	struct json_writer w = JSON_WRITER(&c->out);

	if (!hf_ok(s)) {
		crypto_call_undone(c, s, &change->err);
		return;
	}
	sobject_print(&w, change->changed);
	crypto_call_reply(c);
}

/* ---- whether it may, and can */

static hf_status check_kind(const struct sobject_request *r, const struct object *o,
                            struct hf_err *err)
{
	if ((r->type && r->type != o->type) || (r->curve && r->curve_id != o->curve) ||
	    (r->key_size && r->key_size != o->bits))
		return hf_fail(err, HF_INVALID, "a key's type, curve and size are not changed");
	return HF_SUCCESS;
}

static hf_status check_dates(const struct sobject_request *r, const struct object *o,
                             int64_t now_ms, struct hf_err *err)
{
	int64_t begins = r->activation ? r->activation_ms : o->activation_ms;
	int64_t ends = r->deactivation ? r->deactivation_ms : o->deactivation_ms;
	enum object_state state = object_state_at(&o->row, now_ms);

	if (r->activation && state != OBJECT_PREACTIVE)
		return hf_fail(err, HF_STATE,
		               "field \"activation_date\": the key is %s, so it was activated",
		               object_state_name(state));
	if (r->deactivation && (state > OBJECT_ACTIVE || ends <= now_ms))
		return hf_fail(err, HF_STATE,
		               "field \"deactivation_date\": of a key that is not deactivated "
		               "yet, and in the future: to deactivate one now, revoke it");
	if (begins && ends && ends <= begins)
		return hf_fail(err, HF_INVALID,
		               "the deactivation_date is not after the activation_date");
	return HF_SUCCESS;
}

static hf_status plan(struct update_call *x, struct hf_err *err)
{
	struct sobject_request *r = &x->request;
	const struct object *o = x->object;

	HF_TRY(check_kind(r, o, err));
	HF_TRY(check_dates(r, o, x->call.now_ms, err));
	x->uses = o->uses;
	if (r->uses_given)
		HF_TRY(sobject_request_uses(r, o->type, o->curve, o->public_only, &x->uses, err));
	if (x->uses & ~o->uses & USE_EXPORT)
		return hf_fail(err, HF_DENIED,
		               "field \"key_ops\": a key that may not leave its HSM never may");
	HF_TRY(sobject_request_options(r, o->type, o->bits, o->options, &x->options, err));
	object_update_op(o, r->name ? r->name : o->name, x->uses, &x->change.op);
	if (!r->name && x->change.op.kind && !x->change.op.made.uses_given)
		x->change.op.kind = 0; /* its label was another before we came */
	return HF_SUCCESS;
}

static bool is_moved(const struct update_call *x)
{
	const char *to = x->request.group_id;

	return to && strcmp(to, x->object->group_id) != 0;
}

static bool may_change(struct update_call *x)
{
	const struct sobject_request *r = &x->request;
	struct crypto_call *c = &x->call;
	const struct object *o = x->object;
	bool policies = r->rotation_policy || r->activation || r->deactivation || r->publish ||
	                r->aes || r->des3 || r->rsa || r->fpe || r->deterministic ||
	                r->allow_sign_hash;
	/* Who changes nothing has to be somebody who might. */
	bool profile = r->name || r->description || r->custom_metadata ||
	               (!policies && !r->enabled && !r->uses_given && !is_moved(x));
	const struct crypto_op with_uses = {
		.kind = CRYPTO_IMPORT, /* judged as one that comes in so */
		.made = { .type = o->type, .curve = o->curve, .bits = o->bits, .uses = x->uses },
	};

	if (profile && !crypto_call_may(c, ACT_UPDATE_PROFILE, o, NULL, NULL))
		return false;
	if (r->enabled && !crypto_call_may(c, ACT_UPDATE_ENABLED, o, NULL, NULL))
		return false;
	if (policies && !crypto_call_may(c, ACT_UPDATE_POLICIES, o, NULL, NULL))
		return false;
	return !r->uses_given || crypto_call_may(c, ACT_UPDATE_KEY_OPS, o, NULL, &with_uses);
}

/* Only its entry here is moved: the key stays where it is, and both groups have to reach it. */
static bool same_place(const struct group *a, const struct group *b)
{
	if (*a->store_id || *b->store_id)
		return strcmp(a->store_id, b->store_id) == 0;
	for (size_t i = 0; i < a->n_links; i++)
		for (size_t j = 0; j < b->n_links; j++)
			if (*a->links[i].serial &&
			    strcmp(a->links[i].serial, b->links[j].serial) == 0 &&
			    strcmp(a->links[i].label, b->links[j].label) == 0)
				return true;
	return false;
}

static void go(struct update_call *x)
{
	struct crypto_call *c = &x->call;

	x->change.core = c->api->core;
	x->change.object = x->object;
	x->change.apply = apply;
	x->change.done = done;
	object_change(&x->change);
}

static void target_found(struct crypto_call *c, struct group *group)
{
	struct update_call *x = (struct update_call *)c;
	const struct object *o = x->object;
	const struct crypto_op as_new = {
		.kind = CRYPTO_IMPORT,
		.made = { .type = o->type, .curve = o->curve, .bits = o->bits, .uses = x->uses },
	};

	x->target = group;
	if (!crypto_call_may(c, ACT_MOVE, o, NULL, NULL) ||
	    !crypto_call_may(c, ACT_CREATE, NULL, group, &as_new))
		return;
	if (!o->value.len && !same_place(o->group, group)) {
		crypto_call_fail_with(c, 400,
		                      "the other group's HSM is another, or was never connected: a "
		                      "key is moved between groups of one HSM only; copy it "
		                      "instead, if it may leave");
		return;
	}
	go(x);
}

static void found(struct crypto_call *c, struct object *object)
{
	struct update_call *x = (struct update_call *)c;
	const char *to = x->request.group_id;
	hf_status s;

	x->object = object;
	if (!crypto_call_may(c, ACT_READ, object, NULL, NULL))
		return;
	s = plan(x, &c->err);
	if (!hf_ok(s)) {
		crypto_call_fail(c, s);
		return;
	}
	if (!may_change(x))
		return;
	if (is_moved(x))
		sobject_find_group(c, to, target_found);
	else
		go(x);
}

static void begin(struct crypto_call *c)
{
	crypto_call_object_of(c, crypto_call_param(c, "key_id"), NULL, found);
}

static void release(struct crypto_call *c)
{
	struct update_call *x = (struct update_call *)c;

	sobject_request_done(&x->request);
	object_unref(x->change.changed);
	object_unref(x->object);
	group_unref(x->target);
}

const struct crypto_operation crypto_key_update = {
	.size = sizeof(struct update_call),
	.prepare = prepare,
	.after = begin,
	.release = release,
};
