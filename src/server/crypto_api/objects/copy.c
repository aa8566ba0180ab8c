/* SPDX-License-Identifier: Apache-2.0
 * POST /crypto/v1/keys/copy, /export and /digest: keys that may leave their HSM. What they are
 * passes through this server's memory on its way, and is wiped. */
#include "server/crypto_api/crypto/bodies.h"
#include "server/crypto_api/crypto/mode_words.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/create.h"
#include "server/crypto_api/objects/print.h"

#include <stdio.h>
#include <string.h>

/* ---- what both have in common: the value of a key */

typedef void (*value_fn)(struct crypto_call *c, struct hf_span value);

static void exported(struct backend_call *backend, const struct crypto_result *r)
{
	struct making_call *x = backend->ctx;
	struct crypto_call *c = &x->call;

	if (r->outcome == OP_DONE)
		x->then(c, r->data);
	else
		crypto_call_fail(
		        c, hf_fail(&c->err, r->code == HF_OK ? HF_IO : r->code, "%s", r->text));
}

static void get_value(struct making_call *x, value_fn then)
{
	struct crypto_call *c = &x->call;
	const struct object *o = x->source;
	HF_SECRET struct hf_secret value = { 0 };
	hf_status s;

	if (o->value.len) {
		s = object_value_open(c->api->core, &o->row, &value, &c->err);
		if (hf_ok(s))
			then(c, HF_SPAN(value.ptr, value.len));
		else
			crypto_call_fail(c, s);
		return;
	}
	x->then = then;
	x->before.kind = CRYPTO_EXPORT;
	object_where(o, &x->before.key, x->before.key_id);
	x->backend = (struct backend_call){
		.group = o->group,
		.org_id = o->org_id,
		.ops = &x->before,
		.n_ops = 1,
		.done = exported,
		.ctx = x,
	};
	backend_submit(c->api->core, &x->backend);
}

/* ---- export */

static hf_status prepare_export(struct crypto_call *c, struct hf_err *err)
{
	if (*crypto_call_param(c, "key_id") || json_value_is(c->body, JSON_READ_OBJECT))
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "the body names a key: {\"kid\": …} or {\"name\": …}");
}

static void print_value(struct crypto_call *c, struct hf_span value)
{
	struct making_call *x = (struct making_call *)c;
	const struct sobject_more more = { .value = value };
	struct json_writer w = JSON_WRITER(&c->out);

	sobject_print_more(&w, &x->source->row, &more);
	objects_used(c->api->objects, x->source, c->now_ms);
	crypto_call_reply(c);
}

static void to_be_exported(struct crypto_call *c, struct object *object)
{
	struct making_call *x = (struct making_call *)c;

	x->source = object;
	if (!crypto_call_may(c, ACT_EXPORT, object, NULL, NULL))
		return;
	if (object->public_only)
		print_value(c, object->public_key);
	else
		get_value(x, print_value);
}

static void begin_export(struct crypto_call *c)
{
	const char *kid = crypto_call_param(c, "key_id");

	if (*kid)
		crypto_call_object_of(c, kid, NULL, to_be_exported);
	else
		crypto_call_object(c, c->body, to_be_exported);
}

/* ---- digest: what a key is can be compared without seeing it */

