/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/keys/wallet_bodies.h"

#include "server/signing_api/bodies.h"

#include <string.h>

#define ENUM_MAX 64 /* longest name of a network, scheme or kind */

static bool is_tag(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789_.:/+-";
	size_t n = strspn(text, letters);

	return n > 0 && n <= WALLET_TAG_CHARS && text[n] == 0;
}

/* `list` NULL: none. */
static hf_status read_tag_list(const struct json_t *list, struct tags_body *ret, struct hf_err *err)
{
	struct tags_body tags = { 0 };

	for (size_t i = 0; i < json_count(list); i++) {
		const char *text = json_value_text(json_element(list, i));

		if (!text || !is_tag(text))
			return hf_fail(err, HF_INVALID,
			               "field \"tags\": expected texts of 1 to %d letters, digits "
			               "and _ . : / + -",
			               WALLET_TAG_CHARS);
		if (tags.n == WALLET_TAGS_MAX)
			return hf_fail(err, HF_INVALID, "field \"tags\": expected at most %d",
			               WALLET_TAGS_MAX);
		tags.tags[tags.n++] = text;
	}
	*ret = tags;
	return HF_SUCCESS;
}

hf_status read_tags(const struct json_t *body, struct tags_body *ret, struct hf_err *err)
{
	struct {
		struct json_t *tags;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "tags", JSON_READ_ARRAY, offsetof(__typeof__(in), tags), true },
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	return read_tag_list(in.tags, ret, err);
}

static hf_status refuse_delegation(const char *field, struct hf_err *err)
{
	return hf_fail(err, HF_UNSUPPORTED,
	               "field \"%s\": keys in an HSM key store belong to the organisation and "
	               "cannot be delegated; leave it out",
	               field);
}

static hf_status read_signing_key(const struct json_t *object, struct create_wallet_body *b,
                                  struct hf_err *err)
{
	struct {
		const char *id, *scheme, *curve, *store_id;
		struct json_t *derive_from;
	} in = { .id = "", .store_id = "" };
	static const struct json_field fields[] = {
		{ "id", JSON_READ_TEXT, offsetof(__typeof__(in), id), false, false, 1, HF_ID_MAX },
		{ "scheme", JSON_READ_TEXT, offsetof(__typeof__(in), scheme), false, false, 1,
		  ENUM_MAX },
		{ "curve", JSON_READ_TEXT, offsetof(__typeof__(in), curve), false, false, 1,
		  ENUM_MAX },
		{ "storeId", JSON_READ_TEXT, offsetof(__typeof__(in), store_id), false, false, 1,
		  HF_ID_MAX },
		{ "deriveFrom", JSON_READ_ANY, offsetof(__typeof__(in), derive_from) },
	};

	HF_TRY(json_read(object, fields, HF_COUNT(fields), &in, err));
	if (in.derive_from)
		return hf_fail(
		        err, HF_UNSUPPORTED,
		        "field \"deriveFrom\": keys in an HSM key store are made one by one and "
		        "are not derived from a master key; leave it out");
	if (in.scheme || in.curve)
		HF_TRY(read_key_type(in.scheme, in.curve, &b->type, err));
	b->key_id = in.id;
	b->store_id = in.store_id;
	return HF_SUCCESS;
}

static hf_status find_network(const char *name, const struct chain_network **ret,
                              struct hf_err *err)
{
	hf_status s = hf_context(err, chain_network_find(name, ret, err), "field \"network\"");

	return s.code == HF_NOTFOUND ? HF_FAILURE(err ? (err->code = HF_INVALID) : HF_INVALID) : s;
}

struct create_wallet_fields {
	const char *network, *name, *external_id, *validator_id;
	struct json_t *signing_key, *delegate_to, *tags;
	bool delay;
};

static hf_status read_fields(const struct json_t *body, struct create_wallet_fields *in,
                             struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "network", JSON_READ_TEXT, offsetof(struct create_wallet_fields, network), true,
		  false, 1, ENUM_MAX },
		{ "name", JSON_READ_TEXT, offsetof(struct create_wallet_fields, name), false, false,
		  0, WALLET_NAME_CHARS },
		{ "signingKey", JSON_READ_OBJECT,
		  offsetof(struct create_wallet_fields, signing_key) },
		{ "delegateTo", JSON_READ_ANY, offsetof(struct create_wallet_fields, delegate_to) },
		{ "delayDelegation", JSON_READ_BOOL, offsetof(struct create_wallet_fields, delay) },
		{ "externalId", JSON_READ_TEXT, offsetof(struct create_wallet_fields, external_id),
		  false, false, 0, WALLET_NAME_CHARS },
		{ "tags", JSON_READ_ARRAY, offsetof(struct create_wallet_fields, tags) },
		{ "validatorId", JSON_READ_TEXT,
		  offsetof(struct create_wallet_fields, validator_id) },
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), in, err));
	if (in->delegate_to || in->delay)
		return refuse_delegation(in->delegate_to ? "delegateTo" : "delayDelegation", err);
	if (in->validator_id)
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"validatorId\": for Canton networks only, which are not "
		               "supported; leave it out");
	return HF_SUCCESS;
}

hf_status read_create_wallet(const struct json_t *body, struct create_wallet_body *ret,
                             struct hf_err *err)
{
	struct create_wallet_fields in = { .name = "", .external_id = "" };
	struct create_wallet_body b = { .store_id = "", .key_id = "" };

	HF_TRY(read_fields(body, &in, err));
	b.name = in.name;
	b.external_id = in.external_id;
	HF_TRY(find_network(in.network, &b.network, err));
	if (in.signing_key)
		HF_TRY(hf_context(err, read_signing_key(in.signing_key, &b, err), "signingKey"));
	HF_TRY(read_tag_list(in.tags, &b.tags, err));
	*ret = b;
	return HF_SUCCESS;
}

hf_status read_update_wallet(const struct json_t *body, struct update_wallet_body *ret,
                             struct hf_err *err)
{
	struct update_wallet_body in = { 0 };
	static const struct json_field fields[] = {
		{ "name", JSON_READ_TEXT, offsetof(struct update_wallet_body, name), false, true, 0,
		  WALLET_NAME_CHARS },
		{ "externalId", JSON_READ_TEXT, offsetof(struct update_wallet_body, external_id),
		  false, true, 0, WALLET_NAME_CHARS },
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	in.set_name = json_member(body, "name") != NULL;
	in.set_external_id = json_member(body, "externalId") != NULL;
	*ret = in;
	return HF_SUCCESS;
}
