/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "chain_case.h"

#include <string.h>

#define ECDSA "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define EDDSA "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define D64 "1122334455667788990011223344556677889900112233445566778899001122"
#define RS D64 D64

static void a_hash_is_signed_as_it_is(void **state)
{
	static const char *const networks[] = { NULL, "KeyECDSA", "Ethereum" };

	for (size_t i = 0; i < HF_COUNT(networks); i++) {
		CASE_SCOPED struct chain_case c = { 0 };

		CHECK_OK(chain_case_prepare(&c, networks[i], KEY_SECP256K1, ECDSA,
		                            "{'kind':'Hash','hash':'0x" D64 "','externalId':'e'}"));
		assert_int_equal(c.plan.n_inputs, 1);
		check_input(&c, 0, D64);
		check_intent(&c, false, 0);
		check_signed(&c, RS, 0, "");
	}
}

static void the_form_of_a_signature_is_its_chains(void **state)
{
	CASE_SCOPED struct chain_case unbound = { 0 }, pseudo = { 0 }, evm = { 0 }, named = { 0 };

	CHECK_OK(chain_case_prepare(&unbound, NULL, KEY_SECP256K1, ECDSA,
	                            "{'kind':'Hash','hash':'" D64 "'}"));
	check_encoded(&unbound, RS, 1, "");
	CHECK_OK(chain_case_prepare(&pseudo, "KeyECDSA", KEY_SECP256K1, ECDSA,
	                            "{'kind':'Hash','hash':'" D64 "'}"));
	check_encoded(&pseudo, RS, 1, "");
	CHECK_OK(chain_case_prepare(&evm, "Base", KEY_SECP256K1, ECDSA,
	                            "{'kind':'Hash','hash':'" D64 "'}"));
	check_encoded(&evm, RS, 1, RS "1c");
	CHECK_OK(chain_case_prepare(&named, NULL, KEY_SECP256K1, ECDSA,
	                            "{'kind':'Hash','hash':'" D64 "','blockchainKind':'Evm'}"));
	check_encoded(&named, RS, 0, RS "1b");
}

static void a_hash_of_a_chain_that_is_not_here_is_a_hash(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(&c, NULL, KEY_SECP256K1, ECDSA,
	                            "{'kind':'Hash','hash':'" D64 "','network':'Hedera'}"));
	check_input(&c, 0, D64);
	check_encoded(&c, RS, 0, "");
}

static void a_message_is_signed_as_it_is_under_ed25519(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 }, pseudo = { 0 }, empty = { 0 };

	CHECK_OK(chain_case_prepare(&c, NULL, KEY_ED25519, EDDSA,
	                            "{'kind':'Message','message':'0x00FF'}"));
	check_input(&c, 0, "00ff");
	CHECK_OK(chain_case_prepare(&pseudo, "KeyEdDSA", KEY_ED25519, EDDSA,
	                            "{'kind':'Message','message':'616263'}"));
	check_input(&pseudo, 0, "616263");
	CHECK_OK(chain_case_prepare(&empty, NULL, KEY_ED25519, EDDSA,
	                            "{'kind':'Message','message':''}"));
	assert_int_equal(empty.plan.n_inputs, 1);
	assert_int_equal(chain_plan_input(&empty.plan, 0).len, 0);
}

