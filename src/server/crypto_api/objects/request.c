/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/objects/request.h"

#include "base/clock.h"
#include "server/core/objects/object_rotate.h"

#include <ctype.h>
#include <string.h>

enum { USES_GIVEN_MAX = 32 };

#define SIZE_MAX_BITS UINT32_MAX

#define AS(name, kind, member)                                                                     \
	{                                                                                          \
		name, kind, offsetof(struct sobject_request, member), false, true, 0, 0            \
	}
static const struct json_field fields[] = {
	AS("name", JSON_READ_TEXT, name),
	AS("group_id", JSON_READ_TEXT, group_id),
	AS("description", JSON_READ_TEXT, description),
	AS("obj_type", JSON_READ_TEXT, obj_type),
	AS("elliptic_curve", JSON_READ_TEXT, curve),
	AS("state", JSON_READ_TEXT, state),
	AS("activation_date", JSON_READ_TEXT, activation),
	AS("deactivation_date", JSON_READ_TEXT, deactivation),
	AS("value", JSON_READ_TEXT, value),
	AS("kcv", JSON_READ_TEXT, kcv),
	AS("key_ops", JSON_READ_ARRAY, key_ops),
	AS("aes", JSON_READ_OBJECT, aes),
	AS("des3", JSON_READ_OBJECT, des3),
	AS("rsa", JSON_READ_OBJECT, rsa),
	AS("fpe", JSON_READ_OBJECT, fpe),
	AS("custom_metadata", JSON_READ_OBJECT, custom_metadata),
	AS("rotation_policy", JSON_READ_ANY, rotation_policy),
	AS("publish_public_key", JSON_READ_OBJECT, publish),
	AS("enabled", JSON_READ_ANY, enabled),
	AS("deterministic_signatures", JSON_READ_ANY, deterministic),
	AS("allow_sign_hash", JSON_READ_ANY, allow_sign_hash),
	AS("transient", JSON_READ_ANY, transient),
	{ "key_size", JSON_READ_INT, offsetof(struct sobject_request, key_size), false, true, 1,
	  SIZE_MAX_BITS },
	{ "pub_exponent", JSON_READ_INT, offsetof(struct sobject_request, exponent), false, true, 1,
	  SIZE_MAX_BITS },
};

/* The schema's others: what is not done here. */
static const struct {
	const char *name, *instead;
} refused[] = {
	{ "external", "keys of cloud services are not supported" },
	{ "export_policy", "whether a key may leave is said by EXPORT in its key_ops" },
	{ "google_access_reason_policy", "that is for keys that Google uses" },
	{ "links", "links are made by what makes them: rekey, copy, replace, derive" },
	{ "aria", "this algorithm is not supported" },
	{ "bip32", "this algorithm is not supported" },
	{ "bls", "this algorithm is not supported" },
	{ "des", "this algorithm is not supported" },
	{ "dsa", "this algorithm is not supported" },
	{ "eckcdsa", "this algorithm is not supported" },
	{ "kcdsa", "this algorithm is not supported" },
	{ "lms", "this algorithm is not supported" },
	{ "mldsa", "this algorithm is not supported" },
	{ "mlkem", "this algorithm is not supported" },
	{ "seed", "this algorithm is not supported" },
	{ "slip10", "this algorithm is not supported" },
	{ "xmss", "this algorithm is not supported" },
};

static bool says_nothing(const struct json_t *value)
{
	void *at = NULL;

	return json_value_null(value) ||
	       (json_value_is(value, JSON_READ_BOOL) && !json_value_true(value)) ||
	       (json_value_is(value, JSON_READ_OBJECT) && !json_member_next(value, &at, NULL));
}

