/* SPDX-License-Identifier: Apache-2.0
 * Before the first signature: modules, slots, PINs; each fault with words that say what to do. */
#include "token.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_token two; /* SoftHSM2 with the tokens "one" and "other" */

static int start(void **state)
{
	softhsm_dir(&two);
	softhsm_init_token("one");
	softhsm_init_token("other");
	CHECK_OK(p11_module_open(SOFTHSM, "", &two.module, NULL));
	return 0;
}

static int stop(void **state)
{
	token_stop(&two);
	return 0;
}

static void expect_open(const char *path, enum hf_code code, const char *words)
{
	struct p11_module m;
	struct hf_err err = { 0 };

	CHECK_CODE(p11_module_open(path, "", &m, &err), code);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void a_relative_path_is_refused(void **state)
{
	expect_open("libsofthsm2.so", HF_INVALID, "absolute path");
}

static void a_missing_module_is_named(void **state)
{
	expect_open("/nonexistent/lib.so", HF_INVALID, "/nonexistent/lib.so: No such file");
}

static void a_folder_is_no_module(void **state)
{
	expect_open("/usr/lib", HF_INVALID, "is not a file");
}

static void a_library_that_is_not_pkcs11_is_refused(void **state)
{
	expect_open(OTHER_LIBRARY, HF_INVALID, "no PKCS#11 library");
}

static void a_module_that_others_may_write_is_refused(void **state)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/lib.so", two.dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(fchmod(fd, 0620), 0);
	close(fd);
	expect_open(path, HF_DENIED, "chmod go-w");
	unlink(path);
}

static void a_module_in_a_folder_that_others_may_write_is_refused(void **state)
{
	char dir[96], path[128];

	snprintf(dir, sizeof(dir), "%s/open", two.dir);
	snprintf(path, sizeof(path), "%s/lib.so", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(chmod(dir, 0777), 0);
	expect_open(path, HF_DENIED, "folder");
	unlink(path);
	rmdir(dir);
}

static void a_token_is_found_by_label_serial_number_and_uri(void **state)
{
	struct p11_token by_label, again;
	char text[128];

	CHECK_OK(p11_slot_find(&two.module, "label:other", &by_label, NULL));
	assert_string_equal(by_label.label, "other");
	snprintf(text, sizeof(text), "serial:%s", by_label.serial);
	CHECK_OK(p11_slot_find(&two.module, text, &again, NULL));
	assert_int_equal(again.slot, by_label.slot);
	snprintf(text, sizeof(text), "number:%lu", by_label.slot);
	CHECK_OK(p11_slot_find(&two.module, text, &again, NULL));
	assert_string_equal(again.serial, by_label.serial);
	snprintf(text, sizeof(text), "pkcs11:token=other;serial=%s", by_label.serial);
	CHECK_OK(p11_slot_find(&two.module, text, &again, NULL));
	assert_int_equal(again.slot, by_label.slot);
}

static void of_two_tokens_none_is_guessed(void **state)
{
	struct p11_token t;
	struct hf_err err;

	CHECK_CODE(p11_slot_find(&two.module, "", &t, &err), HF_INVALID);
	CHECK(strstr(err.text, "2 tokens match"));
	CHECK(strstr(err.text, "label:one") && strstr(err.text, "label:other"));
}

static void a_token_that_is_not_there_gets_the_list(void **state)
{
	struct p11_token t;
	struct hf_err err;

	CHECK_CODE(p11_slot_find(&two.module, "label:third", &t, &err), HF_NOTFOUND);
	CHECK(strstr(err.text, "label:one") && strstr(err.text, "number:"));
}

static struct p11_session session_of(const char *selector)
{
	struct p11_token t;
	struct p11_session s;

	CHECK_OK(p11_slot_find(&two.module, selector, &t, NULL));
	CHECK_OK(p11_session_open(&two.module, &t, false, &s, NULL));
	return s;
}

static void a_wrong_pin_stops(void **state)
{
	HF_SECRET struct hf_secret wrong = token_pin("4321");
	struct p11_session s = session_of("label:one");
	struct hf_err err;

	CHECK_CODE(p11_session_login(&s, &wrong, &err), HF_STOP);
	CHECK(strstr(err.text, "the PIN is wrong"));
	CHECK(!strstr(err.text, "4321"));
	assert_int_equal(s.rv, CKR_PIN_INCORRECT);
	p11_session_close(&s);
}

static void no_pin_stops_before_the_token_is_asked(void **state)
{
	struct p11_session s = session_of("label:one");
	struct hf_secret none = { 0 };
	struct hf_err err;

	CHECK_CODE(p11_session_login(&s, &none, &err), HF_STOP);
	CHECK(strstr(err.text, "wants a PIN"));
	p11_session_close(&s);
}

static void a_second_login_is_fine(void **state)
{
	HF_SECRET struct hf_secret pin = token_pin(TOKEN_PIN);
	struct p11_session s = session_of("label:one"), other = session_of("label:one");

	CHECK_OK(p11_session_login(&s, &pin, NULL));
	CHECK_OK(p11_session_login(&other, &pin, NULL));
	p11_session_close(&s);
	p11_session_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_relative_path_is_refused),
		cmocka_unit_test(a_missing_module_is_named),
		cmocka_unit_test(a_folder_is_no_module),
		cmocka_unit_test(a_library_that_is_not_pkcs11_is_refused),
		cmocka_unit_test(a_module_that_others_may_write_is_refused),
		cmocka_unit_test(a_module_in_a_folder_that_others_may_write_is_refused),
		cmocka_unit_test(a_token_is_found_by_label_serial_number_and_uri),
		cmocka_unit_test(of_two_tokens_none_is_guessed),
		cmocka_unit_test(a_token_that_is_not_there_gets_the_list),
		cmocka_unit_test(a_wrong_pin_stops),
		cmocka_unit_test(no_pin_stops_before_the_token_is_asked),
		cmocka_unit_test(a_second_login_is_fine),
	};

	softhsm_need();
	return cmocka_run_group_tests(tests, start, stop);
}
