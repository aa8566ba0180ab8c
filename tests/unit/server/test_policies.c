/* SPDX-License-Identifier: Apache-2.0
 * Policies: their routes, and what they do to requests. */
#include "policy_fixture.h"

static void a_policy_is_made_shown_changed_and_archived(void **state)
{
	struct id po = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION));
	const char *path = TEXT("/v2/policies/%s", po.text);

	assert_string_equal(member("activityKind"), "Wallets:Sign");
	assert_string_equal(member("rule.kind"), "AlwaysTrigger");
	assert_string_equal(member("action.kind"), "NoAction");
	CHECK(*member("dateCreated") && *member("dateUpdated"));
	CHECK(get(path) == 200 && strcmp(member("id"), po.text) == 0);
	CHECK(!*member("pendingChangeRequest.id"));
	CHECK(signed_request("PUT", path,
	                     "{\"name\":\"q\",\"activityKind\":\"Wallets:Sign\",\"rule\":" ALWAYS
	                     ",\"action\":" BLOCK
	                     ",\"filters\":{\"walletId\":{\"in\":[\"wa-1\"]}}}") == 200);
	assert_string_equal(member("name"), "q");
	assert_string_equal(member("action.kind"), "Block");
	assert_string_equal(member("filters.walletId.in.0"), "wa-1");
	CHECK(signed_request("DELETE", path, "{}") == 200);
	assert_string_equal(member("status"), "Archived");
	CHECK(signed_request("DELETE", path, "{}") == 200);
	signed_request("PUT", path, POLICY("Wallets:Sign", ALWAYS, NO_ACTION));
	replied(409, "is archived");
	CHECK(get("/v2/policies") == 200 && items() == 1);
	CHECK(get("/v2/policies?status=Active") == 200 && items() == 0);
	CHECK(get("/v2/policies?status=Archived") == 200 && items() == 1);
	CHECK(get("/v2/policies?status=Asleep") == 400);
}

static void policies_are_listed_in_pages(void **state)
{
	struct id first = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION));
	struct id second = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION));
	char token[400];

	CHECK(get("/v2/policies?limit=1") == 200 && items() == 1);
	assert_string_equal(member("items.0.id"), second.text);
	snprintf(token, sizeof(token), "%s", member("nextPageToken"));
	CHECK(get(TEXT("/v2/policies?limit=1&paginationToken=%s", token)) == 200);
	assert_string_equal(member("items.0.id"), first.text);
	CHECK(!*member("nextPageToken"));
}

static void what_is_wrong_with_a_policy_is_said(void **state)
{
	struct user anna = new_user("anna"), ben = new_user("ben");
	struct id po = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION));

	signed_request("POST", "/v2/policies",
	               TEXT(POLICY("Wallets:Sign", ALWAYS, TWO("1", "")), anna.id, "us-nobody"));
	replied(400, "us-nobody is not an active user");
	signed_request("POST", "/v2/policies",
	               TEXT(POLICY("Wallets:Sign", ALWAYS, TWO("1", "")), anna.id,
	                    fx.account.identity_id));
	replied(400, "only people approve");
	change_row("UPDATE identities SET is_active = 0 WHERE id = $1", ben.id);
	signed_request("POST", "/v2/policies",
	               TEXT(POLICY("Wallets:Sign", ALWAYS, TWO("1", "")), anna.id, ben.id));
	replied(400, "not an active user");
	signed_request("POST", "/v2/policies",
	               POLICY("Wallets:Sign", ALWAYS,
	                      "{\"kind\":\"RequestApproval\",\"approvalGroups\":[{\"quorum\":2,"
	                      "\"approvers\":{}}]}"));
	replied(400, "has 1 active users");
	signed_request("PUT", TEXT("/v2/policies/%s", po.text),
	               POLICY("Permissions:Assign", ALWAYS, BLOCK));
	replied(400, "which stays");
	signed_request("PUT", "/v2/policies/po-00000-00000-0000000000000000",
	               POLICY("Wallets:Sign", ALWAYS, BLOCK));
	replied(404, "policy not found");
	CHECK(get("/v2/policies/po-00000-00000-0000000000000000") == 404);
}

