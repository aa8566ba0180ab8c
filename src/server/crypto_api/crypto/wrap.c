/* SPDX-License-Identifier: Apache-2.0
 * One key wrapped by another, inside the HSM that has both: the wrapping one has to be allowed to,
 * the other has to be one that may leave. */
#include "server/crypto_api/crypto/bodies.h"
#include "server/crypto_api/crypto/work.h"
#include "server/crypto_api/handlers.h"

#include <string.h>

struct wrap_call {
	struct crypto_call call; /* first */
	struct hf_buf bytes;
	struct wrap_body body;
	struct object *key, *subject;
	char subject_id[HF_ID_MAX];
	struct crypto_op op;
	struct backend_call backend;
};

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	struct wrap_call *x = (struct wrap_call *)c;
	bool in_path = *crypto_call_param(c, "key_id");

	HF_TRY(body_reserve(c->body, &x->bytes));
	HF_TRY(read_wrap(c->body, &x->bytes, &x->body, err));
	if (!x->body.key == !in_path)
		return hf_fail(err, HF_INVALID,
		               in_path ? "field \"key\": the path names the key already"
		                       : "field \"key\" is missing: the key that wraps");
	return HF_SUCCESS;
}

static void done(struct backend_call *backend, const struct crypto_result *results)
{
	struct wrap_call *x = backend->ctx;
	struct crypto_call *c = &x->call;
	struct json_writer w = JSON_WRITER(&c->out);
	struct hf_span iv = results->iv.len ? results->iv : x->op.mech.iv;

	if (results->outcome != OP_DONE) {
		crypto_call_fail(c, work_failed(results, &c->err));
		return;
	}
	json_open_object(&w, NULL);
	json_base64(&w, "wrapped_key", results->data);
	if (iv.len)
		json_base64(&w, "iv", iv);
	if (results->tag.len)
		json_base64(&w, "tag", results->tag);
	json_close_object(&w);
	objects_used(c->api->objects, x->key, c->now_ms);
	crypto_call_reply(c);
}

static hf_status plan(struct wrap_call *x, struct hf_err *err)
{
	struct mode_key key = work_key(x->key);

	if (strcmp(x->key->group_id, x->subject->group_id) != 0)
		return hf_fail(err, HF_INVALID,
		               "the two keys are in different groups: an HSM wraps only keys that "
		               "it has itself");
	if (x->subject->type == OBJECT_OPAQUE || x->subject->type == OBJECT_CERTIFICATE)
		return hf_fail(err, HF_INVALID,
		               "a security object of type %s is not in the HSM: "
		               "export it",
		               object_type_name((int)x->subject->type));
	if (object_type_is_asymmetric((int)x->key->type) &&
	    object_type_is_asymmetric((int)x->subject->type))
		return hf_fail(err, HF_INVALID,
		               "a private key is too long to be wrapped by RSA: use an AES key");
	x->op.kind = CRYPTO_WRAP;
	object_where(x->key, &x->op.key, x->op.key_id);
	object_where(x->subject, &x->op.subject, x->subject_id);
	return mode_of_cipher(&key, CRYPTO_WRAP, &x->body.said, &x->op.mech, err);
}

/* Both are asked for before anything is said about either. */
static void subject_found(struct crypto_call *c, struct object *subject)
{
	struct wrap_call *x = (struct wrap_call *)c;
	hf_status s;

	x->subject = subject;
	s = plan(x, &c->err);
	if (!hf_ok(s)) {
		struct hf_err said = c->err;

		if (!crypto_call_may(c, ACT_READ, subject, NULL, NULL) ||
		    !crypto_call_may(c, ACT_READ, x->key, NULL, NULL))
			return;
		c->err = said;
		crypto_call_fail(c, s);
		return;
	}
	/* How it is wrapped is the wrapping key's affair: an RSA key's paddings are for its own
	 * use. */
	if (!crypto_call_may(c, ACT_EXPORT, subject, NULL, NULL) ||
	    !crypto_call_may(c, ACT_WRAP, x->key, NULL, &x->op))
		return;
	x->backend = (struct backend_call){
		.group = x->key->group,
		.org_id = c->who->org_id,
		.ops = &x->op,
		.n_ops = 1,
		.done = done,
		.ctx = x,
	};
	backend_submit(c->api->core, &x->backend);
}

static void key_found(struct crypto_call *c, struct object *key)
{
	struct wrap_call *x = (struct wrap_call *)c;

	x->key = key;
	if (x->body.subject)
		crypto_call_object(c, x->body.subject, subject_found);
	else
		crypto_call_object_of(c, x->body.kid, NULL, subject_found);
}

static void begin(struct crypto_call *c)
{
	struct wrap_call *x = (struct wrap_call *)c;

	if (x->body.key)
		crypto_call_object(c, x->body.key, key_found);
	else
		crypto_call_object_of(c, crypto_call_param(c, "key_id"), NULL, key_found);
}

static void release(struct crypto_call *c)
{
	struct wrap_call *x = (struct wrap_call *)c;

	object_unref(x->key);
	object_unref(x->subject);
	body_wipe(&x->bytes);
}

const struct crypto_operation crypto_wrap = {
	.size = sizeof(struct wrap_call),
	.prepare = prepare,
	.after = begin,
	.release = release,
};