static void refused_row_by_row(void **state)
{
	static const struct {
		const char *network;
		enum key_type type;
		const char *body;
		enum hf_code code;
		const char *words;
	} rows[] = {
		{ NULL, KEY_SECP256K1, "{}", HF_INVALID, "field \"kind\" is missing" },
		{ NULL, KEY_SECP256K1, "{'kind':1}", HF_INVALID, "field \"kind\" is missing" },
		{ NULL, KEY_SECP256K1, "['Hash']", HF_INVALID, "field \"kind\" is missing" },
		{ NULL, KEY_SECP256K1, "{'kind':'hash'}", HF_INVALID,
		  "field \"kind\": there is no \"hash\": expected \"Hash\" or \"Message\"" },
		{ NULL, KEY_SECP256K1, "{'kind':'DfnsSmartAccountTransaction'}", HF_UNSUPPORTED,
		  "is not supported: sign what the account has to sign" },
		{ NULL, KEY_SECP256K1, "{'kind':'Hash'}", HF_INVALID,
		  "field \"hash\" is missing: expected text" },
		{ NULL, KEY_SECP256K1, "{'kind':'Hash','hash':5}", HF_INVALID,
		  "field \"hash\": expected text" },
		{ NULL, KEY_SECP256K1, "{'kind':'Hash','hash':'abcd'}", HF_INVALID,
		  "field \"hash\": expected 32 bytes as 64 hex digits" },
		{ NULL, KEY_SECP256K1, "{'kind':'Hash','hash':'" D64 "','message':'00'}",
		  HF_INVALID,
		  "unknown field \"message\"; known for kind \"Hash\" are: kind, network, "
		  "blockchainKind, externalId, hash" },
		{ NULL, KEY_SECP256K1, "{'kind':'Hash','hash':'" D64 "','taprootMerkleRoot':''}",
		  HF_UNSUPPORTED, "for Schnorr keys only, which are not supported; leave it out" },
		{ NULL, KEY_SECP256K1, "{'kind':'Hash','hash':'" D64 "','network':'Nowhere'}",
		  HF_INVALID, "field \"network\": there is no network \"Nowhere\"" },
		{ NULL, KEY_SECP256K1, "{'kind':'Hash','hash':'" D64 "','network':''}", HF_INVALID,
		  "field \"network\": expected text of 1 to 64 characters" },
		{ NULL, KEY_SECP256K1, "{'kind':'Hash','hash':'" D64 "','network':7}", HF_INVALID,
		  "field \"network\": expected text" },
		{ NULL, KEY_ED25519, "{'kind':'Hash','hash':'" D64 "','network':'Base'}",
		  HF_INVALID, "Ed25519 keys do not sign for chain Evm" },
		{ NULL, KEY_SECP256K1,
		  "{'kind':'Hash','hash':'" D64 "','network':'Base','blockchainKind':'Solana'}",
		  HF_INVALID, "network Base is of kind Evm, not Solana" },
		{ NULL, KEY_SECP256K1, "{'kind':'Message','message':'00'}", HF_INVALID,
		  "kind \"Message\" is for EdDSA keys" },
		{ NULL, KEY_ED25519, "{'kind':'Message','message':'0'}", HF_INVALID,
		  "field \"message\": expected an even number of hex digits, at most 65536 bytes" },
		{ NULL, KEY_ED25519, "{'kind':'Message','message':'0g'}", HF_INVALID,
		  "field \"message\": expected an even number of hex digits" },
		{ NULL, KEY_SECP256K1, "{'kind':'Transaction','transaction':'00'}", HF_INVALID,
		  "kind \"Transaction\" is a chain's: name the chain in \"blockchainKind\"" },
		{ NULL, KEY_SECP256K1, "{'kind':'Transaction','blockchainKind':'Hedera'}",
		  HF_UNSUPPORTED, "blockchain kind \"Hedera\" is not supported" },
		{ NULL, KEY_SECP256K1, "{'kind':'Transaction','network':'Starknet'}",
		  HF_UNSUPPORTED, "network \"Starknet\" is not supported" },
		{ NULL, KEY_SECP256K1, "{'kind':'Snip12','blockchainKind':'Evm'}", HF_UNSUPPORTED,
		  "kind \"Snip12\" is not supported: PKCS#11 HSMs do not know the stark curve" },
		{ "Base", KEY_SECP256K1, "{'kind':'Psbt','psbt':'00'}", HF_UNSUPPORTED,
		  "kind \"Psbt\" is not supported for chain Evm: use one of \"Transaction\"" },
		{ "Base", KEY_SECP256K1, "{'kind':'Hash','hash':'" D64 "','network':'Ethereum'}",
		  HF_INVALID,
		  "the wallet is on network Base: leave it out, or use a wallet on Ethereum" },
		{ "Base", KEY_SECP256K1, "{'kind':'Hash','hash':'" D64 "','blockchainKind':'Tron'}",
		  HF_INVALID, "the wallet's network Base is of kind Evm" },
		{ "KeyECDSA", KEY_SECP256K1, "{'kind':'Message','message':'00'}", HF_INVALID,
		  "kind \"Message\" is for EdDSA keys" },
	};

	for (size_t i = 0; i < HF_COUNT(rows); i++)
		check_refused(rows[i].network, rows[i].type,
		              rows[i].type == KEY_SECP256K1 ? ECDSA : EDDSA, rows[i].body,
		              rows[i].code, rows[i].words);
}

