/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/jwt.h"

#include "base/text.h"
#include "crypto/ecdsa_der.h"
#include "crypto/verify_any.h"

#include <stdio.h>
#include <string.h>

struct algorithm {
	const char *name;
	enum object_type type;
	enum curve curve;
	enum verify_kind kind;
	enum digest_alg hash;
	size_t signature_len; /* 0: the key's */
};

static const struct algorithm algorithms[] = {
	{ "RS256", OBJECT_RSA, CURVE_NONE, VERIFY_RSA_PKCS1, DIGEST_SHA256, 0 },
	{ "PS256", OBJECT_RSA, CURVE_NONE, VERIFY_RSA_PSS, DIGEST_SHA256, 0 },
	{ "ES256", OBJECT_EC, CURVE_P256, VERIFY_ECDSA, DIGEST_SHA256, 64 },
	{ "ES384", OBJECT_EC, CURVE_P384, VERIFY_ECDSA, DIGEST_SHA384, 96 },
	{ "EdDSA", OBJECT_EC, CURVE_ED25519, VERIFY_EDDSA, DIGEST_NONE, 64 },
};

static const struct algorithm *algorithm(const char *name)
{
	for (size_t i = 0; name && i < HF_COUNT(algorithms); i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return &algorithms[i];
	return NULL;
}

static bool fits(const struct algorithm *a, const struct jwt_key *key)
{
	return a->type == key->type && a->curve == key->curve &&
	       (!key->alg[0] || strcmp(key->alg, a->name) == 0);
}

/* One spelling only: no padding, no other alphabet, no stray bits. */
static hf_status unpack(struct hf_span text, struct hf_buf *to)
{
	HF_ENSURE(text.len && !memchr(text.ptr, '=', text.len) &&
	                  !memchr(text.ptr, '+', text.len) && !memchr(text.ptr, '/', text.len),
	          HF_INVALID);
	return hf_unbase64(text, to);
}

static hf_status unpack_object(struct hf_span text, struct json_t **ret)
{
	HF_BUF_SCOPED struct hf_buf json = HF_BUF(JWT_MAX);
	JSON_SCOPED struct json_t *doc = NULL;

	HF_TRY(unpack(text, &json));
	HF_TRY(json_parse(hf_buf_span(&json), JWT_MAX, &doc, NULL));
	HF_ENSURE(json_value_is(doc, JSON_READ_OBJECT), HF_INVALID);
	*ret = hf_take(doc);
	return HF_SUCCESS;
}

static hf_status unpack_signature(struct hf_span text, struct jwt *to)
{
	HF_BUF_SCOPED struct hf_buf bytes = HF_BUF(sizeof(to->signature));

	HF_TRY(unpack(text, &bytes));
	HF_ENSURE(bytes.len <= sizeof(to->signature), HF_INVALID);
	memcpy(to->signature, bytes.ptr, bytes.len);
	to->signature_len = bytes.len;
	return HF_SUCCESS;
}

static hf_status parse(const char *token, struct jwt *to)
{
	const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;

	HF_ENSURE(second && !strchr(second + 1, '.') && strlen(token) <= JWT_MAX, HF_INVALID);
	HF_TRY(unpack_object(HF_SPAN(token, first - token), &to->header));
	HF_TRY(unpack_object(HF_SPAN(first + 1, second - first - 1), &to->claims));
	to->signed_part = HF_SPAN(token, second - token);
	return unpack_signature(hf_span_text(second + 1), to);
}

hf_status jwt_parse(const char *token, struct jwt *ret)
{
	struct jwt j = { 0 };
	hf_status s = parse(token, &j);

	if (!hf_ok(s)) {
		jwt_done(&j);
		return HF_FAILURE(HF_INVALID);
	}
	*ret = j;
	return HF_SUCCESS;
}

void jwt_done(struct jwt *j)
{
	json_done(j->header);
	json_done(j->claims);
	j->header = j->claims = NULL;
}

const char *jwt_kid(const struct jwt *j)
{
	return json_member_text(j->header, "kid");
}

static hf_status bytes_of(const struct json_t *jwk, const char *name, struct hf_buf *to)
{
	const char *text = json_member_text(jwk, name);

	HF_ENSURE(text, HF_INVALID);
	return hf_unbase64(hf_span_text(text), to);
}

static hf_status rsa_key(const struct json_t *jwk, struct jwt_key *to)
{
	HF_BUF_SCOPED struct hf_buf n = HF_BUF(RSA_MODULUS_MAX + 8), e = HF_BUF(16);
	unsigned bits;

	HF_TRY(bytes_of(jwk, "n", &n));
	HF_TRY(bytes_of(jwk, "e", &e));
	to->type = OBJECT_RSA;
	HF_TRY(public_der_from_rsa(hf_buf_span(&n), hf_buf_span(&e), &to->spki, &bits));
	HF_ENSURE(bits >= 2048, HF_UNSUPPORTED);
	return HF_SUCCESS;
}

static hf_status ec_key(const struct json_t *jwk, struct jwt_key *to)
{
	HF_BUF_SCOPED struct hf_buf point = HF_BUF(EC_POINT_MAX);
	const char *curve = json_member_text(jwk, "crv");
	size_t half;

	HF_ENSURE(curve, HF_INVALID);
	to->type = OBJECT_EC;
	to->curve = strcmp(curve, "P-256") == 0     ? CURVE_P256
	            : strcmp(curve, "P-384") == 0   ? CURVE_P384
	            : strcmp(curve, "Ed25519") == 0 ? CURVE_ED25519
	                                            : CURVE_NONE;
	HF_ENSURE(to->curve != CURVE_NONE, HF_UNSUPPORTED);
	half = curve_info(to->curve)->field_len;
	if (to->curve != CURVE_ED25519)
		hf_buf_u8(&point, 4);
	HF_TRY(bytes_of(jwk, "x", &point));
	if (to->curve != CURVE_ED25519) {
		HF_ENSURE(point.len == 1 + half, HF_INVALID);
		HF_TRY(bytes_of(jwk, "y", &point));
		HF_ENSURE(point.len == 1 + 2 * half, HF_INVALID);
	} else {
		HF_ENSURE(point.len == half, HF_INVALID);
	}
	return public_der_from_point(to->curve, hf_buf_span(&point), &to->spki);
}

static hf_status copy_word(const char *word, char *to, size_t cap)
{
	return hf_span_to_text(hf_span_text(word), to, cap);
}

hf_status jwt_key_of_jwk(const struct json_t *jwk, struct jwt_key *ret)
{
	const char *kind = json_member_text(jwk, "kty"), *use = json_member_text(jwk, "use");
	const char *alg = json_member_text(jwk, "alg"), *kid = json_member_text(jwk, "kid");
	struct jwt_key key = { 0 };
	struct public_info checked;

	HF_ENSURE(kind, HF_INVALID);
	HF_ENSURE(!use || strcmp(use, "sig") == 0, HF_UNSUPPORTED);
	HF_ENSURE(!alg || algorithm(alg), HF_UNSUPPORTED);
	HF_TRY(copy_word(kid ? kid : "", key.kid, sizeof(key.kid)));
	HF_TRY(copy_word(alg ? alg : "", key.alg, sizeof(key.alg)));
	if (strcmp(kind, "RSA") == 0)
		HF_TRY(rsa_key(jwk, &key));
	else if (strcmp(kind, "EC") == 0 || strcmp(kind, "OKP") == 0)
		HF_TRY(ec_key(jwk, &key));
	else
		return HF_FAILURE(HF_UNSUPPORTED);
	HF_TRY(public_info_parse(HF_SPAN(key.spki.bytes, key.spki.len), &checked));
	*ret = key;
	return HF_SUCCESS;
}

hf_status jwt_key_of_der(const char *kid, struct hf_span der, struct jwt_key *ret)
{
	struct public_info info;
	struct jwt_key key = { 0 };

	HF_TRY(copy_word(kid, key.kid, sizeof(key.kid)));
	HF_TRY(public_info_parse(der, &info));
	HF_ENSURE(info.type != OBJECT_RSA || info.bits >= 2048, HF_UNSUPPORTED);
	HF_TRY(public_info_der(&info, &key.spki));
	key.type = info.type;
	key.curve = info.curve;
	for (size_t i = 0; i < HF_COUNT(algorithms); i++) {
		if (fits(&algorithms[i], &key)) {
			*ret = key;
			return HF_SUCCESS;
		}
	}
	return HF_FAILURE(HF_UNSUPPORTED);
}

static hf_status check_signature(const struct jwt *j, const struct algorithm *a,
                                 const struct jwt_key *key)
{
	const struct verify_how how = { .kind = a->kind,
		                        .hash = a->hash,
		                        .salt_len = VERIFY_SALT_AS_HASH };
	struct hf_span signature = HF_SPAN(j->signature, j->signature_len), data = j->signed_part;
	HF_BUF_SCOPED struct hf_buf der = HF_BUF(ECDSA_DER_MAX);
	uint8_t digest[DIGEST_LEN_MAX];
	size_t len;

	HF_ENSURE(!a->signature_len || signature.len == a->signature_len, HF_UNAUTHENTIC);
	if (a->kind == VERIFY_ECDSA) {
		HF_ENSURE(hf_ok(ecdsa_der_make(signature, &der)), HF_UNAUTHENTIC);
		signature = hf_buf_span(&der);
	}
	if (a->hash != DIGEST_NONE) {
		HF_TRY(digest_alg_hash(a->hash, data, digest, &len));
		data = HF_SPAN(digest, len);
	}
	return verify_any(HF_SPAN(key->spki.bytes, key->spki.len), &how, data, signature);
}

hf_status jwt_verify(const struct jwt *j, const struct jwt_key *key, struct hf_err *err)
{
	const struct algorithm *a = algorithm(json_member_text(j->header, "alg"));

	if (!a || json_member(j->header, "crit"))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "this JWT is signed in a way that is not accepted: RS256, PS256, "
		               "ES256, ES384 and EdDSA are, without critical extensions");
	if (!fits(a, key) || !hf_ok(check_signature(j, a, key)))
		return hf_fail(err, HF_UNAUTHENTIC,
		               "this JWT's signature is not by a key that "
		               "this app trusts");
	return HF_SUCCESS;
}
