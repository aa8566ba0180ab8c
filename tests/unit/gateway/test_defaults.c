/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "gateway/defaults.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char unknown_keys[256];

static void note(void *ctx, const char *key, unsigned line)
{
	size_t len = strlen(unknown_keys);

	snprintf(unknown_keys + len, sizeof(unknown_keys) - len, "%s:%u ", key, line);
}

static hf_status parse(const char *text, struct defaults *ret, struct hf_err *err)
{
	unknown_keys[0] = 0;
	return defaults_parse(hf_span_text(text), note, NULL, ret, err);
}

static void a_file_as_it_is_shipped_is_read(void **state)
{
	struct defaults d;
	struct hf_err err;

	CHECK_OK(parse("# HSM gateway\n\n"
	               "CERT_FILE=/etc/fortanix/pki/cert.p12\n"
	               "HMG_LISTEN_PORT=4443\r\n"
	               "  export CA_FILE=\"/etc/my ca.pem\" # clients\n"
	               "PKCS11_LIB_PATH='/opt/nfast/toolkits/pkcs11/libcknfast.so'",
	               &d, &err));
	assert_string_equal(d.cert_file, "/etc/fortanix/pki/cert.p12");
	assert_string_equal(d.ca_file, "/etc/my ca.pem");
	assert_string_equal(d.module, "/opt/nfast/toolkits/pkcs11/libcknfast.so");
	assert_int_equal(d.port, 4443);
}

static void quotes_are_taken_as_a_shell_does(void **state)
{
	static const struct {
		const char *text, *value;
	} cases[] = {
		{ "CA_FILE=a'b c'\"d e\"f", "ab cd ef" },
		{ "CA_FILE=a\\ b", "a b" },
		{ "CA_FILE=\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d" },
		{ "CA_FILE='$x`\"\\'", "$x`\"\\" },
		{ "CA_FILE=a#b", "a#b" },
		{ "CA_FILE=", "" },
		{ "CA_FILE=''", "" },
		{ "CA_FILE=a \t", "a" },
		{ "CA_FILE=a\nCA_FILE=b", "b" },
		{ "CA_FILE=\"\\$x\"", "$x" },
	};
	struct defaults d;
	struct hf_err err;

	for (size_t i = 0; i < HF_COUNT(cases); i++) {
		CHECK_OK(parse(cases[i].text, &d, &err));
		assert_string_equal(d.ca_file, cases[i].value);
	}
}

static void what_a_shell_would_expand_or_run_is_refused(void **state)
{
	static const char *const bad[] = { "CA_FILE=$HOME/ca",
		                           "CA_FILE=`id`",
		                           "CA_FILE=\"$x\"",
		                           "CA_FILE=a;id",
		                           "CA_FILE=a b",
		                           "CA_FILE=\"a",
		                           "CA_FILE='a",
		                           "CA_FILE=a\\",
		                           "CA_FILE = a",
		                           "CA_FILE",
		                           "=a",
		                           "9A=b",
		                           "if true; then",
		                           "CA_FILE=\x01",
		                           "CA_FILE='\x02'",
		                           "CA_FILE=<a",
		                           "HMG_LISTEN_PORT=0",
		                           "export CA_FILE",
		                           "export =a",
		                           "HMG_LISTEN_PORT=65536",
		                           "HMG_LISTEN_PORT=x",
		                           "CA_FILE=\"\x7f\n" };
	struct defaults d = { .port = 7 };
	struct hf_err err;

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		CHECK_CODE(parse(bad[i], &d, &err), HF_INVALID);
		CHECK(strncmp(err.text, "line 1: ", 8) == 0);
		assert_int_equal(d.port, 7);
	}
	CHECK_CODE(parse("# fine\nCERT_FILE=/x\noops\n", &d, &err), HF_INVALID);
	CHECK(strncmp(err.text, "line 3: ", 8) == 0);
}

static void keys_that_are_not_ours_are_told(void **state)
{
	struct defaults d;
	struct hf_err err;

	CHECK_OK(parse("RUST_LOG=info\nCERT_FILE=/x\nexport OTHER='a b'\n", &d, &err));
	assert_string_equal(unknown_keys, "RUST_LOG:1 OTHER:3 ");
	assert_string_equal(d.cert_file, "/x");
}

static void what_is_too_long_is_refused(void **state)
{
	static char text[DEFAULTS_FILE_MAX + 2];
	struct defaults d;
	struct hf_err err;

	memset(text, '#', DEFAULTS_FILE_MAX + 1);
	CHECK_CODE(parse(text, &d, &err), HF_TOOBIG);
	text[DEFAULTS_FILE_MAX] = 0;
	CHECK_OK(parse(text, &d, &err));
	memset(text, 'x', 2000);
	memcpy(text, "CA_FILE=/", 9);
	text[2000] = 0;
	CHECK_CODE(parse(text, &d, &err), HF_TOOBIG);
	text[8 + DEFAULTS_PATH_MAX - 1] = 0;
	CHECK_OK(parse(text, &d, &err));
	assert_int_equal(strlen(d.ca_file), DEFAULTS_PATH_MAX - 1);
	memset(text, 'K', 200);
	text[200] = 0;
	CHECK_CODE(parse(text, &d, &err), HF_INVALID);
}

static void a_file_that_others_may_write_is_refused(void **state)
{
	char path[] = "/tmp/holdfast-defaults-XXXXXX";
	int fd = mkstemp(path);
	struct defaults d;
	struct hf_err err;

	CHECK(fd >= 0 && write(fd, "CA_FILE=/x\n", 11) == 11 && fchmod(fd, 0644) == 0);
	CHECK_OK(defaults_read(path, &d, &err));
	assert_string_equal(d.ca_file, "/x");
	CHECK(fchmod(fd, 0646) == 0);
	CHECK_CODE(defaults_read(path, &d, &err), HF_DENIED);
	CHECK(strstr(err.text, path));
	close(fd);
	unlink(path);
	CHECK_CODE(defaults_read(path, &d, &err), HF_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_as_it_is_shipped_is_read),
		cmocka_unit_test(quotes_are_taken_as_a_shell_does),
		cmocka_unit_test(what_a_shell_would_expand_or_run_is_refused),
		cmocka_unit_test(keys_that_are_not_ours_are_told),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(a_file_that_others_may_write_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
