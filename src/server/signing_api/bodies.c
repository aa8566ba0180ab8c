/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/bodies.h"

#include "base/text.h"
#include "server/core/people/user_action.h"
#include "server/store/key_rows.h"
#include "server/store/signature_rows.h"

#include <string.h>

#define ENUM_MAX 64 /* longest name of a network, scheme or kind */

static const struct {
	const char *scheme, *curve;
	enum key_type type; /* 0: known, but not here */
	const char *instead;
} pairs[] = {
	{ "ECDSA", "secp256k1", KEY_SECP256K1, NULL },
	{ "EdDSA", "ed25519", KEY_ED25519, NULL },
	{ "ECDSA", "stark", 0, "PKCS#11 HSMs do not know the stark curve" },
	{ "Schnorr", "secp256k1", 0, "PKCS#11 HSMs do not make BIP-340 signatures" },
	{ "DH", "secp256k1", 0, "keys of this key store sign; they derive nothing" },
};

hf_status read_key_type(const char *scheme, const char *curve, enum key_type *ret,
                        struct hf_err *err)
{
	for (size_t i = 0; i < HF_COUNT(pairs); i++) {
		if ((scheme && strcmp(pairs[i].scheme, scheme) != 0) ||
		    (curve && strcmp(pairs[i].curve, curve) != 0))
			continue;
		if (!pairs[i].type)
			return hf_fail(
			        err, HF_UNSUPPORTED,
			        "scheme %s with curve %s is not supported: %s. Use ECDSA with "
			        "secp256k1 or EdDSA with ed25519",
			        pairs[i].scheme, pairs[i].curve, pairs[i].instead);
		*ret = pairs[i].type;
		return HF_SUCCESS;
	}
	return hf_fail(
	        err, HF_INVALID,
	        "scheme \"%s\" does not go with curve \"%s\": use ECDSA with secp256k1 or EdDSA "
	        "with ed25519",
	        scheme ? scheme : "", curve ? curve : "");
}

hf_status read_create_key(const struct json_t *body, struct create_key_body *ret,
                          struct hf_err *err)
{
	struct {
		struct create_key_body b;
		bool master_key, delay;
		struct json_t *derive_from, *delegate_to;
	} in = { .b = { .name = "", .store_id = "" } };
	static const struct json_field fields[] = {
		{ "scheme", JSON_READ_TEXT, offsetof(__typeof__(in), b.scheme), true, false, 1,
		  ENUM_MAX },
		{ "curve", JSON_READ_TEXT, offsetof(__typeof__(in), b.curve), true, false, 1,
		  ENUM_MAX },
		{ "name", JSON_READ_TEXT, offsetof(__typeof__(in), b.name), false, false, 0,
		  KEY_NAME_CHARS },
		{ "storeId", JSON_READ_TEXT, offsetof(__typeof__(in), b.store_id), false, false, 1,
		  HF_ID_MAX },
		{ "masterKey", JSON_READ_BOOL, offsetof(__typeof__(in), master_key) },
		{ "delayDelegation", JSON_READ_BOOL, offsetof(__typeof__(in), delay) },
		{ "deriveFrom", JSON_READ_ANY, offsetof(__typeof__(in), derive_from) },
		{ "delegateTo", JSON_READ_ANY, offsetof(__typeof__(in), delegate_to) },
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	HF_TRY(read_key_type(in.b.scheme, in.b.curve, &in.b.type, err));
	if (in.master_key || in.derive_from)
		return hf_fail(
		        err, HF_UNSUPPORTED,
		        "field \"%s\": keys in an HSM key store are made one by one and are not "
		        "derived from a master key; leave it out",
		        in.master_key ? "masterKey" : "deriveFrom");
	if (in.delegate_to || in.delay)
		return hf_fail(
		        err, HF_UNSUPPORTED,
		        "field \"%s\": keys in an HSM key store belong to the organisation and "
		        "cannot be delegated; leave it out",
		        in.delegate_to ? "delegateTo" : "delayDelegation");
	*ret = in.b;
	return HF_SUCCESS;
}

hf_status read_update_key(const struct json_t *body, struct update_key_body *ret,
                          struct hf_err *err)
{
	struct update_key_body in = { 0 };
	static const struct json_field fields[] = {
		{ "name", JSON_READ_TEXT, offsetof(struct update_key_body, name), true, true, 0,
		  KEY_NAME_CHARS },
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	*ret = in;
	return HF_SUCCESS;
}

hf_status read_empty(const struct json_t *body, struct hf_err *err)
{
	return json_read(body, NULL, 0, NULL, err);
}

hf_status read_signature(const struct json_t *body, struct signature_body *ret, struct hf_err *err)
{
	struct signature_body in = { .external_id = "" };
	static const struct json_field fields[] = {
		{ "externalId", JSON_READ_TEXT, offsetof(struct signature_body, external_id), false,
		  false, 1, EXTERNAL_ID_CHARS },
	};

	HF_TRY(json_read_some(body, fields, HF_COUNT(fields), &in, err));
	*ret = in;
	return HF_SUCCESS;
}

hf_status read_action_init(const struct json_t *body, struct action_init_body *ret,
                           struct hf_err *err)
{
	struct {
		struct action_init_body b;
		const char *server;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "userActionPayload", JSON_READ_TEXT, offsetof(__typeof__(in), b.payload), true },
		{ "userActionHttpMethod", JSON_READ_TEXT, offsetof(__typeof__(in), b.method),
		  true },
		{ "userActionHttpPath", JSON_READ_TEXT, offsetof(__typeof__(in), b.path), true },
		{ "userActionServerKind", JSON_READ_TEXT, offsetof(__typeof__(in), server) },
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	if (in.server && strcmp(in.server, "Api") != 0)
		return hf_fail(err, HF_INVALID, "field \"userActionServerKind\": expected \"Api\"");
	*ret = in.b;
	return HF_SUCCESS;
}
