/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/people/account_bodies.h"

#include "crypto/credential.h"
#include "server/core/people/access_tokens.h"

#include <string.h>

#define DAYS_DEFAULT 365
#define EMAIL_MAX 254 /* RFC 5321, 4.5.3.1.3, without the brackets */
#define OPERATIONS_COUNT_MAX 256

/* Limits count characters; columns hold bytes. */
static hf_status check_length(const char *field, const char *text, size_t cap, struct hf_err *err)
{
	if (text && strlen(text) >= cap)
		return hf_fail(err, HF_INVALID, "field \"%s\": expected at most %zu bytes", field,
		               cap - 1);
	return HF_SUCCESS;
}

static hf_status check_labels(const char *name, const char *external_id, struct hf_err *err)
{
	HF_TRY(check_length("name", name, IDENTITY_NAME_MAX, err));
	return check_length("externalId", external_id, ACCOUNT_EXTERNAL_ID_MAX, err);
}

static hf_status check_public_key(const char *pem, struct hf_err *err)
{
	struct credential_key *key;

	HF_TRY(hf_context(err, credential_key_parse(hf_span_text(pem), &key, err),
	                  "field \"publicKey\""));
	credential_key_free(key);
	return HF_SUCCESS;
}

static hf_status check_email(const char *email, struct hf_err *err)
{
	const char *at = strchr(email, '@');
	bool good = at && at != email && at[1] && !strchr(at + 1, '@');

	for (const char *p = email; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			good = false;
	if (!good)
		return hf_fail(err, HF_INVALID, "field \"email\": expected an e-mail address");
	return HF_SUCCESS;
}

static hf_status no_sso(bool required, struct hf_err *err)
{
	if (required)
		return hf_fail(err, HF_UNSUPPORTED,
		               "field \"isSSORequired\": there is no single sign-on here: users "
		               "log in with their credentials");
	return HF_SUCCESS;
}

hf_status read_create_user(const struct json_t *body, struct user_body *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "email", JSON_READ_TEXT, offsetof(struct user_body, email), true, false, 3,
		  EMAIL_MAX },
		{ "kind", JSON_READ_TEXT, offsetof(struct user_body, kind), true, false, 1, 64 },
		{ "publicKey", JSON_READ_TEXT, offsetof(struct user_body, public_key), false, false,
		  1, CREDENTIAL_PEM_MAX },
		{ "externalId", JSON_READ_TEXT, offsetof(struct user_body, external_id), false,
		  false, 1, ACCOUNT_EXTERNAL_ID_MAX - 1 },
		{ "isSSORequired", JSON_READ_BOOL, offsetof(struct user_body, sso_required) },
	};
	struct user_body b = { .public_key = "", .external_id = "" };

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &b, err));
	HF_TRY(check_length("email", b.email, IDENTITY_NAME_MAX, err));
	HF_TRY(check_labels(NULL, b.external_id, err));
	HF_TRY(check_email(b.email, err));
	HF_TRY(no_sso(b.sso_required, err));
	if (strcmp(b.kind, KIND_USER) != 0)
		return hf_fail(err, HF_INVALID, "field \"kind\": expected \"" KIND_USER "\"");
	if (*b.public_key)
		HF_TRY(check_public_key(b.public_key, err));
	*ret = b;
	return HF_SUCCESS;
}

hf_status read_update_user(const struct json_t *body, struct hf_err *err)
{
	bool sso_required = false;
	static const struct json_field fields[] = {
		{ "isSSORequired", JSON_READ_BOOL, 0, true },
	};

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &sso_required, err));
	return no_sso(sso_required, err);
}

struct lifetime {
	struct account_body b;
	int64_t days, seconds; /* 0: absent */
};

#define ACCOUNT_FIELDS                                                                             \
	{ "name", JSON_READ_TEXT,       offsetof(struct lifetime, b.name), true, false,            \
	  1,      IDENTITY_NAME_MAX - 1 },                                                         \
	        { "publicKey",                                                                     \
		  JSON_READ_TEXT,                                                                  \
		  offsetof(struct lifetime, b.public_key),                                         \
		  true,                                                                            \
		  false,                                                                           \
		  1,                                                                               \
		  CREDENTIAL_PEM_MAX },                                                            \
	        { "permissionId", JSON_READ_TEXT, offsetof(struct lifetime, b.permission_id),      \
		  false,          false,          1,                                               \
		  HF_ID_MAX - 1 },                                                                 \
	        { "externalId",                                                                    \
		  JSON_READ_TEXT,                                                                  \
		  offsetof(struct lifetime, b.external_id),                                        \
		  false,                                                                           \
		  false,                                                                           \
		  1,                                                                               \
		  ACCOUNT_EXTERNAL_ID_MAX - 1 },                                                   \
	{                                                                                          \
		"daysValid", JSON_READ_INT, offsetof(struct lifetime, days), false, false, 1,      \
		        TOKEN_DAYS_MAX                                                             \
	}

