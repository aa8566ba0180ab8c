/* SPDX-License-Identifier: Apache-2.0
 * Users, service accounts, personal access tokens, permissions and assignments: through the API,
 * with the real storage. */
#include "accounts_fixture.h"

#include "base/uuid.h"
#include "server/core/access/principal.h"
#include "server/store/account_rows.h"
#include "server/store/group_rows.h"
#include "server/store/member_rows.h"

static void a_user_is_made_with_his_key_and_shown(void **state)
{
	struct actor anna = { .key = new_key_pair() };
	char path[128];

	make_user(&anna, "anna@example.com");
	CHECK(hf_id_valid("us", anna.id));
	assert_string_equal(member("username"), "anna@example.com");
	assert_string_equal(member("kind"), "CustomerEmployee");
	CHECK(hf_id_valid("cr", member("credentialUuid")));
	CHECK(strstr(got.body, "\"isRegistered\":true"));
	CHECK(strstr(got.body, "\"isServiceAccount\":false"));
	CHECK(strstr(got.body, "\"permissionAssignments\":[]"));
	snprintf(path, sizeof(path), "/auth/users/%s", anna.id);
	CHECK(get(path) == 200);
	assert_string_equal(member("userId"), anna.id);
	CHECK(get("/auth/users?kind=CustomerEmployee") == 200);
	CHECK(items() == 1);
	CHECK(get("/auth/users?kind=EndUser") == 200);
	CHECK(items() == 0);
	EVP_PKEY_free(anna.key);
}

static void names_are_unique_until_they_are_archived(void **state)
{
	static const char body[] = "{\"email\":\"a@b\",\"kind\":\"CustomerEmployee\"}";
	char path[128];

	signed_request("POST", "/auth/users", body);
	expect(200, NULL);
	CHECK(strstr(got.body, "\"isRegistered\":false"));
	snprintf(path, sizeof(path), "/auth/users/%s", member("userId"));
	signed_request("POST", "/auth/users", body);
	expect(409, "a user named \"a@b\" exists already: choose another name");
	signed_request("DELETE", path, "{}");
	expect(200, NULL);
	CHECK(strstr(got.body, "\"isActive\":false"));
	get(path);
	expect(404, "user not found");
	signed_request("POST", "/auth/users", body);
	expect(200, NULL);
}

static void bodies_are_checked(void **state)
{
	static const char *const bad[] = {
		"{\"email\":\"nobody\",\"kind\":\"CustomerEmployee\"}",
		"{\"email\":\"a b@c\",\"kind\":\"CustomerEmployee\"}",
		"{\"email\":\"a@b\",\"kind\":\"DfnsStaff\"}",
		"{\"email\":\"a@b\",\"kind\":\"CustomerEmployee\",\"isSSORequired\":true}",
		"{\"email\":\"a@b\",\"kind\":\"CustomerEmployee\",\"publicKey\":\"x\"}",
		"{\"email\":\"a@b\",\"kind\":\"CustomerEmployee\",\"more\":1}",
	};

	for (size_t i = 0; i < HF_COUNT(bad); i++)
		CHECK(signed_request("POST", "/auth/users", bad[i]) == 400);
	CHECK(signed_request("POST", "/permissions",
	                     "{\"name\":\"x\",\"operations\":[\"Keys:Steal\"]}") == 400);
	CHECK(strstr(member("error.message"), "\"Keys:Steal\" is no operation"));
	CHECK(signed_request("POST", "/permissions", "{\"name\":\"x\",\"operations\":[\"*\"]}") ==
	      400);
	CHECK(signed_request("POST", "/permissions", "{\"name\":\"x\"}") == 400);
}

static void who_was_given_nothing_can_do_nothing(void **state)
{
	struct actor anna = { .key = new_key_pair() };

	make_user(&anna, "anna@example.com");
	log_in(&anna);
	fx.as = &anna;
	CHECK(get("/keys") == 403);
	CHECK(strstr(member("error.message"),
	             "is not authorized to perform operation (Keys:Read)"));
	CHECK(get("/auth/users") == 403);
	CHECK(get("/auth/pats") == 200);
	EVP_PKEY_free(anna.key);
}

