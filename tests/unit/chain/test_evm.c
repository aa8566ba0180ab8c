/* SPDX-License-Identifier: Apache-2.0
 * Transactions were made and signed by ethers 6 with the key of EIP-155's example, 32 bytes of 46.
 */
#include "check.h"

#include "chain_case.h"

#include "chain/evm.h"

#include <stdio.h>
#include <string.h>

#define KEY "024bc2a31265153f07e70e0bab08724e6b85e217f8cd628ceb62974247bb493382"
#define OWN "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"
#define TO "0x3535353535353535353535353535353535353535"
#define TX(hex) "{'kind':'Transaction','transaction':'" hex "'}"

/* A transaction as a body. */
static const char *body_of(const char *hex)
{
	static char body[4096];

	CHECK(snprintf(body, sizeof(body), TX("0x%s"), hex) < (int)sizeof(body));
	return body;
}

static void transactions_are_hashed_and_signed_as_ethers_does(void **state)
{
	static const struct {
		const char *network, *transaction, *digest, *r_and_s;
		int recid;
		const char *signed_data;
	} rows[] = {
		{ /* legacy, EIP-155's own example */
		  "Ethereum",
		  "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400"
		  "0080018080",
		  "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53",
		  "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa63627667cbe9d8997f761a"
		  "ecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
		  0,
		  "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764"
		  "00008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cb"
		  "e9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83" },
		{ /* legacy, a large chain id */
		  "EthereumSepolia",
		  "e28001825208943535353535353535353535353535353535353535808083aa36a78080",
		  "557856194e879ae139a0650203384ab5ee22d71c72d152fcf61609a4224d758e",
		  "54e203e7447711271398207eb54f83e298b28a697e1a33f74835f8ebf906998e7b46bdc351e55d5b"
		  "b1a99e724cdf4d0a3d61160deb391e80a468c5e4a39133cc",
		  1,
		  "f863800182520894353535353535353535353535353535353535353580808401546d72a054e203e7"
		  "447711271398207eb54f83e298b28a697e1a33f74835f8ebf906998ea07b46bdc351e55d5bb1a99e"
		  "724cdf4d0a3d61160deb391e80a468c5e4a39133cc" },
		{ /* type 01 with an access list */
		  "EthereumSepolia",
		  "01f88183aa36a7010782ea609435353535353535353535353535353535353535350584deadbeeff8"
		  "5bf859943535353535353535353535353535353535353535f842a011111111111111111111111111"
		  "11111111111111111111111111111111111111a02222222222222222222222222222222222222222"
		  "222222222222222222222222",
		  "b62f3b22b8bf872e102e62f33df8ae43fec0114ed2bf32e7e6cc39ba5b56c44a",
		  "ca25f0b737cfe3b70ab4b88e071657fd1c5062d9fcf9d3b33665527a9b1b287464bcc998f56b50eb"
		  "6ae78db1e3802322bd98e31f18b8d5cd9d5e17d4f10044cc",
		  0,
		  "01f8c483aa36a7010782ea609435353535353535353535353535353535353535350584deadbeeff8"
		  "5bf859943535353535353535353535353535353535353535f842a011111111111111111111111111"
		  "11111111111111111111111111111111111111a02222222222222222222222222222222222222222"
		  "22222222222222222222222280a0ca25f0b737cfe3b70ab4b88e071657fd1c5062d9fcf9d3b33665"
		  "527a9b1b2874a064bcc998f56b50eb6ae78db1e3802322bd98e31f18b8d5cd9d5e17d4f10044c"
		  "c" },
		{ /* type 02 */
		  "EthereumSepolia",
		  "02f183aa36a782012c843b9aca008506fc23ac008252089435353535353535353535353535353535"
		  "3535353584075bcd1580c0",
		  "1f7ceaf8ac8834a7cd6c8b657144a8f4468098e10d7e9eb3b467fbd8fa78424e",
		  "952cb96ac9a73dc346ecaaf6ea0c082912a666e31db8f5f0e8c8d3a7cb32d29a49406737c9cdc9a8"
		  "8f09ceeb267befc3aa008d97991ae31abdb33283aedc3208",
		  1,
		  "02f87483aa36a782012c843b9aca008506fc23ac0082520894353535353535353535353535353535"
		  "353535353584075bcd1580c001a0952cb96ac9a73dc346ecaaf6ea0c082912a666e31db8f5f0e8c8"
		  "d3a7cb32d29aa049406737c9cdc9a88f09ceeb267befc3aa008d97991ae31abdb33283aedc320"
		  "8" },
		{ /* type 02, a call */
		  "EthereumSepolia",
		  "02f86783aa36a780010282fde8941c7d4b196cb0c7b01d743fbc6116a902379c723880b844a9059c"
		  "bb000000000000000000000000353535353535353535353535353535353535353500000000000000"
		  "000000000000000000000000000000000000000000000f4240c0",
		  "9cb2c90b1eff5936584a3fa0e61c84491103f003cb1f17954d5b9415f1b7124d",
		  "fbe260089b23a2f4215e6ba71371d69d93e37a93b3d1a1761a2b88eee654a67d028cf2f2a765f575"
		  "ed066155b057b73cc33b59ba2042f0544f0fc51e761e6b09",
		  0,
		  "02f8aa83aa36a780010282fde8941c7d4b196cb0c7b01d743fbc6116a902379c723880b844a9059c"
		  "bb000000000000000000000000353535353535353535353535353535353535353500000000000000"
		  "000000000000000000000000000000000000000000000f4240c080a0fbe260089b23a2f4215e6ba7"
		  "1371d69d93e37a93b3d1a1761a2b88eee654a67da0028cf2f2a765f575ed066155b057b73cc33b59"
		  "ba2042f0544f0fc51e761e6b09" },
		{ /* type 02, makes a contract */
		  "EthereumSepolia", "02d083aa36a780010282fde88080826000c0",
		  "865568ba9f1fecfb80ec6525dccf1c28f38f16b689ddf6b5959b8df87aeb12cc",
		  "a944d2beb4fc6f5a3874c92f544202c08034cd676f39b9ca1147394dcf88922d57722cf877a9c6fa"
		  "f611009b41776a10d3e296967def3c75f332826b831557ee",
		  1,
		  "02f85383aa36a780010282fde88080826000c001a0a944d2beb4fc6f5a3874c92f544202c08034cd"
		  "676f39b9ca1147394dcf88922da057722cf877a9c6faf611009b41776a10d3e296967def3c75f332"
		  "826b831557ee" },
		{ /* type 04 */
		  "EthereumSepolia",
		  "04f88383aa36a780010282fde8949d8a62f656a8d1615c1294fd71e9cfb3e4855a4f8080c0f85ff8"
		  "5d83aa36a79435353535353535353535353535353535353535350180a0e3df7a4a2f604890fb8e94"
		  "a656ebcd1491b9f230816eddc045f9748849e027f6a009e1a452b0d558c5f4ecc0baffefd887b5fe"
		  "217879a73523165795ceeec5198f",
		  "069ad803667b99be129f93bc1bf7bd2b32cb6930fc2be13269d1adcb32a493dd",
		  "07c7f38cd4ebd4df211f85d6e533c919e7ddd4e099b371bcec71a7bf89182c6e48edcb4fcc0aa888"
		  "fae1d0643fcabf3e66e5de742516525fef35594a6979c9df",
		  0,
		  "04f8c683aa36a780010282fde8949d8a62f656a8d1615c1294fd71e9cfb3e4855a4f8080c0f85ff8"
		  "5d83aa36a79435353535353535353535353535353535353535350180a0e3df7a4a2f604890fb8e94"
		  "a656ebcd1491b9f230816eddc045f9748849e027f6a009e1a452b0d558c5f4ecc0baffefd887b5fe"
		  "217879a73523165795ceeec5198f80a007c7f38cd4ebd4df211f85d6e533c919e7ddd4e099b371bc"
		  "ec71a7bf89182c6ea048edcb4fcc0aa888fae1d0643fcabf3e66e5de742516525fef35594a6979c9"
		  "df" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++) {
		CASE_SCOPED struct chain_case c = { 0 };
		char encoded[131];

		CHECK_OK(chain_case_prepare(&c, rows[i].network, KEY_SECP256K1, KEY,
		                            body_of(rows[i].transaction)));
		assert_int_equal(c.plan.n_inputs, 1);
		check_input(&c, 0, rows[i].digest);
		snprintf(encoded, sizeof(encoded), "%s%02x", rows[i].r_and_s, 27 + rows[i].recid);
		check_encoded(&c, rows[i].r_and_s, rows[i].recid, encoded);
		check_signed(&c, rows[i].r_and_s, rows[i].recid, rows[i].signed_data);
	}
}

/* A signature whose r begins with a zero byte: RLP's numbers have no leading zeros. */
static void leading_zeros_of_a_signature_are_left_out(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(
	        &c, "EthereumSepolia", KEY_SECP256K1, KEY,
	        TX("e28001825208943535353535353535353535353535353535353535808083aa36a78080")));
	check_signed(
	        &c,
	        "000003e7447711271398207eb54f83e298b28a697e1a33f74835f8ebf906998e"
	        "00000000000000000000000000000000000000000000000000000000000000cc",
	        0,
	        "f842800182520894353535353535353535353535353535353535353580808401546d719e03e74477"
	        "11271398207eb54f83e298b28a697e1a33f74835f8ebf906998e81cc");
}

