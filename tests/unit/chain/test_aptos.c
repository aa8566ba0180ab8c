/* SPDX-License-Identifier: Apache-2.0
 * Transactions were made by @aptos-labs/ts-sdk; the key is RFC 8032's first. */
#include "check.h"

#include "chain_case.h"

#define KEY "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define OTHER_KEY "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define TX(hex) "{'kind':'Transaction','transaction':'" hex "'}"
#define TO "0xabababababababababababababababababababababababababababababababab"
#define TRANSFER                                                                                   \
	"63c5215e87770d17b9f4cd47c777e322f4eb152cfd2054c1080fd9d57c48913b050000000000"             \
	"00000200000000000000000000000000000000000000000000000000000000000000010d6170"             \
	"746f735f6163636f756e74087472616e73666572000220ababababababababababababababab"             \
	"ababababababababababababababababab083930000000000000d00700000000000064000000"             \
	"0000000000f153650000000002"
#define COIN                                                                                       \
	"63c5215e87770d17b9f4cd47c777e322f4eb152cfd2054c1080fd9d57c48913b050000000000"             \
	"000002000000000000000000000000000000000000000000000000000000000000000104636f"             \
	"696e087472616e73666572010700000000000000000000000000000000000000000000000000"             \
	"000000000000010a6170746f735f636f696e094170746f73436f696e000220ababababababab"             \
	"ababababababababababababababababababababababababab083930000000000000d0070000"             \
	"00000000640000000000000000f153650000000002"
#define OTHER_COIN                                                                                 \
	"63c5215e87770d17b9f4cd47c777e322f4eb152cfd2054c1080fd9d57c48913b050000000000"             \
	"000002000000000000000000000000000000000000000000000000000000000000000104636f"             \
	"696e087472616e73666572010700000000000000000000000000000000000000000000000000"             \
	"0000000000000201780159000220abababababababababababababababababababababababab"             \
	"abababababababab083930000000000000d007000000000000640000000000000000f1536500"             \
	"00000002"
#define OTHER_CALL                                                                                 \
	"63c5215e87770d17b9f4cd47c777e322f4eb152cfd2054c1080fd9d57c48913b050000000000"             \
	"0000020000000000000000000000000000000000000000000000000000000000000001057374"             \
	"616b65096164645f7374616b650001083930000000000000d007000000000000640000000000"             \
	"000000f153650000000002"
#define DEAR                                                                                       \
	"63c5215e87770d17b9f4cd47c777e322f4eb152cfd2054c1080fd9d57c48913b050000000000"             \
	"00000200000000000000000000000000000000000000000000000000000000000000010d6170"             \
	"746f735f6163636f756e74087472616e73666572000220ababababababababababababababab"             \
	"ababababababababababababababababab08393000000000000080841e000000000064000000"             \
	"0000000000f153650000000002"
#define RS                                                                                         \
	"2222222222222222222222222222222222222222222222222222222222222222222222222222222222222222" \
	"2222222222222222222222222222222222222222"

static void an_address_is_the_hash_of_the_key(void **state)
{
	check_address("Aptos", KEY_ED25519, KEY,
	              "0x63c5215e87770d17b9f4cd47c777e322f4eb152cfd2054c1080fd9d57c48913b");
}

static void a_transaction_is_signed_behind_its_prefix(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(&c, "AptosTestnet", KEY_ED25519, KEY, TX(TRANSFER)));
	check_input(&c, 0,
	            "b5e97db07fa0bd0e5598aa3643a9bc6f6693bddc1a9fec9e674a461eaa00b19363c5215e8777"
	            "0d17b9f4cd47c777e322f4eb152cfd2054c1080fd9d57c48913b050000000000000002000000"
	            "00000000000000000000000000000000000000000000000000000000010d6170746f735f6163"
	            "636f756e74087472616e73666572000220ababababababababababababababababababababab"
	            "ababababababababababab083930000000000000d007000000000000640000000000000000f1"
	            "53650000000002");
	check_encoded(&c, RS, -1, RS);
	check_signed(&c, RS, -1,
	             "63c5215e87770d17b9f4cd47c777e322f4eb152cfd2054c1080fd9d57c48913b050000000000"
	             "00000200000000000000000000000000000000000000000000000000000000000000010d6170"
	             "746f735f6163636f756e74087472616e73666572000220ababababababababababababababab"
	             "ababababababababababababababababab083930000000000000d00700000000000064000000"
	             "0000000000f1536500000000020020d75a980182b10ab7d54bfed3c964073a0ee172f3daa623"
	             "25af021a68f707511a4022222222222222222222222222222222222222222222222222222222"
	             "222222222222222222222222222222222222222222222222222222222222222222222222");
}

static void transfers_of_the_coin_are_read(void **state)
{
	CASE_SCOPED struct chain_case account = { 0 }, coin = { 0 };

	CHECK_OK(chain_case_prepare(&account, "AptosTestnet", KEY_ED25519, KEY, TX(TRANSFER)));
	check_pays(&account, TO, "12345");
	CHECK_OK(chain_case_prepare(&coin, "AptosTestnet", KEY_ED25519, KEY, TX(COIN)));
	check_pays(&coin, TO, "12345");
}

static void other_calls_are_not_readable(void **state)
{
	static const char *const bodies[] = { TX(OTHER_COIN), TX(OTHER_CALL) };

	for (size_t i = 0; i < HF_COUNT(bodies); i++) {
		CASE_SCOPED struct chain_case c = { 0 };

		CHECK_OK(chain_case_prepare(&c, "AptosTestnet", KEY_ED25519, KEY, bodies[i]));
		check_intent(&c, false, 0);
	}
}

static void a_fee_of_two_coins_is_not_readable(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(&c, "AptosTestnet", KEY_ED25519, KEY, TX(DEAR)));
	check_intent(&c, false, 1);
}

static void other_senders_and_chains_are_refused(void **state)
{
	check_refused("Aptos", KEY_ED25519, KEY, TX(TRANSFER), HF_INVALID,
	              "it is for the chain with id 2, and network Aptos is 1");
	check_refused("AptosTestnet", KEY_ED25519, OTHER_KEY, TX(TRANSFER), HF_INVALID,
	              "whose sender is this key's account");
	check_refused("AptosTestnet", KEY_ED25519, KEY, TX("00"), HF_INVALID,
	              "not a RawTransaction in BCS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_the_hash_of_the_key),
		cmocka_unit_test(a_transaction_is_signed_behind_its_prefix),
		cmocka_unit_test(transfers_of_the_coin_are_read),
		cmocka_unit_test(other_calls_are_not_readable),
		cmocka_unit_test(a_fee_of_two_coins_is_not_readable),
		cmocka_unit_test(other_senders_and_chains_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
