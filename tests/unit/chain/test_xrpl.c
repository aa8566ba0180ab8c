/* SPDX-License-Identifier: Apache-2.0
 * The published sample of the Signing API, and transactions that xrpl.js made and signed. */
#include "check.h"

#include "chain_case.h"

#define KEY "0330e7fc9d56bb25d6893ba3f317ae5bcf33b3291bd63db32654a313222f7fd020"
#define ED_KEY "a57ebbcb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f0"
#define SAMPLE_KEY "02790b1b6ab9bc9d816dda4d2d4528996a2c78ad90e176f87d48c6f5333989dbc3"
#define TX(hex) "{'kind':'Transaction','transaction':'" hex "'}"
#define TO "rPT1Sjq2YGrBMTttX4GZHjKu9dyfzbpAYe"

static void addresses_are_those_of_xrpl_js(void **state)
{
	check_address("XrpLedger", KEY_SECP256K1, KEY, "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh");
	check_address("XrpLedger", KEY_ED25519, ED_KEY, "rG31cLyErnqeVj2eomEjBZtq7PYaupGYzL");
}

static void the_published_sample_is_hashed_encoded_and_assembled(void **state)
{
	static const char rs[] =
	        "62a635aa543697406c1b15e6ec33b8bba1c62ab741d255ad822fc6f45d6c288124737ad61088"
	        "a13134a75556707f7f73fa830991a812810daeacf9dffbe92db0";
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(
	        &c, "XrpLedgerTestnet", KEY_SECP256K1, SAMPLE_KEY,
	        TX("120000220000000024029a62a82e0001e240201b02a624236140000000000000016840000000"
	           "0000000c732102790b1b6ab9bc9d816dda4d2d4528996a2c78ad90e176f87d48c6f5333989db"
	           "c38114860184b4f4c6cc17ae9c2a77cfcd328b43ec2aac8314543aba55a3bede29c5d512ff0c"
	           "b17db626b9ed9a")));
	check_input(&c, 0, "4e5adfc8ccb5569834cd550218918535910884aaac9c34a8f7929a3a8b69f351");
	check_encoded(&c, rs, 1,
	              "3044022062a635aa543697406c1b15e6ec33b8bba1c62ab741d255ad822fc6f45d6c28810220"
	              "24737ad61088a13134a75556707f7f73fa830991a812810daeacf9dffbe92db0");
	check_signed(&c, rs, 1,
	             "120000220000000024029a62a82e0001e240201b02a624236140000000000000016840000000"
	             "0000000c732102790b1b6ab9bc9d816dda4d2d4528996a2c78ad90e176f87d48c6f5333989db"
	             "c374463044022062a635aa543697406c1b15e6ec33b8bba1c62ab741d255ad822fc6f45d6c28"
	             "81022024737ad61088a13134a75556707f7f73fa830991a812810daeacf9dffbe92db0811486"
	             "0184b4f4c6cc17ae9c2a77cfcd328b43ec2aac8314543aba55a3bede29c5d512ff0cb17db626"
	             "b9ed9a");
	check_pays(&c, "r3g4fbCVnxkqnjrREjH4yhZVqijKxrc6aQ", "1");
}

static void a_payment_under_secp256k1_is_signed_as_xrpl_js_does(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(
	        &c, "XrpLedger", KEY_SECP256K1, KEY,
	        TX("1200002400000001201b000000646140000000000f424068400000000000000c73210330e7fc"
	           "9d56bb25d6893ba3f317ae5bcf33b3291bd63db32654a313222f7fd0208114b5f762798a53d5"
	           "43a014caf8b297cff8f2f937e88314f667b0ca50cc7709a220b0561b85e53a48461fa8")));
	check_signed(&c,
	             "c16b9c7d2a81edfb84e06aef0684167ee96ffcdbbdb7034368f68f998e66d9c505a6123f448b"
	             "7a80e424fc78151778c541b0b244550167a971c317fbb8bd18fb",
	             0,
	             "1200002400000001201b000000646140000000000f424068400000000000000c73210330e7fc"
	             "9d56bb25d6893ba3f317ae5bcf33b3291bd63db32654a313222f7fd02074473045022100c16b"
	             "9c7d2a81edfb84e06aef0684167ee96ffcdbbdb7034368f68f998e66d9c5022005a6123f448b"
	             "7a80e424fc78151778c541b0b244550167a971c317fbb8bd18fb8114b5f762798a53d543a014"
	             "caf8b297cff8f2f937e88314f667b0ca50cc7709a220b0561b85e53a48461fa8");
	check_pays(&c, TO, "1000000");
}

