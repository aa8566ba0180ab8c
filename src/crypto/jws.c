/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jws.h"

#include "base/text.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#define SIG_LEN 64
#define SIG_TEXT_LEN 86 /* base64url of it */
#define HEADER_MAX 192  /* base64url of the longest header */

struct jws_key {
	EVP_PKEY *pkey;
	char kid[JWS_KID_MAX + 1];
	char header[HEADER_MAX]; /* base64url, and the dot after it */
	size_t header_len;
};

HF_DEFINE_CLEANUP(EVP_MD_CTX_free, EVP_MD_CTX *)

static hf_status make_header(const char *kid, struct jws_key *key)
{
	static const char allowed[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	HF_BUF_SCOPED struct hf_buf json = HF_BUF(HEADER_MAX);
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(HEADER_MAX);
	size_t len = strlen(kid);

	HF_ENSURE(len >= 1 && len <= JWS_KID_MAX && strspn(kid, allowed) == len, HF_INVALID);
	hf_buf_printf(&json, "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"%s\"}", kid);
	hf_buf_base64url(&text, hf_buf_span(&json));
	hf_buf_u8(&text, '.');
	HF_TRY(hf_buf_status(&json));
	HF_TRY(hf_buf_status(&text));
	memcpy(key->kid, kid, len + 1);
	memcpy(key->header, text.ptr, text.len);
	key->header_len = text.len;
	return HF_SUCCESS;
}

hf_status jws_key_new(const struct hf_secret *seed, const char *kid, struct jws_key **ret)
{
	struct jws_key key = { 0 };
	HF_FREE struct jws_key *out = malloc(sizeof(*out));

	HF_ENSURE(out, HF_NOMEM);
	HF_ENSURE(seed->len == JWS_SEED_LEN, HF_INVALID);
	HF_TRY(make_header(kid, &key));
	key.pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed->ptr, seed->len);
	HF_ENSURE(key.pkey, HF_NOMEM);
	*out = key;
	*ret = hf_take(out);
	return HF_SUCCESS;
}

void jws_key_free(struct jws_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

const char *jws_key_id(const struct jws_key *key)
{
	return key->kid;
}

hf_status jws_key_public(const struct jws_key *key, uint8_t ret[JWS_PUBLIC_LEN])
{
	size_t len = JWS_PUBLIC_LEN;

	HF_ENSURE(EVP_PKEY_get_raw_public_key(key->pkey, ret, &len) == 1 && len == JWS_PUBLIC_LEN,
	          HF_INTERNAL);
	return HF_SUCCESS;
}

static hf_status ed25519_sign(const struct jws_key *key, struct hf_span text, uint8_t sig[SIG_LEN])
{
	HF_CLEANUP(EVP_MD_CTX_free_at) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = SIG_LEN;

	if (ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, text.ptr, text.len) == 1 && len == SIG_LEN)
		return HF_SUCCESS;
	ERR_clear_error();
	return HF_FAILURE(HF_NOMEM);
}

hf_status jws_sign(const struct jws_key *key, struct hf_span payload, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(JWS_TOKEN_MAX);
	uint8_t sig[SIG_LEN];

	hf_buf_put(&token, key->header, key->header_len);
	hf_buf_base64url(&token, payload);
	HF_TRY(hf_buf_status(&token));
	HF_TRY(ed25519_sign(key, hf_buf_span(&token), sig));
	hf_buf_u8(&token, '.');
	hf_buf_base64url(&token, HF_SPAN(sig, SIG_LEN));
	HF_TRY(hf_buf_status(&token));
	hf_buf_put(to, token.ptr, token.len);
	return hf_buf_status(to);
}

/* One spelling: hf_unbase64() also takes padding and the other alphabet, so what it gave is spelt
 * again. */
static hf_status decode_exactly(struct hf_span text, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf again = HF_BUF(JWS_TOKEN_MAX);

	HF_TRY(hf_unbase64(text, to));
	hf_buf_base64url(&again, hf_buf_span(to));
	HF_TRY(hf_buf_status(&again));
	HF_ENSURE(hf_span_equal(hf_buf_span(&again), text), HF_INVALID);
	return HF_SUCCESS;
}

/* Ed25519 is deterministic, and whoever verifies here holds the seed: making the signature again
 * and comparing takes less than half as long as verifying, and takes one spelling only. */
static hf_status check_signature(const struct jws_key *key, struct hf_span text, const uint8_t *got)
{
	HF_BUF_SCOPED struct hf_buf want = HF_BUF(SIG_TEXT_LEN);
	uint8_t sig[SIG_LEN];

	HF_TRY(ed25519_sign(key, text, sig));
	hf_buf_base64url(&want, HF_SPAN(sig, SIG_LEN));
	HF_TRY(hf_buf_status(&want));
	HF_ENSURE(hf_equal_ct(want.ptr, got, SIG_TEXT_LEN), HF_UNAUTHENTIC);
	return HF_SUCCESS;
}

hf_status jws_verify(const struct jws_key *key, struct hf_span token, struct hf_buf *payload)
{
	HF_BUF_SCOPED struct hf_buf claims = HF_BUF(JWS_TOKEN_MAX);
	size_t tail = 1 + SIG_TEXT_LEN;
	struct hf_span body;

	HF_ENSURE(token.len <= JWS_TOKEN_MAX, HF_TOOBIG);
	HF_ENSURE(token.len >= key->header_len + tail, HF_INVALID);
	HF_ENSURE(hf_span_equal(HF_SPAN(token.ptr, key->header_len),
	                        HF_SPAN(key->header, key->header_len)),
	          HF_INVALID);
	HF_ENSURE(token.ptr[token.len - tail] == '.', HF_INVALID);
	HF_TRY(check_signature(key, HF_SPAN(token.ptr, token.len - tail),
	                       token.ptr + token.len - SIG_TEXT_LEN));
	body = HF_SPAN(token.ptr + key->header_len, token.len - key->header_len - tail);
	HF_TRY(decode_exactly(body, &claims)); /* a further dot is no base64 */
	hf_buf_put(payload, claims.ptr, claims.len);
	return hf_buf_status(payload);
}
