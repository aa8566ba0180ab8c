/* SPDX-License-Identifier: Apache-2.0
 * Encryption and decryption, of numbers and texts that keep their format too (FF1, fpe.c). RSA
 * encrypts in the HSM as well, so that what decrypts there is what encrypted. */
#include "server/crypto_api/crypto/fpe.h"
#include "server/crypto_api/crypto/work.h"

static hf_status read_to_encrypt(const struct json_t *body, struct hf_buf *bytes,
                                 struct work_item *item, struct hf_err *err)
{
	HF_TRY(read_encrypt(body, bytes, &item->body.cipher, err));
	item->key = item->body.cipher.key;
	return HF_SUCCESS;
}

static hf_status read_to_decrypt(const struct json_t *body, struct hf_buf *bytes,
                                 struct work_item *item, struct hf_err *err)
{
	HF_TRY(read_decrypt(body, bytes, &item->body.cipher, err));
	item->key = item->body.cipher.key;
	return HF_SUCCESS;
}

static hf_status plan(struct work_item *item, enum crypto_op_kind kind, struct crypto_op *op,
                      struct hf_err *err)
{
	struct mode_key key = work_key(item->object);
	const struct cipher_body *body = &item->body.cipher;

	op->kind = kind;
	op->data = body->data;
	HF_TRY(mode_of_cipher(&key, kind, &body->said, &op->mech, err));
	if (op->mech.mode == MODE_FF1)
		return fpe_begin(item->object, kind, op, &item->fpe, err);
	return mode_takes(&key, kind, &op->mech, body->data.len, err);
}

static hf_status plan_encrypt(struct work_item *item, const struct principal *who,
                              struct crypto_op *op, struct hf_err *err)
{
	item->act = ACT_ENCRYPT;
	return plan(item, CRYPTO_ENCRYPT, op, err);
}

/* An app that may only see masked values gets them whatever it asks for. */
static bool only_masked(const struct principal *who, const struct object *o)
{
	const struct principal_group *in = principal_in(who, o->group_id);

	return in && !(in->permissions & APP_MAY(DECRYPT)) &&
	       in->permissions & APP_MAY(MASKDECRYPT);
}

static hf_status plan_decrypt(struct work_item *item, const struct principal *who,
                              struct crypto_op *op, struct hf_err *err)
{
	struct cipher_body *body = &item->body.cipher;

	item->act = ACT_DECRYPT;
	HF_TRY(plan(item, CRYPTO_DECRYPT, op, err));
	if (!item->fpe) {
		if (body->masked)
			return hf_fail(err, HF_INVALID,
			               "field \"masked\": only mode FF1 has a mask; this would "
			               "give out all of it");
		return HF_SUCCESS;
	}
	body->masked = body->masked || only_masked(who, item->object);
	if (body->masked)
		item->act = ACT_DECRYPT_MASKED;
	return HF_SUCCESS;
}

static hf_status print_encrypted(struct work_item *item, const struct crypto_op *op,
                                 const struct crypto_result *r, struct json_writer *w,
                                 struct hf_err *err)
{
	struct hf_span iv = r->iv.len ? r->iv : op->mech.iv;

	if (item->fpe)
		return fpe_print(item->fpe, "cipher", r->data, false, w, err);
	json_base64(w, "cipher", r->data);
	if (iv.len)
		json_base64(w, "iv", iv);
	if (r->tag.len)
		json_base64(w, "tag", r->tag);
	return HF_SUCCESS;
}

static hf_status print_decrypted(struct work_item *item, const struct crypto_op *op,
                                 const struct crypto_result *r, struct json_writer *w,
                                 struct hf_err *err)
{
	if (item->fpe)
		return fpe_print(item->fpe, "plain", r->data, item->body.cipher.masked, w, err);
	json_base64(w, "plain", r->data);
	return HF_SUCCESS;
}

const struct work work_encrypt = {
	.read = read_to_encrypt,
	.plan = plan_encrypt,
	.print = print_encrypted,
};
const struct work work_decrypt = {
	.read = read_to_decrypt,
	.plan = plan_decrypt,
	.print = print_decrypted,
};
