/* SPDX-License-Identifier: Apache-2.0
 * Policies as JSON, their filters and their rules: what needs no database. */
#include "../check.h"

#include "server/core/policies/policy_judge.h"

#include <stdio.h>
#include <string.h>

static struct json_t *doc;
static struct policy policy;
static struct hf_err err;

static hf_status read_text(const char *text)
{
	json_done(doc);
	doc = NULL;
	err = (struct hf_err){ 0 };
	CHECK_OK(json_parse(hf_span_text(text), 1u << 20, &doc, NULL));
	return policy_read(doc, &policy, &err);
}

/* With the rest of the policy around it. */
static hf_status read_with(const char *activity, const char *rule, const char *action,
                           const char *filters)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(1u << 20);

	hf_buf_printf(&b, "{\"name\":\"p\",\"activityKind\":\"%s\",\"rule\":", activity);
	hf_buf_text(&b, rule);
	hf_buf_text(&b, ",\"action\":");
	hf_buf_text(&b, action);
	if (filters)
		hf_buf_printf(&b, ",\"filters\":%s", filters);
	hf_buf_text(&b, "}");
	hf_buf_u8(&b, 0);
	CHECK_OK(hf_buf_status(&b));
	return read_text((const char *)b.ptr);
}

#define SIGN "Wallets:Sign"
#define ALWAYS "{\"kind\":\"AlwaysTrigger\"}"
#define NO_ACTION "{\"kind\":\"NoAction\"}"
#define BLOCK "{\"kind\":\"Block\"}"
#define APPROVAL                                                                                   \
	"{\"kind\":\"RequestApproval\",\"approvalGroups\":[{\"quorum\":2,\"approvers\":"           \
	"{\"userId\":{\"in\":[\"us-1\",\"us-2\"]}}}]}"
#define CONFIGURED(kind, configuration)                                                            \
	"{\"kind\":\"" kind "\",\"configuration\":" configuration "}"
#define GROUPS(groups) "{\"kind\":\"RequestApproval\",\"approvalGroups\":" groups "}"

static void a_whole_policy_is_read(void **state)
{
	CHECK_OK(read_text(
	        "{\"name\":\"Large\",\"activityKind\":\"Wallets:Sign\",\"rule\":{\"kind\":"
	        "\"TransactionAmountVelocity\",\"configuration\":{\"limit\":1.5,\"currency\":"
	        "\"ETH\",\"timeframe\":60}},\"action\":{\"kind\":\"RequestApproval\","
	        "\"autoRejectTimeout\":30,\"approvalGroups\":[{\"name\":\"Desk\",\"quorum\":1,"
	        "\"approvers\":{},\"initiatorCanApprove\":true},{\"quorum\":1,\"approvers\":"
	        "{\"userId\":{\"in\":[\"us-1\"]}}}]},\"filters\":{\"walletId\":{\"in\":[\"wa-1\"]},"
	        "\"walletTags\":{\"hasAny\":[\"a\"],\"hasAll\":[\"b\",\"c\"]}}}"));
	CHECK(strcmp(policy.name, "Large") == 0 && policy.activity == ACTIVITY_WALLETS_SIGN);
	CHECK(policy.rule.kind == RULE_AMOUNT_VELOCITY && policy.rule.timeframe_min == 60);
	assert_string_equal(policy.rule.limit, "1.5");
	CHECK(policy.action == POLICY_REQUEST_APPROVAL && policy.timeout_min == 30);
	CHECK(policy.n_groups == 2 && policy.groups[0].initiator_can_approve &&
	      !policy.groups[0].users && !policy.groups[1].initiator_can_approve);
	CHECK(text_list_has(policy.groups[1].users, "us-1"));
	CHECK(text_list_has(policy.filters.wallets, "wa-1") &&
	      text_list_has(policy.filters.tags_all, "c") &&
	      text_list_has(policy.filters.tags_any, "a"));
}

