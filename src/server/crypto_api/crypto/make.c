/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/make.h"

#include <string.h>

hf_status make_read(struct make_call *m, const char *const *more, size_t n_more,
                    const struct json_field *own, size_t n_own, struct hf_err *err)
{
	struct crypto_call *c = &m->making.call;

	HF_TRY(body_reserve(c->body, &m->making.bytes));
	HF_TRY(sobject_request_read(c->body, more, n_more, c->now_ms, &m->making.request, err));
	HF_TRY(json_read_some(c->body, own, n_own, m, err));
	if (!m->key == !*crypto_call_param(c, "key_id"))
		return hf_fail(err, HF_INVALID,
		               m->key ? "field \"key\": the path names the key already"
		                      : "field \"key\" is missing: {\"kid\": …} or {\"name\": …}");
	return HF_SUCCESS;
}

hf_status make_read_type(struct make_call *m, struct hf_err *err)
{
	struct sobject_request *r = &m->making.request;

	if (!m->key_type || !hf_ok(object_type_parse(m->key_type, &r->type)) ||
	    (r->type != OBJECT_AES && r->type != OBJECT_DES3 && r->type != OBJECT_HMAC &&
	     r->type != OBJECT_SECRET))
		return hf_fail(err, HF_INVALID,
		               "field \"key_type\": expected AES, DES3, HMAC or SECRET");
	return HF_SUCCESS;
}

static hf_status plan(struct make_call *m, struct hf_err *err)
{
	struct making_call *x = &m->making;
	const struct object *key = x->source;
	struct sobject_made made = { 0 };

	if (x->request.group_id && strcmp(x->request.group_id, key->group_id) != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"group_id\": what is made with a key in its HSM is in the "
		               "same group, %s",
		               key->group_id);
	x->group_id = key->group_id;
	object_where(key, &x->making.op.key, x->making.op.key_id);
	HF_TRY(m->plan(m, &made, err));
	return sobject_request_row(&x->request, &made, x->call.who, x->call.now_ms, &x->making.row,
	                           err);
}

void make_go_on(struct make_call *m)
{
	struct crypto_call *c = &m->making.call;
	const struct object *key = m->making.source;
	hf_status s = plan(m, &c->err);

	if (!hf_ok(s)) {
		struct hf_err said = c->err;

		if (!crypto_call_may(c, ACT_READ, key, NULL, NULL))
			return;
		c->err = said;
		crypto_call_fail(c, s);
		return;
	}
	if (!crypto_call_may(c, m->act, key, NULL, &m->making.making.op))
		return;
	objects_used(c->api->objects, key, c->now_ms);
	making_call_begin(c);
}

static void found(struct crypto_call *c, struct object *key)
{
	struct make_call *m = (struct make_call *)c;

	m->making.source = key;
	make_go_on(m);
}

void make_begin(struct crypto_call *c)
{
	struct make_call *m = (struct make_call *)c;

	if (m->key)
		crypto_call_object(c, m->key, found);
	else
		crypto_call_object_of(c, crypto_call_param(c, "key_id"), NULL, found);
}

void make_release(struct crypto_call *c)
{
	object_unref(((struct make_call *)c)->peer);
	making_call_release(c);
}
