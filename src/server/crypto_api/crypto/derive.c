/* SPDX-License-Identifier: Apache-2.0
 * POST /crypto/v1/derive: HKDF (RFC 5869), or the ciphertext of given data as a key, in the HSM. */
#include "server/crypto_api/crypto/make.h"
#include "server/crypto_api/crypto/mode_words.h"
#include "server/crypto_api/handlers.h"

static hf_status plan_hkdf(struct make_call *m, const struct json_t *hkdf, struct crypto_op *op,
                           struct hf_err *err)
{
	struct in {
		const char *hash, *info, *salt;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "hash_alg", JSON_READ_TEXT, offsetof(struct in, hash), true, false, 1, 64 },
		{ "info", JSON_READ_TEXT, offsetof(struct in, info), false, true, 0, 0 },
		{ "salt", JSON_READ_TEXT, offsetof(struct in, salt), false, true, 0, 0 },
	};
	struct hf_buf *bytes = &m->making.bytes;

	HF_TRY(json_read(hkdf, fields, HF_COUNT(fields), &in, err));
	op->mech.mode = MODE_HKDF;
	HF_TRY(mode_words_digest("hash_alg", in.hash, &op->mech.hash, err));
	if (!digest_is_sha(op->mech.hash))
		return hf_fail(err, HF_INVALID, "field \"hash_alg\": HKDF takes SHA-2 or SHA-3");
	HF_TRY(body_base64(bytes, "salt", in.salt, CRYPTO_IV_MAX, "use its digest", &op->mech.iv,
	                   err));
	return body_base64(bytes, "info", in.info, CRYPTO_AD_MAX, "use its digest", &op->mech.ad,
	                   err);
}

static hf_status plan_encrypt(struct make_call *m, const struct json_t *request,
                              struct crypto_op *op, struct hf_err *err)
{
	struct mode_key key = work_key(m->making.source);
	struct cipher_body body;

	HF_TRY(read_encrypt(request, &m->making.bytes, &body, err));
	if (body.key)
		return hf_fail(err, HF_INVALID, "field \"key\": it is said beside the mechanism");
	HF_TRY(mode_of_cipher(&key, CRYPTO_ENCRYPT, &body.said, &op->mech, err));
	HF_TRY(mode_takes(&key, CRYPTO_ENCRYPT, &op->mech, body.data.len, err));
	if (op->mech.mode != MODE_ECB && op->mech.mode != MODE_CBC_NOPAD)
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": to derive a key, data are encrypted with ECB or "
		               "CBCNOPAD");
	if (op->mech.mode == MODE_CBC_NOPAD && !op->mech.iv.len)
		return hf_fail(err, HF_INVALID, "field \"iv\" is missing");
	op->mech.mode = op->mech.mode == MODE_ECB ? MODE_ENCRYPT_DATA_ECB : MODE_ENCRYPT_DATA_CBC;
	op->data = body.data;
	if (!m->making.request.key_size)
		m->making.request.key_size = (int64_t)body.data.len * 8;
	if (m->making.request.key_size > (int64_t)body.data.len * 8)
		return hf_fail(err, HF_INVALID,
		               "field \"key_size\": the data to encrypt are shorter than the key");
	return HF_SUCCESS;
}

static hf_status plan(struct make_call *m, struct sobject_made *made, struct hf_err *err)
{
	struct crypto_op *op = &m->making.making.op;
	struct in {
		struct json_t *hkdf, *encrypt_data;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "hkdf", JSON_READ_OBJECT, offsetof(struct in, hkdf), false, false, 0, 0 },
		{ "encrypt_data", JSON_READ_OBJECT, offsetof(struct in, encrypt_data), false, false,
		  0, 0 },
	};

	op->kind = CRYPTO_DERIVE;
	HF_TRY(json_read_some(m->mechanism, fields, HF_COUNT(fields), &in, err));
	if (!in.hkdf == !in.encrypt_data)
		return hf_fail(err, HF_INVALID,
		               "field \"mechanism\": expected one of {\"hkdf\": …} and "
		               "{\"encrypt_data\": …}; no HSM has the others");
	return in.hkdf ? plan_hkdf(m, in.hkdf, op, err) : plan_encrypt(m, in.encrypt_data, op, err);
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	static const char *const more[] = { "key", "key_type", "mechanism" };
	static const struct json_field own[] = {
		{ "key", JSON_READ_OBJECT, offsetof(struct make_call, key), false, true, 0, 0 },
		{ "key_type", JSON_READ_TEXT, offsetof(struct make_call, key_type), true, false, 1,
		  64 },
		{ "mechanism", JSON_READ_OBJECT, offsetof(struct make_call, mechanism), true, false,
		  0, 0 },
	};
	struct make_call *m = (struct make_call *)c;

	m->plan = plan;
	m->act = ACT_DERIVE;
	HF_TRY(make_read(m, more, HF_COUNT(more), own, HF_COUNT(own), err));
	return make_read_type(m, err);
}

const struct crypto_operation crypto_derive = {
	.size = sizeof(struct make_call),
	.prepare = prepare,
	.after = make_begin,
	.release = make_release,
};
