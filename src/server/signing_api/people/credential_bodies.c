/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/people/credential_bodies.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "server/core/people/enrollment.h"
#include "server/core/people/tickets.h"
#include "server/signing_api/people/people_fields.h"

#include <string.h>
#include <time.h>

hf_status read_registration_init(const struct json_t *body, struct registration_init_body *ret,
                                 struct hf_err *err)
{
	struct registration_init_body in = { 0 };
	static const struct json_field fields[] = {
		TEXT(struct registration_init_body, "username", username, true, 1,
		     TICKET_USERNAME_MAX - 1),
		TEXT(struct registration_init_body, "orgId", org_id, true, 1, HF_ID_MAX - 1),
		TEXT(struct registration_init_body, "registrationCode", code, true, 1, SHORT_MAX),
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	*ret = in;
	return HF_SUCCESS;
}

hf_status read_delegated_registration(const struct json_t *body, struct delegated_body *ret,
                                      struct hf_err *err)
{
	struct {
		struct delegated_body b;
		const char *kind;
	} in = { .b = { .external_id = "" } };
	static const struct json_field fields[] = {
		TEXT(__typeof__(in), "email", b.email, true, 1, TICKET_USERNAME_MAX - 1),
		TEXT(__typeof__(in), "kind", kind, true, 1, SHORT_MAX),
		TEXT(__typeof__(in), "externalId", b.external_id, false, 1, 255),
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	if (strcmp(in.kind, "EndUser") != 0)
		return hf_fail(err, HF_INVALID, "field \"kind\": expected \"EndUser\"");
	*ret = in.b;
	return HF_SUCCESS;
}

static hf_status read_info(const struct json_t *info, struct credential_body *to,
                           struct hf_err *err)
{
	struct credential_body in = *to;
	static const struct json_field fields[] = {
		TEXT(struct credential_body, "credId", id, true, 1, CREDENTIAL_ID_MAX - 1),
		TEXT(struct credential_body, "clientData", client_data, true, 1,
		     BASE64_MAX(CLIENT_DATA_MAX)),
		TEXT(struct credential_body, "attestationData", attestation, true, 1,
		     BASE64_MAX(ATTESTATION_DATA_MAX)),
	};

	HF_TRY(hf_context(err, json_read(info, fields, HF_COUNT(fields), &in, err),
	                  "credentialInfo"));
	*to = in;
	return HF_SUCCESS;
}

hf_status read_credential(const struct json_t *body, struct credential_body *ret,
                          struct hf_err *err)
{
	struct {
		struct credential_body b;
		struct json_t *info;
	} in = { .b = { .name = "", .identifier = "" } };
	static const struct json_field fields[] = {
		TEXT(__typeof__(in), "credentialKind", b.kind, true, 1, SHORT_MAX),
		TEXT(__typeof__(in), "credentialName", b.name, false, 0, CREDENTIAL_NAME_MAX - 1),
		TEXT(__typeof__(in), "encryptedPrivateKey", b.encrypted_private_key, false, 1,
		     ENCRYPTED_KEY_MAX),
		TEXT(__typeof__(in), "challengeIdentifier", b.identifier, false, 1, 8192),
		{ "credentialInfo", JSON_READ_OBJECT, offsetof(__typeof__(in), info), true },
	};

	HF_TRY(refuse_old_kinds(body, "credentialKind", err));
	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	if (strcmp(in.b.kind, "PasswordProtectedKey") == 0 && !in.b.encrypted_private_key)
		return hf_fail(err, HF_INVALID,
		               "field \"encryptedPrivateKey\" is missing, which a "
		               "PasswordProtectedKey has");
	HF_TRY(read_info(in.info, &in.b, err));
	*ret = in.b;
	return HF_SUCCESS;
}

static hf_status read_one(const struct json_t *from, const char *name, bool recovery,
                          struct credential_body *to, struct hf_err *err)
{
	HF_TRY(hf_context(err, read_credential(from, to, err), "%s", name));
	if (recovery != (strcmp(to->kind, KIND_RECOVERY_KEY) == 0))
		return hf_fail(err, HF_INVALID, "%s: field \"credentialKind\": %s", name,
		               recovery
		                       ? "expected \"RecoveryKey\""
		                       : "a RecoveryKey only recovers; expected \"Key\", \"Fido2\" "
		                         "or \"PasswordProtectedKey\"");
	return HF_SUCCESS;
}

static hf_status read_wallets(const struct json_t *wallets, struct hf_err *err)
{
	if (json_count(wallets))
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"wallets\": wallets are not made along with a registration "
		               "here: send an empty list, and make them afterwards with POST "
		               "/wallets");
	return HF_SUCCESS;
}

hf_status read_registration(const struct json_t *body, bool end_user,
                            struct new_credentials_body *ret, struct hf_err *err)
{
	struct {
		struct json_t *first, *second, *recovery, *wallets;
	} in = { 0 };
	const struct json_field fields[] = {
		{ "firstFactorCredential", JSON_READ_OBJECT, offsetof(__typeof__(in), first),
		  true },
		{ "secondFactorCredential", JSON_READ_OBJECT, offsetof(__typeof__(in), second),
		  false, true },
		{ "recoveryCredential", JSON_READ_OBJECT, offsetof(__typeof__(in), recovery), false,
		  true },
		{ "wallets", JSON_READ_ARRAY, offsetof(__typeof__(in), wallets), true },
	};
	struct new_credentials_body out = { 0 };

