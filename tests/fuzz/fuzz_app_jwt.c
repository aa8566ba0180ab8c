/* SPDX-License-Identifier: Apache-2.0
 * A JWT, a set of keys, an API key, and what an app is made from: whichever the bytes are. What is
 * read is read the same again. */
#include "fuzz.h"

#include "server/core/access/app_credentials.h"
#include "server/core/access/app_jwt.h"
#include "server/core/access/basic_auth.h"
#include "server/crypto_api/people/apps.h"

#include <stdlib.h>
#include <string.h>

static void try_token(const char *text)
{
	struct jwt j;
	char uuid[HF_UUID_MAX];
	struct jwt_key key = { .type = OBJECT_EC, .curve = CURVE_P256 };

	if (hf_ok(app_jwt_subject(text, uuid)))
		FUZZ_CHECK(hf_uuid_valid(uuid));
	if (!hf_ok(jwt_parse(text, &j)))
		return;
	FUZZ_CHECK(!hf_ok(jwt_verify(&j, &key, NULL))); /* by no key at all */
	jwt_done(&j);
}

static void try_key(const char *text)
{
	HF_BUF_SCOPED struct hf_buf user = HF_BUF(BASIC_AUTH_MAX), secret = HF_BUF(BASIC_AUTH_MAX);

	if (!hf_ok(basic_auth_split(text, &user, &secret)))
		return;
	FUZZ_CHECK(strlen((const char *)user.ptr) == user.len);
	FUZZ_CHECK(strlen((const char *)secret.ptr) == secret.len);
	FUZZ_CHECK(!strchr((const char *)user.ptr, ':'));
}

static hf_status look(void *ctx, const char *group_id, uint64_t permissions)
{
	FUZZ_CHECK(permissions >> APP_PERMISSION_COUNT == 0);
	return HF_SUCCESS;
}

static void try_body(const struct json_t *doc)
{
	HF_BUF_SCOPED struct hf_buf json = HF_BUF(APP_CREDENTIAL_MAX + 1);
	struct app_row row = { 0 };
	struct app_edit e;

	if (!hf_ok(app_edit_read(doc, &e, NULL)))
		return;
	hf_ignore(app_edit_apply(&e, &row, NULL));
	hf_ignore(app_groups_each(e.add_groups, look, NULL, NULL));
	if (hf_ok(app_credential_make(e.credential, e.secret_size, 1, &row, &json, NULL)))
		FUZZ_CHECK(*app_credential_name(row.credential_kind));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	JSON_SCOPED struct json_t *doc = NULL;
	struct jwks_set *set = NULL;
	char *text = malloc(size + 1);

	FUZZ_CHECK(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	try_token(text);
	try_key(text);
	free(text);
	if (!hf_ok(json_parse(HF_SPAN(data, size), 65536, &doc, NULL)))
		return 0;
	if (hf_ok(jwks_set_read(doc, false, &set, NULL)))
		jwks_set_free(set);
	set = NULL;
	if (hf_ok(jwks_set_read(doc, true, &set, NULL)))
		jwks_set_free(set);
	try_body(doc);
	return 0;
}
