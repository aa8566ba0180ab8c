/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "os/trustedfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[96], other[96];

static int set_up(void **state)
{
	FILE *f;

	strcpy(dir, "/tmp/holdfast-trusted-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	f = fopen(path, "w");
	CHECK(f && fputs("content", f) >= 0 && fclose(f) == 0);
	CHECK(chmod(path, 0644) == 0);
	return 0;
}

static int tear_down(void **state)
{
	unlink(path);
	unlink(other);
	rmdir(dir);
	return 0;
}

static hf_status read_it(const char *name, size_t max, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(max);
	hf_status s = os_trusted_file(name, &b, err);

	if (hf_ok(s))
		CHECK(hf_span_is(hf_buf_span(&b), "content"));
	return s;
}

static void a_file_that_others_may_only_read_is_believed(void **state)
{
	CHECK_OK(read_it(path, 7, NULL));
	CHECK_CODE(read_it(path, 6, NULL), HF_TOOBIG);
	CHECK_CODE(read_it(other, 7, NULL), HF_NOTFOUND);
}

static void one_that_others_may_write_is_not(void **state)
{
	struct hf_err err = { 0 };

	CHECK(chmod(path, 0664) == 0);
	CHECK_CODE(read_it(path, 7, &err), HF_DENIED);
	CHECK(strstr(err.text, "chmod go-w"));
	CHECK(chmod(path, 0646) == 0);
	CHECK_CODE(read_it(path, 7, NULL), HF_DENIED);
}

static void nor_is_a_link_a_directory_or_another_user_s(void **state)
{
	CHECK(symlink(path, other) == 0);
	CHECK_CODE(read_it(other, 7, NULL), HF_DENIED);
	CHECK_CODE(read_it(dir, 7, NULL), HF_DENIED);
	if (geteuid() != 0)
		return; /* nobody else can give files away */
	CHECK(chown(path, 65534, 65534) == 0);
	CHECK_CODE(read_it(path, 7, NULL), HF_DENIED);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_others_may_only_read_is_believed),
		TEST(one_that_others_may_write_is_not),
		TEST(nor_is_a_link_a_directory_or_another_user_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