static void every_rule_and_action_is_read(void **state)
{
	static const char *const rules[] = {
		ALWAYS,
		CONFIGURED("AlwaysTrigger", "{}"),
		CONFIGURED("TransactionRecipientWhitelist", "{\"addresses\":[\"0xab\"]}"),
		CONFIGURED("TransactionAmountLimit", "{\"limit\":1,\"currency\":\"USD\"}"),
		CONFIGURED("TransactionCountVelocity", "{\"limit\":0,\"timeframe\":43200}"),
	};

	for (size_t i = 0; i < HF_COUNT(rules); i++)
		CHECK_OK(read_with(SIGN, rules[i], NO_ACTION, NULL));
	CHECK_OK(read_with(SIGN, ALWAYS, BLOCK, "{}"));
	CHECK_OK(read_with(SIGN, ALWAYS,
	                   "{\"kind\":\"RequestApproval\",\"autoRejectTimeout\":null,"
	                   "\"approvalGroups\":[{\"quorum\":1,\"approvers\":{}}]}",
	                   NULL));
	CHECK(policy.timeout_min == 0);
	CHECK_OK(read_with("Permissions:Assign", ALWAYS, BLOCK,
	                   "{\"permissionId\":{\"in\":[\"pm-1\"]}}"));
	CHECK_OK(read_with("Permissions:Modify", ALWAYS, APPROVAL, NULL));
	CHECK_OK(read_with("Policies:Modify", ALWAYS, APPROVAL,
	                   "{\"policyId\":{\"in\":[\"po-1\"]}}"));
}

static const struct {
	const char *activity, *rule, *action, *filters, *words;
} refused[] = {
	{ "Wallets:IncomingTransaction", ALWAYS, NO_ACTION, NULL, "does not happen" },
	{ "Keys:Sign", ALWAYS, NO_ACTION, NULL, "activityKind" },
	{ SIGN, "{\"kind\":\"ChainalysisTransactionPrescreening\",\"configuration\":{}}", NO_ACTION,
	  NULL, "service on the internet" },
	{ SIGN, "{\"kind\":\"TravelRuleTransactionPrescreening\",\"configuration\":{}}", NO_ACTION,
	  NULL, "service on the internet" },
	{ SIGN, "{\"kind\":\"Sometimes\"}", NO_ACTION, NULL, "AlwaysTrigger" },
	{ SIGN, "{\"kind\":\"TransactionAmountLimit\"}", NO_ACTION, NULL, "configuration" },
	{ SIGN, CONFIGURED("AlwaysTrigger", "{\"x\":1}"), NO_ACTION, NULL, "unknown field" },
	{ SIGN,
	  CONFIGURED("TransactionAmountLimit",
	             "{\"limit\":1,\"currency\":\"USD\",\"timeframe\":1}"),
	  NO_ACTION, NULL, "unknown field" },
	{ SIGN, CONFIGURED("TransactionAmountLimit", "{\"limit\":-1,\"currency\":\"USD\"}"),
	  NO_ACTION, NULL, "limit" },
	{ SIGN, CONFIGURED("TransactionAmountLimit", "{\"limit\":\"1\",\"currency\":\"USD\"}"),
	  NO_ACTION, NULL, "limit" },
	{ SIGN, CONFIGURED("TransactionAmountLimit", "{\"limit\":true,\"currency\":\"USD\"}"),
	  NO_ACTION, NULL, "limit" },
	{ SIGN, CONFIGURED("TransactionAmountLimit", "{\"limit\":1e40,\"currency\":\"USD\"}"),
	  NO_ACTION, NULL, "limit" },
	{ SIGN, CONFIGURED("TransactionAmountLimit", "{\"limit\":1,\"currency\":\"EUR\"}"),
	  NO_ACTION, NULL, "currency" },
	{ SIGN, CONFIGURED("TransactionCountVelocity", "{\"limit\":1,\"timeframe\":43201}"),
	  NO_ACTION, NULL, "timeframe" },
	{ SIGN, CONFIGURED("TransactionCountVelocity", "{\"limit\":1.5,\"timeframe\":1}"),
	  NO_ACTION, NULL, "limit" },
	{ SIGN, CONFIGURED("TransactionRecipientWhitelist", "{\"addresses\":[1]}"), NO_ACTION, NULL,
	  "element 0" },
	{ "Permissions:Assign", CONFIGURED("TransactionRecipientWhitelist", "{\"addresses\":[]}"),
	  BLOCK, NULL, "AlwaysTrigger" },
	{ "Permissions:Assign", ALWAYS, NO_ACTION, NULL, "\"Block\"" },
	{ "Policies:Modify", ALWAYS, BLOCK, NULL, "RequestApproval" },
	{ SIGN, ALWAYS, "{\"kind\":\"Block\",\"x\":1}", NULL, "unknown field" },
	{ SIGN, ALWAYS, GROUPS("[]"), NULL, "approvalGroups" },
	{ SIGN, ALWAYS, GROUPS("[{\"quorum\":0,\"approvers\":{}}]"), NULL, "quorum" },
	{ SIGN, ALWAYS, GROUPS("[{\"quorum\":1}]"), NULL, "approvers" },
	{ SIGN, ALWAYS, GROUPS("[{\"quorum\":2,\"approvers\":{\"userId\":{\"in\":[\"us-1\"]}}}]"),
	  NULL, "cannot be reached" },
	{ SIGN, ALWAYS,
	  GROUPS("[{\"quorum\":2,\"approvers\":{\"userId\":{\"in\":[\"us-1\",\"us-1\"]}}}]"), NULL,
	  "twice" },
	{ SIGN, ALWAYS, GROUPS("[{\"quorum\":1,\"approvers\":{\"userId\":{\"in\":[]}}}]"), NULL,
	  "in" },
	{ SIGN, ALWAYS,
	  "{\"kind\":\"RequestApproval\",\"autoRejectTimeout\":0,\"approvalGroups\":[{\"quorum\":1,"
	  "\"approvers\":{}}]}",
	  NULL, "autoRejectTimeout" },
	{ SIGN, ALWAYS, NO_ACTION, "{\"permissionId\":{\"in\":[\"a\"]}}", "unknown field" },
	{ SIGN, ALWAYS, NO_ACTION, "{\"walletId\":{\"in\":[]}}", "in" },
	{ SIGN, ALWAYS, NO_ACTION, "{\"walletTags\":{\"hasAny\":[]}}", "hasAny" },
	{ SIGN, ALWAYS, NO_ACTION, "{\"walletTags\":{\"hasAny\":[{}]}}", "hasAny" },
};

