/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "p11/slot.h"

#include <string.h>

static struct p11_token token(void)
{
	CK_TOKEN_INFO info;
	struct p11_token t;

	memset(&info, ' ', sizeof(info));
	memcpy(info.label, "wallets", 7);
	memcpy(info.manufacturerID, "SoftHSM project", 15);
	memcpy(info.model, "SoftHSM v2", 10);
	memcpy(info.serialNumber, "c0ffee0011223344", 16);
	p11_token_describe(7, &info, &t);
	return t;
}

static bool selects(const char *text)
{
	struct p11_token t = token();
	struct slot_selector s;

	CHECK_OK(slot_selector_parse(text, &s, NULL));
	return slot_selector_matches(&s, &t);
}

static void expect_refusal(const char *text, const char *words)
{
	struct slot_selector s;
	struct hf_err err;

	CHECK_CODE(slot_selector_parse(text, &s, &err), HF_INVALID);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void padding_is_trimmed(void **state)
{
	struct p11_token t = token();

	assert_string_equal(t.label, "wallets");
	assert_string_equal(t.serial, "c0ffee0011223344");
	assert_string_equal(t.description, "wallets, SoftHSM project SoftHSM v2 c0ffee0011223344");
}

static void unprintable_bytes_do_not_reach_a_terminal(void **state)
{
	CK_TOKEN_INFO info;
	struct p11_token t;

	memset(&info, ' ', sizeof(info));
	memcpy(info.label, "a\x1b[2J", 5);
	p11_token_describe(0, &info, &t);
	assert_string_equal(t.label, "a?[2J");
}

static void each_form_selects(void **state)
{
	CHECK(selects(""));
	CHECK(selects("label:wallets"));
	CHECK(selects("serial:c0ffee0011223344"));
	CHECK(selects("number:7"));
	CHECK(selects("pkcs11:token=wallets"));
	CHECK(selects(
	        "pkcs11:token=wallets;serial=c0ffee0011223344;manufacturer=SoftHSM%20project"));
	CHECK(selects("pkcs11:slot-id=7"));
}

static void another_token_is_not_selected(void **state)
{
	CHECK(!selects("label:wallet"));
	CHECK(!selects("label:wallets2"));
	CHECK(!selects("serial:c0ffee"));
	CHECK(!selects("number:8"));
	CHECK(!selects("pkcs11:token=other"));
	CHECK(!selects("pkcs11:token=wallets;slot-id=8"));
}

static void malformed_selectors_are_refused_with_words(void **state)
{
	expect_refusal("wallets", "label:NAME");
	expect_refusal("label:", "a name has to follow");
	expect_refusal("label:a name that is longer than thirty-two characters", "at most 32");
	expect_refusal("serial:12345678901234567", "at most 16");
	expect_refusal("number:seven", "not a slot number");
	expect_refusal("number:-1", "not a slot number");
	expect_refusal("pkcs11:token=%zz", "RFC 7512");
}

static void a_uri_that_carries_a_pin_is_refused(void **state)
{
	expect_refusal("pkcs11:token=wallets?pin-value=1234", "carries a PIN");
	expect_refusal("pkcs11:token=wallets?pin-source=file:/etc/pin", "carries a PIN");
}

static void a_uri_that_names_more_than_a_token_is_refused(void **state)
{
	expect_refusal("pkcs11:token=wallets;object=key", "only");
	expect_refusal("pkcs11:token=wallets?module-path=/lib/x.so", "only");
	expect_refusal("pkcs11:token=wallets;colour=red", "only");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(padding_is_trimmed),
		cmocka_unit_test(unprintable_bytes_do_not_reach_a_terminal),
		cmocka_unit_test(each_form_selects),
		cmocka_unit_test(another_token_is_not_selected),
		cmocka_unit_test(malformed_selectors_are_refused_with_words),
		cmocka_unit_test(a_uri_that_carries_a_pin_is_refused),
		cmocka_unit_test(a_uri_that_names_more_than_a_token_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
