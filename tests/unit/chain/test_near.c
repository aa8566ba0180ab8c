/* SPDX-License-Identifier: Apache-2.0
 * Transactions were made by near-api-js; the key is RFC 8032's first. */
#include "check.h"

#include "chain_case.h"

#define KEY "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define OTHER_KEY "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define TX(hex) "{'kind':'Transaction','transaction':'" hex "'}"
#define TRANSFER                                                                                   \
	"4000000064373561393830313832623130616237643534626665643363393634303733613065"             \
	"65313732663364616136323332356166303231613638663730373531316100d75a980182b10a"             \
	"b7d54bfed3c964073a0ee172f3daa62325af021a68f707511a09000000000000000800000062"             \
	"6f622e6e65617207070707070707070707070707070707070707070707070707070707070707"             \
	"070100000003000080716433b629a33d010000000000"
#define CALL                                                                                       \
	"4000000064373561393830313832623130616237643534626665643363393634303733613065"             \
	"65313732663364616136323332356166303231613638663730373531316100d75a980182b10a"             \
	"b7d54bfed3c964073a0ee172f3daa62325af021a68f707511a09000000000000000800000062"             \
	"6f622e6e65617207070707070707070707070707070707070707070707070707070707070707"             \
	"0701000000020100000066020000007b7d010000000000000000000000000000000000000000"             \
	"000000"
#define TWO                                                                                        \
	"4000000064373561393830313832623130616237643534626665643363393634303733613065"             \
	"65313732663364616136323332356166303231613638663730373531316100d75a980182b10a"             \
	"b7d54bfed3c964073a0ee172f3daa62325af021a68f707511a09000000000000000800000062"             \
	"6f622e6e65617207070707070707070707070707070707070707070707070707070707070707"             \
	"0702000000030100000000000000000000000000000003020000000000000000000000000000"             \
	"00"
#define SELF                                                                                       \
	"4000000064373561393830313832623130616237643534626665643363393634303733613065"             \
	"65313732663364616136323332356166303231613638663730373531316100d75a980182b10a"             \
	"b7d54bfed3c964073a0ee172f3daa62325af021a68f707511a09000000000000004000000064"             \
	"3735613938303138326231306162376435346266656433633936343037336130656531373266"             \
	"3364616136323332356166303231613638663730373531316107070707070707070707070707"             \
	"0707070707070707070707070707070707070701000000030100000000000000000000000000"             \
	"0000"
#define RS                                                                                         \
	"2222222222222222222222222222222222222222222222222222222222222222222222222222222222222222" \
	"2222222222222222222222222222222222222222"

static void an_implicit_account_is_named_after_its_key(void **state)
{
	check_address("Near", KEY_ED25519, KEY, KEY);
}

static void a_transaction_is_signed_over_its_hash(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(&c, "Near", KEY_ED25519, KEY, TX(TRANSFER)));
	check_input(&c, 0, "9ab884fb605b76a80adb4cf8e376d645e17084019e0e3c6cf4f1b7cb878e988d");
	check_encoded(&c, RS, -1, RS);
	check_signed(&c, RS, -1, TRANSFER "00" RS);
	check_pays(&c, "bob.near", "1500000000000000000000000");
}

static void transfers_are_read_and_nothing_else(void **state)
{
	CASE_SCOPED struct chain_case call = { 0 }, two = { 0 }, self = { 0 };

	CHECK_OK(chain_case_prepare(&call, "Near", KEY_ED25519, KEY, TX(CALL)));
	check_intent(&call, false, 0);
	CHECK_OK(chain_case_prepare(&two, "Near", KEY_ED25519, KEY, TX(TWO)));
	check_intent(&two, true, 2);
	CHECK_OK(chain_case_prepare(&self, "Near", KEY_ED25519, KEY, TX(SELF)));
	check_intent(&self, true, 0);
}

static void what_stands_behind_the_actions_makes_it_unreadable(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(&c, "Near", KEY_ED25519, KEY, TX(TRANSFER "00")));
	check_intent(&c, false, 1);
}

static void other_keys_and_malformed_transactions_are_refused(void **state)
{
	check_refused("Near", KEY_ED25519, OTHER_KEY, TX(TRANSFER), HF_INVALID,
	              "its public key has to be this key's");
	check_refused("Near", KEY_ED25519, KEY, TX(""), HF_INVALID, "not a transaction in Borsh");
	check_refused("Near", KEY_ED25519, KEY, TX("ffffffff6161"), HF_INVALID,
	              "not a transaction in Borsh");
	check_refused("Near", KEY_ED25519, KEY, TX("0x0"), HF_INVALID, "field \"transaction\"");
	check_refused("Near", KEY_ED25519, KEY, "{'kind':'Message','message':'00'}", HF_UNSUPPORTED,
	              "kind \"Message\" is not supported for chain Near");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_implicit_account_is_named_after_its_key),
		cmocka_unit_test(a_transaction_is_signed_over_its_hash),
		cmocka_unit_test(transfers_are_read_and_nothing_else),
		cmocka_unit_test(what_stands_behind_the_actions_makes_it_unreadable),
		cmocka_unit_test(other_keys_and_malformed_transactions_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
