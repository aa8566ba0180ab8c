/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/access/jwks.h"

#include "base/text.h"

#include <stdatomic.h>
#include <string.h>

#define KEYS_MAX 64

struct jwks_set {
	atomic_uint references;
	size_t n;
	struct jwt_key keys[];
};

void jwks_set_free(struct jwks_set *set)
{
	if (set && atomic_fetch_sub(&set->references, 1) == 1)
		free(set);
}

struct jwks_set *jwks_set_ref(struct jwks_set *set)
{
	if (set)
		atomic_fetch_add(&set->references, 1);
	return set;
}

static hf_status read_stored(const struct json_t *keys, struct jwks_set *to, struct hf_err *err)
{
	struct json_t *value;
	const char *kid;
	void *at = NULL;

	while ((kid = json_member_next(keys, &at, &value))) {
		HF_BUF_SCOPED struct hf_buf der = HF_BUF(PUBLIC_INPUT_MAX);
		const char *text = json_value_text(value);

		if (to->n == KEYS_MAX || !text || !hf_ok(hf_unbase64(hf_span_text(text), &der)) ||
		    !hf_ok(jwt_key_of_der(kid, hf_buf_span(&der), &to->keys[to->n])))
			return hf_fail(err, HF_INVALID,
			               "keys: \"%.64s\" is no SubjectPublicKeyInfo, DER in base64, "
			               "of an RSA key from 2048 bits on, P-256, P-384 or Ed25519 "
			               "(%d at most)",
			               kid, KEYS_MAX);
		to->n++;
	}
	return HF_SUCCESS;
}

static hf_status read_fetched(const struct json_t *doc, struct jwks_set *to, struct hf_err *err)
{
	const struct json_t *keys = json_member(doc, "keys");

	if (!json_value_is(keys, JSON_READ_ARRAY))
		return hf_fail(err, HF_INVALID, "no set of keys (RFC 7517): it has no \"keys\"");
	for (size_t i = 0; i < json_count(keys) && to->n < KEYS_MAX; i++)
		if (hf_ok(jwt_key_of_jwk(json_element(keys, i), &to->keys[to->n])))
			to->n++;
	return HF_SUCCESS;
}

hf_status jwks_set_read(const struct json_t *doc, bool stored, struct jwks_set **ret,
                        struct hf_err *err)
{
	HF_CLEANUP(jwks_set_free_at)
	struct jwks_set *set = calloc(1, sizeof(*set) + KEYS_MAX * sizeof(set->keys[0]));

	HF_ENSURE(set, HF_NOMEM);
	atomic_init(&set->references, 1);
	HF_TRY(stored ? read_stored(doc, set, err) : read_fetched(doc, set, err));
	if (!set->n)
		return hf_fail(err, HF_INVALID, "there is no key for signatures among them");
	*ret = hf_take(set);
	return HF_SUCCESS;
}

const struct jwt_key *jwks_set_key(const struct jwks_set *set, const char *kid)
{
	if (!kid)
		return set->n == 1 ? &set->keys[0] : NULL;
	for (size_t i = 0; i < set->n; i++)
		if (strcmp(set->keys[i].kid, kid) == 0)
			return &set->keys[i];
	return NULL;
}