static void an_assignment_opens_and_its_end_closes(void **state)
{
	struct actor anna = { .key = new_key_pair() };
	const char *reader = new_permission("readers", "\"Keys:Read\"");
	char assignment[HF_ID_MAX], path[256];

	make_user(&anna, "anna@example.com");
	log_in(&anna);
	CHECK(get_as(&anna, "/keys") == 403);
	snprintf(assignment, sizeof(assignment), "%s", assign(reader, anna.id));
	CHECK(get_as(&anna, "/keys") == 200);
	CHECK(get_as(&anna, "/key-stores") == 403);
	CHECK(get(at("/permissions/%s/assignments", reader)) == 200);
	assert_string_equal(member("items.0.identityId"), anna.id);
	signed_request("POST", at("/permissions/%s/assignments", reader), at(ASSIGN, anna.id));
	CHECK(got.status == 409);
	snprintf(path, sizeof(path), "/permissions/%s/assignments/%s", reader, assignment);
	CHECK(signed_delete(path) == 204);
	CHECK(get_as(&anna, "/keys") == 403);
	CHECK(signed_delete(path) == 404);
	EVP_PKEY_free(anna.key);
}

static void a_changed_or_archived_permission_counts_at_once(void **state)
{
	struct actor anna = { .key = new_key_pair() };
	const char *p = new_permission("some", "\"Keys:Read\"");

	make_user(&anna, "anna@example.com");
	log_in(&anna);
	assign(p, anna.id);
	CHECK(get_as(&anna, "/keys") == 200);
	signed_request("PUT", at("/permissions/%s", p), "{\"operations\":[\"KeyStores:Read\"]}");
	expect(200, NULL);
	CHECK(get_as(&anna, "/keys") == 403);
	CHECK(get_as(&anna, "/key-stores") == 200);
	signed_request("PUT", at("/permissions/%s/archive", p), "{\"isArchived\":true}");
	expect(200, NULL);
	CHECK(strstr(got.body, "\"isArchived\":true"));
	CHECK(get_as(&anna, "/key-stores") == 403);
	signed_request("POST", "/permissions", "{\"name\":\"some\",\"operations\":[]}");
	expect(409, "there is, or was, a permission named \"some\": choose another name");
	signed_request("PUT", at("/permissions/%s", p), "{\"name\":\"other\"}");
	CHECK(got.status == 409);
	EVP_PKEY_free(anna.key);
}

static void what_is_built_in_stays(void **state)
{
	char admin[HF_ID_MAX], assignment[HF_ID_MAX], path[256];

	CHECK(get("/permissions") == 200);
	assert_string_equal(member("items.0.name"), "DfnsFullAdminAccess");
	CHECK(strstr(got.body, "\"isImmutable\":true"));
	CHECK(strstr(got.body, "\"Keys:Signatures:Create\""));
	snprintf(admin, sizeof(admin), "%s", member("items.0.id"));
	signed_request("PUT", at("/permissions/%s", admin), "{\"operations\":[]}");
	expect(409, "permission \"DfnsFullAdminAccess\" is built in: it cannot be changed");
	signed_request("PUT", at("/permissions/%s/archive", admin), "{\"isArchived\":true}");
	CHECK(got.status == 409);
	CHECK(get(at("/permissions/%s/assignments", admin)) == 200);
	snprintf(assignment, sizeof(assignment), "%s", member("items.0.id"));
	snprintf(path, sizeof(path), "/permissions/%s/assignments/%s", admin, assignment);
	CHECK(signed_delete(path) == 409);
	CHECK(strstr(member("error.message"), "nobody would be left with full access"));
}

