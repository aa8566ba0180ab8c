/* SPDX-License-Identifier: Apache-2.0
 * The options of an algorithm: what is asked for, checked, as it is kept with the key. */
#include "server/core/access/crypto_policy.h"
#include "server/core/crypto/fpe_format.h"
#include "server/crypto_api/objects/request.h"

#include <string.h>

enum { EXPONENT_MIN = 65537 };

struct symmetric_fields {
	struct json_t *key_sizes, *fpe, *random_iv;
	const char *mode;
	int64_t tag_length, iv_length;
};
static const struct json_field symmetric_fields[] = {
	{ "key_sizes", JSON_READ_ARRAY, offsetof(struct symmetric_fields, key_sizes), false, true,
	  0, 8 },
	{ "fpe", JSON_READ_OBJECT, offsetof(struct symmetric_fields, fpe), false, true, 0, 0 },
	{ "random_iv", JSON_READ_ANY, offsetof(struct symmetric_fields, random_iv), false, true, 0,
	  0 },
	{ "cipher_mode", JSON_READ_TEXT, offsetof(struct symmetric_fields, mode), false, true, 2,
	  16 },
	{ "tag_length", JSON_READ_INT, offsetof(struct symmetric_fields, tag_length), false, true,
	  32, 128 },
	{ "iv_length", JSON_READ_INT, offsetof(struct symmetric_fields, iv_length), false, true, 1,
	  256 },
};

struct rsa_fields {
	struct json_t *encryption, *signature;
	int64_t bits, exponent, minimum;
};
static const struct json_field rsa_fields[] = {
	{ "key_size", JSON_READ_INT, offsetof(struct rsa_fields, bits), false, true, 1,
	  UINT32_MAX },
	{ "public_exponent", JSON_READ_INT, offsetof(struct rsa_fields, exponent), false, true, 1,
	  UINT32_MAX },
	{ "encryption_policy", JSON_READ_ARRAY, offsetof(struct rsa_fields, encryption), false,
	  true, 0, RSA_RULES_MAX },
	{ "signature_policy", JSON_READ_ARRAY, offsetof(struct rsa_fields, signature), false, true,
	  0, RSA_RULES_MAX },
	{ "minimum_key_length", JSON_READ_INT, offsetof(struct rsa_fields, minimum), false, true, 0,
	  UINT32_MAX },
};

static void put_json(struct json_writer *w, const char *key, const struct json_t *value)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(SOBJECT_JSON_MAX);

	if (hf_ok(json_canonical(value, &text)))
		json_raw(w, key, hf_buf_span(&text));
}

/* The new value where there is one, otherwise what was there. */
static void put_either(struct json_writer *w, const char *key, const struct json_t *new,
                       const struct json_t *was)
{
	const struct json_t *old = json_member(was, key);

	if (new)
		put_json(w, key, new);
	else if (old)
		put_json(w, key, old);
}

static hf_status check_symmetric(const struct json_t *from, struct hf_err *err)
{
	struct symmetric_fields in = { 0 };

	return from ? json_read(from, symmetric_fields, HF_COUNT(symmetric_fields), &in, err)
	            : HF_SUCCESS;
}

static hf_status check_exponent(int64_t e, struct hf_err *err)
{
	if (e == 0 || (e >= EXPONENT_MIN && e % 2 == 1))
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "the public exponent is odd, and at least %d",
	               EXPONENT_MIN);
}

uint32_t sobject_request_exponent(const struct sobject_request *r)
{
	int64_t e = json_value_int(json_member(r->rsa, "public_exponent"));

	return (uint32_t)(e ? e : r->exponent);
}

static hf_status read_rsa(struct sobject_request *r, struct rsa_fields *in, struct hf_err *err)
{
	struct rsa_rules rules;

	if (r->rsa)
		HF_TRY(hf_context(err, json_read(r->rsa, rsa_fields, HF_COUNT(rsa_fields), in, err),
		                  "rsa"));
	if (in->encryption)
		HF_TRY(rsa_rules_read(in->encryption, false, &rules, err));
	if (in->signature)
		HF_TRY(rsa_rules_read(in->signature, true, &rules, err));
	if (!in->exponent)
		in->exponent = r->exponent;
	return check_exponent(in->exponent, err);
}

