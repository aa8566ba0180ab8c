/* SPDX-License-Identifier: Apache-2.0
 * Addresses were made by @polkadot/util-crypto; the key is RFC 8032's first. */
#include "check.h"

#include "chain_case.h"

#define KEY "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define RS                                                                                         \
	"2222222222222222222222222222222222222222222222222222222222222222222222222222222222222222" \
	"2222222222222222222222222222222222222222"

static void addresses_have_their_networks_prefix(void **state)
{
	check_address("Polkadot", KEY_ED25519, KEY,
	              "15sND1xy2556eoAx6eGV6zkURiPJ9T9qJ8XMDHsYTuZezp7f");
	check_address("KusamaAssetHub", KEY_ED25519, KEY,
	              "HSgj13mnepYxuysui2XroHKigftFpQsg1dcSfA9PckdZJW4");
	check_address("Westend", KEY_ED25519, KEY,
	              "5Gw54ghuAHodDGAS91DUxqvKa6PeT9bhDdns3ztBupY8pSyn");
}

static void a_payload_is_signed_as_it_is_up_to_256_bytes(void **state)
{
	CASE_SCOPED struct chain_case small = { 0 }, edge = { 0 }, above = { 0 };

	CHECK_OK(chain_case_prepare(&small, "Polkadot", KEY_ED25519, KEY,
	                            "{'kind':'SignerPayload','payload':'0x0400ff'}"));
	check_input(&small, 0, "0400ff");
	check_intent(&small, false, 0);
	check_encoded(&small, RS, -1, "00" RS);
	check_signed(&small, RS, -1, "");
	CHECK_OK(chain_case_prepare(
	        &edge, "Polkadot", KEY_ED25519, KEY,
	        "{'kind':'SignerPayload','payload':'"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababab"
	        "'}"));
	assert_int_equal(chain_plan_input(&edge.plan, 0).len, 256);
	CHECK_OK(chain_case_prepare(
	        &above, "Polkadot", KEY_ED25519, KEY,
	        "{'kind':'SignerPayload','payload':'"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "abababababababababababababababababababababababababababababababababababababab"
	        "ababababababababababababababababababababababababababababab"
	        "'}"));
	check_input(&above, 0, "f4085a056b734dc5de3b3463128bf766dbc687ed8e6da875b25e36a0a7fbe8c9");
}

static void the_json_form_is_refused_with_what_to_do_instead(void **state)
{
	check_refused(
	        "Polkadot", KEY_ED25519, KEY, "{'kind':'SignerPayload','payload':{'nonce':'0x00'}}",
	        HF_UNSUPPORTED,
	        "takes the runtime's metadata, which is not here: send the encoded payload as hex");
	check_refused("Polkadot", KEY_ED25519, KEY, "{'kind':'SignerPayload','payload':''}",
	              HF_INVALID, "there is nothing to sign");
	check_refused("Polkadot", KEY_ED25519, KEY, "{'kind':'SignerPayload'}", HF_INVALID,
	              "field \"payload\" is missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_their_networks_prefix),
		cmocka_unit_test(a_payload_is_signed_as_it_is_up_to_256_bytes),
		cmocka_unit_test(the_json_form_is_refused_with_what_to_do_instead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
