/* SPDX-License-Identifier: Apache-2.0
 * POST /crypto/v1/keys/rekey: a new key under the same name. POST /crypto/v1/keys/replace: another
 * key, which is there already, under that name. */
#include "server/core/objects/object_rotate.h"

#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"
#include "server/crypto_api/objects/request.h"

#include <stdio.h>
#include <string.h>

struct rekey_call {
	struct crypto_call call; /* first */
	struct sobject_request request;
	struct object_rotation rotation;
	struct object *old;
};

static struct rekey_call *of_rotation(struct object_rotation *r)
{
	return (struct rekey_call *)((char *)r - offsetof(struct rekey_call, rotation));
}

static hf_status prepare_rekey(struct crypto_call *c, struct hf_err *err)
{
	static const char *const more[] = { "deactivate_rotated_key" };
	struct rekey_call *x = (struct rekey_call *)c;
	const struct json_t *deactivate = json_member(c->body, more[0]);

	HF_TRY(sobject_request_read(c->body, more, HF_COUNT(more), c->now_ms, &x->request, err));
	HF_TRY(sobject_request_not_transient(&x->request, err));
	if (!x->request.name)
		return hf_fail(err, HF_INVALID, "field \"name\" is missing: the key to rotate");
	if (x->request.value)
		return hf_fail(err, HF_INVALID,
		               "field \"value\": the new key is made inside the HSM; to bring one, "
		               "import it, then POST /crypto/v1/keys/replace");
	if (!json_value_null(deactivate) && !json_value_is(deactivate, JSON_READ_BOOL))
		return hf_fail(err, HF_INVALID,
		               "field \"deactivate_rotated_key\": expected true or false");
	x->rotation.deactivate = json_value_true(deactivate);
	return HF_SUCCESS;
}

static hf_status entered(struct object_rotation *r, struct db *db)
{
	struct crypto_call *c = &of_rotation(r)->call;

	memcpy(c->subject_id, r->making.row.id, sizeof(c->subject_id));
	c->status = 201;
	return crypto_call_audit(c, db);
}

static void rotated(struct object_rotation *r, hf_status s)
{
	struct crypto_call *c = &of_rotation(r)->call;
	struct json_writer w = JSON_WRITER(&c->out);

	if (!hf_ok(s)) {
		crypto_call_undone(c, s, &r->making.err);
		return;
	}
	sobject_print(&w, r->making.object);
	crypto_call_reply(c);
}

static hf_status check_same_kind(const struct sobject_request *r, const struct object *old,
                                 struct hf_err *err)
{
	if ((r->type && r->type != old->type) || (r->curve && r->curve_id != old->curve) ||
	    (r->key_size && r->key_size != old->bits) ||
	    (r->group_id && strcmp(r->group_id, old->group_id) != 0))
		return hf_fail(err, HF_INVALID,
		               "the new key is of the same type, size, curve and group: for "
		               "another, create it, then POST /crypto/v1/keys/replace");
	return HF_SUCCESS;
}

/* What the request says differently. */
static hf_status override(struct rekey_call *x, struct hf_err *err)
{
	struct sobject_request *r = &x->request;
	struct crypto_call *c = &x->call;
	struct object_row *row = &x->rotation.making.row;

	if (r->uses_given)
		HF_TRY(sobject_request_uses(r, row->type, row->curve, false, &row->uses, err));
	if (r->description)
		row->description = (char *)(uintptr_t)r->description;
	if (r->custom_metadata)
		row->custom_metadata = (char *)r->metadata_text.ptr;
	if (r->rotation_policy)
		row->rotation_policy = r->rotation_text.len ? (char *)r->rotation_text.ptr : NULL;
	if (r->enabled)
		row->enabled = json_value_true(r->enabled);
	row->activation_ms = r->activation_ms ? r->activation_ms : c->now_ms;
	row->deactivation_ms = r->deactivation_ms;
	if (r->activation_ms > c->now_ms || r->wanted == OBJECT_PREACTIVE)
		row->state = OBJECT_PREACTIVE;
	snprintf(row->creator, sizeof(row->creator), "%s", c->who->identity_id);
	x->rotation.making.public_exponent = sobject_request_exponent(r);
	return sobject_request_options(r, row->type, row->bits, row->options, &row->options, err);
}

/* What would need another permission as a change needs it as a rotation too. */
static bool may_override(struct rekey_call *x, const struct crypto_op *judged)
{
	const struct sobject_request *r = &x->request;
	struct crypto_call *c = &x->call;

	if (x->rotation.making.row.uses != x->old->uses &&
	    !crypto_call_may(c, ACT_UPDATE_KEY_OPS, x->old, NULL, judged))
		return false;
	return !(r->rotation_policy || r->aes || r->des3 || r->rsa || r->fpe || r->deterministic ||
	         r->allow_sign_hash) ||
	       crypto_call_may(c, ACT_UPDATE_POLICIES, x->old, NULL, NULL);
}

