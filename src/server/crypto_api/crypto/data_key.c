/* SPDX-License-Identifier: Apache-2.0
 * Envelope encryption in one call, which is our own: a fresh data key from the HSM's random
 * generator, as it is and encrypted by a key that stays there (AES-GCM). Decrypting `wrapped` gives
 * the data key back. */
#include "base/secret.h"
#include "server/crypto_api/crypto/bodies.h"
#include "server/crypto_api/crypto/work.h"
#include "server/crypto_api/handlers.h"
#include "server/crypto_api/objects/print.h"

#include <string.h>

#define DATA_KEY_LEN_MAX 64

struct data_key_call {
	struct crypto_call call; /* first */
	struct hf_buf bytes;
	struct data_key_body body;
	struct object *key;
	struct crypto_op random, encrypt;
	uint8_t plain[DATA_KEY_LEN_MAX];
	size_t len;
	struct backend_call backend;
};

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	struct data_key_call *d = (struct data_key_call *)c;

	HF_TRY(body_reserve(c->body, &d->bytes));
	HF_TRY(read_data_key(c->body, &d->bytes, &d->body, err));
	if (!d->body.key)
		return hf_fail(err, HF_INVALID,
		               "field \"key\" is missing: the AES key that wraps the data key");
	d->len = (size_t)d->body.bits / 8;
	return HF_SUCCESS;
}

static void ask(struct data_key_call *d, const struct crypto_op *op, backend_done done)
{
	d->backend = (struct backend_call){
		.group = d->key->group,
		.org_id = d->call.who->org_id,
		.ops = op,
		.n_ops = 1,
		.done = done,
		.ctx = d,
	};
	backend_submit(d->call.api->core, &d->backend);
}

static void encrypted(struct backend_call *backend, const struct crypto_result *r)
{
	struct data_key_call *d = backend->ctx;
	struct crypto_call *c = &d->call;
	struct json_writer w = JSON_WRITER(&c->out);

	if (r->outcome != OP_DONE) {
		crypto_call_fail(c, work_failed(r, &c->err));
		return;
	}
	json_open_object(&w, NULL);
	print_kid(&w, &d->key->row);
	json_base64(&w, "plain", HF_SPAN(d->plain, d->len));
	json_base64(&w, "wrapped", r->data);
	json_text(&w, "mode", "GCM");
	json_base64(&w, "iv", r->iv);
	json_base64(&w, "tag", r->tag);
	json_close_object(&w);
	c->unlogged = d->key->uses & USE_HIGHVOLUME;
	objects_used(c->api->objects, d->key, c->now_ms);
	crypto_call_reply(c);
}

static void drawn(struct backend_call *backend, const struct crypto_result *r)
{
	struct data_key_call *d = backend->ctx;
	struct crypto_call *c = &d->call;

	if (r->outcome != OP_DONE) {
		crypto_call_fail(c, work_failed(r, &c->err));
		return;
	}
	if (r->data.len != d->len) {
		crypto_call_fail_with(c, 502, "the HSM gave fewer random bytes than asked for");
		return;
	}
	memcpy(d->plain, r->data.ptr, d->len);
	ask(d, &d->encrypt, encrypted);
}

static void found(struct crypto_call *c, struct object *key)
{
	struct data_key_call *d = (struct data_key_call *)c;

	d->key = key;
	d->random = (struct crypto_op){ .kind = CRYPTO_RANDOM, .count = (uint32_t)d->len };
	d->encrypt = (struct crypto_op){
		.kind = CRYPTO_ENCRYPT,
		.mech = { .mode = MODE_GCM, .tag_len = 16, .ad = d->body.ad },
		.data = HF_SPAN(d->plain, d->len),
	};
	object_where(key, &d->encrypt.key, d->encrypt.key_id);
	if (key->type != OBJECT_AES) {
		if (crypto_call_may(c, ACT_READ, key, NULL, NULL))
			crypto_call_fail_with(c, 400, "data keys are wrapped by keys of type AES");
		return;
	}
	if (crypto_call_may(c, ACT_ENCRYPT, key, NULL, &d->encrypt))
		ask(d, &d->random, drawn);
}

static void begin(struct crypto_call *c)
{
	crypto_call_object(c, ((struct data_key_call *)c)->body.key, found);
}

static void release(struct crypto_call *c)
{
	struct data_key_call *d = (struct data_key_call *)c;

	object_unref(d->key);
	hf_wipe(d->plain, sizeof(d->plain));
	body_wipe(&d->bytes);
}

const struct crypto_operation crypto_data_key = {
	.size = sizeof(struct data_key_call),
	.prepare = prepare,
	.after = begin,
	.release = release,
};
