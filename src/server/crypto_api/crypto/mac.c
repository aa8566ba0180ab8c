/* SPDX-License-Identifier: Apache-2.0
 * MACs, made and checked in the HSM. */
#include "server/crypto_api/crypto/work.h"

static hf_status read_to_mac(const struct json_t *body, struct hf_buf *bytes,
                             struct work_item *item, struct hf_err *err)
{
	HF_TRY(read_mac(body, bytes, &item->body.mac, err));
	item->key = item->body.mac.key;
	return HF_SUCCESS;
}

static hf_status read_to_verify(const struct json_t *body, struct hf_buf *bytes,
                                struct work_item *item, struct hf_err *err)
{
	HF_TRY(read_mac_verify(body, bytes, &item->body.mac, err));
	item->key = item->body.mac.key;
	return HF_SUCCESS;
}

static hf_status plan(struct work_item *item, struct crypto_op *op, size_t *ret_len,
                      struct hf_err *err)
{
	struct mode_key key = work_key(item->object);

	op->data = item->body.mac.data;
	return mode_of_mac(&key, item->body.mac.alg, &op->mech, ret_len, err);
}

static hf_status plan_mac(struct work_item *item, const struct principal *who, struct crypto_op *op,
                          struct hf_err *err)
{
	size_t len;

	item->act = ACT_MAC;
	op->kind = CRYPTO_MAC;
	return plan(item, op, &len, err);
}

/* A MAC of another length than the key makes is wrong, and no HSM has to be asked. */
static hf_status plan_verify(struct work_item *item, const struct principal *who,
                             struct crypto_op *op, struct hf_err *err)
{
	size_t len;

	item->act = ACT_MAC_VERIFY;
	op->kind = CRYPTO_MAC_VERIFY;
	op->more = item->body.mac.mac;
	HF_TRY(plan(item, op, &len, err));
	item->here = op->more.len != len;
	return HF_SUCCESS;
}

static hf_status of_another_length(struct work_item *item, const struct crypto_op *op,
                                   struct hf_err *err)
{
	item->verified = false;
	return HF_SUCCESS;
}

/* Old clients read `digest`. */
static hf_status print_mac(struct work_item *item, const struct crypto_op *op,
                           const struct crypto_result *r, struct json_writer *w, struct hf_err *err)
{
	json_base64(w, "mac", r->data);
	json_base64(w, "digest", r->data);
	return HF_SUCCESS;
}

static hf_status print_verified(struct work_item *item, const struct crypto_op *op,
                                const struct crypto_result *r, struct json_writer *w,
                                struct hf_err *err)
{
	json_bool(w, "result", r && r->verified);
	return HF_SUCCESS;
}

const struct work work_mac = {
	.read = read_to_mac,
	.plan = plan_mac,
	.print = print_mac,
};
const struct work work_mac_verify = {
	.read = read_to_verify,
	.plan = plan_verify,
	.here = of_another_length,
	.print = print_verified,
};
