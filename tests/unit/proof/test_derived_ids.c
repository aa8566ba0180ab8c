/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/buf.h"
#include "proof/approval_id.h"
#include "proof/wallet_id.h"

#include <string.h>

#define KEY "key-01k9h-x3v7q-8m2c4d6e8f0g1h2j"
#define NETWORK "EthereumSepolia"

static void a_wallet_id_is_an_id_and_names_its_key_and_network(void **state)
{
	char id[HF_ID_MAX];

	CHECK_OK(wallet_id_new(KEY, NETWORK, id));
	CHECK(hf_id_valid("wa", id));
	CHECK_OK(wallet_id_check(id, KEY, NETWORK));
	CHECK_CODE(wallet_id_check(id, KEY, "Ethereum"), HF_UNAUTHENTIC);
	CHECK_CODE(wallet_id_check(id, "key-01k9h-x3v7q-8m2c4d6e8f0g1h2k", NETWORK),
	           HF_UNAUTHENTIC);
}

/* Only fields with lengths keep these apart. */
static void a_wallet_id_tells_key_and_network_apart(void **state)
{
	char id[HF_ID_MAX];

	CHECK_OK(wallet_id_new("key-a", "bc", id));
	CHECK_CODE(wallet_id_check(id, "key-ab", "c"), HF_UNAUTHENTIC);
}

static void no_digit_of_a_wallet_id_can_be_changed(void **state)
{
	char id[HF_ID_MAX];

	CHECK_OK(wallet_id_new(KEY, NETWORK, id));
	for (size_t i = strlen("wa-"); i < strlen(id); i++) {
		char altered[HF_ID_MAX];

		if (id[i] == '-')
			continue;
		memcpy(altered, id, sizeof(altered));
		altered[i] = id[i] == '0' ? '1' : '0';
		CHECK_CODE(wallet_id_check(altered, KEY, NETWORK), HF_UNAUTHENTIC);
	}
	CHECK_CODE(wallet_id_check("wa-01k9h-x3v7q", KEY, NETWORK), HF_INVALID);
	CHECK_CODE(wallet_id_check("ap-01k9h-x3v7q-8m2c4d6e8f0g1h2j", KEY, NETWORK), HF_INVALID);
}

/* Computed apart from this code, from the description in the headers. */
static void published_ids(void **state)
{
	char id[HF_ID_MAX];

	CHECK_OK(wallet_id_check("wa-01k9h-x3v7q-hkzk38v6gzr8hhjh", KEY, NETWORK));
	CHECK_OK(approval_id_of(hf_span_text("commitment"), id));
	assert_string_equal(id, "ap-1hf39-n1d1b-sm01zjyabhjq357q");
}

static void an_approval_id_is_an_id_and_another_request_has_another(void **state)
{
	char one[HF_ID_MAX], again[HF_ID_MAX], other[HF_ID_MAX];

	CHECK_OK(approval_id_of(hf_span_text("one"), one));
	CHECK_OK(approval_id_of(hf_span_text("one"), again));
	CHECK_OK(approval_id_of(hf_span_text("other"), other));
	CHECK(hf_id_valid("ap", one));
	assert_string_equal(one, again);
	assert_string_not_equal(one, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wallet_id_is_an_id_and_names_its_key_and_network),
		cmocka_unit_test(a_wallet_id_tells_key_and_network_apart),
		cmocka_unit_test(no_digit_of_a_wallet_id_can_be_changed),
		cmocka_unit_test(published_ids),
		cmocka_unit_test(an_approval_id_is_an_id_and_another_request_has_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