static void what_cannot_be_followed_is_refused_with_words(void **state)
{
	for (size_t i = 0; i < HF_COUNT(refused); i++) {
		hf_status s = read_with(refused[i].activity, refused[i].rule, refused[i].action,
		                        refused[i].filters);

		if (s.code != HF_INVALID && s.code != HF_UNSUPPORTED)
			fail_msg("%zu: %s", i, hf_code_name(s.code));
		if (!strstr(err.text, refused[i].words))
			fail_msg("%zu: %s", i, err.text);
	}
}

static void limits_on_counts_hold(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(1u << 20);

	hf_buf_text(&b, "{\"kind\":\"RequestApproval\",\"approvalGroups\":[");
	for (int i = 0; i < POLICY_GROUPS_MAX + 1; i++)
		hf_buf_printf(&b, "%s{\"quorum\":1,\"approvers\":{}}", i ? "," : "");
	hf_buf_text(&b, "]}");
	hf_buf_u8(&b, 0);
	CHECK_CODE(read_with(SIGN, ALWAYS, (const char *)b.ptr, NULL), HF_INVALID);
	hf_buf_clear(&b);
	hf_buf_text(&b, "{\"kind\":\"TransactionRecipientWhitelist\",\"configuration\":{"
	                "\"addresses\":[");
	for (int i = 0; i < POLICY_LIST_MAX + 1; i++)
		hf_buf_printf(&b, "%s\"a%d\"", i ? "," : "", i);
	hf_buf_text(&b, "]}}");
	hf_buf_u8(&b, 0);
	CHECK_CODE(read_with(SIGN, (const char *)b.ptr, NO_ACTION, NULL), HF_INVALID);
}

static void a_limit_is_the_decimal_number_that_was_written(void **state)
{
	static const char *const numbers[][2] = {
		{ "0", "0" },
		{ "0.1", "0.1" },
		{ "1.5", "1.5" },
		{ "1e21", "1000000000000000000000" },
		{ "1e-18", "0.000000000000000001" },
		{ "123456.789", "123456.789" },
		{ "0.30000000000000004", "0.30000000000000004" },
		{ "9007199254740993", "9007199254740993" },
		{ "1.0", "1" },
	};

	for (size_t i = 0; i < HF_COUNT(numbers); i++) {
		char rule[256];

		snprintf(rule, sizeof(rule),
		         "{\"kind\":\"TransactionAmountLimit\",\"configuration\":{\"limit\":%s,"
		         "\"currency\":\"USD\"}}",
		         numbers[i][0]);
		CHECK_OK(read_with(SIGN, rule, NO_ACTION, NULL));
		assert_string_equal(policy.rule.limit, numbers[i][1]);
	}
}