static void a_wallets_network_may_be_named_again(void **state)
{
	CASE_SCOPED struct chain_case c = { 0 };

	CHECK_OK(chain_case_prepare(&c, "Base", KEY_SECP256K1, ECDSA,
	                            "{'kind':'Hash','hash':'" D64
	                            "','network':'Base','blockchainKind':'Evm'}"));
}

static void networks_are_sorted_and_whole(void **state)
{
	for (size_t i = 0; i < chain_network_count; i++) {
		const struct chain_network *n = &chain_networks[i], *found = NULL;

		CHECK(i == 0 || strcmp(chain_networks[i - 1].name, n->name) < 0);
		CHECK_OK(chain_network_find(n->name, &found, NULL));
		CHECK(found == n && n->chain && n->symbol && n->decimals <= CHAIN_DECIMALS_MAX);
		CHECK(chain_takes_key(n->chain, chain_default_key(n->chain)));
		CHECK(!chain_takes_key(n->chain, 0) && !chain_takes_key(n->chain, KEY_RSA_2048));
	}
}

static void names_that_the_api_knows_are_told_from_those_that_nobody_knows(void **state)
{
	const struct chain_network *network;
	const struct chain *chain;

	CHECK_CODE(chain_network_find("Hedera", &network, NULL), HF_UNSUPPORTED);
	CHECK_CODE(chain_network_find("Nowhere", &network, NULL), HF_NOTFOUND);
	CHECK_CODE(chain_find("Canton", &chain, NULL), HF_UNSUPPORTED);
	CHECK_CODE(chain_find("KeyECDSA", &chain, NULL), HF_NOTFOUND);
	CHECK_OK(chain_find("Evm", &chain, NULL));
	assert_string_equal(chain_name(chain), "Evm");
}

static void kinds_are_found_by_their_names(void **state)
{
	enum chain_kind k;

	for (int i = 0; i < CHAIN_KIND_COUNT_; i++) {
		CHECK_OK(chain_kind_parse(chain_kind_name((enum chain_kind)i), &k));
		assert_int_equal(k, i);
	}
	CHECK_CODE(chain_kind_parse("Nothing", &k), HF_NOTFOUND);
}

static void pseudo_networks_have_no_address(void **state)
{
	check_address("KeyECDSA", KEY_SECP256K1, ECDSA, "");
	check_address("KeyEdDSA", KEY_ED25519, EDDSA, "");
}

static void an_address_needs_a_key_of_the_chains(void **state)
{
	HF_BUF_SCOPED struct hf_buf to = HF_BUF(CHAIN_ADDRESS_MAX);
	const struct chain_network *n;
	uint8_t key[33] = { 2 };

	CHECK_OK(chain_network_find("Base", &n, NULL));
	CHECK_CODE(chain_address(n, KEY_ED25519, HF_SPAN(key, 32), &to), HF_INVALID);
	CHECK_CODE(chain_address(n, KEY_SECP256K1, HF_SPAN(key, 32), &to), HF_INVALID);
	CHECK_CODE(chain_address(n, KEY_SECP256K1, HF_SPAN(key, 33), &to), HF_INVALID);
	assert_int_equal(to.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hash_is_signed_as_it_is),
		cmocka_unit_test(the_form_of_a_signature_is_its_chains),
		cmocka_unit_test(a_hash_of_a_chain_that_is_not_here_is_a_hash),
		cmocka_unit_test(a_message_is_signed_as_it_is_under_ed25519),
		cmocka_unit_test(refused_row_by_row),
		cmocka_unit_test(a_wallets_network_may_be_named_again),
		cmocka_unit_test(networks_are_sorted_and_whole),
		cmocka_unit_test(names_that_the_api_knows_are_told_from_those_that_nobody_knows),
		cmocka_unit_test(kinds_are_found_by_their_names),
		cmocka_unit_test(pseudo_networks_have_no_address),
		cmocka_unit_test(an_address_needs_a_key_of_the_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
