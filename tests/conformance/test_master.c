/* SPDX-License-Identifier: Apache-2.0
 * The master key: made by command, checked whenever it is found, each fault with its own words. */
#include "token.h"

#include <string.h>
#include <unistd.h>

static struct test_token token;
static struct p11_session session;

static int start_softhsm(void **state)
{
	softhsm_start(&token);
	session = token_session(&token, true);
	return 0;
}

static int start_quick(void **state)
{
	memset(&token, 0, sizeof(token));
	token_open(&token, QUICK_MODULE);
	session = token_session(&token, true);
	return 0;
}

static int stop(void **state)
{
	p11_session_close(&session);
	token_stop(&token);
	return 0;
}

static void expect_fault(const char *label, enum hf_code code, const char *words)
{
	struct p11_master m;
	struct hf_err err = { 0 };

	CHECK_CODE(p11_master_find(&session, label, &m, &err), code);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void what_was_made_is_found(void **state)
{
	struct p11_master made, found;

	CHECK_OK(p11_master_create(&session, "good", &made, NULL));
	CHECK_OK(p11_master_find(&session, "good", &found, NULL));
	assert_string_equal(made.id, found.id);
	assert_int_equal(strlen(found.id), 32);
	assert_int_equal(found.mac_mechanism, CKM_SHA256_HMAC);
	assert_int_equal(session.live, 0);
}

static void a_second_master_key_is_not_made(void **state)
{
	struct p11_master m;
	struct hf_err err;

	CHECK_OK(p11_master_create(&session, "once", &m, NULL));
	CHECK_CODE(p11_master_create(&session, "once", &m, &err), HF_EXISTS);
	CHECK(strstr(err.text, "already"));
}

static void two_masters_make_different_macs(void **state)
{
	uint8_t a[MASTER_MAC_LEN], again[MASTER_MAC_LEN], b[MASTER_MAC_LEN];
	struct p11_master first, second;

	CHECK_OK(p11_master_create(&session, "mac-a", &first, NULL));
	CHECK_OK(p11_master_create(&session, "mac-b", &second, NULL));
	CHECK_OK(p11_master_mac(&session, &first, hf_span_text("record"), a, NULL));
	CHECK_OK(p11_master_mac(&session, &first, hf_span_text("record"), again, NULL));
	CHECK_OK(p11_master_mac(&session, &second, hf_span_text("record"), b, NULL));
	assert_memory_equal(a, again, sizeof(a));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void a_missing_master_key_names_the_command(void **state)
{
	expect_fault("absent", HF_NOTFOUND, "holdfast hsm init-master");
}

static void an_extractable_master_key_is_refused(void **state)
{
	secret_key_make(&session, CKK_AES, "extractable", FAULT_EXTRACTABLE);
	expect_fault("extractable", HF_STOP, "is EXTRACTABLE");
}

static void a_master_key_that_decrypts_is_refused(void **state)
{
	secret_key_make(&session, CKK_AES, "decrypts", FAULT_DECRYPT);
	expect_fault("decrypts", HF_STOP, "may decrypt");
}

static void a_master_key_that_cannot_unwrap_is_refused(void **state)
{
	secret_key_make(&session, CKK_AES, "no-unwrap", FAULT_NO_UNWRAP);
	expect_fault("no-unwrap", HF_STOP, "may not unwrap");
}

static void a_short_master_key_is_refused(void **state)
{
	secret_key_make(&session, CKK_AES, "short", FAULT_SHORT);
	expect_fault("short", HF_STOP, "no AES-256 key");
}

static void a_master_key_without_an_id_is_refused(void **state)
{
	secret_key_make(&session, CKK_AES, "no-id", FAULT_NO_ID);
	expect_fault("no-id", HF_STOP, "no CKA_ID");
}

static void two_master_keys_of_one_label_are_refused(void **state)
{
	secret_key_make(&session, CKK_AES, "twins", 0);
	secret_key_make(&session, CKK_AES, "twins", 0);
	expect_fault("twins", HF_STOP, "more than one master key");
}

static void a_missing_mac_key_is_refused(void **state)
{
	secret_key_make(&session, CKK_AES, "lonely", 0);
	expect_fault("lonely", HF_STOP, "MAC key lonely-mac is missing");
}

static void a_mac_key_of_another_pair_is_refused(void **state)
{
	secret_key_make(&session, CKK_AES, "pair", 0);
	secret_key_make(&session, CKK_GENERIC_SECRET, "pair-mac", FAULT_OTHER_ID);
	expect_fault("pair", HF_STOP, "not of one pair");
}

static void an_extractable_mac_key_is_refused(void **state)
{
	secret_key_make(&session, CKK_AES, "leaky", 0);
	secret_key_make(&session, CKK_GENERIC_SECRET, "leaky-mac", FAULT_EXTRACTABLE);
	expect_fault("leaky", HF_STOP, "leaky-mac");
}

static void a_read_only_session_makes_no_master_key(void **state)
{
	struct p11_session ro = token_session(&token, false);
	struct p11_master m;

	CHECK_CODE(p11_master_create(&ro, "read-only", &m, NULL), HF_STATE);
	assert_int_equal(ro.rv, CKR_SESSION_READ_ONLY);
	p11_session_close(&ro);
}

static void a_temporary_master_leaves_nothing_behind(void **state)
{
	struct p11_master m;

	CHECK_OK(p11_master_temporary(&session, &m, NULL));
	assert_int_equal(session.live, 2);
	p11_master_done(&session, &m);
	assert_int_equal(session.live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_made_is_found),
		cmocka_unit_test(a_second_master_key_is_not_made),
		cmocka_unit_test(two_masters_make_different_macs),
		cmocka_unit_test(a_missing_master_key_names_the_command),
		cmocka_unit_test(an_extractable_master_key_is_refused),
		cmocka_unit_test(a_master_key_that_decrypts_is_refused),
		cmocka_unit_test(a_master_key_that_cannot_unwrap_is_refused),
		cmocka_unit_test(a_short_master_key_is_refused),
		cmocka_unit_test(a_master_key_without_an_id_is_refused),
		cmocka_unit_test(two_master_keys_of_one_label_are_refused),
		cmocka_unit_test(a_missing_mac_key_is_refused),
		cmocka_unit_test(a_mac_key_of_another_pair_is_refused),
		cmocka_unit_test(an_extractable_mac_key_is_refused),
		cmocka_unit_test(a_read_only_session_makes_no_master_key),
		cmocka_unit_test(a_temporary_master_leaves_nothing_behind),
	};
	int failed = cmocka_run_group_tests_name("quick", tests, start_quick, stop);

	softhsm_need();
	return failed + cmocka_run_group_tests_name("softhsm", tests, start_softhsm, stop);
}