	HF_TRY(json_read(body, fields, HF_COUNT(fields) - (end_user ? 0 : 1), &in, err));
	HF_TRY(read_one(in.first, "firstFactorCredential", false, &out.credentials[0], err));
	if (in.second)
		HF_TRY(read_one(in.second, "secondFactorCredential", false, &out.credentials[1],
		                err));
	if (in.recovery)
		HF_TRY(read_one(in.recovery, "recoveryCredential", true, &out.credentials[2], err));
	if (end_user)
		HF_TRY(read_wallets(in.wallets, err));
	*ret = out;
	return HF_SUCCESS;
}

#define RECOVERY_FIELD(name, member, max)                                                          \
	TEXT(struct recovery_init_body, name, member, true, 1, max)

hf_status read_recovery_init(const struct json_t *body, struct recovery_init_body *ret,
                             struct hf_err *err)
{
	struct recovery_init_body in = { 0 };
	static const struct json_field fields[] = {
		RECOVERY_FIELD("username", username, TICKET_USERNAME_MAX - 1),
		RECOVERY_FIELD("orgId", org_id, HF_ID_MAX - 1),
		RECOVERY_FIELD("verificationCode", code, SHORT_MAX),
		RECOVERY_FIELD("credentialId", credential_id, CREDENTIAL_ID_MAX - 1),
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	*ret = in;
	return HF_SUCCESS;
}

hf_status read_delegated_recovery(const struct json_t *body, struct recovery_init_body *ret,
                                  struct hf_err *err)
{
	struct recovery_init_body in = { 0 };
	static const struct json_field fields[] = {
		RECOVERY_FIELD("username", username, TICKET_USERNAME_MAX - 1),
		RECOVERY_FIELD("credentialId", credential_id, CREDENTIAL_ID_MAX - 1),
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	*ret = in;
	return HF_SUCCESS;
}

hf_status read_recovery(const struct json_t *body, struct recovery_body *ret, struct hf_err *err)
{
	struct {
		struct json_t *recovery, *credentials;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "recovery", JSON_READ_OBJECT, offsetof(__typeof__(in), recovery), true },
		{ "newCredentials", JSON_READ_OBJECT, offsetof(__typeof__(in), credentials), true },
	};
	struct recovery_body out = { 0 };

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	HF_TRY(hf_context(err,
	                  read_factor(in.recovery, RECOVERY_CLIENT_DATA_MAX, &out.recovery, err),
	                  "recovery"));
	if (strcmp(out.recovery.kind, KIND_RECOVERY_KEY) != 0)
		return hf_fail(err, HF_INVALID,
		               "recovery: field \"kind\": expected \"RecoveryKey\"");
	HF_TRY(hf_context(err, read_registration(in.credentials, false, &out.credentials, err),
	                  "newCredentials"));
	out.new_credentials = in.credentials;
	*ret = out;
	return HF_SUCCESS;
}

hf_status read_credential_init(const struct json_t *body, const char **ret_kind, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "kind", JSON_READ_TEXT, 0, true, false, 1, CREDENTIAL_KIND_MAX - 1 },
	};

	HF_TRY(refuse_old_kinds(body, "kind", err));
	return json_read(body, fields, HF_COUNT(fields), ret_kind, err);
}

hf_status read_credential_code_init(const struct json_t *body,
                                    struct credential_code_init_body *ret, struct hf_err *err)
{
	struct credential_code_init_body in = { 0 };
	static const struct json_field fields[] = {
		TEXT(struct credential_code_init_body, "credentialKind", kind, true, 1,
		     CREDENTIAL_KIND_MAX - 1),
		TEXT(struct credential_code_init_body, "code", code, true, 1, SHORT_MAX),
	};

	HF_TRY(refuse_old_kinds(body, "credentialKind", err));
	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	*ret = in;
	return HF_SUCCESS;
}

hf_status read_credential_uuid(const struct json_t *body, const char **ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "credentialUuid", JSON_READ_TEXT, 0, true, false, 1, HF_ID_MAX - 1 },
	};

	return json_read(body, fields, HF_COUNT(fields), ret, err);
}

/* "2026-11-21T07:00:00Z", with or without milliseconds. */
static bool parse_time(const char *text, int64_t *ret_ms)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!end)
		return false;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (strcmp(end, "Z") != 0 && strcmp(end, "+00:00") != 0)
		return false;
	*ret_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

hf_status read_credential_code(const struct json_t *body, int64_t *ret_expires_ms,
                               struct hf_err *err)
{
	struct {
		struct json_t *expiration;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "expiration", JSON_READ_ANY, 0, true },
	};
	const char *text;
	int64_t seconds;

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	text = json_value_text(in.expiration);
	seconds = json_value_int(in.expiration);
	if (text && (parse_time(text, ret_expires_ms)))
		return HF_SUCCESS;
	if (!text && seconds > 0 && seconds < INT64_MAX / 1000) {
		*ret_expires_ms = seconds * 1000;
		return HF_SUCCESS;
	}
	return hf_fail(err, HF_INVALID,
	               "field \"expiration\": expected a time as \"2026-11-21T07:00:00Z\", or "
	               "seconds since 1970");
}