static void a_policy_holds_from_the_next_request_on(void **state)
{
	struct id key = new_key(), po;

	sign(key, 1);
	replied(200, "\"Signed\"");
	po = new_policy(POLICY("Wallets:Sign", ALWAYS, BLOCK));
	sign(key, 2);
	replied(200, "\"Rejected\"");
	CHECK(strstr(member("reason"), po.text) != NULL);
	CHECK(fx.signed_count == 1);
	CHECK(signed_request("PUT", TEXT("/v2/policies/%s", po.text),
	                     POLICY("Wallets:Sign", ALWAYS, NO_ACTION)) == 200);
	sign(key, 3);
	replied(200, "\"Signed\"");
	CHECK(signed_request("PUT", TEXT("/v2/policies/%s", po.text),
	                     POLICY("Wallets:Sign", ALWAYS, BLOCK)) == 200);
	sign(key, 4);
	replied(200, "\"Rejected\"");
	CHECK(signed_request("DELETE", TEXT("/v2/policies/%s", po.text), "{}") == 200);
	sign(key, 5);
	replied(200, "\"Signed\"");
	CHECK(fx.signed_count == 3);
}

static void one_policy_that_blocks_is_enough(void **state)
{
	struct user anna = new_user("anna"), ben = new_user("ben");
	struct id key = new_key();

	new_policy(TEXT(POLICY("Wallets:Sign", ALWAYS, TWO("1", "")), anna.id, ben.id));
	new_policy(POLICY("Wallets:Sign", ALWAYS, BLOCK));
	new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION));
	sign(key, 1);
	replied(200, "\"Rejected\"");
	CHECK(get("/v2/policy-approvals") == 200 && items() == 0);
}

static void a_digest_cannot_be_read_so_its_rules_trigger(void **state)
{
	struct id key = new_key(), po;

	po = new_policy(POLICY("Wallets:Sign",
	                       "{\"kind\":\"TransactionRecipientWhitelist\",\"configuration\":{"
	                       "\"addresses\":[]}}",
	                       BLOCK));
	sign(key, 1);
	replied(200, "cannot be read");
	CHECK(signed_request("DELETE", TEXT("/v2/policies/%s", po.text), "{}") == 200);
	new_policy(POLICY("Wallets:Sign",
	                  "{\"kind\":\"TransactionAmountLimit\",\"configuration\":{\"limit\":1e9,"
	                  "\"currency\":\"ETH\"}}",
	                  BLOCK));
	sign(key, 2);
	replied(200, "cannot be read");
}

static void a_filtered_policy_is_about_its_wallets_keys_only(void **state)
{
	struct id other = new_key(), key, wallet;

	CHECK(signed_request("POST", "/wallets", "{\"network\":\"EthereumSepolia\"}") == 200);
	wallet = id_of("id");
	key = id_of("signingKey.id");
	new_policy(TEXT("{\"name\":\"p\",\"activityKind\":\"Wallets:Sign\",\"rule\":" ALWAYS
	                ",\"action\":" BLOCK ",\"filters\":{\"walletId\":{\"in\":[\"%s\"]}}}",
	                wallet.text));
	sign(other, 1);
	replied(200, "\"Signed\"");
	sign(key, 2); /* not the wallet's route, but its key */
	replied(200, "\"Rejected\"");
	signed_request("POST", TEXT("/wallets/%s/signatures", wallet.text),
	               "{\"kind\":\"Message\",\"message\":\"0x01\"}");
	replied(200, "\"Rejected\"");
}

static void a_filter_on_tags_follows_the_tags(void **state)
{
	struct id key, wallet;

	CHECK(signed_request("POST", "/wallets", "{\"network\":\"EthereumSepolia\"}") == 200);
	wallet = id_of("id");
	key = id_of("signingKey.id");
	new_policy("{\"name\":\"p\",\"activityKind\":\"Wallets:Sign\",\"rule\":" ALWAYS
	           ",\"action\":" BLOCK ",\"filters\":{\"walletTags\":{\"hasAny\":[\"cold\"]}}}");
	sign(key, 1);
	replied(200, "\"Signed\"");
	signed_request("PUT", TEXT("/wallets/%s/tags", wallet.text), "{\"tags\":[\"cold\"]}");
	CHECK(got.status / 100 == 2);
	sign(key, 2);
	replied(200, "\"Rejected\"");
}

static void requests_are_counted_over_time(void **state)
{
	struct id key = new_key(), other = new_key();

	new_policy(POLICY("Wallets:Sign",
	                  "{\"kind\":\"TransactionCountVelocity\",\"configuration\":{\"limit\":2,"
	                  "\"timeframe\":5}}",
	                  BLOCK));
	for (int i = 0; i < 2; i++) {
		sign(key, i);
		replied(200, "\"Signed\"");
	}
	sign(key, 3);
	replied(200, "\"Rejected\"");
	sign(other, 4);
	replied(200, "\"Signed\"");
	change_row("UPDATE outflows SET happened_at = happened_at - 300001 WHERE key_id = $1",
	           key.text);
	sign(key, 5);
	replied(200, "\"Signed\"");
}

#define AT_ONCE 16

