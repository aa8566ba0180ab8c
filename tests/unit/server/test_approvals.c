/* SPDX-License-Identifier: Apache-2.0
 * Approvals: who decides, when they end, and what follows, once. */
#include "approval_fixture.h"

#include "proof/approval_id.h"

/* A decision that is refused, with these words in the reason. */
static void refused(const struct user *u, const struct held *h, bool approve, enum hf_code code,
                    const char *want)
{
	const char *words;
	hf_status s = decide(u, h->approval.text, approve, &words);

	if (s.code != code || !strstr(words, want))
		fail_msg("%s: %s", hf_code_name(s.code), words);
}

static void what_is_held_is_signed_once_when_all_agree(void **state)
{
	struct held h;

	held_by(TEXT(TWO("2", ""), anna.id, ben.id));
	h = hold(key, 1);
	CHECK(fx.signed_count == 0 && hf_id_valid("ap", h.approval.text));
	assert_string_equal(approval_status(&h), "Pending");
	assert_string_equal(member("initiatorId"), fx.account.identity_id);
	assert_string_equal(member("activity.kind"), "Wallets:Sign");
	assert_string_equal(member("activity.signatureRequest.id"), h.signature.text);
	CHECK(!*member("expirationDate") && !*member("dateResolved") && *member("dateUpdated"));
	CHECK(strstr(got.body, "\"triggered\":true") && strstr(got.body, "\"decisions\":[]"));
	CHECK_OK(decide(&anna, h.approval.text, true, NULL));
	assert_string_equal(approval_status(&h), "Pending");
	assert_string_equal(member("decisions.0.userId"), anna.id);
	CHECK(strstr(got.body, "\"reason\":null"));
	assert_string_equal(status_of(&h), "Pending");
	CHECK_OK(decide(&ben, h.approval.text, true, NULL));
	wait_for(&h, "Signed");
	assert_string_equal(approval_status(&h), "Approved");
	CHECK(*member("dateResolved"));
	CHECK(fx.signed_count == 1);
}

static void a_denial_ends_it(void **state)
{
	struct held h;

	held_by(TEXT(TWO("2", ""), anna.id, ben.id));
	h = hold(key, 1);
	CHECK_OK(decide(&anna, h.approval.text, true, NULL));
	CHECK_OK(decide(&ben, h.approval.text, false, NULL));
	assert_string_equal(status_of(&h), "Rejected");
	CHECK(strstr(member("reason"), ben.id) != NULL);
	assert_string_equal(approval_status(&h), "Denied");
	refused(&carl, &h, true, HF_STATE, "it is Denied");
	CHECK(fx.signed_count == 0);
}

static void who_is_not_asked_has_no_say(void **state)
{
	struct user machine;
	struct held h;

	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	h = hold(key, 1);
	refused(&carl, &h, true, HF_DENIED, "not among");
	refused(&carl, &h, false, HF_DENIED, "not among");
	snprintf(machine.id, sizeof(machine.id), "%s", fx.account.identity_id);
	refused(&machine, &h, true, HF_DENIED, "not an active user");
	change_row("UPDATE identities SET is_active = 0 WHERE id = $1", anna.id);
	refused(&anna, &h, true, HF_DENIED, "not an active user");
	change_row("DELETE FROM assignments WHERE identity_id = $1", ben.id);
	refused(&ben, &h, true, HF_DENIED, "taken away");
	CHECK_CODE(decide(&anna, "ap-00000-00000-0000000000000000", true, NULL), HF_NOTFOUND);
	assert_string_equal(approval_status(&h), "Pending");
	signed_request("POST", TEXT("/v2/policy-approvals/%s/decisions", h.approval.text),
	               "{\"value\":\"Approved\"}");
	replied(403, "service accounts");
}

