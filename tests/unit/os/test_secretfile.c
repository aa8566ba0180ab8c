/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "os/secretfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/holdfast-secret-XXXXXX";
static char path[64];

static void put(const void *bytes, size_t len, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && fchmod(fd, mode) == 0);
	close(fd);
}

static void one_newline_is_not_part_of_the_pin(void **state)
{
	struct hf_secret pin = { 0 };

	put("1234\n\n", 6, 0600);
	CHECK_OK(os_secret_file(path, &pin, NULL));
	CHECK(hf_secret_equal(&pin, "1234\n", 5));
	hf_secret_done(&pin);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
	struct hf_secret pin = { 0 };
	struct hf_err err;

	put("1234", 4, 0640);
	CHECK_CODE(os_secret_file(path, &pin, &err), HF_DENIED);
	CHECK(strstr(err.text, "chmod 600"));
	put("1234", 4, 0604);
	CHECK_CODE(os_secret_file(path, &pin, NULL), HF_DENIED);
	CHECK(!pin.ptr);
}

static void a_link_a_folder_and_a_missing_file_are_refused(void **state)
{
	struct hf_secret pin = { 0 };
	char link[80];

	put("1234", 4, 0600);
	snprintf(link, sizeof(link), "%s.link", path);
	CHECK(symlink(path, link) == 0);
	CHECK_CODE(os_secret_file(link, &pin, NULL), HF_DENIED);
	unlink(link);
	CHECK_CODE(os_secret_file(dir, &pin, NULL), HF_DENIED);
	CHECK_CODE(os_secret_file("/nonexistent/pin", &pin, NULL), HF_NOTFOUND);
}

static void an_empty_and_an_endless_file_are_refused(void **state)
{
	static char big[SECRET_FILE_MAX + 1];
	struct hf_secret pin = { 0 };

	put("\n", 1, 0600);
	CHECK_CODE(os_secret_file(path, &pin, NULL), HF_INVALID);
	memset(big, 'x', sizeof(big));
	put(big, sizeof(big), 0600);
	CHECK_CODE(os_secret_file(path, &pin, NULL), HF_TOOBIG);
}

static void a_credential_comes_from_its_directory_only(void **state)
{
	struct hf_secret pin = { 0 };

	unsetenv("CREDENTIALS_DIRECTORY");
	CHECK_CODE(os_secret_credential("pin", &pin, NULL), HF_NOTFOUND);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	put("1234", 4, 0400);
	CHECK_CODE(os_secret_credential("../pin", &pin, NULL), HF_NOTFOUND);
	CHECK_OK(os_secret_credential("pin", &pin, NULL));
	CHECK(hf_secret_equal(&pin, "1234", 4));
	hf_secret_done(&pin);
}

static int set_up(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/pin", dir);
	return 0;
}

static int tear_down(void **state)
{
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_newline_is_not_part_of_the_pin),
		cmocka_unit_test(a_file_that_others_may_read_is_refused),
		cmocka_unit_test(a_link_a_folder_and_a_missing_file_are_refused),
		cmocka_unit_test(an_empty_and_an_endless_file_are_refused),
		cmocka_unit_test(a_credential_comes_from_its_directory_only),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
