/* SPDX-License-Identifier: Apache-2.0
 * Changes of permissions and assignments that policies hold: asked for with 202, shown as pending,
 * made with the last approval or not at all. */
#include "policy_fixture.h"

static struct user boss, deputy;

static int setup(void **state)
{
	if (api_setup(state) != 0)
		return -1;
	boss = new_user("boss@example.com");
	deputy = new_user("deputy@example.com");
	return 0;
}

static void hold_changes(const char *activity)
{
	new_policy(TEXT("{\"name\":\"p\",\"activityKind\":\"%s\",\"rule\":" ALWAYS
	                ",\"action\":" TWO("1", "") "}",
	                activity, boss.id, deputy.id));
}

/* The last answer is a change request; its approval. */
static struct id pending(const char *kind, const char *operation)
{
	expect(202, NULL);
	assert_string_equal(member("kind"), kind);
	assert_string_equal(member("operationKind"), operation);
	assert_string_equal(member("status"), "Pending");
	assert_string_equal(member("requester.userId"), fx.first.id);
	CHECK(hf_id_valid("cr", member("id")));
	return id_of("approvalId");
}

static void decided(struct id approval, bool approve)
{
	CHECK_OK(decide(&boss, approval.text, approve, NULL));
	tokens_forget_identity(fx.api->tokens, NULL);
}

static void an_assignment_waits_for_its_approval(void **state)
{
	struct actor anna = { .key = new_key_pair() };
	const char *p = new_permission("readers", "\"Keys:Read\"");
	struct id approval;

	make_user(&anna, "anna@example.com");
	log_in(&anna);
	hold_changes("Permissions:Assign");
	signed_request("POST", at("/permissions/%s/assignments", p), at(ASSIGN, anna.id));
	approval = pending("Assignment", "Create");
	assert_string_equal(member("body.identityId"), anna.id);
	assert_string_equal(member("body.permissionId"), p);
	CHECK(get_as(&anna, "/keys") == 403);
	decided(approval, true);
	CHECK(get_as(&anna, "/keys") == 200);
	CHECK(get(at("/permissions/%s/assignments", p)) == 200);
	CHECK(items() == 1);
	EVP_PKEY_free(anna.key);
}

static void what_is_denied_is_not_made(void **state)
{
	struct actor anna = { .key = new_key_pair() };
	const char *p = new_permission("readers", "\"Keys:Read\"");

	make_user(&anna, "anna@example.com");
	log_in(&anna);
	hold_changes("Permissions:Assign");
	signed_request("POST", at("/permissions/%s/assignments", p), at(ASSIGN, anna.id));
	decided(pending("Assignment", "Create"), false);
	CHECK(get_as(&anna, "/keys") == 403);
	CHECK(get(at("/permissions/%s/assignments", p)) == 200);
	CHECK(items() == 0);
	EVP_PKEY_free(anna.key);
}

static void a_revocation_waits_and_is_shown_meanwhile(void **state)
{
	struct actor anna = { .key = new_key_pair() };
	const char *p = new_permission("readers", "\"Keys:Read\"");
	struct id approval;
	char path[256];

	make_user(&anna, "anna@example.com");
	log_in(&anna);
	snprintf(path, sizeof(path), "/permissions/%s/assignments/%s", p, assign(p, anna.id));
	hold_changes("Permissions:Assign");
	signed_delete(path);
	approval = pending("Assignment", "Delete");
	CHECK(get(at("/permissions/%s/assignments", p)) == 200);
	assert_string_equal(member("items.0.pendingChangeRequest.status"), "Pending");
	CHECK(get_as(&anna, "/keys") == 200);
	decided(approval, true);
	CHECK(get_as(&anna, "/keys") == 403);
	EVP_PKEY_free(anna.key);
}

static void a_changed_permission_waits_and_is_shown_meanwhile(void **state)
{
	const char *p = new_permission("some", "\"Keys:Read\"");
	struct id approval;

	hold_changes("Permissions:Modify");
	signed_request("PUT", at("/permissions/%s", p),
	               "{\"name\":\"more\",\"operations\":[\"Keys:Create\",\"Keys:Read\"]}");
	approval = pending("Permission", "Update");
	CHECK(get(at("/permissions/%s", p)) == 200);
	assert_string_equal(member("name"), "some");
	assert_string_equal(member("pendingChangeRequest.body.name"), "more");
	assert_string_equal(member("pendingChangeRequest.body.operations.0"), "Keys:Create");
	decided(approval, true);
	CHECK(get(at("/permissions/%s", p)) == 200);
	assert_string_equal(member("name"), "more");
	assert_string_equal(member("operations.0"), "Keys:Create");
	CHECK(!strstr(got.body, "pendingChangeRequest"));
	signed_request("PUT", at("/permissions/%s/archive", p), "{\"isArchived\":true}");
	decided(pending("Permission", "Update"), true);
	CHECK(get(at("/permissions/%s", p)) == 200);
	CHECK(strstr(got.body, "\"isArchived\":true"));
}

static void one_that_is_out_of_date_changes_nothing(void **state)
{
	const char *p = new_permission("some", "\"Keys:Read\"");
	struct id approval;

	hold_changes("Permissions:Modify");
	signed_request("PUT", at("/permissions/%s", p), "{\"name\":\"late\"}");
	approval = pending("Permission", "Update");
	change_row("UPDATE permissions SET updated_at = updated_at + 1 WHERE id = $1", p);
	decided(approval, true);
	CHECK(get(at("/permissions/%s", p)) == 200);
	assert_string_equal(member("name"), "some");
}

static void a_new_service_account_has_nothing_before_the_approval(void **state)
{
	struct actor anna = { .key = new_key_pair() }, bot = { .key = new_key_pair() };
	const char *p = new_permission("readers", "\"Keys:Read\"");
	struct id approval;

	make_administrator(&anna);
	hold_changes("Permissions:Assign");
	CHECK(make_bot(&anna, &bot, "bot", p) == 200);
	CHECK(strstr(got.body, "\"permissionAssignments\":[]"));
	CHECK(get_as(&bot, "/keys") == 403);
	CHECK(get("/v2/policy-approvals") == 200);
	approval = id_of("items.0.id");
	decided(approval, true);
	CHECK(get_as(&bot, "/keys") == 200);
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(bot.key);
}

static void a_block_is_a_refusal(void **state)
{
	struct actor anna = { .key = new_key_pair() }, bot = { .key = new_key_pair() };
	const char *p = new_permission("readers", "\"Keys:Read\"");

	make_administrator(&anna);
	new_policy(POLICY("Permissions:Assign", ALWAYS, BLOCK));
	signed_request("POST", at("/permissions/%s/assignments", p), at(ASSIGN, anna.id));
	CHECK(got.status == 403);
	CHECK(make_bot(&anna, &bot, "bot", p) == 403);
	CHECK(get("/auth/service-accounts") == 200);
	CHECK(items() == 1); /* it was not made */
	EVP_PKEY_free(anna.key);
	EVP_PKEY_free(bot.key);
}

int main(void)
{
#define HELD_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, api_teardown)
	const struct CMUnitTest tests[] = {
		HELD_TEST(an_assignment_waits_for_its_approval),
		HELD_TEST(what_is_denied_is_not_made),
		HELD_TEST(a_revocation_waits_and_is_shown_meanwhile),
		HELD_TEST(a_changed_permission_waits_and_is_shown_meanwhile),
		HELD_TEST(one_that_is_out_of_date_changes_nothing),
		HELD_TEST(a_new_service_account_has_nothing_before_the_approval),
		HELD_TEST(a_block_is_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