static void who_was_deactivated_since_counts_no_more(void **state)
{
	struct held h;

	held_by("{\"kind\":\"RequestApproval\",\"approvalGroups\":[{\"quorum\":2,"
	        "\"approvers\":{}}]}");
	h = hold(key, 1);
	CHECK_OK(decide(&anna, h.approval.text, true, NULL));
	change_row("UPDATE identities SET is_active = 0 WHERE id = $1", anna.id);
	CHECK_OK(decide(&ben, h.approval.text, true, NULL));
	assert_string_equal(approval_status(&h), "Pending");
	CHECK(fx.signed_count == 0);
	CHECK_OK(decide(&carl, h.approval.text, true, NULL));
	wait_for(&h, "Signed");
}

static void a_decision_stands(void **state)
{
	struct held h;

	held_by(TEXT(TWO("2", ""), anna.id, ben.id));
	h = hold(key, 1);
	CHECK_OK(decide(&anna, h.approval.text, true, NULL));
	refused(&anna, &h, true, HF_EXISTS, "already");
	refused(&anna, &h, false, HF_EXISTS, "already");
	assert_string_equal(approval_status(&h), "Pending");
}

/* As if a user had asked for it. */
static void asked_by(const struct held *h, const struct user *u)
{
	struct id id;

	snprintf(id.text, sizeof(id.text), "%s", u->id);
	change_row(TEXT("UPDATE approvals SET initiator_id = $1"), id.text);
	get(TEXT("/v2/policy-approvals/%s", h->approval.text));
	assert_string_equal(member("initiatorId"), u->id);
}

static void what_somebody_deactivated_has_asked_for_can_only_be_denied(void **state)
{
	struct held h;

	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	h = hold(key, 1);
	change_row("UPDATE identities SET is_active = 0 WHERE id = $1", fx.account.identity_id);
	refused(&anna, &h, true, HF_STATE, "deactivated since");
	CHECK_OK(decide(&ben, h.approval.text, false, NULL));
	change_row("UPDATE identities SET is_active = 1 WHERE id = $1", fx.account.identity_id);
	assert_string_equal(status_of(&h), "Rejected");
	CHECK(fx.signed_count == 0);
}

static void the_initiator_may_deny_but_not_approve(void **state)
{
	struct held h;

	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	h = hold(key, 1);
	asked_by(&h, &anna);
	refused(&anna, &h, true, HF_DENIED, "not approve it");
	CHECK_OK(decide(&anna, h.approval.text, false, NULL));
	assert_string_equal(status_of(&h), "Rejected");
	h = hold(key, 2);
	asked_by(&h, &carl); /* asked for it, and is in no group */
	refused(&carl, &h, true, HF_DENIED, "not approve it");
	CHECK_OK(decide(&carl, h.approval.text, false, NULL));
	assert_string_equal(approval_status(&h), "Denied");
}

/* Otherwise one person with a service account would be two. */
static void who_made_the_service_account_that_asks_has_asked(void **state)
{
	struct held h;

	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	h = hold(key, 1);
	change_row(TEXT("UPDATE identities SET created_by = $1, is_archived = 1 WHERE id = '%s'",
	                fx.account.identity_id),
	           anna.id);
	refused(&anna, &h, true, HF_DENIED, "a service account that he has made");
	CHECK(fx.signed_count == 0);
	change_row(TEXT("UPDATE identities SET is_archived = 0 WHERE id = '%s' AND created_by = $1",
	                fx.account.identity_id),
	           anna.id);
	CHECK_OK(decide(&ben, h.approval.text, true, NULL));
	wait_for(&h, "Signed");
}

static void the_initiator_counts_where_the_group_says_so(void **state)
{
	struct held h;

	held_by(TEXT("{\"kind\":\"RequestApproval\",\"approvalGroups\":[{\"quorum\":2,"
	             "\"initiatorCanApprove\":true,\"approvers\":{\"userId\":{\"in\":[\"%s\",\"%s\""
	             "]}}}]}",
	             anna.id, ben.id));
	h = hold(key, 1);
	asked_by(&h, &anna);
	CHECK_OK(decide(&anna, h.approval.text, true, NULL));
	CHECK_OK(decide(&ben, h.approval.text, true, NULL));
	wait_for(&h, "Signed");
}