static void a_transfer_of_the_coin_is_read(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(&c, "EthereumSepolia", KEY_SECP256K1, KEY,
	                            TX("02f183aa36a782012c843b9aca008506fc23ac008252089435353535353"
	                               "5353535353535353535353535353584075bcd1580c0")));
	check_pays(&c, TO, "123456789");
}

static void a_call_of_erc_20_is_read_as_a_payment_of_something_else(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(
	        &c, "EthereumSepolia", KEY_SECP256K1, KEY,
	        TX("02f86783aa36a780010282fde8941c7d4b196cb0c7b01d743fbc6116a902379c723880b844a9059"
	           "cbb0000000000000000000000003535353535353535353535353535353535353535000000000000"
	           "00000000000000000000000000000000000000000000000f4240c0")));
	check_pays(&c, TO, NULL);
}

static void other_calls_and_new_contracts_are_not_readable(void **state)
{
	CASE_SCOPED struct chain_case call = { 0 }, creation = { 0 }, delegation = { 0 };

	CHECK_OK(chain_case_prepare(
	        &call, "EthereumSepolia", KEY_SECP256K1, KEY,
	        TX("01f88183aa36a7010782ea609435353535353535353535353535353535353535350584deadbeeff"
	           "85bf859943535353535353535353535353535353535353535f842a0111111111111111111111111"
	           "1111111111111111111111111111111111111111a02222222222222222222222222222222222222"
	           "222222222222222222222222222")));
	check_intent(&call, false, 1);
	assert_string_equal(call.plan.transfers[0].to, TO);
	CHECK_OK(chain_case_prepare(&creation, "EthereumSepolia", KEY_SECP256K1, KEY,
	                            TX("02d083aa36a780010282fde88080826000c0")));
	check_intent(&creation, false, 0);
	CHECK_OK(chain_case_prepare(
	        &delegation, "EthereumSepolia", KEY_SECP256K1, KEY,
	        TX("04f88383aa36a780010282fde8949d8a62f656a8d1615c1294fd71e9cfb3e4855a4f8080c0f85ff"
	           "85d83aa36a79435353535353535353535353535353535353535350180a0e3df7a4a2f604890fb8e"
	           "94a656ebcd1491b9f230816eddc045f9748849e027f6a009e1a452b0d558c5f4ecc0baffefd887b"
	           "5fe217879a73523165795ceeec5198f")));
	check_intent(&delegation, false, 0);
}

