/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/bodies.h"

#include "base/secret.h"
#include "base/text.h"
#include "server/crypto_api/call.h"
#include "server/crypto_api/crypto/mode_words.h"

#include <string.h>

#define NAME_MAX_ 64 /* an algorithm's name */
#define MULTIPART                                                                                  \
	"send it in pieces: /crypto/v1/encrypt/init, update and final (or decrypt), with CBC or "  \
	"CTR"
#define HASH_IT "digest it yourself, and send \"hash\""

// clang-format off
#define OPTIONAL_TEXT(type, name, member)                                                          \
	{ name, JSON_READ_TEXT, offsetof(type, member), false, true, 0, 0 }
#define REQUIRED_TEXT(type, name, member)                                                          \
	{ name, JSON_READ_TEXT, offsetof(type, member), true, false, 0, 0 }
#define A_NAME(type, name, member)                                                                 \
	{ name, JSON_READ_TEXT, offsetof(type, member), false, true, 1, NAME_MAX_ }
#define AN_OBJECT(type, name, member)                                                              \
	{ name, JSON_READ_OBJECT, offsetof(type, member), false, true, 0, 0 }
#define ANYTHING(type, name, member)                                                               \
	{ name, JSON_READ_ANY, offsetof(type, member), false, true, 0, 0 }
// clang-format on

/* ---- Base64 */

static size_t texts_len(const struct json_t *v)
{
	const char *text = json_value_text(v);
	struct json_t *member;
	void *at = NULL;
	size_t n = text ? strlen(text) : 0;

	if (text)
		return n;
	for (size_t i = 0; i < json_count(v); i++)
		n += texts_len(json_element(v, i));
	if (json_value_is(v, JSON_READ_OBJECT))
		while (json_member_next(v, &at, &member))
			n += texts_len(member);
	return n;
}

hf_status body_reserve(const struct json_t *doc, struct hf_buf *bytes)
{
	*bytes = HF_BUF(CRYPTO_BATCH_BODY_MAX);
	hf_buf_reserve(bytes, texts_len(doc) / 4 * 3 + 64);
	return hf_buf_status(bytes);
}

void body_wipe(struct hf_buf *bytes)
{
	if (bytes->ptr)
		hf_wipe(bytes->ptr, bytes->cap);
	hf_buf_done(bytes);
}

hf_status body_base64(struct hf_buf *bytes, const char *field, const char *text, size_t max,
                      const char *instead, struct hf_span *ret, struct hf_err *err)
{
	struct hf_span in = hf_span_text(text);
	size_t at = bytes->len;
	hf_status s;

	if (!text)
		return HF_SUCCESS;
	if (in.len / 4 * 3 > max + 2)
		return hf_fail(err, HF_TOOBIG,
		               "field \"%s\": about %zu bytes; one call takes %zu at most: %s",
		               field, in.len / 4 * 3, max, instead);
	s = hf_unbase64(in, bytes);
	if (s.code == HF_INVALID)
		return hf_fail(err, HF_INVALID, "field \"%s\": expected base64", field);
	HF_TRY(s);
	if (bytes->len - at > max)
		return hf_fail(err, HF_TOOBIG,
		               "field \"%s\": %zu bytes; one call takes %zu at most: %s", field,
		               bytes->len - at, max, instead);
	*ret = HF_SPAN(bytes->ptr + at, bytes->len - at);
	return HF_SUCCESS;
}

/* ---- Encryption */

struct cipher_texts {
	struct cipher_body b;
	const char *data, *iv, *ad, *tag, *label;
};

static hf_status decode_cipher(struct hf_buf *bytes, const char *data_field,
                               struct cipher_texts *in, struct cipher_body *ret, struct hf_err *err)
{
	struct mode_said *said = &in->b.said;

