/* SPDX-License-Identifier: Apache-2.0
 * POST /crypto/v1/keys/kcv/verify: does this value, which is no key of ours yet, have that check
 * value? It is computed here. */
#include "crypto/kcv.h"
#include "server/crypto_api/crypto/bodies.h"
#include "server/crypto_api/handlers.h"

#include <strings.h>

#define VALUE_MAX 64

struct verify_body {
	const char *kcv, *value, *type, *method;
};

static hf_status read_method(const char *text, enum kcv_method *ret, struct hf_err *err)
{
	*ret = text && strcasecmp(text, "cmac") == 0 ? KCV_CMAC : KCV_ENCRYPT;
	if (text && *ret == KCV_ENCRYPT && strcasecmp(text, "encrypt") != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"kcv_method\": expected \"Encrypt\" or \"Cmac\"");
	return HF_SUCCESS;
}

static hf_status verify(const struct verify_body *in, struct hf_buf *bytes, bool *ret,
                        struct hf_err *err)
{
	enum kcv_method method;
	enum object_type type;
	struct hf_span value;
	char kcv[KCV_HEX_MAX];
	hf_status s;

	HF_TRY(read_method(in->method, &method, err));
	if (!hf_ok(object_type_parse(in->type, &type)) ||
	    (type != OBJECT_AES && type != OBJECT_DES3))
		return hf_fail(err, HF_INVALID,
		               "field \"obj_type\": AES and DES3 keys have a check value");
	HF_TRY(body_base64(bytes, "value", in->value, VALUE_MAX, "no such key is so long", &value,
	                   err));
	s = kcv_of_value(type, value, method, kcv);
	if (s.code == HF_INVALID)
		return hf_fail(err, HF_INVALID, "field \"value\": no %s key%s has %zu bytes",
		               in->type, method == KCV_CMAC ? " with a check value by CMAC" : "",
		               value.len);
	HF_TRY(s);
	*ret = strcasecmp(kcv, in->kcv) == 0;
	return HF_SUCCESS;
}

static hf_status prepare(struct crypto_call *c, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "kcv", JSON_READ_TEXT, offsetof(struct verify_body, kcv), true, false, 1, 64 },
		{ "value", JSON_READ_TEXT, offsetof(struct verify_body, value), true, false, 0, 0 },
		{ "obj_type", JSON_READ_TEXT, offsetof(struct verify_body, type), true, false, 1,
		  64 },
		{ "kcv_method", JSON_READ_TEXT, offsetof(struct verify_body, method), false, true,
		  1, 16 },
	};
	struct json_writer w = JSON_WRITER(&c->out);
	struct verify_body in = { 0 };
	struct hf_buf bytes;
	bool verified = false;
	hf_status s;

	if (!json_value_is(c->body, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "the body is an object");
	HF_TRY(json_read(c->body, fields, HF_COUNT(fields), &in, err));
	s = body_reserve(c->body, &bytes);
	if (hf_ok(s))
		s = verify(&in, &bytes, &verified, err);
	body_wipe(&bytes);
	HF_TRY(s);
	json_open_object(&w, NULL);
	json_bool(&w, "verified", verified);
	json_close_object(&w);
	return HF_SUCCESS;
}

const struct crypto_operation crypto_kcv_verify = {
	.size = sizeof(struct crypto_call),
	.prepare = prepare,
};
