/* SPDX-License-Identifier: Apache-2.0
 * One operation with one key: POST /crypto/v1/encrypt, decrypt, sign, verify, mac, macverify, and
 * the same below /crypto/v1/keys/{id}, as old clients have it. */
#include "server/crypto_api/crypto/work.h"
#include "server/crypto_api/handlers.h"

struct single {
	struct crypto_call call; /* first */
	const struct work *work;
	struct hf_buf bytes;
	struct work_item item;
	struct crypto_op op;
	struct backend_call backend;
};

static hf_status prepare(struct crypto_call *c, const struct work *work, struct hf_err *err)
{
	struct single *s = (struct single *)c;
	bool in_path = *crypto_call_param(c, "key_id");

	s->work = work;
	HF_TRY(body_reserve(c->body, &s->bytes));
	HF_TRY(work->read(c->body, &s->bytes, &s->item, err));
	if (!s->item.key && !in_path)
		return hf_fail(err, HF_INVALID,
		               "field \"key\" is missing: {\"kid\": …} or {\"name\": …}");
	if (s->item.key && in_path)
		return hf_fail(err, HF_INVALID, "field \"key\": the path names the key already");
	return HF_SUCCESS;
}

static void answer(struct single *s, const struct crypto_result *r)
{
	struct crypto_call *c = &s->call;
	struct json_writer w = JSON_WRITER(&c->out);
	hf_status printed = work_print(s->work, &s->item, &s->op, r, &w, &c->err);

	if (!hf_ok(printed)) {
		crypto_call_fail(c, printed);
		return;
	}
	c->unlogged = s->item.object->uses & USE_HIGHVOLUME;
	objects_used(c->api->objects, s->item.object, c->now_ms);
	crypto_call_reply(c);
}

static void done(struct backend_call *backend, const struct crypto_result *results)
{
	struct single *s = backend->ctx;

	if (results->outcome == OP_DONE)
		answer(s, results);
	else
		crypto_call_fail(&s->call, work_failed(results, &s->call.err));
}

static void do_here(struct single *s)
{
	hf_status did = s->work->here(&s->item, &s->op, &s->call.err);

	if (hf_ok(did))
		answer(s, NULL);
	else
		crypto_call_fail(&s->call, did);
}

static void found(struct crypto_call *c, struct object *object)
{
	struct single *s = (struct single *)c;
	hf_status planned;

	s->item.object = object;
	planned = work_plan(s->work, &s->item, c->who, c->now_ms, &s->op, &c->err);
	if (!hf_ok(planned)) {
		crypto_call_fail(c, planned);
		return;
	}
	if (!crypto_call_may(c, s->item.act, object, NULL, &s->op))
		return;
	if (s->item.here) {
		do_here(s);
		return;
	}
	s->backend = (struct backend_call){
		.group = object->group,
		.org_id = c->who->org_id,
		.ops = &s->op,
		.n_ops = 1,
		.done = done,
		.ctx = s,
	};
	backend_submit(c->api->core, &s->backend);
}

static void begin(struct crypto_call *c)
{
	struct single *s = (struct single *)c;

	if (s->item.key)
		crypto_call_object(c, s->item.key, found);
	else
		crypto_call_object_of(c, crypto_call_param(c, "key_id"), NULL, found);
}

static void release(struct crypto_call *c)
{
	struct single *s = (struct single *)c;

	work_item_release(&s->item);
	body_wipe(&s->bytes);
}

static hf_status prepare_encrypt(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, &work_encrypt, err);
}

static hf_status prepare_decrypt(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, &work_decrypt, err);
}

static hf_status prepare_sign(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, &work_sign, err);
}

static hf_status prepare_verify(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, &work_verify, err);
}

static hf_status prepare_mac(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, &work_mac, err);
}

static hf_status prepare_mac_verify(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, &work_mac_verify, err);
}

#define SINGLE(prepare_it)                                                                         \
	{                                                                                          \
		.size = sizeof(struct single), .prepare = (prepare_it), .after = begin,            \
		.release = release                                                                 \
	}
const struct crypto_operation crypto_encrypt = SINGLE(prepare_encrypt);
const struct crypto_operation crypto_decrypt = SINGLE(prepare_decrypt);
const struct crypto_operation crypto_sign = SINGLE(prepare_sign);
const struct crypto_operation crypto_verify = SINGLE(prepare_verify);
const struct crypto_operation crypto_mac = SINGLE(prepare_mac);
const struct crypto_operation crypto_mac_verify = SINGLE(prepare_mac_verify);
