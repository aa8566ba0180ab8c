/* SPDX-License-Identifier: Apache-2.0
 * POST /crypto/v1/keys/persist: a transient key becomes one that is kept, under a name: the same
 * key, in the same HSM, with the same uses. The transient one stays until its session ends. */
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/create.h"

#include <string.h>

static hf_status check_fields(const struct json_t *body, struct hf_err *err)
{
	static const char *const known[] = {
		"name",        "transient_key",   "group_id",
		"description", "custom_metadata", "enabled",
		"state",       "activation_date", "deactivation_date"
	};
	const char *name;
	void *at = NULL;

	while ((name = json_member_next(body, &at, NULL))) {
		size_t i = 0;

		while (i < HF_COUNT(known) && strcmp(known[i], name) != 0)
			i++;
		if (i == HF_COUNT(known))
			return hf_fail(err, HF_INVALID,
			               "field \"%.64s\" is not known here: what the key is and may "
			               "do was said when it was made",
			               name);
	}
	return HF_SUCCESS;
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	static const char *const more[] = { "transient_key" };
	struct making_call *x = (struct making_call *)c;

	if (!json_value_is(c->body, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "the body is an object");
	HF_TRY(check_fields(c->body, err));
	return sobject_request_read(c->body, more, HF_COUNT(more), c->now_ms, &x->request, err);
}

static hf_status plan(struct making_call *x, struct hf_err *err)
{
	struct crypto_call *c = &x->call;
	struct sobject_request *r = &x->request;
	const struct object *key = x->source;
	const struct sobject_made made = {
		.bits = key->bits,
		.curve = key->curve,
		.existing = true,
	};
	struct object_row *row = &x->making.row;

	if (r->group_id && strcmp(r->group_id, key->group_id) != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"group_id\": the key is in the HSM of group %s",
		               key->group_id);
	r->type = key->type;
	r->uses = key->uses;
	r->uses_given = true;
	HF_TRY(sobject_request_row(r, &made, c->who, c->now_ms, row, err));
	row->options = key->options;
	row->public_key = key->public_key;
	row->have_kcv = key->have_kcv;
	memcpy(row->kcv, key->kcv, sizeof(row->kcv));
	if (!row->description)
		row->description = key->description;
	if (!row->custom_metadata)
		row->custom_metadata = key->custom_metadata;
	x->group_id = key->group_id;
	x->making.op.kind = CRYPTO_PERSIST;
	object_where(key, &x->making.op.key, x->making.op.key_id);
	return HF_SUCCESS;
}

static void found(struct crypto_call *c, struct object *key)
{
	struct making_call *x = (struct making_call *)c;
	hf_status s;

	x->source = key;
	if (!crypto_call_may(c, ACT_READ, key, NULL, NULL))
		return;
	s = plan(x, &c->err);
	if (hf_ok(s))
		making_call_begin(c);
	else
		crypto_call_fail(c, s);
}

static void begin(struct crypto_call *c)
{
	crypto_call_transient(c, json_member_text(c->body, "transient_key"), found);
}

const struct crypto_operation crypto_key_persist = {
	.size = sizeof(struct making_call),
	.prepare = prepare,
	.after = begin,
	.release = making_call_release,
};