static void nobody_gives_away_what_he_has_not(void **state)
{
	struct actor anna = { .key = new_key_pair() }, ben = { .key = new_key_pair() };
	const char *some = new_permission("some", "\"Permissions:Assign\",\"Permissions:Update\","
	                                          "\"Permissions:Create\",\"Keys:Read\"");
	char more[HF_ID_MAX];

	make_user(&anna, "anna@example.com");
	make_user(&ben, "ben@example.com");
	log_in(&anna);
	assign(some, anna.id);
	snprintf(more, sizeof(more), "%s", new_permission("more", "\"Keys:Create\""));
	fx.as = &anna;
	signed_request("POST", at("/permissions/%s/assignments", more), at(ASSIGN, anna.id));
	CHECK(got.status == 403);
	CHECK(strstr(member("error.message"),
	             "cannot give away an operation that he has not himself (Keys:Create)"));
	signed_request("PUT", at("/permissions/%s", some),
	               "{\"operations\":[\"Keys:Read\",\"Keys:Create\"]}");
	CHECK(got.status == 403);
	signed_request("PUT", at("/permissions/%s", some),
	               "{\"operations\":[\"Keys:Read\","
	               "\"Permissions:Assign\"]}");
	expect(200, NULL);
	signed_request("POST", at("/permissions/%s/assignments", some), at(ASSIGN, ben.id));
	expect(200, NULL);
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(ben.key);
}

static void a_service_account_has_what_it_was_given(void **state)
{
	struct actor anna = { .key = new_key_pair() }, bot = { .key = new_key_pair() };
	const char *reader = new_permission("readers", "\"Keys:Read\"");

	make_administrator(&anna);
	CHECK(make_bot(&fx.first, &bot, "bot", reader) == 403); /* no service accounts */
	CHECK(make_bot(&anna, &bot, "bot", reader) == 200);
	assert_string_equal(member("userInfo.permissionAssignments.0.permissionName"), "readers");
	assert_string_equal(member("accessTokens.0.linkedUserId"), bot.id);
	assert_string_equal(member("accessTokens.0.kind"), "ServiceAccount");
	CHECK(get_as(&bot, "/keys") == 200);
	CHECK(get_as(&bot, "/key-stores") == 403);
	CHECK(get_as(&bot, "/auth/pats") == 403);
	CHECK(make_bot(&anna, &bot, "bot", reader) == 409);
	CHECK(get("/auth/service-accounts") == 200);
	CHECK(items() == 2);
	CHECK(!strstr(got.body, "\"accessToken\":"));
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(bot.key);
}

static void one_without_a_permission_has_its_makers(void **state)
{
	struct actor anna = { .key = new_key_pair() }, bot = { .key = new_key_pair() };

	make_administrator(&anna);
	CHECK(make_bot(&anna, &bot, "bot", NULL) == 200);
	CHECK(get_as(&bot, "/key-stores") == 200);
	fx.as = &bot;
	CHECK(signed_request("POST", "/keys", "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\"}") ==
	      200);
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(bot.key);
}

static void who_is_deactivated_is_refused_at_once(void **state)
{
	struct actor anna = { .key = new_key_pair() }, bot = { .key = new_key_pair() };

	make_administrator(&anna);
	CHECK(make_bot(&anna, &bot, "bot", NULL) == 200);
	CHECK(get_as(&bot, "/keys") == 200);
	CHECK(get_as(&anna, "/keys") == 200);
	signed_request("PUT", at("/auth/service-accounts/%s/deactivate", bot.id), "{}");
	expect(200, NULL);
	CHECK(get_as(&bot, "/keys") == 401);
	assert_string_equal(member("error.message"), "user token is missing or invalid");
	signed_request("PUT", at("/auth/service-accounts/%s/activate", bot.id), "{}");
	expect(200, NULL);
	CHECK(get_as(&bot, "/keys") == 200);
	signed_request("PUT", at("/auth/users/%s/deactivate", anna.id), "{}");
	expect(200, NULL);
	CHECK(get_as(&anna, "/keys") == 401);
	signed_request("DELETE", at("/auth/service-accounts/%s", bot.id), "{}");
	expect(200, NULL);
	CHECK(get_as(&bot, "/keys") == 401);
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(bot.key);
}

static char org[HF_ID_MAX];