	HF_TRY(body_base64(bytes, data_field, in->data, CRYPTO_DATA_MAX, MULTIPART, &in->b.data,
	                   err));
	HF_TRY(body_base64(bytes, "iv", in->iv, CRYPTO_IV_MAX, "that is no IV", &said->iv, err));
	HF_TRY(body_base64(bytes, "ad", in->ad, CRYPTO_AD_MAX, "send its digest", &said->ad, err));
	HF_TRY(body_base64(bytes, "tag", in->tag, CRYPTO_TAG_MAX, "that is no tag", &said->tag,
	                   err));
	HF_TRY(body_base64(bytes, "label", in->label, CRYPTO_AD_MAX, "use a shorter one",
	                   &said->label, err));
	*ret = in->b;
	return HF_SUCCESS;
}

hf_status read_encrypt(const struct json_t *doc, struct hf_buf *bytes, struct cipher_body *ret,
                       struct hf_err *err)
{
	static const struct json_field fields[] = {
		AN_OBJECT(struct cipher_texts, "key", b.key),
		A_NAME(struct cipher_texts, "alg", b.said.alg),
		REQUIRED_TEXT(struct cipher_texts, "plain", data),
		ANYTHING(struct cipher_texts, "mode", b.said.mode),
		OPTIONAL_TEXT(struct cipher_texts, "iv", iv),
		OPTIONAL_TEXT(struct cipher_texts, "ad", ad),
		{ "tag_len", JSON_READ_INT, offsetof(struct cipher_texts, b.said.tag_bits), false,
		  true, 1, 1024 },
		OPTIONAL_TEXT(struct cipher_texts, "label", label),
	};
	struct cipher_texts in = { 0 };

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	return decode_cipher(bytes, "plain", &in, ret, err);
}

hf_status read_decrypt(const struct json_t *doc, struct hf_buf *bytes, struct cipher_body *ret,
                       struct hf_err *err)
{
	static const struct json_field fields[] = {
		AN_OBJECT(struct cipher_texts, "key", b.key),
		A_NAME(struct cipher_texts, "alg", b.said.alg),
		REQUIRED_TEXT(struct cipher_texts, "cipher", data),
		ANYTHING(struct cipher_texts, "mode", b.said.mode),
		OPTIONAL_TEXT(struct cipher_texts, "iv", iv),
		OPTIONAL_TEXT(struct cipher_texts, "ad", ad),
		OPTIONAL_TEXT(struct cipher_texts, "tag", tag),
		{ "masked", JSON_READ_BOOL, offsetof(struct cipher_texts, b.masked), false, true, 0,
		  0 },
		OPTIONAL_TEXT(struct cipher_texts, "label", label),
	};
	struct cipher_texts in = { 0 };

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	return decode_cipher(bytes, "cipher", &in, ret, err);
}

/* ---- Signatures */

struct sign_texts {
	struct sign_body b;
	const char *hash, *data, *signature, *context;
};

static hf_status decode_sign(struct hf_buf *bytes, struct sign_texts *in, struct sign_body *ret,
                             struct hf_err *err)
{
	if (!in->hash == !in->data)
		return hf_fail(err, HF_INVALID,
		               "expected exactly one of the fields \"hash\" and \"data\"");
	if (in->context)
		return hf_fail(err, HF_INVALID,
		               "field \"context\": keys of type RSA and EC take none");
	HF_TRY(body_base64(bytes, "hash", in->hash, DIGEST_LEN_MAX, "that is no digest",
	                   &in->b.hash, err));
	HF_TRY(body_base64(bytes, "data", in->data, CRYPTO_DATA_MAX, HASH_IT, &in->b.data, err));
	HF_TRY(body_base64(bytes, "signature", in->signature, CRYPTO_MORE_MAX,
	                   "that is no signature", &in->b.signature, err));
	*ret = in->b;
	return HF_SUCCESS;
}

hf_status read_sign(const struct json_t *doc, struct hf_buf *bytes, struct sign_body *ret,
                    struct hf_err *err)
{
	static const struct json_field fields[] = {
		AN_OBJECT(struct sign_texts, "key", b.key),
		A_NAME(struct sign_texts, "hash_alg", b.hash_alg),
		OPTIONAL_TEXT(struct sign_texts, "hash", hash),
		OPTIONAL_TEXT(struct sign_texts, "data", data),
		ANYTHING(struct sign_texts, "mode", b.mode),
		{ "deterministic_signature", JSON_READ_BOOL,
		  offsetof(struct sign_texts, b.deterministic), false, true, 0, 0 },
		OPTIONAL_TEXT(struct sign_texts, "context", context),
	};
	struct sign_texts in = { 0 };

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	return decode_sign(bytes, &in, ret, err);
}

