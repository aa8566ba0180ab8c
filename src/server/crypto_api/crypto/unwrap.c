/* SPDX-License-Identifier: Apache-2.0
 * POST /crypto/v1/unwrapkey: what a key has wrapped becomes a key of the HSM, which nobody has seen
 * in between. */
#include "server/crypto_api/crypto/make.h"
#include "server/crypto_api/handlers.h"

#include <string.h>

struct unwrap_call {
	struct make_call make; /* first */
	const char *wrapped, *iv, *ad, *tag, *kcv_method;
};

/* How long a wrapped value is, where its wrapping tells; 0: it does not. */
static uint32_t bits_of_wrapped(enum object_type type, const struct crypto_mech *mech, size_t len)
{
	if (object_type_is_asymmetric((int)type))
		return 0;
	if (type == OBJECT_DES3)
		return 168;
	if (mech->mode == MODE_GCM)
		return (uint32_t)len * 8;
	if (mech->mode == MODE_KW && len > 8)
		return (uint32_t)(len - 8) * 8;
	if (mech->mode == MODE_KWP && type == OBJECT_AES && len > 8) /* 16, 24 and 32: no padding */
		return (uint32_t)(len - 8) * 8;
	return 0;
}

static hf_status plan(struct make_call *m, struct sobject_made *made, struct hf_err *err)
{
	struct mode_key key = work_key(m->making.source);
	struct crypto_op *op = &m->making.making.op;
	const enum object_type type = m->making.request.type;

	op->kind = CRYPTO_UNWRAP;
	HF_TRY(mode_of_cipher(&key, CRYPTO_UNWRAP, &m->said, &op->mech, err));
	if (!type || type == OBJECT_OPAQUE || type == OBJECT_CERTIFICATE)
		return hf_fail(err, HF_INVALID,
		               "field \"obj_type\": expected the type of the wrapped key: AES, "
		               "DES3, HMAC, SECRET, RSA or EC");
	if (key.type == OBJECT_RSA && object_type_is_asymmetric((int)type))
		return hf_fail(err, HF_INVALID, "RSA wraps no private keys");
	made->bits = bits_of_wrapped(type, &op->mech, op->data.len);
	made->curve = m->making.request.curve_id;
	made->existing = true;
	return HF_SUCCESS;
}

static hf_status decode(struct unwrap_call *u, struct hf_err *err)
{
	struct mode_said *said = &u->make.said;
	struct hf_buf *bytes = &u->make.making.bytes;

	HF_TRY(body_base64(bytes, "wrapped_key", u->wrapped, CRYPTO_DATA_MAX, "no key is so long",
	                   &u->make.making.making.op.data, err));
	HF_TRY(body_base64(bytes, "iv", u->iv, CRYPTO_IV_MAX, "that is no IV", &said->iv, err));
	HF_TRY(body_base64(bytes, "ad", u->ad, CRYPTO_AD_MAX, "that is none", &said->ad, err));
	return body_base64(bytes, "tag", u->tag, CRYPTO_TAG_MAX, "that is no tag", &said->tag, err);
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	static const char *const more[] = { "key", "alg", "wrapped_key", "mode",
		                            "iv",  "ad",  "tag",         "kcv_method" };
	static const struct json_field own[] = {
		{ "key", JSON_READ_OBJECT, offsetof(struct unwrap_call, make.key), false, true, 0,
		  0 },
		{ "alg", JSON_READ_TEXT, offsetof(struct unwrap_call, make.said.alg), false, true,
		  1, 64 },
		{ "mode", JSON_READ_ANY, offsetof(struct unwrap_call, make.said.mode), false, true,
		  0, 0 },
		{ "wrapped_key", JSON_READ_TEXT, offsetof(struct unwrap_call, wrapped), true, false,
		  0, 0 },
		{ "iv", JSON_READ_TEXT, offsetof(struct unwrap_call, iv), false, true, 0, 0 },
		{ "ad", JSON_READ_TEXT, offsetof(struct unwrap_call, ad), false, true, 0, 0 },
		{ "tag", JSON_READ_TEXT, offsetof(struct unwrap_call, tag), false, true, 0, 0 },
		{ "kcv_method", JSON_READ_TEXT, offsetof(struct unwrap_call, kcv_method), false,
		  true, 0, 0 },
	};
	struct unwrap_call *u = (struct unwrap_call *)c;

	u->make.plan = plan;
	u->make.act = ACT_UNWRAP;
	HF_TRY(make_read(&u->make, more, HF_COUNT(more), own, HF_COUNT(own), err));
	if (u->kcv_method && strcasecmp(u->kcv_method, "encrypt") != 0)
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"kcv_method\": check values are made by encrypting zeros");
	u->make.making.kcv = u->make.making.request.kcv;
	return decode(u, err);
}

const struct crypto_operation crypto_unwrap = {
	.size = sizeof(struct unwrap_call),
	.prepare = prepare,
	.after = make_begin,
	.release = make_release,
};