static void joins_the_crypto_api(struct db *db, const char *id, unsigned roles)
{
	const struct password_row password = { .hash = "$argon2id$", .changed_ms = 1 };
	struct member_row row = { .roles = roles, .enabled = true, .created_ms = 1 };

	snprintf(row.id, sizeof(row.id), "%s", id);
	snprintf(row.org_id, sizeof(row.org_id), "%s", org);
	CHECK_OK(member_row_insert(db, &row));
	CHECK_OK(password_row_put(db, id, &password));
}

/* His approval is the account's policy there, or a group's. */
static void is_needed(struct db *db, const char *id, bool by_account)
{
	HF_BUF_SCOPED struct hf_buf policy = HF_BUF(256);
	struct account_policy_row account = { 0 };
	struct group_row group = { .name = "cards", .created_ms = 1 };
	char uuid[HF_UUID_MAX];

	CHECK_OK(hf_uuid_of_id(id, uuid));
	hf_buf_printf(&policy,
	              by_account ? "{\"policy\":{\"user\":\"%s\"}}%c" : "{\"user\":\"%s\"}%c", uuid,
	              0);
	account.approval = by_account ? (const char *)policy.ptr : NULL;
	CHECK_OK(account_policies_put(db, org, &account, 1));
	if (by_account)
		return;
	hf_uuid_new(group.id);
	snprintf(group.org_id, sizeof(group.org_id), "%s", org);
	snprintf(group.created_by, sizeof(group.created_by), "%s", id);
	group.approval_policy = (const char *)policy.ptr;
	CHECK_OK(group_row_insert(db, &group));
}

static void whom_a_quorum_of_the_crypto_api_needs_is_not_taken_away(void **state)
{
	DB_SCOPED struct db *db = NULL;
	struct actor anna = { .key = new_key_pair() }, bert = { .key = new_key_pair() };

	make_user(&anna, "anna@example.com");
	make_user(&bert, "bert@example.com");
	CHECK_OK(db_open(&fx.db, &db, NULL));
	CHECK_OK(orgs_only(db, org));
	joins_the_crypto_api(db, anna.id, ACCOUNT_ADMINISTRATOR);
	joins_the_crypto_api(db, bert.id, ACCOUNT_MEMBER);
	is_needed(db, bert.id, true);
	signed_request("PUT", at("/auth/users/%s/deactivate", bert.id), "{}");
	CHECK(got.status == 409 && strstr(got.body, "nobody could change the account's approval"));
	CHECK(strstr(got.body, "holdfast account update"));
	signed_request("DELETE", at("/auth/users/%s", bert.id), "{}");
	CHECK(got.status == 409);
	is_needed(db, bert.id, false);
	signed_request("DELETE", at("/auth/users/%s", bert.id), "{}");
	CHECK(got.status == 409 && strstr(got.body, "cards"));
	signed_request("PUT", at("/auth/users/%s/deactivate", bert.id), "{}");
	expect(200, NULL); /* he can be activated again */
	signed_request("DELETE", at("/auth/users/%s", bert.id), "{}");
	CHECK(got.status == 409);
	signed_request("DELETE", at("/auth/users/%s", anna.id), "{}");
	expect(200, NULL); /* the group is lost already, with or without her */
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(bert.key);
}

static void nobody_shuts_himself_out_nor_the_last_administrator(void **state)
{
	struct actor anna = { .key = new_key_pair() };
	char path[128];

	make_administrator(&anna);
	signed_request("PUT", at("/auth/service-accounts/%s/deactivate", fx.first.id), "{}");
	expect(409, "nobody can deactivate himself: let another administrator do it");
	signed_request("PUT", at("/auth/users/%s/deactivate", anna.id), "{}");
	expect(200, NULL);
	signed_request("PUT", at("/auth/users/%s/activate", anna.id), "{}");
	expect(200, NULL);
	fx.as = &anna;
	snprintf(path, sizeof(path), "/auth/service-accounts/%s", fx.first.id);
	signed_request("DELETE", path, "{}");
	expect(200, NULL);
	signed_request("DELETE", at("/auth/users/%s", anna.id), "{}");
	CHECK(got.status == 409);
	EVP_PKEY_free(anna.key);
}