hf_status read_verify(const struct json_t *doc, struct hf_buf *bytes, struct sign_body *ret,
                      struct hf_err *err)
{
	static const struct json_field fields[] = {
		AN_OBJECT(struct sign_texts, "key", b.key),
		A_NAME(struct sign_texts, "hash_alg", b.hash_alg),
		OPTIONAL_TEXT(struct sign_texts, "hash", hash),
		OPTIONAL_TEXT(struct sign_texts, "data", data),
		ANYTHING(struct sign_texts, "mode", b.mode),
		REQUIRED_TEXT(struct sign_texts, "signature", signature),
		OPTIONAL_TEXT(struct sign_texts, "context", context),
	};
	struct sign_texts in = { 0 };

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	return decode_sign(bytes, &in, ret, err);
}

hf_status sign_body_mech(const struct sign_body *body, const struct mode_key *key, bool verify,
                         uint8_t digest[DIGEST_LEN_MAX], struct crypto_mech *ret,
                         struct hf_span *ret_data, struct hf_err *err)
{
	struct crypto_mech mech;
	size_t len;

	HF_TRY(mode_of_signature(key, verify, body->hash_alg, body->mode, &mech, err));
	if (body->deterministic && (mech.mode == MODE_ECDSA || mech.mode == MODE_RSA_PSS))
		return hf_fail(err, HF_INVALID,
		               "field \"deterministic_signature\": whether such a signature is "
		               "deterministic is the HSM's own affair, and cannot be asked of it");
	if (mech.mode == MODE_EDDSA) {
		if (!body->data.ptr)
			return hf_fail(err, HF_INVALID,
			               "field \"hash\": %s signs the message itself; send it as "
			               "\"data\"",
			               curve_info((int)key->curve)->name);
		*ret = mech;
		*ret_data = body->data;
		return HF_SUCCESS;
	}
	len = digest_alg_len((int)mech.hash);
	if (body->data.ptr)
		HF_TRY(hf_context(err, digest_alg_hash(mech.hash, body->data, digest, &len),
		                  "field \"hash_alg\""));
	else if (body->hash.len != len)
		return hf_fail(err, HF_INVALID, "field \"hash\": %zu bytes; a digest by %s has %zu",
		               body->hash.len, body->hash_alg, len);
	*ret = mech;
	*ret_data = body->data.ptr ? HF_SPAN(digest, len) : body->hash;
	return HF_SUCCESS;
}

/* ---- MACs, digests */

struct mac_texts {
	struct mac_body b;
	const char *data, *mac, *digest;
};

hf_status read_mac(const struct json_t *doc, struct hf_buf *bytes, struct mac_body *ret,
                   struct hf_err *err)
{
	static const struct json_field fields[] = {
		AN_OBJECT(struct mac_texts, "key", b.key),
		A_NAME(struct mac_texts, "alg", b.alg),
		REQUIRED_TEXT(struct mac_texts, "data", data),
	};
	struct mac_texts in = { 0 };

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	HF_TRY(body_base64(bytes, "data", in.data, CRYPTO_DATA_MAX, "make the MAC of a digest",
	                   &in.b.data, err));
	*ret = in.b;
	return HF_SUCCESS;
}

hf_status read_mac_verify(const struct json_t *doc, struct hf_buf *bytes, struct mac_body *ret,
                          struct hf_err *err)
{
	static const struct json_field fields[] = {
		AN_OBJECT(struct mac_texts, "key", b.key),
		A_NAME(struct mac_texts, "alg", b.alg),
		REQUIRED_TEXT(struct mac_texts, "data", data),
		OPTIONAL_TEXT(struct mac_texts, "mac", mac),
		OPTIONAL_TEXT(struct mac_texts, "digest", digest), /* as old clients say it */
	};
	struct mac_texts in = { 0 };

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	if (!in.mac == !in.digest)
		return hf_fail(err, HF_INVALID, "field \"mac\" is missing: the MAC to check");
	HF_TRY(body_base64(bytes, "data", in.data, CRYPTO_DATA_MAX, "make the MAC of a digest",
	                   &in.b.data, err));
	HF_TRY(body_base64(bytes, in.mac ? "mac" : "digest", in.mac ? in.mac : in.digest,
	                   CRYPTO_MORE_MAX, "that is no MAC", &in.b.mac, err));
	*ret = in.b;
	return HF_SUCCESS;
}