static hf_status read_alg(const struct json_t *body, enum digest_alg *ret, struct hf_err *err)
{
	struct {
		const char *alg;
		struct json_t *key;
	} in = { 0 };
	const struct json_field fields[] = {
		{ "alg", JSON_READ_TEXT, offsetof(__typeof__(in), alg), true, false, 1, 64 },
		{ "key", JSON_READ_OBJECT, offsetof(__typeof__(in), key), true, false, 0, 0 },
	};

	if (!json_value_is(body, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "the body is {\"key\": …, \"alg\": …}");
	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	return mode_words_digest("alg", in.alg, ret, err);
}

static hf_status prepare_digest(struct crypto_call *c, struct hf_err *err)
{
	enum digest_alg alg;

	return read_alg(c->body, &alg, err);
}

static void print_digest(struct crypto_call *c, struct hf_span value)
{
	struct making_call *x = (struct making_call *)c;
	struct json_writer w = JSON_WRITER(&c->out);
	uint8_t digest[DIGEST_LEN_MAX];
	enum digest_alg alg;
	size_t len;
	hf_status s = read_alg(c->body, &alg, &c->err);

	if (hf_ok(s))
		s = digest_alg_hash(alg, value, digest, &len);
	if (!hf_ok(s)) {
		crypto_call_fail(c, s);
		return;
	}
	json_open_object(&w, NULL);
	print_kid(&w, &x->source->row);
	json_base64(&w, "digest", HF_SPAN(digest, len));
	json_close_object(&w);
	objects_used(c->api->objects, x->source, c->now_ms);
	crypto_call_reply(c);
}

static void to_be_digested(struct crypto_call *c, struct object *object)
{
	struct making_call *x = (struct making_call *)c;

	x->source = object;
	if (!crypto_call_may(c, ACT_DIGEST_KEY, object, NULL, NULL))
		return;
	if (object->public_only)
		print_digest(c, object->public_key);
	else
		get_value(x, print_digest);
}

static void begin_digest(struct crypto_call *c)
{
	crypto_call_object(c, json_member(c->body, "key"), to_be_digested);
}

/* ---- copy */

static hf_status prepare_copy(struct crypto_call *c, struct hf_err *err)
{
	static const char *const more[] = { "key" };
	struct making_call *x = (struct making_call *)c;

	HF_TRY(sobject_request_read(c->body, more, HF_COUNT(more), c->now_ms, &x->request, err));
	HF_TRY(sobject_request_not_transient(&x->request, err));
	if (!json_value_is(json_member(c->body, "key"), JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "field \"key\": {\"kid\": …} or {\"name\": …}");
	if (x->request.value)
		return hf_fail(err, HF_INVALID, "field \"value\": a copy has its source's");
	return HF_SUCCESS;
}

static void make_copy(struct crypto_call *c, struct hf_span value)
{
	struct making_call *x = (struct making_call *)c;

	x->bytes = HF_BUF_SECRET(CRYPTO_RESULT_DATA_MAX);
	hf_buf_put(&x->bytes, value.ptr, value.len);
	x->making.op.data = hf_buf_span(&x->bytes);
	making_call_begin(c);
}

/* The copy is as its source in all that the request does not say. */
static hf_status plan_copy(struct making_call *x, struct hf_err *err)
{
	struct crypto_call *c = &x->call;
	struct sobject_request *r = &x->request;
	const struct object *o = x->source;
	const struct sobject_made made = {
		.bits = o->bits,
		.curve = o->curve,
		.existing = true,
		.public_only = o->public_only,
	};
	struct object_row *row = &x->making.row;

	if (r->type && r->type != o->type)
		return hf_fail(err, HF_INVALID, "field \"obj_type\": the source is of type %s",
		               object_type_name(o->type));
	r->type = o->type;
	if (!r->uses_given)
		r->uses = o->uses;
	r->uses_given = true;
	HF_TRY(sobject_request_row(r, &made, c->who, c->now_ms, row, err));
	if (r->uses & ~o->uses)
		return hf_fail(err, HF_DENIED,
		               "field \"key_ops\": a copy may do no more than its source");
	if (!row->description)
		row->description = o->description;
	if (!row->custom_metadata)
		row->custom_metadata = o->custom_metadata;
	HF_TRY(sobject_request_options(r, o->type, o->bits, o->options, &row->options, err));
	snprintf(row->copied_from, sizeof(row->copied_from), "%s", o->id);
	x->group_id = r->group_id ? r->group_id : o->group_id;
	if (o->type != OBJECT_OPAQUE && o->type != OBJECT_CERTIFICATE)
		x->making.op.kind = CRYPTO_IMPORT;
	return HF_SUCCESS;
}

/* In another group an app may have permissions that it has not here. So it takes a value there only
 * where it might take it out. False: the call has ended. */
static bool may_leave_group(struct making_call *x, const struct object *object)
{
	struct crypto_call *c = &x->call;

	if (c->who->kind != PRINCIPAL_APP || c->who->app_admin || object->public_only ||
	    object->type == OBJECT_CERTIFICATE || strcmp(x->group_id, object->group_id) == 0)
		return true;
	return crypto_call_may(c, ACT_EXPORT, object, NULL, NULL);
}

/* The source's rules for paddings, formats and digests are the copy's, unless who copies might
 * change them. False: the call has ended. */
static bool may_override(struct making_call *x, const struct object *object)
{
	const struct sobject_request *r = &x->request;

	return !(r->aes || r->des3 || r->rsa || r->fpe || r->deterministic || r->allow_sign_hash) ||
	       crypto_call_may(&x->call, ACT_UPDATE_POLICIES, object, NULL, NULL);
}

static void to_be_copied(struct crypto_call *c, struct object *object)
{
	struct making_call *x = (struct making_call *)c;
	hf_status s;

	x->source = object;
	if (!crypto_call_may(c, ACT_COPY, object, NULL, NULL) || !crypto_call_keeps(c, object))
		return;
	s = plan_copy(x, &c->err);
	if (!hf_ok(s))
		crypto_call_fail(c, s);
	else if (!may_leave_group(x, object) || !may_override(x, object))
		return;
	else if (!(object->uses & USE_EXPORT) && !object->value.len && !object->public_only)
		crypto_call_fail_with(
		        c, 403,
		        "a key whose key_ops do not have EXPORT never leaves its HSM, "
		        "so it cannot be copied: make another, or rotate it");
	else if (object->public_only)
		make_copy(c, object->public_key);
	else
		get_value(x, make_copy);
}

static void begin_copy(struct crypto_call *c)
{
	crypto_call_object(c, json_member(c->body, "key"), to_be_copied);
}

const struct crypto_operation crypto_key_export = {
	.size = sizeof(struct making_call),
	.prepare = prepare_export,
	.after = begin_export,
	.release = making_call_release,
};
const struct crypto_operation crypto_key_digest = {
	.size = sizeof(struct making_call),
	.prepare = prepare_digest,
	.after = begin_digest,
	.release = making_call_release,
};
const struct crypto_operation crypto_key_copy = {
	.size = sizeof(struct making_call),
	.prepare = prepare_copy,
	.after = begin_copy,
	.release = making_call_release,
};