static hf_status check_account(struct lifetime *in, struct account_body *ret, struct hf_err *err)
{
	if (in->days && in->seconds)
		return hf_fail(err, HF_INVALID,
		               "give either \"daysValid\" or \"secondsValid\", not both");
	HF_TRY(check_labels(in->b.name, in->b.external_id, err));
	HF_TRY(check_public_key(in->b.public_key, err));
	in->b.seconds_valid =
	        in->seconds ? in->seconds : DAY_SECONDS * (in->days ? in->days : DAYS_DEFAULT);
	*ret = in->b;
	return HF_SUCCESS;
}

hf_status read_create_account(const struct json_t *body, struct account_body *ret,
                              struct hf_err *err)
{
	static const struct json_field fields[] = { ACCOUNT_FIELDS };
	struct lifetime in = { .b = { .permission_id = "", .external_id = "" } };

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	return check_account(&in, ret, err);
}

hf_status read_create_pat(const struct json_t *body, struct account_body *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		ACCOUNT_FIELDS,
		{ "secondsValid", JSON_READ_INT, offsetof(struct lifetime, seconds), false, false,
		  1, TOKEN_DAYS_MAX * DAY_SECONDS },
	};
	struct lifetime in = { .b = { .permission_id = "", .external_id = "" } };

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	return check_account(&in, ret, err);
}

hf_status read_label(const struct json_t *body, struct label_body *ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "name", JSON_READ_TEXT, offsetof(struct label_body, name), false, false, 1,
		  IDENTITY_NAME_MAX - 1 },
		{ "externalId", JSON_READ_TEXT, offsetof(struct label_body, external_id), false,
		  false, 0, ACCOUNT_EXTERNAL_ID_MAX - 1 },
	};
	struct label_body b = { 0 };

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &b, err));
	HF_TRY(check_labels(b.name, b.external_id, err));
	*ret = b;
	return HF_SUCCESS;
}

struct permission_in {
	const char *name;
	struct json_t *operations;
};

static hf_status read_operations(const struct json_t *list, struct permission_set *to,
                                 struct hf_err *err)
{
	for (size_t i = 0; i < json_count(list); i++) {
		const char *name = json_value_text(json_element(list, i));
		enum permission p;

		if (!name || !hf_ok(permission_parse(name, &p)))
			return hf_fail(err, HF_INVALID,
			               "field \"operations\": \"%.64s\" is no operation: expected "
			               "names such as \"Keys:Read\"",
			               name ? name : "?");
		permission_grant(to, p);
	}
	return HF_SUCCESS;
}

static hf_status read_permission(const struct json_t *body, bool whole, struct permission_body *ret,
                                 struct hf_err *err)
{
	const struct json_field fields[] = {
		{ "name", JSON_READ_TEXT, offsetof(struct permission_in, name), whole, false, 1,
		  IDENTITY_NAME_MAX - 1 },
		{ "operations", JSON_READ_ARRAY, offsetof(struct permission_in, operations), whole,
		  false, 0, OPERATIONS_COUNT_MAX },
	};
	struct permission_in in = { 0 };
	struct permission_body b = { 0 };

	HF_TRY(json_read(body, fields, HF_COUNT(fields), &in, err));
	HF_TRY(check_labels(in.name, NULL, err));
	b.name = in.name;
	b.has_operations = in.operations != NULL;
	HF_TRY(read_operations(in.operations, &b.operations, err));
	*ret = b;
	return HF_SUCCESS;
}

hf_status read_create_permission(const struct json_t *body, struct permission_body *ret,
                                 struct hf_err *err)
{
	return read_permission(body, true, ret, err);
}

hf_status read_update_permission(const struct json_t *body, struct permission_body *ret,
                                 struct hf_err *err)
{
	return read_permission(body, false, ret, err);
}

hf_status read_archived(const struct json_t *body, bool *ret, struct hf_err *err)
{
	static const struct json_field fields[] = { { "isArchived", JSON_READ_BOOL, 0, true } };

	return json_read(body, fields, HF_COUNT(fields), ret, err);
}

hf_status read_assignment(const struct json_t *body, const char **ret, struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "identityId", JSON_READ_TEXT, 0, true, false, 1, HF_ID_MAX - 1 },
	};

	return json_read(body, fields, HF_COUNT(fields), ret, err);
}
