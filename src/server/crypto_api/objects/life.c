/* SPDX-License-Identifier: Apache-2.0
 * The ends of keys, and their beginnings: activate, revoke, destroy, delete, and the end of a
 * private half. Whether the HSM's key ends too is the group's policy
 * (core/objects/object_change.h).
 */
#include "server/core/objects/object_change.h"
#include "server/core/objects/object_end.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/request.h"

#include <string.h>

struct life_call {
	struct crypto_call call; /* first */
	enum guard_act act;
	struct object *object;
	struct object_change change;
	struct revocation revocation;
	struct hf_buf revocation_json;
};

static struct life_call *of_change(struct object_change *change)
{
	return (struct life_call *)((char *)change - offsetof(struct life_call, change));
}

static hf_status end_or_begin(struct life_call *x, struct object_row *row)
{
	int64_t now = x->call.now_ms;

	if (x->act == ACT_ACTIVATE)
		return object_activate(row, now, &x->change.err);
	if (x->act == ACT_REVOKE)
		return object_revoke(row, &x->revocation, now, &x->change.err);
	if (x->act == ACT_DESTROY)
		object_destroy(row, now);
	else if (x->act == ACT_DELETE)
		object_delete(row, now);
	else
		object_drop_private(row);
	return HF_SUCCESS;
}

static hf_status apply(struct object_change *change, struct db *db, struct object_row *row)
{
	struct life_call *x = of_change(change);

	HF_TRY(end_or_begin(x, row));
	x->call.status = 204;
	return crypto_call_audit(&x->call, db);
}

static void done(struct object_change *change, hf_status s)
{
	struct life_call *x = of_change(change);
	struct crypto_call *c = &x->call;

	if (hf_ok(s)) {
		crypto_call_reply(c);
		return;
	}
	crypto_call_undone(c, s, &change->err);
}

static void found(struct crypto_call *c, struct object *object)
{
	struct life_call *x = (struct life_call *)c;
	bool ends = x->act == ACT_DESTROY || x->act == ACT_DELETE;

	x->object = object;
	if (!crypto_call_may(c, x->act, object, NULL, NULL))
		return;
	if (x->act == ACT_DELETE_MATERIAL && !object_type_is_asymmetric(object->type)) {
		crypto_call_fail_with(c, 400, "only keys of a pair have a private half");
		return;
	}
	if (ends || x->act == ACT_DELETE_MATERIAL)
		object_destroy_op(object, x->act == ACT_DELETE_MATERIAL, &x->change.op);
	x->change.core = c->api->core;
	x->change.object = object;
	x->change.apply = apply;
	x->change.done = done;
	object_change(&x->change);
}

static void begin(struct crypto_call *c, enum guard_act act)
{
	((struct life_call *)c)->act = act;
	crypto_call_object_of(c, crypto_call_param(c, "key_id"), NULL, found);
}

/* ---- RevocationReason */

static hf_status read_reason(const struct json_t *body, const char **code, const char **message,
                             const char **occurred, struct hf_err *err)
{
	struct {
		const char *code, *message, *occurred;
	} in = { 0 };
	const struct json_field fields[] = {
		{ "code", JSON_READ_TEXT, offsetof(__typeof__(in), code), true, false, 1, 64 },
		{ "message", JSON_READ_TEXT, offsetof(__typeof__(in), message), false, true, 0,
		  1024 },
		/* As the schema spells it. */
		{ "compromise_occurance_date", JSON_READ_TEXT, offsetof(__typeof__(in), occurred),
		  false, true, 0, 0 },
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	*code = in.code;
	*message = in.message;
	*occurred = in.occurred;
	return HF_SUCCESS;
}

static hf_status prepare_revoke(struct crypto_call *c, struct hf_err *err)
{
	static const struct {
		const char *code;
		bool compromised;
	} codes[] = { { "Unspecified", false },       { "KeyCompromise", true },
		      { "CACompromise", true },       { "AffiliationChanged", false },
		      { "Superseded", false },        { "CessationOfOperation", false },
		      { "PrivilegeWithdrawn", false } };
	struct life_call *x = (struct life_call *)c;
	const char *code, *message, *occurred;
	size_t i = 0;

	if (!json_value_is(c->body, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "the body is a reason: {\"code\": …}");
	HF_TRY(read_reason(c->body, &code, &message, &occurred, err));
	while (i < HF_COUNT(codes) && strcmp(codes[i].code, code) != 0)
		i++;
	if (i == HF_COUNT(codes))
		return hf_fail(err, HF_INVALID, "field \"code\": \"%.40s\" is no reason", code);
	x->revocation.compromised = codes[i].compromised;
	HF_TRY(sobject_time("compromise_occurance_date", occurred, &x->revocation.occurred_ms,
	                    err));
	if (x->revocation.occurred_ms > c->now_ms)
		return hf_fail(err, HF_INVALID,
		               "field \"compromise_occurance_date\" is in the future");
	x->revocation_json = HF_BUF(SOBJECT_JSON_MAX);
	HF_TRY(json_canonical(c->body, &x->revocation_json));
	hf_buf_u8(&x->revocation_json, 0);
	HF_TRY(hf_buf_status(&x->revocation_json));
	x->revocation.json = (char *)x->revocation_json.ptr;
	return HF_SUCCESS;
}

static void begin_revoke(struct crypto_call *c)
{
	begin(c, ACT_REVOKE);
}

static void begin_activate(struct crypto_call *c)
{
	begin(c, ACT_ACTIVATE);
}

static void begin_destroy(struct crypto_call *c)
{
	begin(c, ACT_DESTROY);
}

static void begin_delete(struct crypto_call *c)
{
	begin(c, ACT_DELETE);
}

static void begin_drop_private(struct crypto_call *c)
{
	begin(c, ACT_DELETE_MATERIAL);
}

static void release(struct crypto_call *c)
{
	struct life_call *x = (struct life_call *)c;

	object_unref(x->change.changed);
	object_unref(x->object);
	hf_buf_done(&x->revocation_json);
}

#define LIFE(do_it, how)                                                                           \
	{                                                                                          \
		.size = sizeof(struct life_call), .prepare = (do_it), .after = (how),              \
		.release = release                                                                 \
	}
const struct crypto_operation crypto_key_activate = LIFE(NULL, begin_activate);
const struct crypto_operation crypto_key_revoke = LIFE(prepare_revoke, begin_revoke);
const struct crypto_operation crypto_key_destroy = LIFE(NULL, begin_destroy);
const struct crypto_operation crypto_key_delete = LIFE(NULL, begin_delete);
const struct crypto_operation crypto_key_drop_private = LIFE(NULL, begin_drop_private);