static void every_group_of_every_policy_has_to_agree(void **state)
{
	struct held h;

	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	held_by(TEXT("{\"kind\":\"RequestApproval\",\"approvalGroups\":[{\"quorum\":1,\"approvers\""
	             ":{\"userId\":{\"in\":[\"%s\"]}}},{\"quorum\":3,\"approvers\":{}}]}",
	             carl.id));
	h = hold(key, 1);
	CHECK_OK(decide(&anna, h.approval.text, true, NULL));
	CHECK_OK(decide(&ben, h.approval.text, true, NULL));
	assert_string_equal(approval_status(&h), "Pending");
	CHECK_OK(decide(&carl, h.approval.text, true, NULL)); /* counts in two groups */
	wait_for(&h, "Signed");
}

static void time_ends_it(void **state)
{
	struct held h;

	held_by(TEXT(TWO("1", ",\"autoRejectTimeout\":30"), anna.id, ben.id));
	h = hold(key, 1);
	CHECK_OK(in_writer(run_expire, NULL)); /* not yet */
	assert_string_equal(approval_status(&h), "Pending");
	CHECK(*member("expirationDate"));
	let_time_pass(&h);
	refused(&anna, &h, true, HF_STATE, "time was over");
	CHECK_OK(in_writer(run_expire, NULL));
	assert_string_equal(approval_status(&h), "Expired");
	assert_string_equal(status_of(&h), "Rejected");
	refused(&anna, &h, true, HF_STATE, "it is Expired");
	CHECK(fx.signed_count == 0);
}

static void a_denied_request_counts_no_more(void **state)
{
	struct held h;

	new_policy(POLICY("Wallets:Sign",
	                  "{\"kind\":\"TransactionCountVelocity\",\"configuration\":{\"limit\":1,"
	                  "\"timeframe\":5}}",
	                  BLOCK));
	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	h = hold(key, 1);
	sign(key, 2);
	replied(200, "\"Rejected\"");
	CHECK_OK(decide(&anna, h.approval.text, false, NULL));
	h = hold(key, 3);
	CHECK_OK(decide(&anna, h.approval.text, true, NULL));
	wait_for(&h, "Signed");
	sign(key, 4);
	replied(200, "\"Rejected\"");
}

#define ROUNDS 12

/* Of two that come at once: exactly one outcome, whoever wins. */
static void two_who_decide_at_once_end_it_once(void **state)
{
	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	for (int i = 0; i < ROUNDS; i++) {
		struct held h = hold(key, i);
		struct deciding yes, no;
		const char *ended;

		decide_begin(i % 2 ? &yes : &no, i % 2 ? &anna : &ben, h.approval.text, i % 2);
		decide_begin(i % 2 ? &no : &yes, i % 2 ? &ben : &anna, h.approval.text, !(i % 2));
		work_end(&yes.work);
		work_end(&no.work);
		if (hf_ok(yes.work.status) == hf_ok(no.work.status))
			fail_msg("round %d: %s, %s", i, yes.err.text, no.err.text);
		ended = hf_ok(yes.work.status) ? "Signed" : "Rejected";
		wait_for(&h, ended);
		assert_string_equal(approval_status(&h),
		                    hf_ok(yes.work.status) ? "Approved" : "Denied");
	}
}

/* Both approve, and two are needed: the second sees the first, on whatever connection. */
static void two_who_approve_at_once_reach_the_quorum(void **state)
{
	held_by(TEXT(TWO("2", ""), anna.id, ben.id));
	for (int i = 0; i < ROUNDS; i++) {
		struct held h = hold(key, i);
		struct deciding one, two;

		decide_begin(&one, &anna, h.approval.text, true);
		decide_begin(&two, &ben, h.approval.text, true);
		CHECK_OK(work_end(&one.work));
		CHECK_OK(work_end(&two.work));
		wait_for(&h, "Signed");
	}
	CHECK(fx.signed_count == ROUNDS);
}