static void a_personal_token_does_no_more_than_it_may(void **state)
{
	struct actor anna = { .key = new_key_pair() }, pat = { .key = new_key_pair() };
	const char *reader = new_permission("readers", "\"Keys:Read\",\"Keys:Create\"");

	make_administrator(&anna);
	CHECK(make_pat(&anna, &pat, "mine", reader) == 200);
	assert_string_equal(member("kind"), "Pat");
	assert_string_equal(member("permissionAssignments.0.permissionName"), "readers");
	CHECK(get_as(&pat, "/keys") == 200);
	CHECK(get_as(&pat, "/key-stores") == 403);
	CHECK(get_as(&pat, "/auth/pats") == 403); /* for people */
	CHECK(make_pat(&pat, &pat, "more", NULL) == 403);
	fx.as = &pat;
	CHECK(signed_request("POST", "/keys", "{\"scheme\":\"EdDSA\",\"curve\":\"ed25519\"}") ==
	      200);
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(pat.key);
}

static void its_credential_signs_for_it_alone(void **state)
{
	struct actor anna = { .key = new_key_pair() }, pat = { .key = new_key_pair() }, mixed;

	make_administrator(&anna);
	CHECK(make_pat(&anna, &pat, "mine", NULL) == 200);
	fx.as = &anna;
	CHECK(begin_action("POST", "/keys", "{}") == 200);
	CHECK(!strstr(got.body, pat.credential_id));
	CHECK(strstr(got.body, anna.credential_id));
	fx.as = &pat;
	CHECK(begin_action("POST", "/keys", "{}") == 200);
	CHECK(strstr(got.body, pat.credential_id));
	CHECK(!strstr(got.body, anna.credential_id));
	mixed = anna;
	snprintf(mixed.credential_id, sizeof(mixed.credential_id), "%s", pat.credential_id);
	mixed.key = pat.key;
	fx.as = &mixed;
	CHECK(begin_action("POST", "/keys", "{}") == 200);
	CHECK(finish_action() == 401);
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(pat.key);
}

static void a_personal_token_loses_what_its_user_loses(void **state)
{
	struct actor anna = { .key = new_key_pair() }, pat = { .key = new_key_pair() };
	const char *p = new_permission("some", "\"Keys:Read\",\"Auth:Pats:Create\"");
	char assignment[HF_ID_MAX], path[256];

	make_user(&anna, "anna@example.com");
	log_in(&anna);
	snprintf(assignment, sizeof(assignment), "%s", assign(p, anna.id));
	CHECK(make_pat(&anna, &pat, "mine", NULL) == 200);
	CHECK(get_as(&pat, "/keys") == 200);
	snprintf(path, sizeof(path), "/permissions/%s/assignments/%s", p, assignment);
	CHECK(signed_delete(path) == 204);
	CHECK(get_as(&pat, "/keys") == 403);
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(pat.key);
}

static void personal_tokens_are_their_users_own(void **state)
{
	struct actor anna = { .key = new_key_pair() }, ben = { .key = new_key_pair() };
	struct actor pat = { .key = new_key_pair() };

	make_administrator(&anna);
	make_user(&ben, "ben@example.com");
	log_in(&ben);
	CHECK(make_pat(&anna, &pat, "mine", NULL) == 200);
	CHECK(make_pat(&anna, &pat, "mine", NULL) == 409);
	CHECK(get_as(&ben, at("/auth/pats/%s", pat.id)) == 404);
	CHECK(get_as(&ben, "/auth/pats") == 200);
	CHECK(items() == 0);
	fx.as = &anna;
	CHECK(get(at("/auth/pats/%s", pat.id)) == 200);
	CHECK(!strstr(got.body, "\"accessToken\":"));
	signed_request("PUT", at("/auth/pats/%s", pat.id), "{\"name\":\"other\"}");
	assert_string_equal(member("name"), "other");
	CHECK(get_as(&pat, "/keys") == 200);
	fx.as = &anna;
	CHECK(signed_request("PUT", at("/auth/pats/%s/deactivate", pat.id), "{}") == 200);
	CHECK(get_as(&pat, "/keys") == 401);
	fx.as = &anna;
	CHECK(signed_request("PUT", at("/auth/pats/%s/activate", pat.id), "{}") == 200);
	CHECK(get_as(&pat, "/keys") == 200);
	fx.as = &anna;
	CHECK(signed_delete(at("/auth/pats/%s", pat.id)) == 200);
	CHECK(get_as(&pat, "/keys") == 401);
	fx.as = &anna;
	CHECK(signed_request("PUT", at("/auth/pats/%s/activate", pat.id), "{}") == 404);
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(ben.key);
	EVP_PKEY_free(pat.key);
}

