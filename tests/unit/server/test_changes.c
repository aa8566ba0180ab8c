/* SPDX-License-Identifier: Apache-2.0
 * Approvals of changes; decisions through the API, and on two servers. */
#include "approval_fixture.h"

static struct actor person;

static int decide_as(const struct actor *who, const struct held *h, const char *body)
{
	const char *path = TEXT("/v2/policy-approvals/%s/decisions", h->approval.text);

	fx.as = who;
	signed_request("POST", path, body);
	fx.as = &fx.first;
	return got.status;
}

static void people_decide_through_the_api(void **state)
{
	struct actor machine = { .key = new_key_pair() };
	struct held h;

	person = (struct actor){ .key = new_key_pair() };
	make_user(&person, "dora@example.com");
	log_in(&person);
	held_by(TEXT(TWO("1", ""), person.id, ben.id));
	h = hold(key, 1);
	CHECK(decide_as(&person, &h, "{\"value\":\"Approved\"}") == 403);
	assign(new_permission("approver", "\"Policies:Approvals:Approve\",\"Auth:Pats:Create\""),
	       person.id);
	CHECK(make_pat(&person, &machine, "laptop", NULL) == 200);
	CHECK(decide_as(&machine, &h, "{\"value\":\"Approved\"}") == 403);
	CHECK(decide_as(&person, &h, "{\"value\":\"Perhaps\"}") == 400);
	CHECK(decide_as(&person, &h, "{\"value\":\"Approved\",\"more\":1}") == 400);
	CHECK(decide_as(&person, &h, "{\"value\":\"Approved\",\"reason\":\"checked\"}") == 200);
	assert_string_equal(member("status"), "Approved");
	assert_string_equal(member("decisions.0.userId"), person.id);
	assert_string_equal(member("decisions.0.value"), "Approved");
	assert_string_equal(member("decisions.0.reason"), "checked");
	wait_for(&h, "Signed");
	CHECK(decide_as(&person, &h, "{\"value\":\"Denied\"}") == 409);
	CHECK(sql("SELECT COUNT(*) FROM approval_decisions WHERE length(proof) > 300") == 1);
	EVP_PKEY_free(person.key);
	EVP_PKEY_free(machine.key);
}

/* A second server decides while the first has not committed: it waits, and finds the end. */
static void *decide_elsewhere(void *arg)
{
	struct deciding *k = arg;
	DB_SCOPED struct db *db = NULL;
	hf_status s;

	CHECK_OK(db_open(&fx.db, &db, NULL));
	do {
		s = db_begin(db);
		if (hf_ok(s))
			s = run_decide(db, k);
		if (hf_ok(s))
			s = db_commit(db, DB_RELAXED);
		db_rollback(db);
	} while (s.code == HF_BUSY);
	k->work.status = s;
	return NULL;
}

static void who_comes_second_on_another_server_finds_the_end(void **state)
{
	DB_SCOPED struct db *db = NULL;
	struct deciding first, second;
	pthread_t other;
	struct held h;

	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	h = hold(key, 1);
	decision(&first, &anna, h.approval.text, true);
	decision(&second, &ben, h.approval.text, false);
	CHECK_OK(db_open(&fx.db, &db, NULL));
	CHECK_OK(db_begin(db));
	CHECK_OK(run_decide(db, &first));
	pthread_create(&other, NULL, decide_elsewhere, &second);
	usleep(100 * 1000);
	CHECK_OK(db_commit(db, DB_RELAXED));
	pthread_join(other, NULL);
	CHECK_CODE(second.work.status, HF_STATE);
	wait_for(&h, "Signed");
	CHECK(fx.signed_count == 1);
}

static void a_change_of_a_policy_is_held_and_made_when_approved(void **state)
{
	struct id po = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION)), ap, cr;
	const char *path = TEXT("/v2/policies/%s", po.text);

	new_policy(TEXT(POLICY("Policies:Modify", ALWAYS, TWO("1", "")), anna.id, ben.id));
	signed_request("PUT", path, POLICY("Wallets:Sign", ALWAYS, BLOCK));
	replied(202, NULL);
	cr = id_of("id");
	ap = id_of("approvalId");
	CHECK(hf_id_valid("cr", cr.text));
	assert_string_equal(member("kind"), "Policy");
	assert_string_equal(member("operationKind"), "Update");
	assert_string_equal(member("status"), "Pending");
	assert_string_equal(member("entityId"), po.text);
	assert_string_equal(member("requester.userId"), fx.account.identity_id);
	assert_string_equal(member("body.action.kind"), "Block");
	CHECK(get(path) == 200);
	assert_string_equal(member("action.kind"), "NoAction");
	assert_string_equal(member("pendingChangeRequest.id"), cr.text);
	signed_request("DELETE", path, "{}");
	replied(409, "waiting for approval already");
	get(TEXT("/v2/policy-approvals/%s", ap.text));
	assert_string_equal(member("activity.kind"), "Policies:Modify");
	assert_string_equal(member("activity.changeRequest.id"), cr.text);
	CHECK_OK(decide(&anna, ap.text, true, NULL));
	CHECK(get(path) == 200);
	assert_string_equal(member("action.kind"), "Block");
	CHECK(!*member("pendingChangeRequest.id"));
	get(TEXT("/v2/policy-approvals/%s", ap.text));
	assert_string_equal(member("activity.changeRequest.status"), "Applied");
	sign(key, 1);
	replied(200, "\"Rejected\"");
}

