/* SPDX-License-Identifier: Apache-2.0
 * POST /crypto/v1/encrypt and decrypt/{init,update,final}: see stream.h. Each step is asked of the
 * guard anew, with the mode that was begun with. */
#include "server/crypto_api/crypto/multipart_call.h"

#include "server/crypto_api/crypto/work.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"

#include <string.h>

static const struct hf_secret *secret(const struct multipart *m)
{
	return &m->call.api->core->secrets.storage_key;
}

static hf_status prepare(struct crypto_call *c, enum crypto_op_kind kind, enum multipart_step at,
                         struct hf_err *err)
{
	struct multipart *m = (struct multipart *)c;

	m->kind = kind;
	m->at = at;
	HF_TRY(body_reserve(c->body, &m->bytes));
	HF_TRY(read_multipart(c->body, kind, at, &m->bytes, &m->body, err));
	if (at == MULTIPART_INIT)
		return HF_SUCCESS;
	return stream_open(secret(m), c->who->org_id, kind, m->body.state, c->now_ms, &m->stream,
	                   err);
}

/* ---- Answers */

static void fail(struct multipart *m, hf_status s)
{
	crypto_call_fail(&m->call, s);
}

void multipart_reply(struct multipart *m, struct hf_span out, bool has_out)
{
	struct crypto_call *c = &m->call;
	struct json_writer w = JSON_WRITER(&c->out);
	HF_BUF_SCOPED struct hf_buf state = HF_BUF(STREAM_SEALED_MAX);
	hf_status s = HF_SUCCESS;

	m->stream.expires_ms = c->now_ms + STREAM_LIFE_MS;
	if (m->at != MULTIPART_FINAL)
		s = stream_seal(secret(m), c->who->org_id, &m->stream, &state);
	if (!hf_ok(s)) {
		fail(m, s);
		return;
	}
	json_open_object(&w, NULL);
	if (m->at == MULTIPART_INIT)
		print_kid(&w, &m->key->row);
	if (m->at == MULTIPART_INIT && m->kind == CRYPTO_ENCRYPT && multipart_iv_len(m))
		json_base64(&w, "iv", HF_SPAN(m->stream.iv, multipart_iv_len(m)));
	if (has_out)
		json_base64(&w, m->kind == CRYPTO_ENCRYPT ? "cipher" : "plain", out);
	if (state.len)
		json_base64(&w, "state", hf_buf_span(&state));
	if (m->tag_len && m->kind == CRYPTO_ENCRYPT)
		json_base64(&w, "tag", HF_SPAN(m->tag, m->tag_len));
	json_close_object(&w);
	c->unlogged = m->key->uses & USE_HIGHVOLUME;
	objects_used(c->api->objects, m->key, c->now_ms);
	crypto_call_reply(c);
}

static void take(struct multipart *m, struct hf_span got)
{
	struct hf_buf out = HF_BUF(CRYPTO_RESULT_DATA_MAX);
	hf_status s = stream_got(&m->stream, &m->step, got, &out, &m->call.err);

	if (hf_ok(s))
		multipart_reply(m, hf_buf_span(&out), true);
	else
		fail(m, s);
	body_wipe(&out);
}

static void step_done(struct backend_call *backend, const struct crypto_result *r)
{
	struct multipart *m = backend->ctx;

	if (r->outcome == OP_DONE)
		take(m, r->data);
	else
		fail(m, work_failed(r, &m->call.err));
}

void multipart_ask(struct multipart *m, size_t n_ops, backend_done done)
{
	m->backend = (struct backend_call){
		.group = m->key->group,
		.org_id = m->call.who->org_id,
		.ops = m->ops,
		.n_ops = n_ops,
		.done = done,
		.ctx = m,
	};
	backend_submit(m->call.api->core, &m->backend);
}

/* ---- The others */

/* A transient key is only there when it comes along. */
static bool brings_key(const struct multipart *m)
{
	return json_member_text(m->body.key, "transient_key");
}

static bool is_of_key(const struct multipart *m)
{
	const char *kid = json_member_text(m->body.key, "kid"),
	           *name = json_member_text(m->body.key, "name");

	if (!m->body.key || brings_key(m))
		return strcmp(m->stream.kid, m->key->id) == 0;
	return (kid && strcmp(kid, m->key->id) == 0) || (name && strcmp(name, m->key->name) == 0);
}

/* One that the client gave is compared with ours only once the guard has been asked. */
static hf_status plan_tag(struct multipart *m, struct hf_err *err)
{
	int64_t bits = m->body.tag_bits ? m->body.tag_bits : GHASH_LEN * 8;

	if (m->stream.mode != MODE_GCM)
		return m->body.tag.len ? hf_fail(err, HF_INVALID,
		                                 "field \"tag\": of the modes for pieces, only "
		                                 "GCM has one")
		                       : HF_SUCCESS;
	if (m->kind == CRYPTO_DECRYPT && !m->body.tag.len)
		return hf_fail(err, HF_INVALID,
		               "field \"tag\" is missing: mode GCM needs the one that "
		               "encryption gave");
	if (m->kind == CRYPTO_DECRYPT)
		bits = (int64_t)m->body.tag.len * 8;
	if (bits % 8 || bits < MODE_GCM_TAG_MIN * 8 || bits > GHASH_LEN * 8)
		return hf_fail(err, HF_INVALID,
		               "field \"%s\": a tag of %lld bits; mode GCM has tags of 96, 104, "
		               "112, 120 or 128",
		               m->kind == CRYPTO_DECRYPT ? "tag" : "tag_len", (long long)bits);
	m->tag_len = (size_t)bits / 8;
	stream_gcm_tag(&m->stream, m->tag);
	return HF_SUCCESS;
}