static void under_ed25519_all_of_it_is_signed(void **state)
{
	static const char rs[] =
	        "e80eeb1aef4470371964bae9ae81ed04527f09e9f5e0fde703d12a23a8ce8e425a524f8bce3c"
	        "2db2005a117c976486b1810ed56f90b75499d118073306777c0e";
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(
	        &c, "XrpLedger", KEY_ED25519, ED_KEY,
	        TX("1200002400000001201b000000646140000000000f424068400000000000000c7321eda57ebb"
	           "cb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f08114a6070b8a1822e3"
	           "322676a99f0c804ee2d15b82708314f667b0ca50cc7709a220b0561b85e53a48461fa8")));
	check_input(&c, 0,
	            "535458001200002400000001201b000000646140000000000f424068400000000000000c7321"
	            "eda57ebbcb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f08114a6070b"
	            "8a1822e3322676a99f0c804ee2d15b82708314f667b0ca50cc7709a220b0561b85e53a48461f"
	            "a8");
	check_encoded(&c, rs, -1, rs);
	check_signed(&c, rs, -1,
	             "1200002400000001201b000000646140000000000f424068400000000000000c7321eda57ebb"
	             "cb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f07440e80eeb1aef4470"
	             "371964bae9ae81ed04527f09e9f5e0fde703d12a23a8ce8e425a524f8bce3c2db2005a117c97"
	             "6486b1810ed56f90b75499d118073306777c0e8114a6070b8a1822e3322676a99f0c804ee2d1"
	             "5b82708314f667b0ca50cc7709a220b0561b85e53a48461fa8");
	check_pays(&c, TO, "1000000");
}

static void memos_and_tags_change_nothing_of_a_payment(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(
	        &c, "XrpLedger", KEY_ED25519, ED_KEY,
	        TX("12000024000000012e00000007201b000000646140000000000f424068400000000000000c73"
	           "21eda57ebbcb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f08114a607"
	           "0b8a1822e3322676a99f0c804ee2d15b82708314f667b0ca50cc7709a220b0561b85e53a4846"
	           "1fa8f9ea7c01617dc10762626262626262626262626262626262626262626262626262626262"
	           "6262626262626262626262626262626262626262626262626262626262626262626262626262"
	           "6262626262626262626262626262626262626262626262626262626262626262626262626262"
	           "6262626262626262626262626262626262626262626262626262626262626262626262626262"
	           "6262626262626262626262626262626262626262626262626262626262626262626262626262"
	           "6262626262626262626262626262626262626262e1f1")));
	check_pays(&c, TO, "1000000");
	check_signed(&c,
	             "80329bfb800f40689c8cc2897a55344c65ca4fb268bce98fa3fc8212526a5cfe74fc08a8413c"
	             "eb366d855d9acb255ce9fa07e2560e216f481b2dbd269bf1ae0d",
	             -1,
	             "12000024000000012e00000007201b000000646140000000000f424068400000000000000c73"
	             "21eda57ebbcb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f074408032"
	             "9bfb800f40689c8cc2897a55344c65ca4fb268bce98fa3fc8212526a5cfe74fc08a8413ceb36"
	             "6d855d9acb255ce9fa07e2560e216f481b2dbd269bf1ae0d8114a6070b8a1822e3322676a99f"
	             "0c804ee2d15b82708314f667b0ca50cc7709a220b0561b85e53a48461fa8f9ea7c01617dc107"
	             "6262626262626262626262626262626262626262626262626262626262626262626262626262"
	             "6262626262626262626262626262626262626262626262626262626262626262626262626262"
	             "6262626262626262626262626262626262626262626262626262626262626262626262626262"
	             "6262626262626262626262626262626262626262626262626262626262626262626262626262"
	             "6262626262626262626262626262626262626262626262626262626262626262626262626262"
	             "62626262626262626262e1f1");
}

static void what_is_issued_by_accounts_is_not_the_coin(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(
	        &c, "XrpLedger", KEY_ED25519, ED_KEY,
	        TX("1200002400000001201b0000006461d485543df729c000000000000000000000000000555344"
	           "0000000000f667b0ca50cc7709a220b0561b85e53a48461fa868400000000000000c7321eda5"
	           "7ebbcb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f08114a6070b8a18"
	           "22e3322676a99f0c804ee2d15b82708314f667b0ca50cc7709a220b0561b85e53a48461fa8")));
	check_pays(&c, TO, NULL);
}