static bool is_known(const char *name)
{
	for (size_t i = 0; i < HF_COUNT(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return true;
	return strcmp(name, "allow_credential_use") == 0;
}

static hf_status check_member(const char *name, const struct json_t *value, const char *const *more,
                              size_t n_more, struct hf_err *err)
{
	if (is_known(name))
		return HF_SUCCESS;
	for (size_t i = 0; i < n_more; i++)
		if (strcmp(more[i], name) == 0)
			return HF_SUCCESS;
	for (size_t i = 0; i < HF_COUNT(refused); i++)
		if (strcmp(refused[i].name, name) == 0)
			return says_nothing(value)
			               ? HF_SUCCESS
			               : hf_fail(err, HF_UNSUPPORTED, "field \"%s\": %s", name,
			                         refused[i].instead);
	return hf_fail(err, HF_INVALID, "field \"%.64s\" is not known here", name);
}

hf_status sobject_name_check(const char *name, struct hf_err *err)
{
	size_t len = strlen(name), blank = 0;

	while (name[blank] && isspace((unsigned char)name[blank]))
		blank++;
	if (len >= OBJECT_NAME_MAX || blank == len || strchr(name, '\n'))
		return hf_fail(err, HF_INVALID,
		               "a name is one line of 1 to %d bytes, and not blank",
		               OBJECT_NAME_MAX - 1);
	return HF_SUCCESS;
}

hf_status sobject_time(const char *field, const char *text, int64_t *ret, struct hf_err *err)
{
	if (!text || hf_ok(hf_basic_parse(text, ret)))
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "field \"%s\": expected a time like 20261231T235959Z",
	               field);
}

/* Of the reference's, those that are not here. */
static bool is_elsewhere(const char *type)
{
	static const char *const types[] = { "ARIA",      "DES",      "SEED",     "DSA",
		                             "KCDSA",     "ECKCDSA",  "BIP32",    "SLIP10",
		                             "BLS",       "LMS",      "XMSS",     "MLDSA",
		                             "MLKEM",     "PBE",      "LEDABETA", "ROUND5BETA",
		                             "MLDSABETA", "MLKEMBETA" };

	for (size_t i = 0; i < HF_COUNT(types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

static hf_status read_type(struct sobject_request *r, struct hf_err *err)
{
	if (r->obj_type && !hf_ok(object_type_parse(r->obj_type, &r->type)))
		return hf_fail(err, is_elsewhere(r->obj_type) ? HF_UNSUPPORTED : HF_INVALID,
		               "field \"obj_type\": \"%.40s\" is none of AES, DES3, HMAC, RSA, EC, "
		               "SECRET, OPAQUE and CERTIFICATE",
		               r->obj_type);
	if (r->curve && !hf_ok(curve_parse(r->curve, &r->curve_id)))
		return hf_fail(err, strcmp(r->curve, "Gost256A") == 0 ? HF_UNSUPPORTED : HF_INVALID,
		               "field \"elliptic_curve\": \"%.40s\" is not supported; NistP256, "
		               "SecP256K1, Ed25519 and X25519 are, for example",
		               r->curve);
	return HF_SUCCESS;
}

static hf_status read_uses(struct sobject_request *r, struct hf_err *err)
{
	if (!r->key_ops)
		return HF_SUCCESS;
	r->uses_given = true;
	if (json_count(r->key_ops) > USES_GIVEN_MAX)
		return hf_fail(err, HF_INVALID, "field \"key_ops\" has too many entries");
	for (size_t i = 0; i < json_count(r->key_ops); i++) {
		const char *name = json_value_text(json_element(r->key_ops, i));
		unsigned use;

		if (!name || !hf_ok(key_use_parse(name, &use)))
			return hf_fail(
			        err, HF_INVALID,
			        "field \"key_ops\": \"%.40s\" is no operation that keys here "
			        "have",
			        name ? name : "");
		r->uses |= use;
	}
	return HF_SUCCESS;
}

static hf_status read_metadata(struct sobject_request *r, struct hf_err *err)
{
	struct json_t *value;
	void *at = NULL;

	r->metadata_text = HF_BUF(SOBJECT_JSON_MAX);
	if (!r->custom_metadata)
		return HF_SUCCESS;
	while (json_member_next(r->custom_metadata, &at, &value))
		if (!json_value_is(value, JSON_READ_TEXT))
			return hf_fail(err, HF_INVALID,
			               "field \"custom_metadata\": its values are texts");
	HF_TRY(json_canonical(r->custom_metadata, &r->metadata_text));
	hf_buf_u8(&r->metadata_text, 0);
	return hf_buf_status(&r->metadata_text);
}

static hf_status read_rotation(struct sobject_request *r, int64_t now_ms, struct hf_err *err)
{
	struct rotation_policy policy;
	const char *word = json_value_text(r->rotation_policy);

	r->rotation_text = HF_BUF(SOBJECT_JSON_MAX);
	if (!r->rotation_policy || (word && strcmp(word, "remove") == 0))
		return HF_SUCCESS;
	if (!json_value_is(r->rotation_policy, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID,
		               "field \"rotation_policy\": an object, or \"remove\"");
	HF_TRY(rotation_policy_read(r->rotation_policy, &policy, err));
	r->rotate_at_ms = rotation_policy_next(&policy, now_ms, now_ms);
	HF_TRY(json_canonical(r->rotation_policy, &r->rotation_text));
	hf_buf_u8(&r->rotation_text, 0);
	return hf_buf_status(&r->rotation_text);
}

static hf_status check_bool(const char *field, const struct json_t *value, struct hf_err *err)
{
	if (!value || json_value_is(value, JSON_READ_BOOL))
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID, "field \"%s\": expected true or false", field);
}

hf_status sobject_request_not_transient(const struct sobject_request *r, struct hf_err *err)
{
	if (!r->is_transient)
		return HF_SUCCESS;
	return hf_fail(err, HF_INVALID,
	               "field \"transient\": transient keys are generated, imported, unwrapped, "
	               "derived or agreed on, and nothing else");
}

/* It is active from the start, and ends with its session. */
static hf_status read_transient(struct sobject_request *r, struct hf_err *err)
{
	const char *field = r->activation        ? "activation_date"
	                    : r->deactivation    ? "deactivation_date"
	                    : r->rotation_policy ? "rotation_policy"
	                    : r->publish         ? "publish_public_key"
	                                         : NULL;

	r->is_transient = json_value_true(r->transient);
	if (!r->is_transient)
		return HF_SUCCESS;
	if (r->wanted == OBJECT_PREACTIVE)
		field = "state";
	if (r->enabled && !json_value_true(r->enabled))
		field = "enabled";
	if (field)
		return hf_fail(err, HF_INVALID,
		               "field \"%s\": a transient key is active and enabled until its "
		               "session ends",
		               field);
	return HF_SUCCESS;
}

static hf_status read_publish(const struct sobject_request *r, struct hf_err *err)
{
	const char *state = json_member_text(r->publish, "state");

	if (!r->publish)
		return HF_SUCCESS;
	if (!state || (strcmp(state, "enabled") != 0 && strcmp(state, "disabled") != 0))
		return hf_fail(err, HF_INVALID,
		               "field \"publish_public_key\": state is \"enabled\" or "
		               "\"disabled\"");
	if (json_value_true(json_member(r->publish, "list_previous_version")))
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"publish_public_key\": list_previous_version is not "
		               "supported: publish the older key by its own name");
	return HF_SUCCESS;
}

static hf_status read_state(struct sobject_request *r, struct hf_err *err)
{
	HF_TRY(sobject_time("activation_date", r->activation, &r->activation_ms, err));
	HF_TRY(sobject_time("deactivation_date", r->deactivation, &r->deactivation_ms, err));
	if (r->activation_ms && r->deactivation_ms && r->deactivation_ms <= r->activation_ms)
		return hf_fail(err, HF_INVALID,
		               "the deactivation_date is not after the activation_date");
	if (!r->state)
		return HF_SUCCESS;
	if (!hf_ok(object_state_parse(r->state, &r->wanted)) || r->wanted > OBJECT_ACTIVE)
		return hf_fail(err, HF_INVALID,
		               "field \"state\": a new key is \"PreActive\" or \"Active\"");
	return HF_SUCCESS;
}

hf_status sobject_request_read(const struct json_t *doc, const char *const *more, size_t n_more,
                               int64_t now_ms, struct sobject_request *ret, struct hf_err *err)
{
	struct json_t *value;
	const char *name;
	void *at = NULL;

	if (!json_value_is(doc, JSON_READ_OBJECT))
		return hf_fail(err, HF_INVALID, "the body is an object");
	while ((name = json_member_next(doc, &at, &value)))
		HF_TRY(check_member(name, value, more, n_more, err));
	HF_TRY(json_read_some(doc, fields, HF_COUNT(fields), ret, err));
	if (ret->name)
		HF_TRY(sobject_name_check(ret->name, err));
	if (ret->description && strlen(ret->description) > SOBJECT_DESCRIPTION_MAX)
		return hf_fail(err, HF_TOOBIG, "field \"description\" has more than %d bytes",
		               SOBJECT_DESCRIPTION_MAX);
	HF_TRY(check_bool("enabled", ret->enabled, err));
	HF_TRY(check_bool("deterministic_signatures", ret->deterministic, err));
	HF_TRY(check_bool("allow_sign_hash", ret->allow_sign_hash, err));
	HF_TRY(check_bool("transient", ret->transient, err));
	HF_TRY(read_type(ret, err));
	HF_TRY(read_uses(ret, err));
	HF_TRY(read_metadata(ret, err));
	HF_TRY(read_rotation(ret, now_ms, err));
	HF_TRY(read_publish(ret, err));
	HF_TRY(read_state(ret, err));
	return read_transient(ret, err);
}

void sobject_request_done(struct sobject_request *r)
{
	hf_buf_done(&r->options_text);
	hf_buf_done(&r->metadata_text);
	hf_buf_done(&r->rotation_text);
}

hf_status sobject_request_group(const struct sobject_request *r, const struct principal *who,
                                const char **ret, struct hf_err *err)
{
	*ret = r->group_id;
	if (!*ret && who->kind == PRINCIPAL_APP && *who->default_group)
		*ret = who->default_group;
	if (!*ret && who->n_groups == 1)
		*ret = who->groups[0].id;
	if (!*ret)
		return hf_fail(err, HF_INVALID, "field \"group_id\" is missing");
	if (!hf_uuid_valid(*ret))
		return hf_fail(err, HF_INVALID, "field \"group_id\": expected a UUID");
	return HF_SUCCESS;
}