hf_status read_digest(const struct json_t *doc, struct hf_buf *bytes, struct digest_body *ret,
                      struct hf_err *err)
{
	struct in {
		const char *alg, *data;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "alg", JSON_READ_TEXT, offsetof(struct in, alg), true, false, 1, NAME_MAX_ },
		REQUIRED_TEXT(struct in, "data", data),
	};
	struct digest_body body = { 0 };

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	HF_TRY(mode_words_digest("alg", in.alg, &body.alg, err));
	HF_TRY(body_base64(bytes, "data", in.data, CRYPTO_BODY_MAX, "digest it yourself",
	                   &body.data, err));
	*ret = body;
	return HF_SUCCESS;
}

/* ---- Wrapping */

hf_status read_wrap(const struct json_t *doc, struct hf_buf *bytes, struct wrap_body *ret,
                    struct hf_err *err)
{
	struct in {
		struct wrap_body b;
		const char *iv, *ad, *format;
	} in = { 0 };
	static const struct json_field fields[] = {
		AN_OBJECT(struct in, "key", b.key),
		AN_OBJECT(struct in, "subject", b.subject),
		OPTIONAL_TEXT(struct in, "kid", b.kid),
		A_NAME(struct in, "alg", b.said.alg),
		ANYTHING(struct in, "mode", b.said.mode),
		OPTIONAL_TEXT(struct in, "iv", iv),
		OPTIONAL_TEXT(struct in, "ad", ad),
		{ "tag_len", JSON_READ_INT, offsetof(struct in, b.said.tag_bits), false, true, 1,
		  1024 },
		A_NAME(struct in, "key_format", format),
	};

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	if (!in.b.subject == !in.b.kid)
		return hf_fail(err, HF_INVALID,
		               "field \"subject\" is missing: the key to wrap, such as "
		               "{\"kid\":\"…\"}");
	if (in.format && strcmp(in.format, "Default") != 0 && strcmp(in.format, "Pkcs8") != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"key_format\": expected \"Default\" or \"Pkcs8\"");
	HF_TRY(body_base64(bytes, "iv", in.iv, CRYPTO_IV_MAX, "that is no IV", &in.b.said.iv, err));
	HF_TRY(body_base64(bytes, "ad", in.ad, CRYPTO_AD_MAX, "send its digest", &in.b.said.ad,
	                   err));
	*ret = in.b;
	return HF_SUCCESS;
}

/* ---- Our own */

hf_status read_random(const struct json_t *doc, struct random_body *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "size", JSON_READ_INT, offsetof(struct random_body, size), true, false, 1,
		  CRYPTO_RANDOM_MAX },
		OPTIONAL_TEXT(struct random_body, "group_id", group_id),
	};
	struct random_body in = { 0 };

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	*ret = in;
	return HF_SUCCESS;
}

hf_status read_data_key(const struct json_t *doc, struct hf_buf *bytes, struct data_key_body *ret,
                        struct hf_err *err)
{
	struct in {
		struct data_key_body b;
		const char *ad;
	} in = { .b = { .bits = 256 } };
	static const struct json_field fields[] = {
		AN_OBJECT(struct in, "key", b.key),
		{ "size", JSON_READ_INT, offsetof(struct in, b.bits), false, true, 128, 512 },
		OPTIONAL_TEXT(struct in, "ad", ad),
	};

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	if (in.b.bits % 8)
		return hf_fail(err, HF_INVALID, "field \"size\": expected whole bytes, in bits");
	HF_TRY(body_base64(bytes, "ad", in.ad, CRYPTO_AD_MAX, "send its digest", &in.b.ad, err));
	*ret = in.b;
	return HF_SUCCESS;
}