static void taking_from_oneself_has_to_be_meant(void **state)
{
	struct actor anna = { .key = new_key_pair() };
	const char *p = new_permission("some", "\"Keys:Read\",\"Permissions:Revoke\"");
	char path[256], forced[300];

	make_user(&anna, "anna@example.com");
	log_in(&anna);
	snprintf(path, sizeof(path), "/permissions/%s/assignments/%s", p, assign(p, anna.id));
	fx.as = &anna;
	CHECK(signed_delete(path) == 409);
	CHECK(strstr(member("error.message"), "?force=true"));
	snprintf(forced, sizeof(forced), "%s?force=true", path);
	CHECK(signed_delete_at(path, forced) == 204);
	CHECK(get("/keys") == 403);
	EVP_PKEY_free(anna.key);
}

static void what_is_not_there_is_not_found(void **state)
{
	static const char *const paths[] = {
		"/auth/users/us-01k9h-x3v7q-8m2c4d6e8f0g1h2j",
		"/auth/service-accounts/us-01k9h-x3v7q-8m2c4d6e8f0g1h2j",
		"/permissions/pm-01k9h-x3v7q-8m2c4d6e8f0g1h2j",
		"/permissions/pm-01k9h-x3v7q-8m2c4d6e8f0g1h2j/assignments",
		"/permissions/nonsense",
		"/permissions/%ff%fe",
		"/permissions/%ff/assignments",
		"/auth/users/%ff",
		"/auth/service-accounts/x%20y",
	};

	for (size_t i = 0; i < HF_COUNT(paths); i++)
		CHECK(get(paths[i]) == 404);
	CHECK(get(at("/auth/users/%s", fx.first.id)) == 404); /* no user */
	CHECK(signed_delete("/auth/users/us-01k9h-x3v7q-8m2c4d6e8f0g1h2j") == 404);
}

int main(void)
{
#define API_TEST(fn) cmocka_unit_test_setup_teardown(fn, api_setup, api_teardown)
	const struct CMUnitTest tests[] = {
		API_TEST(a_user_is_made_with_his_key_and_shown),
		API_TEST(names_are_unique_until_they_are_archived),
		API_TEST(bodies_are_checked),
		API_TEST(who_was_given_nothing_can_do_nothing),
		API_TEST(an_assignment_opens_and_its_end_closes),
		API_TEST(a_changed_or_archived_permission_counts_at_once),
		API_TEST(what_is_built_in_stays),
		API_TEST(nobody_gives_away_what_he_has_not),
		API_TEST(a_service_account_has_what_it_was_given),
		API_TEST(one_without_a_permission_has_its_makers),
		API_TEST(who_is_deactivated_is_refused_at_once),
		API_TEST(whom_a_quorum_of_the_crypto_api_needs_is_not_taken_away),
		API_TEST(nobody_shuts_himself_out_nor_the_last_administrator),
		API_TEST(a_personal_token_does_no_more_than_it_may),
		API_TEST(its_credential_signs_for_it_alone),
		API_TEST(a_personal_token_loses_what_its_user_loses),
		API_TEST(personal_tokens_are_their_users_own),
		API_TEST(taking_from_oneself_has_to_be_meant),
		API_TEST(what_is_not_there_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