/* Rules. */
static struct chain_network network = {
	.name = "Testnet", .symbol = "ETH", .decimals = 18, .test = true
};
static struct chain_transfer transfers[2];
static struct chain_plan plan;
static struct activity activity;
static struct rule_outcome outcome;

static void pays(const char *to, const char *amount)
{
	CHECK_OK(chain_find("Evm", &network.chain, NULL));
	memset(transfers, 0, sizeof(transfers));
	snprintf(transfers[0].to, sizeof(transfers[0].to), "%s", to);
	transfers[0].native = true;
	CHECK_OK(chain_amount_parse(amount, 18, &transfers[0].amount));
	plan = (struct chain_plan){ .readable = true, .transfers = transfers, .n_transfers = 1 };
	activity = (struct activity){
		.kind = ACTIVITY_WALLETS_SIGN,
		.network = &network,
		.plan = &plan,
		.wallet_id = "wa-1",
		.key_id = "key-1",
	};
}

static bool triggers(void)
{
	outcome = (struct rule_outcome){ 0 };
	CHECK_OK(policy_rule_judge(NULL, &policy.rule, &activity, &outcome));
	CHECK(*outcome.reason);
	return outcome.triggered;
}

static void recipients_are_compared_as_their_chain_does(void **state)
{
	CHECK_OK(read_with(SIGN,
	                   CONFIGURED("TransactionRecipientWhitelist",
	                              "{\"addresses\":[\"0xAbCd\",\"0x12\"]}"),
	                   NO_ACTION, NULL));
	pays("0xabcd", "1");
	CHECK(!triggers());
	pays("0xabce", "1");
	CHECK(triggers() && strstr(outcome.reason, "0xabce"));
	pays("0x12", "1");
	plan.n_transfers = 2; /* the second one pays "" */
	CHECK(triggers());
	pays("0xabcd", "1");
	CHECK_OK(chain_find("Solana", &network.chain, NULL));
	CHECK(triggers());
}

static void what_cannot_be_read_triggers(void **state)
{
	static const char *const rules[] = {
		CONFIGURED("TransactionRecipientWhitelist", "{\"addresses\":[\"0xab\"]}"),
		CONFIGURED("TransactionAmountLimit", "{\"limit\":1000,\"currency\":\"USD\"}"),
		CONFIGURED("TransactionAmountVelocity",
		           "{\"limit\":1000,\"currency\":\"USD\",\"timeframe\":5}"),
	};

	for (size_t i = 0; i < HF_COUNT(rules); i++) {
		CHECK_OK(read_with(SIGN, rules[i], NO_ACTION, NULL));
		if (policy.rule.currency)
			policy.rule.currency = "ETH";
		pays("0xab", "1");
		CHECK(i == 2 || !triggers());
		plan.readable = false;
		CHECK(triggers());
		pays("0xab", "1");
		activity.network = NULL;
		CHECK(triggers());
		pays("0xab", "1");
		activity.plan = NULL;
		CHECK(triggers());
	}
}

static void amounts_are_compared_in_the_networks_coin(void **state)
{
	CHECK_OK(read_with(
	        SIGN, CONFIGURED("TransactionAmountLimit", "{\"limit\":1.5,\"currency\":\"USD\"}"),
	        NO_ACTION, NULL));
	pays("0xab", "0.1");
	CHECK(triggers() && strstr(outcome.reason, "no prices"));
	policy.rule.currency = "BTC";
	CHECK(triggers());
	policy.rule.currency = "ETH";
	CHECK(!triggers());
	pays("0xab", "1.5");
	CHECK(!triggers());
	pays("0xab", "1.500000000000000001");
	CHECK(triggers());
	pays("0xab", "1");
	plan.n_transfers = 2;
	transfers[1] = transfers[0];
	CHECK(triggers()); /* together */
	pays("0xab", "1");
	transfers[0].native = false; /* a token */
	CHECK(triggers());
	pays("0xab", "1");
	plan.n_transfers = 0; /* pays nobody */
	CHECK(!triggers());
}

