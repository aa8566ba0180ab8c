/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/multipart.h"

#include "server/crypto_api/crypto/stream.h"

struct texts {
	struct multipart_body b;
	const char *iv, *ad, *data, *state, *tag;
};

static hf_status read_init(const struct json_t *doc, struct hf_buf *bytes,
                           struct multipart_body *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "key", JSON_READ_OBJECT, offsetof(struct texts, b.key), true, false, 0, 0 },
		{ "alg", JSON_READ_TEXT, offsetof(struct texts, b.said.alg), false, true, 1, 64 },
		{ "mode", JSON_READ_ANY, offsetof(struct texts, b.said.mode), false, true, 0, 0 },
		{ "iv", JSON_READ_TEXT, offsetof(struct texts, iv), false, true, 0, 0 },
		{ "ad", JSON_READ_TEXT, offsetof(struct texts, ad), false, true, 0, 0 },
	};
	struct texts in = { 0 };

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	HF_TRY(body_base64(bytes, "iv", in.iv, CRYPTO_IV_MAX, "that is no IV", &in.b.said.iv, err));
	HF_TRY(body_base64(bytes, "ad", in.ad, CRYPTO_AD_MAX, "send its digest", &in.b.said.ad,
	                   err));
	*ret = in.b;
	return HF_SUCCESS;
}

static hf_status read_step(const struct json_t *doc, const struct json_field *fields, size_t n,
                           const char *data_field, struct hf_buf *bytes, struct multipart_body *ret,
                           struct hf_err *err)
{
	struct texts in = { 0 };

	HF_TRY(json_read(doc, fields, n, &in, err));
	HF_TRY(body_base64(bytes, data_field, in.data, CRYPTO_DATA_MAX, "send smaller pieces",
	                   &in.b.data, err));
	HF_TRY(body_base64(bytes, "state", in.state, STREAM_SEALED_MAX,
	                   "that is none which this server gave out", &in.b.state, err));
	HF_TRY(body_base64(bytes, "tag", in.tag, CRYPTO_TAG_MAX, "that is no tag", &in.b.tag, err));
	*ret = in.b;
	return HF_SUCCESS;
}

static hf_status read_update(const struct json_t *doc, const char *data_field, struct hf_buf *bytes,
                             struct multipart_body *ret, struct hf_err *err)
{
	const struct json_field fields[] = {
		{ "key", JSON_READ_OBJECT, offsetof(struct texts, b.key), false, true, 0, 0 },
		{ data_field, JSON_READ_TEXT, offsetof(struct texts, data), true, false, 0, 0 },
		{ "state", JSON_READ_TEXT, offsetof(struct texts, state), true, false, 0, 0 },
	};

	return read_step(doc, fields, HF_COUNT(fields), data_field, bytes, ret, err);
}

static hf_status read_final(const struct json_t *doc, struct hf_buf *bytes,
                            struct multipart_body *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "key", JSON_READ_OBJECT, offsetof(struct texts, b.key), false, true, 0, 0 },
		{ "state", JSON_READ_TEXT, offsetof(struct texts, state), true, false, 0, 0 },
		{ "tag", JSON_READ_TEXT, offsetof(struct texts, tag), false, true, 0, 0 },
		{ "tag_len", JSON_READ_INT, offsetof(struct texts, b.tag_bits), false, true, 0, 0 },
	};

	return read_step(doc, fields, HF_COUNT(fields), "", bytes, ret, err);
}

hf_status read_multipart(const struct json_t *doc, enum crypto_op_kind kind, enum multipart_step at,
                         struct hf_buf *bytes, struct multipart_body *ret, struct hf_err *err)
{
	switch (at) {
	case MULTIPART_INIT:
		return read_init(doc, bytes, ret, err);
	case MULTIPART_UPDATE:
		return read_update(doc, kind == CRYPTO_ENCRYPT ? "plain" : "cipher", bytes, ret,
		                   err);
	case MULTIPART_FINAL:
		return read_final(doc, bytes, ret, err);
	}
	return HF_FAILURE(HF_INTERNAL);
}