static void what_may_pay_something_else_is_not_readable(void **state)
{
	static const struct {
		const char *body;
		size_t transfers;
	} rows[] = {
		{ TX("1200002400000001201b000000646140000000000f424068400000000000000c69d485543df7"
		     "29c0000000000000000000000000005553440000000000f667b0ca50cc7709a220b0561b85e5"
		     "3a48461fa87321eda57ebbcb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb8"
		     "15f08114a6070b8a1822e3322676a99f0c804ee2d15b82708314f667b0ca50cc7709a220b056"
		     "1b85e53a48461fa8"),
		  1 }, /* SendMax */
		{ TX("1200002400000001201b000000646140000000000f424068400000000000000c7321eda57ebb"
		     "cb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f08114a6070b8a1822e3"
		     "322676a99f0c804ee2d15b82708314f667b0ca50cc7709a220b0561b85e53a48461fa8011210"
		     "000000000000000000000000000000000000000000"),
		  1 }, /* Paths */
		{ TX("120014240000000163d485543df729c0000000000000000000000000005553440000000000f6"
		     "67b0ca50cc7709a220b0561b85e53a48461fa868400000000000000c7321eda57ebbcb502c20"
		     "09efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f08114a6070b8a1822e3322676a9"
		     "9f0c804ee2d15b8270"),
		  0 }, /* TrustSet */
		{ TX("1200002400000001201b000000646140000000000f42406840000000000f42417321eda57ebb"
		     "cb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f08114a6070b8a1822e3"
		     "322676a99f0c804ee2d15b82708314f667b0ca50cc7709a220b0561b85e53a48461fa8"),
		  1 }, /* a fee above one XRP */
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		CASE_SCOPED struct chain_case c = { 0 };

		CHECK_OK(chain_case_prepare(&c, "XrpLedger", KEY_ED25519, ED_KEY, rows[i].body));
		check_intent(&c, false, rows[i].transfers);
	}
}

static void malformed_transactions_are_refused(void **state)
{
	static const struct {
		const char *body, *words;
	} rows[] = {
		{ TX(""), "not a transaction in the ledger's binary format" },
		{ TX("12"), "not a transaction in the ledger's binary format" },
		{ TX("2400000001120000"), "with its fields in order" },
		{ TX("120000120000"), "with its fields in order" },
		{ TX("00010100"), "with its fields in order" },
		{ TX("1200007321ed"), "not a transaction" },
		{ TX("120000"), "its SigningPubKey has to be this key's: ED and its 32 bytes" },
		{ TX("1200007300"), "its SigningPubKey has to be this key's" },
		{ TX("1200002400000001201b000000646140000000000f424068400000000000000c7321eda57ebb"
		     "cb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f07440e80eeb1aef4470"
		     "371964bae9ae81ed04527f09e9f5e0fde703d12a23a8ce8e425a524f8bce3c2db2005a117c97"
		     "6486b1810ed56f90b75499d118073306777c0e8114a6070b8a1822e3322676a99f0c804ee2d1"
		     "5b82708314f667b0ca50cc7709a220b0561b85e53a48461fa8"),
		  "it is signed already" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++)
		check_refused("XrpLedger", KEY_ED25519, ED_KEY, rows[i].body, HF_INVALID,
		              rows[i].words);
	check_refused(
	        "XrpLedger", KEY_SECP256K1, KEY,
	        TX("1200002400000001201b000000646140000000000f424068400000000000000c7321eda57ebb"
	           "cb502c2009efe17229e8dc865dccb192c52d7888d624dc9ebaddb815f08114a6070b8a1822e3"
	           "322676a99f0c804ee2d15b82708314f667b0ca50cc7709a220b0561b85e53a48461fa8"),
	        HF_INVALID, "its SigningPubKey has to be this key's");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_those_of_xrpl_js),
		cmocka_unit_test(the_published_sample_is_hashed_encoded_and_assembled),
		cmocka_unit_test(a_payment_under_secp256k1_is_signed_as_xrpl_js_does),
		cmocka_unit_test(under_ed25519_all_of_it_is_signed),
		cmocka_unit_test(memos_and_tags_change_nothing_of_a_payment),
		cmocka_unit_test(what_is_issued_by_accounts_is_not_the_coin),
		cmocka_unit_test(what_may_pay_something_else_is_not_readable),
		cmocka_unit_test(malformed_transactions_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