/* New keys do OAEP, and sign in any way, unless their maker says something else. */
static hf_status put_rsa(struct sobject_request *r, uint32_t bits, const struct json_t *was,
                         struct json_writer *w, struct hf_err *err)
{
	static const char encryption[] = "[{\"padding\":{\"OAEP\":{}}}]", signature[] = "[{}]";
	struct rsa_fields in = { 0 };
	const struct json_t *old = json_member(was, "rsa");

	HF_TRY(read_rsa(r, &in, err));
	if (old && !r->rsa) {
		put_json(w, "rsa", old);
		return HF_SUCCESS;
	}
	json_open_object(w, "rsa");
	json_int(w, "key_size", bits);
	if (old)
		put_either(w, "public_exponent", NULL, old);
	else if (in.exponent)
		json_int(w, "public_exponent", in.exponent);
	if (in.encryption || old)
		put_either(w, "encryption_policy", in.encryption, old);
	else
		json_raw(w, "encryption_policy", hf_span_text(encryption));
	if (in.signature || old)
		put_either(w, "signature_policy", in.signature, old);
	else
		json_raw(w, "signature_policy", hf_span_text(signature));
	json_close_object(w);
	return HF_SUCCESS;
}

static hf_status check_type(const struct sobject_request *r, int type, struct hf_err *err)
{
	const char *wrong = r->aes && type != OBJECT_AES     ? "aes"
	                    : r->fpe && type != OBJECT_AES   ? "fpe"
	                    : r->des3 && type != OBJECT_DES3 ? "des3"
	                    : r->rsa && type != OBJECT_RSA   ? "rsa"
	                                                     : NULL;

	if (!wrong)
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "field \"%s\": the key is of type %s", wrong,
	               object_type_name(type));
}

/* Nobody can ask an HSM for it; only PKCS #1 v1.5 and EdDSA are so by themselves. */
static hf_status check_deterministic(const struct sobject_request *r, int type, struct hf_err *err)
{
	if (!json_value_true(r->deterministic) || (type != OBJECT_EC && type != OBJECT_RSA))
		return HF_SUCCESS;
	return hf_fail(err, HF_UNSUPPORTED,
	               "field \"deterministic_signatures\": whether ECDSA and PSS signatures are "
	               "deterministic is the HSM's own affair, and cannot be asked of it");
}

/* A format that tokens cannot be made of is refused here, not when the first is. */
static hf_status check_format(const struct json_t *fpe, struct hf_err *err)
{
	HF_CLEANUP(fpe_format_free_at) struct fpe_format *format = NULL;

	if (!fpe)
		return HF_SUCCESS;
	return hf_context(err, fpe_format_parse(fpe, &format, err), "fpe");
}

hf_status sobject_request_options(struct sobject_request *r, int type, uint32_t bits,
                                  const char *was, char **ret, struct hf_err *err)
{
	JSON_SCOPED struct json_t *old = NULL;
	struct json_writer w = JSON_WRITER(&r->options_text);

	HF_TRY(check_type(r, type, err));
	HF_TRY(check_deterministic(r, type, err));
	HF_TRY(check_format(r->fpe, err));
	HF_TRY(check_format(r->aes ? json_member(r->aes, "fpe") : NULL, err));
	HF_TRY(check_symmetric(r->aes, err));
	HF_TRY(check_symmetric(r->des3, err));
	if (was)
		HF_TRY(json_parse(hf_span_text(was), SOBJECT_JSON_MAX, &old, err));
	hf_buf_done(&r->options_text);
	r->options_text = HF_BUF(SOBJECT_JSON_MAX);
	json_open_object(&w, NULL);
	put_either(&w, "aes", r->aes, old);
	put_either(&w, "fpe", r->fpe, old);
	put_either(&w, "des3", r->des3, old);
	put_either(&w, "deterministic_signatures", r->deterministic, old);
	put_either(&w, "allow_sign_hash", r->allow_sign_hash, old);
	if (type == OBJECT_RSA)
		HF_TRY(put_rsa(r, bits, old, &w, err));
	json_close_object(&w);
	hf_buf_u8(&r->options_text, 0);
	HF_TRY(hf_buf_status(&r->options_text));
	*ret = r->options_text.len > 3 ? (char *)r->options_text.ptr : NULL;
	return HF_SUCCESS;
}