static void a_decision_and_the_end_of_time_have_one_outcome(void **state)
{
	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	for (int i = 0; i < ROUNDS; i++) {
		struct held h = hold(key, i);
		struct deciding yes;
		struct work time_over;
		const char *now;

		if (i % 2)
			let_time_pass(&h);
		work_begin(&time_over, run_expire, NULL);
		decide_begin(&yes, &anna, h.approval.text, true);
		CHECK_OK(work_end(&time_over));
		CHECK_CODE(work_end(&yes.work), i % 2 ? HF_STATE : HF_OK);
		now = i % 2 ? "Expired" : "Approved";
		if (i % 2) /* the other had it locked, and it was left for the next time */
			CHECK_OK(in_writer(run_expire, NULL));
		assert_string_equal(approval_status(&h), now);
	}
}

static void approvals_are_listed_and_filtered(void **state)
{
	struct held first, second;
	char token[400];

	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	first = hold(key, 1);
	second = hold(key, 2);
	CHECK_OK(decide(&anna, first.approval.text, true, NULL));
	CHECK(get("/v2/policy-approvals?limit=1") == 200 && items() == 1);
	assert_string_equal(member("items.0.id"), second.approval.text);
	snprintf(token, sizeof(token), "%s", member("nextPageToken"));
	CHECK(get(TEXT("/v2/policy-approvals?limit=1&paginationToken=%s", token)) == 200);
	assert_string_equal(member("items.0.id"), first.approval.text);
	CHECK(get("/v2/policy-approvals?status=Pending") == 200 && items() == 1);
	assert_string_equal(member("items.0.id"), second.approval.text);
	CHECK(get(TEXT("/v2/policy-approvals?approverId=%s", ben.id)) == 200 && items() == 2);
	CHECK(get(TEXT("/v2/policy-approvals?approverId=%s", carl.id)) == 200 && items() == 0);
	CHECK(get(TEXT("/v2/policy-approvals?initiatorId=%s", fx.account.identity_id)) == 200 &&
	      items() == 2);
	CHECK(get(TEXT("/v2/policy-approvals?initiatorId=%s&status=Denied",
	               fx.account.identity_id)) == 200 &&
	      items() == 0);
	CHECK(get("/v2/policy-approvals?status=Perhaps") == 400);
	CHECK(get("/v2/policy-approvals?approverId=%25") == 400);
	CHECK(get("/v2/policy-approvals/ap-00000-00000-0000000000000000") == 404);
}

static void one_external_id_is_held_once(void **state)
{
	const char *path = TEXT("/keys/%s/signatures", key.text);
	const char *body = TEXT("{\"kind\":\"Hash\",\"hash\":\"%064x\",\"externalId\":\"x\"}", 1);
	struct id first;

	held_by(TEXT(TWO("1", ""), anna.id, ben.id));
	signed_request("POST", path, body);
	replied(200, "\"Pending\"");
	first = id_of("approvalId");
	signed_request("POST", path, body);
	replied(200, "\"Pending\"");
	assert_string_equal(member("approvalId"), first.text);
	CHECK(get("/v2/policy-approvals") == 200 && items() == 1);
}

int main(void)
{
#define API_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, api_teardown)
	const struct CMUnitTest tests[] = {
		API_TEST(what_is_held_is_signed_once_when_all_agree),
		API_TEST(a_denial_ends_it),
		API_TEST(who_is_not_asked_has_no_say),
		API_TEST(who_was_deactivated_since_counts_no_more),
		API_TEST(a_decision_stands),
		API_TEST(what_somebody_deactivated_has_asked_for_can_only_be_denied),
		API_TEST(the_initiator_may_deny_but_not_approve),
		API_TEST(who_made_the_service_account_that_asks_has_asked),
		API_TEST(the_initiator_counts_where_the_group_says_so),
		API_TEST(every_group_of_every_policy_has_to_agree),
		API_TEST(time_ends_it),
		API_TEST(a_denied_request_counts_no_more),
		API_TEST(two_who_decide_at_once_end_it_once),
		API_TEST(two_who_approve_at_once_reach_the_quorum),
		API_TEST(a_decision_and_the_end_of_time_have_one_outcome),
		API_TEST(approvals_are_listed_and_filtered),
		API_TEST(one_external_id_is_held_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
