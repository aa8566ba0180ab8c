/* SPDX-License-Identifier: Apache-2.0
 * Is this an answer to that? Gateways are other machines, perhaps in other hands: what would be
 * impossible from an HSM is refused, and no signature is handed on that does not verify. */
#include "server/slot_links/inside.h"

#include "crypto/public_info.h"

#define PADDING_MAX 1024 /* an RSA-8192 block; a block of padding is less */

static hf_status no_answer(struct hf_err *err, const struct crypto_op *op, const char *what)
{
	return hf_fail(err, HF_INVALID, "the gateway's answer to \"%s\" %s",
	               crypto_op_name(op->kind), what);
}

static hf_status check_signature(const struct crypto_op *op, const struct crypto_result *r,
                                 struct hf_err *err)
{
	hf_status s = crypto_signature_check(op, r->data);

	if (s.code == HF_NOMEM)
		return s;
	if (!hf_ok(s))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "the signature that the gateway brought does not verify against the "
		               "key's public half (%s); it was thrown away",
		               hf_code_name(s.code));
	return HF_SUCCESS;
}

/* The public half that a token names for a new pair is of the kind that was asked for. */
static hf_status check_public(const struct key_shape *wanted, const struct key_shape *got)
{
	struct public_info info;

	HF_TRY(public_info_parse(got->public_key, &info));
	HF_ENSURE(info.type == wanted->type && info.curve == wanted->curve, HF_INVALID);
	HF_ENSURE(!wanted->bits || info.type != OBJECT_RSA || info.bits == wanted->bits,
	          HF_INVALID);
	return HF_SUCCESS;
}

static bool same_kind(const struct key_shape *wanted, const struct key_shape *got)
{
	if (got->type != wanted->type || got->curve != wanted->curve ||
	    (wanted->bits && got->bits != wanted->bits))
		return false;
	if (wanted->id.len && !hf_span_equal(wanted->id, got->id))
		return false;
	return !object_type_is_asymmetric(wanted->type) || hf_ok(check_public(wanted, got));
}

static hf_status check_made(const struct crypto_op *op, const struct crypto_result *r,
                            struct hf_err *err)
{
	if (!same_kind(&op->made, &r->made))
		return no_answer(err, op, "is about another key than the one that was to be made");
	return HF_SUCCESS;
}

static hf_status check_list(const struct crypto_op *op, const struct crypto_result *r,
                            struct hf_err *err)
{
	struct hf_reader list = hf_reader(r->list);
	struct key_shape key;
	uint32_t n = 0;
	hf_status s;

	while (hf_ok(s = crypto_list_next(&list, &key)))
		n++;
	if (s.code != HF_NOTFOUND || n > op->count)
		return no_answer(err, op, "is not a list of keys, or too long");
	if (r->cursor && n == 0)
		return no_answer(err, op, "has no keys, and says that more will come");
	return HF_SUCCESS;
}

static hf_status check_length(const struct crypto_op *op, size_t least, size_t most, size_t is,
                              struct hf_err *err)
{
	if (is < least || is > most)
		return no_answer(err, op, "has an impossible length");
	return HF_SUCCESS;
}

static hf_status check_encrypted(const struct crypto_op *op, const struct crypto_result *r,
                                 struct hf_err *err)
{
	size_t wanted_tag =
	        op->mech.mode == MODE_GCM || op->mech.mode == MODE_CCM ? op->mech.tag_len : 0;

	HF_TRY(check_length(op, op->data.len, op->data.len + PADDING_MAX, r->data.len, err));
	HF_TRY(check_length(op, wanted_tag, wanted_tag, r->tag.len, err));
	/* One that was given is used: a gateway has no say in it. */
	if (op->mech.iv.len && r->iv.len && !hf_span_equal(op->mech.iv, r->iv))
		return no_answer(err, op, "was made with another IV than the one that was given");
	return HF_SUCCESS;
}

hf_status answer_check(const struct crypto_op *op, const struct crypto_result *r,
                       struct hf_err *err)
{
	switch (op->kind) {
	case CRYPTO_LIST:
		return check_list(op, r, err);
	case CRYPTO_DESCRIBE:
		if (r->made.type != op->key.name.type && op->key.name.type)
			return no_answer(err, op, "is about another kind of key");
		return HF_SUCCESS;
	case CRYPTO_GENERATE:
	case CRYPTO_IMPORT:
	case CRYPTO_UNWRAP:
	case CRYPTO_DERIVE:
	case CRYPTO_AGREE:
	case CRYPTO_PERSIST:
		return check_made(op, r, err);
	case CRYPTO_UPDATE:
	case CRYPTO_DESTROY:
	case CRYPTO_MAC_VERIFY:
	case CRYPTO_PING:
		return HF_SUCCESS;
	case CRYPTO_EXPORT:
		return check_length(op, 1, OBJECT_BITS_MAX / 8, r->data.len, err);
	case CRYPTO_ENCRYPT:
		return check_encrypted(op, r, err);
	case CRYPTO_DECRYPT:
		return check_length(op, 0, op->data.len, r->data.len, err);
	case CRYPTO_SIGN:
		return check_signature(op, r, err);
	case CRYPTO_MAC:
		return check_length(op, 1, 64, r->data.len, err);
	case CRYPTO_WRAP:
		return check_length(op, 8, OBJECT_BITS_MAX / 8 + PADDING_MAX, r->data.len, err);
	case CRYPTO_RANDOM:
		return check_length(op, op->count, op->count, r->data.len, err);
	}
	return HF_FAILURE(HF_INTERNAL);
}

hf_status answer_is_made(const struct crypto_op *op, const struct crypto_result *r,
                         struct hf_err *err)
{
	if (same_kind(&op->made, &r->made))
		return HF_SUCCESS;
	return hf_fail(err, HF_EXISTS,
	               "another key with the same CKA_ID is in the HSM already, and it is not like "
	               "the one that was asked for");
}
