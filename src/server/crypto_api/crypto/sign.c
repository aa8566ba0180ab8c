/* SPDX-License-Identifier: Apache-2.0
 * Signatures. What the HSM signs was verified against the key's public key by the time it comes
 * back (signer); "verify" checks in software, since it needs nothing secret. */
#include "crypto/verify_any.h"
#include "server/crypto_api/crypto/work.h"

#include <string.h>

static hf_status read_to_sign(const struct json_t *body, struct hf_buf *bytes,
                              struct work_item *item, struct hf_err *err)
{
	HF_TRY(read_sign(body, bytes, &item->body.sign, err));
	item->key = item->body.sign.key;
	return HF_SUCCESS;
}

static hf_status read_to_verify(const struct json_t *body, struct hf_buf *bytes,
                                struct work_item *item, struct hf_err *err)
{
	HF_TRY(read_verify(body, bytes, &item->body.sign, err));
	item->key = item->body.sign.key;
	return HF_SUCCESS;
}

/* What the key's maker has said of its signatures. */
static hf_status check_options(const struct work_item *item, struct hf_err *err)
{
	const char *options = item->object->options; /* canonical JSON */

	if (options && item->body.sign.hash.ptr && strstr(options, "\"allow_sign_hash\":false"))
		return hf_fail(err, HF_DENIED,
		               "field \"hash\": the key signs only what it has hashed itself "
		               "(allow_sign_hash is false); send the message as \"data\"");
	return HF_SUCCESS;
}

static hf_status plan_sign(struct work_item *item, const struct principal *who,
                           struct crypto_op *op, struct hf_err *err)
{
	struct mode_key key = work_key(item->object);

	item->act = ACT_SIGN;
	op->kind = CRYPTO_SIGN;
	HF_TRY(check_options(item, err));
	HF_TRY(sign_body_mech(&item->body.sign, &key, false, item->digest, &op->mech, &op->data,
	                      err));
	if (!item->object->public_key.len)
		return hf_fail(err, HF_STATE,
		               "the HSM has no public half of this key, and a signature that "
		               "cannot be verified is not given out: the slot needs its public "
		               "key, under the same CKA_ID, before it is synchronised");
	return HF_SUCCESS;
}

static hf_status plan_verify(struct work_item *item, const struct principal *who,
                             struct crypto_op *op, struct hf_err *err)
{
	struct mode_key key = work_key(item->object);

	item->act = ACT_VERIFY;
	item->here = true;
	op->kind = CRYPTO_SIGN; /* a policy of modes counts for both */
	return sign_body_mech(&item->body.sign, &key, true, item->digest, &op->mech, &op->data,
	                      err);
}

static struct verify_how how_of(const struct crypto_mech *mech)
{
	return (struct verify_how){
		.kind = mech->mode == MODE_EDDSA       ? VERIFY_EDDSA
		        : mech->mode == MODE_RSA_PSS   ? VERIFY_RSA_PSS
		        : mech->mode == MODE_RSA_PKCS1 ? VERIFY_RSA_PKCS1
		                                       : VERIFY_ECDSA,
		.hash = mech->hash,
		.mgf_hash = mech->mgf_hash,
		.salt_len = VERIFY_SALT_AS_HASH,
	};
}

static hf_status verify_here(struct work_item *item, const struct crypto_op *op, struct hf_err *err)
{
	struct verify_how how = how_of(&op->mech);
	hf_status s;

	if (!item->object->public_key.len)
		return hf_fail(err, HF_STATE, "the public half of this key is not known here");
	s = verify_any(item->object->public_key, &how, op->data, item->body.sign.signature);
	item->verified = hf_ok(s);
	return s.code == HF_UNAUTHENTIC ? HF_SUCCESS : s;
}

static hf_status print_signature(struct work_item *item, const struct crypto_op *op,
                                 const struct crypto_result *r, struct json_writer *w,
                                 struct hf_err *err)
{
	json_base64(w, "signature", r->data);
	return HF_SUCCESS;
}

static hf_status print_verified(struct work_item *item, const struct crypto_op *op,
                                const struct crypto_result *r, struct json_writer *w,
                                struct hf_err *err)
{
	json_bool(w, "result", item->verified);
	return HF_SUCCESS;
}

const struct work work_sign = {
	.read = read_to_sign,
	.plan = plan_sign,
	.print = print_signature,
};
const struct work work_verify = {
	.read = read_to_verify,
	.plan = plan_verify,
	.here = verify_here,
	.print = print_verified,
};
