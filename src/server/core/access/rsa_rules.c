/* SPDX-License-Identifier: Apache-2.0
 * Which paddings of RSA are allowed: a list, one of whose rules has to match. */
#include "json/read.h"
#include "server/core/access/crypto_policy.h"

#include <string.h>

static const struct {
	const char *name;
	enum rsa_padding padding;
	bool signing, has_hash;
} paddings[] = {
	{ "OAEP", RSA_OAEP, false, true },        { "PKCS1_V15", RSA_PKCS1, false, false },
	{ "RAW_DECRYPT", RSA_RAW, false, false }, { "PSS", RSA_PSS, true, true },
	{ "PKCS1_V15", RSA_PKCS1, true, false },
};

/* The only member of an object, or NULL: none. */
static hf_status only_member(const struct json_t *object, const char **name, struct json_t **value,
                             struct hf_err *err)
{
	void *at = NULL;

	if (!json_value_is(object, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "an RSA policy: an object is expected");
	*name = json_member_next(object, &at, value);
	if (*name && json_member_next(object, &at, NULL))
		return hf_fail(err, HF_INVALID, "an RSA policy names one padding at a time");
	return HF_SUCCESS;
}

/* {"mgf": {"mgf1": {"hash": name}}}, each level of which may be left out. */
static hf_status read_hash(const struct json_t *from, enum digest_alg *ret, struct hf_err *err)
{
	static const char *const path[] = { "mgf", "mgf1", "hash" };
	struct json_t *value;
	const char *name;

	for (size_t i = 0; i < HF_COUNT(path); i++) {
		HF_TRY(only_member(from, &name, &value, err));
		if (!name || json_value_null(value))
			return HF_SUCCESS;
		if (strcmp(name, path[i]) != 0)
			return hf_fail(err, HF_INVALID, "an RSA policy knows no \"%s\" here", name);
		from = value;
	}
	name = json_value_text(from);
	if (!name || !hf_ok(digest_alg_parse(name, ret)))
		return hf_fail(err, HF_INVALID, "an RSA policy's hash is none that is known");
	return HF_SUCCESS;
}

static hf_status read_rule(const struct json_t *from, bool signing, enum rsa_padding *ret,
                           enum digest_alg *ret_hash, struct hf_err *err)
{
	struct json_t *value;
	const char *name;

	HF_TRY(only_member(from, &name, &value, err));
	if (!name)
		return HF_SUCCESS;
	if (strcmp(name, "padding") != 0)
		return hf_fail(err, HF_INVALID, "an RSA policy knows no \"%s\"", name);
	HF_TRY(only_member(value, &name, &value, err));
	for (size_t i = 0; name && i < HF_COUNT(paddings); i++)
		if (paddings[i].signing == signing && strcmp(paddings[i].name, name) == 0) {
			*ret = paddings[i].padding;
			return paddings[i].has_hash ? read_hash(value, ret_hash, err) : HF_SUCCESS;
		}
	return hf_fail(err, HF_INVALID, "an RSA policy knows no padding \"%s\" for %s",
	               name ? name : "", signing ? "signatures" : "encryption");
}

hf_status rsa_rules_read(const struct json_t *list, bool signing, struct rsa_rules *ret,
                         struct hf_err *err)
{
	struct rsa_rules rules = { .given = true, .n = json_count(list) };

	if (!json_value_is(list, JSON_READ_ARRAY) || rules.n > RSA_RULES_MAX)
		return hf_fail(err, HF_INVALID, "an RSA policy is a list of at most %d rules",
		               RSA_RULES_MAX);
	for (size_t i = 0; i < rules.n; i++)
		HF_TRY(read_rule(json_element(list, i), signing, &rules.list[i].padding,
		                 &rules.list[i].hash, err));
	*ret = rules;
	return HF_SUCCESS;
}

static enum rsa_padding padding_of(enum crypto_mode mode)
{
	if (mode == MODE_RSA_OAEP)
		return RSA_OAEP;
	if (mode == MODE_RSA_PKCS1)
		return RSA_PKCS1;
	if (mode == MODE_RSA_RAW)
		return RSA_RAW;
	return mode == MODE_RSA_PSS ? RSA_PSS : RSA_ANY_PADDING;
}

bool rsa_rules_allow(const struct rsa_rules *rules, const struct crypto_mech *mech)
{
	enum rsa_padding padding = padding_of(mech->mode);

	for (size_t i = 0; i < rules->n; i++) {
		enum rsa_padding want = rules->list[i].padding;
		enum digest_alg hash = rules->list[i].hash;

		if (want == RSA_ANY_PADDING ||
		    (want == padding && (hash == DIGEST_NONE || hash == mech->mgf_hash)))
			return true;
	}
	return !rules->given;
}
