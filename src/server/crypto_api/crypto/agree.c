/* SPDX-License-Identifier: Apache-2.0
 * POST /crypto/v1/agree: Diffie-Hellman on an elliptic curve, in the HSM of the private key. Of the
 * other one its public half is enough, wherever it is. What is too long is cut off in front. */
#include "server/crypto_api/crypto/make.h"
#include "server/crypto_api/handlers.h"

#include <string.h>

static hf_status plan(struct make_call *m, struct sobject_made *made, struct hf_err *err)
{
	struct crypto_op *op = &m->making.making.op;
	const struct object *key = m->making.source;
	const struct curve_info *curve = curve_info((int)key->curve);

	op->kind = CRYPTO_AGREE;
	op->mech.mode = MODE_ECDH;
	op->more = m->peer->public_key;
	if (key->type != OBJECT_EC || m->peer->type != OBJECT_EC || !curve || curve->edwards)
		return hf_fail(err, HF_INVALID,
		               "keys agree that are of type EC, on a curve that is not for "
		               "signatures alone");
	if (key->curve != m->peer->curve)
		return hf_fail(err, HF_INVALID, "the two keys are on different curves");
	if (!op->more.len)
		return hf_fail(err, HF_STATE,
		               "the public half of \"public_key\" is not known here");
	if (m->making.request.key_size > (int64_t)curve->field_len * 8)
		return hf_fail(err, HF_INVALID,
		               "field \"key_size\": what keys on this curve agree on has %zu bits",
		               curve->field_len * 8);
	return HF_SUCCESS;
}

static void peer_found(struct crypto_call *c, struct object *peer)
{
	struct make_call *m = (struct make_call *)c;

	m->peer = peer;
	if (crypto_call_may(c, ACT_AGREE_WITH, peer, NULL, NULL))
		make_go_on(m);
}

static void key_found(struct crypto_call *c, struct object *key)
{
	struct make_call *m = (struct make_call *)c;

	m->making.source = key;
	crypto_call_object(c, m->public_key, peer_found);
}

static void begin(struct crypto_call *c)
{
	crypto_call_object(c, ((struct make_call *)c)->key, key_found);
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	static const char *const more[] = { "private_key", "public_key", "mechanism", "key_type" };
	static const struct json_field own[] = {
		{ "private_key", JSON_READ_OBJECT, offsetof(struct make_call, key), true, false, 0,
		  0 },
		{ "public_key", JSON_READ_OBJECT, offsetof(struct make_call, public_key), true,
		  false, 0, 0 },
		{ "key_type", JSON_READ_TEXT, offsetof(struct make_call, key_type), true, false, 1,
		  64 },
	};
	struct make_call *m = (struct make_call *)c;
	const char *mechanism = json_member_text(c->body, "mechanism");

	m->plan = plan;
	m->act = ACT_AGREE;
	HF_TRY(make_read(m, more, HF_COUNT(more), own, HF_COUNT(own), err));
	if (!mechanism || strcmp(mechanism, "diffie_hellman") != 0)
		return hf_fail(err, HF_INVALID, "field \"mechanism\": expected \"diffie_hellman\"");
	return make_read_type(m, err);
}

const struct crypto_operation crypto_agree = {
	.size = sizeof(struct make_call),
	.prepare = prepare,
	.after = begin,
	.release = make_release,
};