static void to_be_rotated(struct crypto_call *c, struct object *object)
{
	struct rekey_call *x = (struct rekey_call *)c;
	struct crypto_op judged = { .kind = CRYPTO_GENERATE };
	hf_status s;

	x->old = object;
	if (!crypto_call_may(c, ACT_READ, object, NULL, NULL))
		return;
	s = check_same_kind(&x->request, object, &c->err);
	if (hf_ok(s))
		s = object_rotation_of(&x->rotation, c->api->core, object, &c->err);
	if (hf_ok(s))
		s = override(x, &c->err);
	if (!hf_ok(s)) {
		crypto_call_fail(c, s);
		return;
	}
	object_shape(&x->rotation.making.row, object->group, &judged.made);
	if (!crypto_call_may(c, ACT_ROTATE, object, NULL, &judged) || !may_override(x, &judged))
		return;
	x->rotation.entered = entered;
	x->rotation.done = rotated;
	object_rotate(&x->rotation);
}

static void begin_rekey(struct crypto_call *c)
{
	crypto_call_object_of(c, NULL, ((struct rekey_call *)c)->request.name, to_be_rotated);
}

static void release_rekey(struct crypto_call *c)
{
	struct rekey_call *x = (struct rekey_call *)c;

	sobject_request_done(&x->request);
	object_unref(x->rotation.making.object);
	object_unref(x->old);
}

const struct crypto_operation crypto_key_rekey = {
	.size = sizeof(struct rekey_call),
	.prepare = prepare_rekey,
	.after = begin_rekey,
	.release = release_rekey,
};

/* ---- replace */

struct replace_call {
	struct crypto_call call; /* first */
	struct json_t *replaced, *replacement;
	const char *new_name;
	struct object *old, *new;
	struct db_task task;
};

static hf_status prepare_replace(struct crypto_call *c, struct hf_err *err)
{
	struct replace_call *x = (struct replace_call *)c;
	static const struct json_field fields[] = {
		{ "replaced", JSON_READ_OBJECT, offsetof(struct replace_call, replaced), true,
		  false, 0, 0 },
		{ "replacement", JSON_READ_OBJECT, offsetof(struct replace_call, replacement), true,
		  false, 0, 0 },
		{ "replaced_new_name", JSON_READ_TEXT, offsetof(struct replace_call, new_name),
		  true, false, 0, 0 },
	};

	if (!json_value_is(c->body, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "the body is an object");
	HF_TRY(json_read(c->body, fields, HF_COUNT(fields), x, err));
	return sobject_name_check(x->new_name, err);
}

static hf_status run_replace(struct db_task *task, struct db *db)
{
	struct replace_call *x =
	        (struct replace_call *)((char *)task - offsetof(struct replace_call, task));
	struct crypto_call *c = &x->call;

	HF_TRY(object_replace(db, x->old, x->new, x->new_name, &c->err));
	memcpy(c->subject_id, x->new->id, sizeof(c->subject_id));
	c->status = 204;
	return crypto_call_audit(c, db);
}

static void replace_done(struct db_task *task, hf_status s)
{
	struct replace_call *x =
	        (struct replace_call *)((char *)task - offsetof(struct replace_call, task));
	struct crypto_call *c = &x->call;

	objects_forget(c->api->objects, x->old->id);
	objects_forget(c->api->objects, x->new->id);
	if (hf_ok(s)) {
		crypto_call_reply(c);
		return;
	}
	crypto_call_undone(c, s, &c->err);
}

static void new_found(struct crypto_call *c, struct object *object)
{
	struct replace_call *x = (struct replace_call *)c;
	hf_status s;

	x->new = object;
	if (!crypto_call_may(c, ACT_ROTATE, object, NULL, NULL) ||
	    !crypto_call_may(c, ACT_ROTATE, x->old, NULL, NULL) || !crypto_call_keeps(c, object) ||
	    !crypto_call_keeps(c, x->old))
		return;
	x->task = (struct db_task){ .run = run_replace,
		                    .done = replace_done,
		                    .durability = core_durability(c->api->core) };
	s = db_work_submit(c->api->core->writer, &x->task);
	if (!hf_ok(s))
		crypto_call_fail(c, s);
}

static void old_found(struct crypto_call *c, struct object *object)
{
	struct replace_call *x = (struct replace_call *)c;

	x->old = object;
	crypto_call_object(c, x->replacement, new_found);
}

static void begin_replace(struct crypto_call *c)
{
	crypto_call_object(c, ((struct replace_call *)c)->replaced, old_found);
}

static void release_replace(struct crypto_call *c)
{
	struct replace_call *x = (struct replace_call *)c;

	object_unref(x->old);
	object_unref(x->new);
}

const struct crypto_operation crypto_key_replace = {
	.size = sizeof(struct replace_call),
	.prepare = prepare_replace,
	.after = begin_replace,
	.release = release_replace,
};