static void what_goes_back_to_the_own_address_is_no_payment(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(
	        &c, "EthereumSepolia", KEY_SECP256K1, KEY,
	        TX("02e283aa36a7800102825208949d8a62f656a8d1615c1294fd71e9cfb3e4855a4f0580c0")));
	check_intent(&c, true, 0);
}

static void a_fee_above_a_tenth_of_the_coin_is_not_readable(void **state)
{
	CASE_SCOPED struct chain_case edge = { 0 }, above = { 0 }, huge = { 0 };

	CHECK_OK(chain_case_prepare(
	        &edge, "EthereumSepolia", KEY_SECP256K1, KEY,
	        TX("02e883aa36a78001860454b7a44c308252089435353535353535353535353535353535353535"
	           "350580c0")));
	check_pays(&edge, TO, "5");
	CHECK_OK(chain_case_prepare(
	        &above, "EthereumSepolia", KEY_SECP256K1, KEY,
	        TX("02e883aa36a78001860454b7a44c318252089435353535353535353535353535353535353535"
	           "350580c0")));
	check_intent(&above, false, 1);
	CHECK_OK(chain_case_prepare(
	        &huge, "EthereumSepolia", KEY_SECP256K1, KEY,
	        TX("02f84283aa36a78001a0ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	           "ffffffff8252089435353535353535353535353535353535353535350580c0")));
	check_intent(&huge, false, 1);
}

static void malformed_transactions_are_refused(void **state)
{
	static const struct {
		const char *hex, *words;
		enum hf_code code;
	} rows[] = {
		{ /* nothing */ "", "none of the types", HF_UNSUPPORTED },
		{ /* a blob's, type 03 */ "03c0", "none of the types", HF_UNSUPPORTED },
		{ /* a string */ "83010203", "none of the types", HF_UNSUPPORTED },
		{ /* cut off */ "02e283aa36a7800102825208943535353535353535353535353535353535353535"
		                "0580",
		  "canonical RLP", HF_INVALID },
		{ /* something behind */ "02e283aa36a7800102825208943535353535353535353535353535353"
		                         "5353535350580c000",
		  "canonical RLP", HF_INVALID },
		{ /* a long form of a short length */ "02f82283aa36a7800102825208943535353535353535"
		                                      "3535353535353535353535350580c0",
		  "canonical RLP", HF_INVALID },
		{ /* a small byte in two */ "02cc8101808080808080808080c0", "canonical RLP",
		  HF_INVALID },
		{ /* a nonce with a leading zero */ "02e483aa36a78200010102825208943535353535353535"
		                                    "3535353535353535353535350580c0",
		  "field 2 of type 02 is no nonce", HF_INVALID },
		{ /* a nonce of 9 bytes */ "02eb83aa36a78901010101010101010101028252089435353535353"
		                           "535353535353535353535"
		                           "353535350580c0",
		  "no nonce", HF_INVALID },
		{ /* a value of 33 bytes */
		  "02f84383aa36a7800102825208943535353535353535353535353535353535353535a1010101"
		  "01010101010101010101010101010101010101010101010101010101010180c0",
		  "field 7 of type 02 is no value", HF_INVALID },
		{ /* a value that is a list */ "02e283aa36a7800102825208943535353535353535353535353"
		                               "535353535353535c080c0",
		  "is no value", HF_INVALID },
		{ /* data that is a list */ "02e283aa36a7800102825208943535353535353535353535353535"
		                            "35353535353505c0c0",
		  "is no data", HF_INVALID },
		{ /* chain id 0 */ "02df80800102825208943535353535353535353535353535353535353535058"
		                   "0c0",
		  "is no chain id", HF_INVALID },
		{ /* a chain id that EIP-155 cannot double */
		  "e70101825208943535353535353535353535353535353535353535058088ffffffffffffffff"
		  "8080",
		  "is no chain id", HF_INVALID },
		{ /* a recipient of 19 bytes */ "02e183aa36a780010282520893353535353535353535353535"
		                                "353535353535350580c0",
		  "is no recipient", HF_INVALID },
		{ /* nine fields of eight */ "01e283aa36a780010282520894353535353535353535353535353"
		                             "53535353535350580c0",
		  "type 01 has 8 fields before it is signed, and this has 9", HF_INVALID },
		{ /* no chain, as before EIP-155 */ "dc01018252089435353535353535353535353535353535"
		                                    "353535350580",
		  "it names no chain", HF_INVALID },
		{ /* signed already */
		  "f85f0101825208943535353535353535353535353535353535353535058025a0111111111111"
		  "1111111111111111111111111111111111111111111111111111a02222222222222222222222"
		  "222222222222222222222222222222222222222222",
		  "no place of the signature", HF_INVALID },
		{ /* an access list with a short key */
		  "02f85983aa36a78001028252089435353535353535353535353535353535353535350580f7f6"
		  "943535353535353535353535353535353535353535e09f111111111111111111111111111111"
		  "11111111111111111111111111111111",
		  "is no access list", HF_INVALID },
		{ /* an access list with a third part */
		  "02f83a83aa36a78001028252089435353535353535353535353535353535353535350580d8d7"
		  "943535353535353535353535353535353535353535c0c0",
		  "is no access list", HF_INVALID },
		{ /* an access list that is a string */ "02e283aa36a7800102825208943535353535353535"
		                                        "353535353535353535353535058080",
		  "is no access list", HF_INVALID },
		{ /* type 04 without authorizations */ "04e0018001028252089435353535353535353535353"
		                                       "535353535353535350580c0c0",
		  "is no list of authorizations", HF_INVALID },
		{ /* type 04 with half an authorization */
		  "04f85c018001028252089435353535353535353535353535353535353535350580c0f83bf839"
		  "019435353535353535353535353535353535353535350180a011111111111111111111111111"
		  "11111111111111111111111111111111111111",
		  "is no list of authorizations", HF_INVALID },
		{ /* type 04 that makes a contract */
		  "04f86901800102825208800580c0f85cf85a0194353535353535353535353535353535353535"
		  "35350180a01111111111111111111111111111111111111111111111111111111111111111a0"
		  "2222222222222222222222222222222222222222222222222222222222222222",
		  "is no recipient", HF_INVALID },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++)
		check_refused("EthereumSepolia", KEY_SECP256K1, KEY, body_of(rows[i].hex),
		              rows[i].code, rows[i].words);
}

static void a_transaction_for_another_chain_is_refused(void **state)
{
	static const char tx[] =
	        TX("02e283aa36a78001028252089435353535353535353535353535353535353535350580c0");
	CASE_SCOPED struct chain_case c = { 0 };

	check_refused("Ethereum", KEY_SECP256K1, KEY, tx, HF_INVALID,
	              "it is for the chain with id 11155111, and network Ethereum is 1");
	CHECK_OK(chain_case_prepare(
	        &c, NULL, KEY_SECP256K1, KEY,
	        "{'kind':'Transaction','blockchainKind':'Evm','transaction':'"
	        "0x02e283aa36a78001028252089435353535353535353535353535353535353535350580c0'}"));
	check_pays(&c, TO, "5");
}

static void addresses_have_the_checksum_of_eip_55(void **state)
{
	check_address("Ethereum", KEY_SECP256K1, KEY, OWN);
	check_address("Polygon", KEY_SECP256K1, KEY, OWN);
	check_address("EthereumSepolia", KEY_SECP256K1,
	              "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
	              "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
}

static void eip_55_row_by_row(void **state)
{
	static const char *const right[] = {
		"0x52908400098527886E0F7030069857D2E4169EE7",
		"0xde709f2102306220921060314715629080e2fb77",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
		"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
		"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
		"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
	};
	static const char *const wrong[] = {
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
		"5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00",
		"0X52908400098527886E0F7030069857D2E4169EE7",
	};
	uint8_t address[EVM_ADDRESS_LEN];
	char text[EVM_ADDRESS_TEXT_LEN + 1];

	for (size_t i = 0; i < HF_COUNT(right); i++) {
		CHECK_OK(evm_address_parse(right[i], address));
		CHECK_OK(evm_address_print(address, text));
		assert_string_equal(text, right[i]);
	}
	for (size_t i = 0; i < HF_COUNT(wrong); i++)
		CHECK_CODE(evm_address_parse(wrong[i], address), HF_INVALID);
}

static void messages_are_hashed_with_their_prefix(void **state)
{
	static const char *const bodies[] = {
		"{'kind':'Message','message':'68656c6c6f'}",
		"{'kind':'Eip191','message':'0x68656c6c6f'}",
	};

	for (size_t i = 0; i < HF_COUNT(bodies); i++) {
		CASE_SCOPED struct chain_case c = { 0 };

		CHECK_OK(chain_case_prepare(&c, "Base", KEY_SECP256K1, KEY, bodies[i]));
		check_input(&c, 0,
		            "50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750");
		check_intent(&c, false, 0);
	}
}

static void a_delegation_is_hashed_as_ethers_does(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(&c, "EthereumSepolia", KEY_SECP256K1, KEY,
	                            "{'kind':'Eip7702','address':'" TO
	                            "','nonce':5,'chainId':11155111}"));
	check_input(&c, 0, "5e04167fdb26bbf548d84f90c7414537688c8ce32ebc89b8366fb091bdbaa338");
	check_intent(&c, false, 0);
	check_refused("Ethereum", KEY_SECP256K1, KEY,
	              "{'kind':'Eip7702','address':'" TO "','nonce':5,'chainId':0}", HF_INVALID,
	              "field \"chainId\": it is for the chain with id 0");
	check_refused("Ethereum", KEY_SECP256K1, KEY,
	              "{'kind':'Eip7702','address':'0x35','nonce':5,'chainId':1}", HF_INVALID,
	              "field \"address\": expected 0x and 40 hex digits");
	check_refused("Ethereum", KEY_SECP256K1, KEY,
	              "{'kind':'Eip7702','address':'" TO "','nonce':-1,'chainId':1}", HF_INVALID,
	              "field \"nonce\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transactions_are_hashed_and_signed_as_ethers_does),
		cmocka_unit_test(leading_zeros_of_a_signature_are_left_out),
		cmocka_unit_test(a_transfer_of_the_coin_is_read),
		cmocka_unit_test(a_call_of_erc_20_is_read_as_a_payment_of_something_else),
		cmocka_unit_test(other_calls_and_new_contracts_are_not_readable),
		cmocka_unit_test(what_goes_back_to_the_own_address_is_no_payment),
		cmocka_unit_test(a_fee_above_a_tenth_of_the_coin_is_not_readable),
		cmocka_unit_test(malformed_transactions_are_refused),
		cmocka_unit_test(a_transaction_for_another_chain_is_refused),
		cmocka_unit_test(addresses_have_the_checksum_of_eip_55),
		cmocka_unit_test(eip_55_row_by_row),
		cmocka_unit_test(messages_are_hashed_with_their_prefix),
		cmocka_unit_test(a_delegation_is_hashed_as_ethers_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
