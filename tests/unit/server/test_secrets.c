/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "server/core/core.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[96];

static int setup(void **state)
{
	strcpy(dir, "/tmp/holdfast-secrets-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/secret", dir);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	rmdir(dir);
	return 0;
}

static void make(const void *bytes, size_t len, mode_t mode)
{
	HF_FD int fd = open(path, O_CREAT | O_WRONLY, 0600);

	CHECK(fd >= 0);
	CHECK(write(fd, bytes, len) == (ssize_t)len);
	CHECK(fchmod(fd, mode) == 0);
}

static void every_purpose_gets_a_key_of_its_own_the_same_each_time(void **state)
{
	struct core_secrets a = { 0 }, b = { 0 };

	make("0123456789abcdef0123456789abcde\n", 32, 0600); /* a newline is a byte like others */
	CHECK_OK(core_secrets_load(path, &a, NULL));
	CHECK_OK(core_secrets_load(path, &b, NULL));
	CHECK(a.token_seed.len == CORE_KEY_LEN);
	CHECK(hf_secret_equal(&a.token_seed, b.token_seed.ptr, b.token_seed.len));
	CHECK(!hf_secret_equal(&a.token_seed, a.challenge_mac.ptr, CORE_KEY_LEN));
	CHECK(!hf_secret_equal(&a.challenge_mac, a.action_mac.ptr, CORE_KEY_LEN));
	CHECK(!hf_secret_equal(&a.action_mac, a.paging_mac.ptr, CORE_KEY_LEN));
	core_secrets_done(&a);
	core_secrets_done(&b);
}

static void a_missing_file_says_how_to_make_it(void **state)
{
	struct core_secrets s;
	struct hf_err err = { 0 };

	CHECK_CODE(core_secrets_load(path, &s, &err), HF_IO);
	CHECK(strstr(err.text, "holdfast server init") != NULL);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
	struct core_secrets s;
	struct hf_err err = { 0 };

	make("0123456789abcdef0123456789abcdef", 32, 0640);
	CHECK_CODE(core_secrets_load(path, &s, &err), HF_DENIED);
	CHECK(strstr(err.text, "chmod 600") != NULL);
}

static void a_file_of_another_length_is_refused(void **state)
{
	struct core_secrets s;

	make("0123456789abcdef0123456789abcdef\n", 33, 0600);
	CHECK_CODE(core_secrets_load(path, &s, NULL), HF_INVALID);
}

static void a_symbolic_link_is_refused(void **state)
{
	struct core_secrets s;

	CHECK(symlink("/dev/zero", path) == 0);
	CHECK_CODE(core_secrets_load(path, &s, NULL), HF_IO);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_purpose_gets_a_key_of_its_own_the_same_each_time),
		CASE(a_missing_file_says_how_to_make_it),
		CASE(a_file_that_others_may_read_is_refused),
		CASE(a_file_of_another_length_is_refused),
		CASE(a_symbolic_link_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