/* As signature_create() does it, side by side on the writers. */
struct judging {
	struct activity a;
	struct verdict verdict;
	char id[HF_ID_MAX];
	struct work work;
};

static hf_status judge_one(struct db *db, void *arg)
{
	struct judging *j = arg;

	return activity_judge(db, &j->a, &j->verdict, NULL);
}

static void requests_side_by_side_cannot_pass_a_limit_together(void **state)
{
	static struct judging js[AT_ONCE];
	struct id key = new_key();
	int passed = 0;

	new_policy(POLICY("Wallets:Sign",
	                  "{\"kind\":\"TransactionCountVelocity\",\"configuration\":{\"limit\":5,"
	                  "\"timeframe\":5}}",
	                  BLOCK));
	for (int i = 0; i < AT_ONCE; i++) {
		js[i] = (struct judging){ .a = { .kind = ACTIVITY_WALLETS_SIGN,
			                         .org_id = fx.account.org_id,
			                         .initiator_id = fx.account.identity_id,
			                         .key_id = key.text,
			                         .wallet_id = "",
			                         .now_ms = hf_wall_ms() } };
		hf_id_new("sig", js[i].id);
		js[i].a.subject_id = js[i].id;
		work_begin(&js[i].work, judge_one, &js[i]);
	}
	for (int i = 0; i < AT_ONCE; i++) {
		CHECK_OK(work_end(&js[i].work));
		passed += js[i].verdict.kind == VERDICT_PASS;
	}
	CHECK(passed == 5);
}

static void amounts_are_summed_over_time(void **state)
{
	struct chain_transfer transfer = { .native = true };
	struct chain_plan plan = { .readable = true, .transfers = &transfer, .n_transfers = 1 };
	struct id key = new_key();
	static const struct {
		const char *amount;
		enum verdict_kind verdict;
	} steps[] = {
		{ "0.6", VERDICT_PASS },  { "0.5", VERDICT_BLOCK }, { "0.4", VERDICT_PASS },
		{ "0.1", VERDICT_BLOCK }, { "0", VERDICT_PASS },
	};

	new_policy(POLICY("Wallets:Sign",
	                  "{\"kind\":\"TransactionAmountVelocity\",\"configuration\":{\"limit\":1,"
	                  "\"currency\":\"ETH\",\"timeframe\":5}}",
	                  BLOCK));
	for (size_t i = 0; i < HF_COUNT(steps); i++) {
		struct judging j = { .a = { .kind = ACTIVITY_WALLETS_SIGN,
			                    .org_id = fx.account.org_id,
			                    .initiator_id = fx.account.identity_id,
			                    .key_id = key.text,
			                    .wallet_id = "",
			                    .plan = &plan,
			                    .now_ms = hf_wall_ms() } };

		hf_id_new("sig", j.id);
		j.a.subject_id = j.id;
		CHECK_OK(chain_network_find(i % 2 ? "Ethereum" : "Base", &j.a.network, NULL));
		CHECK_OK(chain_amount_parse(steps[i].amount, 18, &transfer.amount));
		CHECK_OK(in_writer(judge_one, &j));
		if (j.verdict.kind != steps[i].verdict)
			fail_msg("%zu: %s", i, j.verdict.reason);
	}
}

static void a_stored_policy_that_nobody_understands_stops_everything(void **state)
{
	struct id key = new_key(), po = new_policy(POLICY("Wallets:Sign", ALWAYS, NO_ACTION));

	change_row("UPDATE policies SET rule = '{\"kind\":\"Newer\"}' WHERE id = $1", po.text);
	change_row("UPDATE policy_versions SET version = 'other' WHERE org_id = $1",
	           fx.account.org_id);
	sign(key, 1);
	replied(500, NULL);
	CHECK(fx.signed_count == 0);
}

int main(void)
{
#define API_TEST(fn) cmocka_unit_test_setup_teardown(fn, api_setup, api_teardown)
	const struct CMUnitTest tests[] = {
		API_TEST(a_policy_is_made_shown_changed_and_archived),
		API_TEST(policies_are_listed_in_pages),
		API_TEST(what_is_wrong_with_a_policy_is_said),
		API_TEST(a_policy_holds_from_the_next_request_on),
		API_TEST(one_policy_that_blocks_is_enough),
		API_TEST(a_digest_cannot_be_read_so_its_rules_trigger),
		API_TEST(a_filtered_policy_is_about_its_wallets_keys_only),
		API_TEST(a_filter_on_tags_follows_the_tags),
		API_TEST(requests_are_counted_over_time),
		API_TEST(requests_side_by_side_cannot_pass_a_limit_together),
		API_TEST(amounts_are_summed_over_time),
		API_TEST(a_stored_policy_that_nobody_understands_stops_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