static void a_change_that_is_denied_is_dropped(void **state)
{
	struct id po = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION)), ap;
	const char *path = TEXT("/v2/policies/%s", po.text);

	new_policy(TEXT(POLICY("Policies:Modify", ALWAYS, TWO("1", "")), anna.id, ben.id));
	signed_request("DELETE", path, "{}");
	replied(202, "\"Archived\"");
	ap = id_of("approvalId");
	CHECK_OK(decide(&ben, ap.text, false, NULL));
	CHECK(get(path) == 200);
	assert_string_equal(member("status"), "Active");
	get(TEXT("/v2/policy-approvals/%s", ap.text));
	assert_string_equal(member("activity.changeRequest.status"), "Rejected");
}

static void a_change_that_cannot_be_made_any_more_has_failed(void **state)
{
	struct id po = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION)), ap;

	new_policy(TEXT(POLICY("Policies:Modify", ALWAYS, TWO("1", "")), anna.id, ben.id));
	signed_request("PUT", TEXT("/v2/policies/%s", po.text),
	               POLICY("Wallets:Sign", ALWAYS, BLOCK));
	replied(202, NULL);
	ap = id_of("approvalId");
	change_row("UPDATE policies SET status = 'Archived' WHERE id = $1", po.text);
	CHECK_OK(decide(&anna, ap.text, true, NULL));
	get(TEXT("/v2/policy-approvals/%s", ap.text));
	assert_string_equal(member("status"), "Approved");
	assert_string_equal(member("activity.changeRequest.status"), "Failed");
	CHECK(strstr(member("activity.changeRequest.reason"), "archived") != NULL);
}

static void a_change_of_what_has_become_another_since_has_failed(void **state)
{
	struct id po = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION)), ap;

	new_policy(TEXT(POLICY("Policies:Modify", ALWAYS, TWO("1", "")), anna.id, ben.id));
	signed_request("PUT", TEXT("/v2/policies/%s", po.text),
	               POLICY("Wallets:Sign", ALWAYS, BLOCK));
	replied(202, NULL);
	ap = id_of("approvalId");
	change_row("UPDATE policies SET updated_at = updated_at + 1 WHERE id = $1", po.text);
	CHECK_OK(decide(&anna, ap.text, true, NULL));
	get(TEXT("/v2/policy-approvals/%s", ap.text));
	assert_string_equal(member("activity.changeRequest.status"), "Failed");
	CHECK(strstr(member("activity.changeRequest.reason"), "become another") != NULL);
}

static void a_filter_names_the_policies_that_are_guarded(void **state)
{
	struct id guarded = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION));
	struct id free_one = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION));

	new_policy(TEXT("{\"name\":\"p\",\"activityKind\":\"Policies:Modify\",\"rule\":" ALWAYS
	                ",\"action\":" TWO("1", "") ",\"filters\":{\"policyId\":{\"in\":[\"%s\"]}}"
	                                            "}",
	                anna.id, ben.id, guarded.text));
	signed_request("DELETE", TEXT("/v2/policies/%s", free_one.text), "{}");
	replied(200, "\"Archived\"");
	signed_request("DELETE", TEXT("/v2/policies/%s", guarded.text), "{}");
	replied(202, NULL);
}

int main(void)
{
#define API_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, api_teardown)
	const struct CMUnitTest tests[] = {
		API_TEST(people_decide_through_the_api),
		API_TEST(who_comes_second_on_another_server_finds_the_end),
		API_TEST(a_change_of_a_policy_is_held_and_made_when_approved),
		API_TEST(a_change_that_is_denied_is_dropped),
		API_TEST(a_change_that_cannot_be_made_any_more_has_failed),
		API_TEST(a_change_of_what_has_become_another_since_has_failed),
		API_TEST(a_filter_names_the_policies_that_are_guarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
