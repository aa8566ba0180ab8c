/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/mode_words.h"

#include "json/read.h"

#include <string.h>

#define OPTIONS_MAX 65536 /* of an object */

hf_status mode_words_digest(const char *field, const char *name, enum digest_alg *ret,
                            struct hf_err *err)
{
	if (hf_ok(digest_alg_parse(name, ret)))
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID,
	               "field \"%s\": \"%.40s\" is no digest that is known here; use SHA256, "
	               "SHA384, SHA512 or another of SHA-2, SHA-3",
	               field, name);
}

bool digest_is_legacy(enum digest_alg alg)
{
	return alg == DIGEST_SHA1 || alg == DIGEST_RIPEMD160;
}

bool digest_is_sha(enum digest_alg alg)
{
	return alg >= DIGEST_SHA1 && alg <= DIGEST_SHA3_512;
}

/* The only member of an object, by its name; NULL when there is none, or another one too. */
static struct json_t *only_member(const struct json_t *object, const char *name)
{
	struct json_t *value = NULL;
	void *at = NULL;
	const char *first = json_value_is(object, JSON_READ_OBJECT)
	                            ? json_member_next(object, &at, &value)
	                            : NULL;

	if (!first || strcmp(first, name) != 0 || json_member_next(object, &at, NULL))
		return NULL;
	return value;
}

static bool is_empty_object(const struct json_t *v)
{
	void *at = NULL;

	return json_value_is(v, JSON_READ_OBJECT) && !json_member_next(v, &at, NULL);
}

static hf_status read_mgf(const char *name, const struct json_t *padding, enum digest_alg *ret,
                          struct hf_err *err)
{
	const char *hash = json_value_text(
	        only_member(only_member(only_member(padding, "mgf"), "mgf1"), "hash"));

	if (!hash)
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": expected "
		               "{\"%s\":{\"mgf\":{\"mgf1\":{\"hash\":\"SHA256\"}}}}",
		               name);
	HF_TRY(mode_words_digest("mode", hash, ret, err));
	if (!digest_is_sha(*ret))
		return hf_fail(err, HF_INVALID, "field \"mode\": %s is not used with %s", hash,
		               name);
	return HF_SUCCESS;
}

hf_status mode_words_padding(const struct json_t *mode, struct padding_words *ret,
                             struct hf_err *err)
{
	struct padding_words words = { .padding = PADDING_NONE };
	struct json_t *inside;

	if (!mode) {
		*ret = words;
		return HF_SUCCESS;
	}
	if ((inside = only_member(mode, "OAEP"))) {
		words.padding = PADDING_OAEP;
		HF_TRY(read_mgf("OAEP", inside, &words.hash, err));
	} else if ((inside = only_member(mode, "PSS"))) {
		words.padding = PADDING_PSS;
		HF_TRY(read_mgf("PSS", inside, &words.hash, err));
	} else if (is_empty_object(only_member(mode, "PKCS1_V15"))) {
		words.padding = PADDING_PKCS1;
	} else if (is_empty_object(only_member(mode, "RAW_DECRYPT"))) {
		words.padding = PADDING_RAW;
	} else {
		return hf_fail(err, HF_INVALID,
		               "field \"mode\": of an RSA key, expected an object with one member "
		               "of OAEP, PSS, PKCS1_V15 or RAW_DECRYPT");
	}
	*ret = words;
	return HF_SUCCESS;
}

/* Of a policy, which may leave the hash open. */
static hf_status first_padding(const struct json_t *padding, struct padding_words *ret,
                               struct hf_err *err)
{
	struct json_t *open = only_member(padding, "OAEP");

	if (is_empty_object(open)) {
		*ret = (struct padding_words){ PADDING_OAEP, DIGEST_SHA256 };
		return HF_SUCCESS;
	}
	if (is_empty_object(only_member(padding, "PSS"))) {
		*ret = (struct padding_words){ PADDING_PSS, DIGEST_SHA256 };
		return HF_SUCCESS;
	}
	return mode_words_padding(padding, ret, err);
}

hf_status mode_words_default(const char *options, bool signs, struct padding_words *ret,
                             struct hf_err *err)
{
	JSON_SCOPED struct json_t *doc = NULL;
	const struct json_t *list, *padding;

	*ret = signs ? (struct padding_words){ .padding = PADDING_PKCS1 }
	             : (struct padding_words){ PADDING_OAEP, DIGEST_SHA256 };
	if (!options)
		return HF_SUCCESS;
	HF_TRY(json_parse(hf_span_text(options), OPTIONS_MAX, &doc, err));
	list = json_member(json_member(doc, "rsa"),
	                   signs ? "signature_policy" : "encryption_policy");
	padding = json_member(json_element(list, 0), "padding");
	return json_value_is(padding, JSON_READ_OBJECT) ? first_padding(padding, ret, err)
	                                                : HF_SUCCESS;
}
