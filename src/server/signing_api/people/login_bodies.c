/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/people/login_bodies.h"

#include "base/id.h"
#include "server/core/people/enrollment.h"
#include "server/core/people/tickets.h"
#include "server/signing_api/people/people_fields.h"

#include <string.h>

hf_status read_login_init(const struct json_t *body, struct login_init_body *ret,
                          struct hf_err *err)
{
	struct login_init_body in = { .username = "", .code = "" };
	static const struct json_field fields[] = {
		TEXT(struct login_init_body, "username", username, false, 1,
		     TICKET_USERNAME_MAX - 1),
		TEXT(struct login_init_body, "orgId", org_id, true, 1, HF_ID_MAX - 1),
		TEXT(struct login_init_body, "loginCode", code, false, 0, SHORT_MAX),
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	*ret = in;
	return HF_SUCCESS;
}

hf_status refuse_old_kinds(const struct json_t *object, const char *member, struct hf_err *err)
{
	const char *kind = json_member_text(object, member);

	if (kind && (strcmp(kind, "Password") == 0 || strcmp(kind, "Totp") == 0))
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"%s\": passwords and one-time passwords are not taken: use "
		               "Key, Fido2 or PasswordProtectedKey",
		               member);
	return HF_SUCCESS;
}

static hf_status read_assertion(const struct json_t *from, size_t client_data_max,
                                struct factor_body *to, struct hf_err *err)
{
	struct {
		struct factor_body b;
		const char *algorithm, *user_handle; /* hints: the key and its owner decide */
	} a = { .b = { .authenticator_data = "" } };
	const struct json_field fields[] = {
		TEXT(__typeof__(a), "credId", b.credential_id, true, 1, CREDENTIAL_ID_MAX - 1),
		TEXT(__typeof__(a), "clientData", b.client_data, true, 1,
		     BASE64_MAX((int64_t)client_data_max)),
		TEXT(__typeof__(a), "signature", b.signature, true, 1,
		     BASE64_MAX(CREDENTIAL_SIGNATURE_MAX)),
		TEXT(__typeof__(a), "authenticatorData", b.authenticator_data, false, 0,
		     BASE64_MAX(AUTHENTICATOR_DATA_MAX)),
		TEXT(__typeof__(a), "algorithm", algorithm, false, 0, SHORT_MAX),
		{ "userHandle", JSON_READ_TEXT, offsetof(__typeof__(a), user_handle), false, true,
		  0, CREDENTIAL_ID_MAX },
	};

	HF_TRY(json_read(from, fields, HF_COUNT(fields), &a, err));
	a.b.kind = to->kind;
	*to = a.b;
	return HF_SUCCESS;
}

hf_status read_factor(const struct json_t *from, size_t client_data_max, struct factor_body *ret,
                      struct hf_err *err)
{
	struct {
		struct factor_body b;
		struct json_t *assertion;
	} in = { 0 };
	static const struct json_field fields[] = {
		TEXT(__typeof__(in), "kind", b.kind, true, 1, SHORT_MAX),
		{ "credentialAssertion", JSON_READ_OBJECT, offsetof(__typeof__(in), assertion),
		  true },
	};

	HF_TRY(refuse_old_kinds(from, "kind", err));
	HF_TRY(json_read(from, fields, HF_COUNT(fields), &in, err));
	HF_TRY(hf_context(err, read_assertion(in.assertion, client_data_max, &in.b, err),
	                  "credentialAssertion"));
	*ret = in.b;
	return HF_SUCCESS;
}

hf_status read_login(const struct json_t *body, struct login_body *ret, struct hf_err *err)
{
	struct {
		struct login_body b;
		struct json_t *first, *second;
	} in = { 0 };
	static const struct json_field fields[] = {
		TEXT(__typeof__(in), "challengeIdentifier", b.identifier, true, 1, 8192),
		{ "firstFactor", JSON_READ_OBJECT, offsetof(__typeof__(in), first), true },
		{ "secondFactor", JSON_READ_OBJECT, offsetof(__typeof__(in), second), false, true },
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	HF_TRY(hf_context(err, read_factor(in.first, CLIENT_DATA_MAX, &in.b.first, err),
	                  "firstFactor"));
	if (in.second)
		HF_TRY(hf_context(err, read_factor(in.second, CLIENT_DATA_MAX, &in.b.second, err),
		                  "secondFactor"));
	*ret = in.b;
	return HF_SUCCESS;
}

hf_status read_logout(const struct json_t *body, bool *ret_all, struct hf_err *err)
{
	static const struct json_field fields[] = { { "allSessions", JSON_READ_BOOL, 0 } };

	*ret_all = false;
	return json_read(body, fields, HF_COUNT(fields), ret_all, err);
}

hf_status read_username(const struct json_t *body, const char **ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "username", JSON_READ_TEXT, 0, true, false, 1, TICKET_USERNAME_MAX - 1 },
	};

	return json_read(body, fields, HF_COUNT(fields), ret, err);
}