static void a_limit_finer_than_the_coin_gets_stricter(void **state)
{
	CHECK_OK(read_with(
	        SIGN, CONFIGURED("TransactionAmountLimit", "{\"limit\":1.99,\"currency\":\"USD\"}"),
	        NO_ACTION, NULL));
	policy.rule.currency = "ETH";
	pays("0xab", "0");
	network.decimals = 0;
	transfers[0].amount = chain_amount_u64(1);
	CHECK(!triggers());
	transfers[0].amount = chain_amount_u64(2);
	CHECK(triggers());
	network.decimals = 18;
}

/* Filters. */
static struct key_wallet rows[] = {
	{ "wa-1", "hot" }, { "wa-1", "eu" }, { "wa-2", "cold" }, { "wa-3", "" }
};

static bool about(const char *filters, size_t n)
{
	const struct key_wallets wallets = { .loaded = true, .rows = rows, .n = n };

	CHECK_OK(read_with(SIGN, ALWAYS, NO_ACTION, filters));
	pays("0xab", "1");
	return policy_is_about(&policy, &activity, &wallets);
}

static void a_filter_on_wallets_is_about_all_of_their_keys_requests(void **state)
{
	CHECK(about(NULL, 0) && about("{}", 0) && about("{\"walletTags\":{}}", 4) == true);
	CHECK(about("{\"walletId\":{\"in\":[\"wa-2\"]}}", 4));
	CHECK(!about("{\"walletId\":{\"in\":[\"wa-9\"]}}", 4));
	CHECK(!about("{\"walletId\":{\"in\":[\"wa-2\"]}}", 0));
	CHECK(about("{\"walletTags\":{\"hasAny\":[\"x\",\"eu\"]}}", 4));
	CHECK(about("{\"walletTags\":{\"hasAll\":[\"hot\",\"eu\"]}}", 4));
	CHECK(!about("{\"walletTags\":{\"hasAll\":[\"hot\",\"cold\"]}}", 4));
	CHECK(!about("{\"walletId\":{\"in\":[\"wa-2\"]},\"walletTags\":{\"hasAny\":[\"hot\"]}}",
	             4));
	CHECK(about("{\"walletId\":{\"in\":[\"wa-1\"]},\"walletTags\":{\"hasAny\":[\"hot\"],"
	            "\"hasAll\":[\"eu\"]}}",
	            4));
}

static void a_filter_on_permissions_names_what_is_changed(void **state)
{
	const struct key_wallets none = { .loaded = true };

	CHECK_OK(read_with("Permissions:Assign", ALWAYS, BLOCK,
	                   "{\"permissionId\":{\"in\":[\"pm-1\"]}}"));
	activity = (struct activity){ .kind = ACTIVITY_PERMISSIONS_ASSIGN, .entity_id = "pm-1" };
	CHECK(policy_is_about(&policy, &activity, &none));
	activity.entity_id = "pm-2";
	CHECK(!policy_is_about(&policy, &activity, &none));
	activity = (struct activity){ .kind = ACTIVITY_PERMISSIONS_MODIFY, .entity_id = "pm-1" };
	CHECK(!policy_is_about(&policy, &activity, &none));
}

static int release(void **state)
{
	json_done(doc);
	doc = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_policy_is_read),
		cmocka_unit_test(every_rule_and_action_is_read),
		cmocka_unit_test(what_cannot_be_followed_is_refused_with_words),
		cmocka_unit_test(limits_on_counts_hold),
		cmocka_unit_test(a_limit_is_the_decimal_number_that_was_written),
		cmocka_unit_test(recipients_are_compared_as_their_chain_does),
		cmocka_unit_test(what_cannot_be_read_triggers),
		cmocka_unit_test(amounts_are_compared_in_the_networks_coin),
		cmocka_unit_test(a_limit_finer_than_the_coin_gets_stricter),
		cmocka_unit_test(a_filter_on_wallets_is_about_all_of_their_keys_requests),
		cmocka_unit_test(a_filter_on_permissions_names_what_is_changed),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