static hf_status plan_step(struct multipart *m, struct hf_err *err)
{
	if (!is_of_key(m))
		return hf_fail(err, HF_INVALID, "field \"state\": it is one of another key");
	m->asked.mech.mode = m->stream.mode;
	m->asked.mech.iv = HF_SPAN(m->stream.iv, m->stream.block);
	if (m->at == MULTIPART_FINAL) {
		HF_TRY(plan_tag(m, err));
		return stream_end(&m->stream, &m->step, err);
	}
	return stream_take(&m->stream, m->body.data, &m->step, err);
}

static bool tag_holds(const struct multipart *m)
{
	return m->kind == CRYPTO_ENCRYPT || !m->tag_len ||
	       hf_equal_ct(m->tag, m->body.tag.ptr, m->tag_len);
}

static void step(struct multipart *m)
{
	if (!tag_holds(m)) {
		fail(m, hf_fail(&m->call.err, HF_UNAUTHENTIC,
		                "this does not decrypt: it was altered, or encrypted with another "
		                "key, initial value or associated data. Use nothing of what its "
		                "pieces gave"));
		return;
	}
	if (!stream_step_asks(&m->step)) {
		take(m, (struct hf_span){ 0 });
		return;
	}
	m->ops[0] = (struct crypto_op){
		.kind = m->kind,
		.mech = { .mode = m->step.mode, .iv = HF_SPAN(m->step.iv, m->step.iv_len) },
		.data = hf_buf_span(&m->step.send),
	};
	object_where(m->key, &m->ops[0].key, m->ops[0].key_id);
	multipart_ask(m, 1, step_done);
}

static void found(struct crypto_call *c, struct object *key)
{
	struct multipart *m = (struct multipart *)c;
	hf_status s;

	m->key = key;
	m->asked.kind = m->kind;
	m->asked.data = m->body.data;
	object_where(key, &m->asked.key, m->asked.key_id);
	s = m->at == MULTIPART_INIT ? multipart_plan_init(m, &c->err) : plan_step(m, &c->err);
	if (!hf_ok(s)) {
		struct hf_err said = c->err;

		if (!crypto_call_may(c, ACT_READ, key, NULL, NULL))
			return;
		c->err = said;
		fail(m, s);
		return;
	}
	if (!crypto_call_may(c, m->kind == CRYPTO_ENCRYPT ? ACT_ENCRYPT : ACT_DECRYPT, key, NULL,
	                     &m->asked))
		return;
	if (m->at == MULTIPART_INIT)
		multipart_begin(m);
	else
		step(m);
}

static void begin(struct crypto_call *c)
{
	struct multipart *m = (struct multipart *)c;

	if (m->at == MULTIPART_INIT || brings_key(m))
		crypto_call_object(c, m->body.key, found);
	else
		crypto_call_object_of(c, m->stream.kid, NULL, found);
}

static void release(struct crypto_call *c)
{
	struct multipart *m = (struct multipart *)c;

	object_unref(m->key);
	hf_wipe(&m->stream, sizeof(m->stream));
	hf_wipe(m->tag, sizeof(m->tag));
	stream_step_done(&m->step);
	body_wipe(&m->bytes);
}

/* ---- The six */

static hf_status encrypt_init(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, CRYPTO_ENCRYPT, MULTIPART_INIT, err);
}

static hf_status encrypt_update(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, CRYPTO_ENCRYPT, MULTIPART_UPDATE, err);
}

static hf_status encrypt_final(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, CRYPTO_ENCRYPT, MULTIPART_FINAL, err);
}

static hf_status decrypt_init(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, CRYPTO_DECRYPT, MULTIPART_INIT, err);
}

static hf_status decrypt_update(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, CRYPTO_DECRYPT, MULTIPART_UPDATE, err);
}

static hf_status decrypt_final(struct crypto_call *c, struct hf_err *err)
{
	return prepare(c, CRYPTO_DECRYPT, MULTIPART_FINAL, err);
}

#define STEP(prepare_it)                                                                           \
	{                                                                                          \
		.size = sizeof(struct multipart), .prepare = (prepare_it), .after = begin,         \
		.release = release                                                                 \
	}
const struct crypto_operation crypto_encrypt_init = STEP(encrypt_init);
const struct crypto_operation crypto_encrypt_update = STEP(encrypt_update);
const struct crypto_operation crypto_encrypt_final = STEP(encrypt_final);
const struct crypto_operation crypto_decrypt_init = STEP(decrypt_init);
const struct crypto_operation crypto_decrypt_update = STEP(decrypt_update);
const struct crypto_operation crypto_decrypt_final = STEP(decrypt_final);
