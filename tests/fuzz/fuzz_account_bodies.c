/* SPDX-License-Identifier: Apache-2.0
 * Request bodies about users, accounts and permissions: one that is taken fits its columns.
 * Permissions as text come back as they were. */
#include "fuzz.h"

#include "proof/payload.h"
#include "server/core/people/access_tokens.h"
#include "server/core/limits.h"
#include "server/signing_api/people/account_bodies.h"
#include "server/store/permission_rows.h"

#include <string.h>

static void check_account(const struct account_body *b)
{
	FUZZ_CHECK(*b->name && strlen(b->name) < IDENTITY_NAME_MAX);
	FUZZ_CHECK(strlen(b->external_id) < ACCOUNT_EXTERNAL_ID_MAX);
	FUZZ_CHECK(strlen(b->permission_id) < 4 * HF_ID_MAX && *b->public_key);
	FUZZ_CHECK(b->seconds_valid >= 1 && b->seconds_valid <= TOKEN_DAYS_MAX * DAY_SECONDS);
}

static void check_permission(const struct permission_body *b)
{
	struct permission_set again = { 0 };
	char text[OPERATIONS_MAX];

	FUZZ_CHECK(!b->name || strlen(b->name) < PERMISSION_NAME_MAX);
	FUZZ_CHECK(hf_ok(permission_set_text(&b->operations, text, sizeof(text))));
	permission_grant_text(&again, text);
	FUZZ_CHECK(memcmp(&again, &b->operations, sizeof(again)) == 0);
}

static void read_all(const struct json_t *doc)
{
	struct permission_body permission;
	struct account_body account;
	struct label_body label;
	struct user_body user;
	const char *identity;
	struct hf_err err;
	bool archived;

	if (hf_ok(read_create_user(doc, &user, &err)))
		FUZZ_CHECK(strchr(user.email, '@') && strlen(user.email) < IDENTITY_NAME_MAX);
	hf_ignore(read_update_user(doc, &err));
	if (hf_ok(read_create_account(doc, &account, &err)))
		check_account(&account);
	if (hf_ok(read_create_pat(doc, &account, &err)))
		check_account(&account);
	if (hf_ok(read_label(doc, &label, &err)))
		FUZZ_CHECK(!label.name || strlen(label.name) < IDENTITY_NAME_MAX);
	if (hf_ok(read_create_permission(doc, &permission, &err)))
		check_permission(&permission);
	if (hf_ok(read_update_permission(doc, &permission, &err)))
		check_permission(&permission);
	hf_ignore(read_archived(doc, &archived, &err));
	if (hf_ok(read_assignment(doc, &identity, &err)))
		FUZZ_CHECK(*identity);
}

/* Stored text and addresses of any shape. */
static void read_text(const uint8_t *data, size_t size)
{
	struct permission_set set = { 0 }, again = { 0 };
	char text[OPERATIONS_MAX], address[LIMIT_ADDRESS_MAX];

	if (size >= sizeof(text))
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	limit_address(text, address);
	permission_grant_text(&set, text);
	FUZZ_CHECK(hf_ok(permission_set_text(&set, text, sizeof(text))));
	permission_grant_text(&again, text);
	FUZZ_CHECK(memcmp(&set, &again, sizeof(set)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct hf_err err;

	read_text(data, size);
	if (hf_ok(payload_parse(HF_SPAN(data, size), PAYLOAD_MAX, &doc, &err)))
		read_all(doc);
	return 0;
}
