/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/secret.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* AddressSanitizer makes mlock() do nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED false
#endif

static void a_secret_is_locked_and_kept_out_of_core_dumps(void **state)
{
	HF_SECRET struct hf_secret s = { 0 };
	char line[512], want[32];
	bool inside = false, locked = false, dumpless = false;
	FILE *f;

	CHECK_OK(hf_secret_new(100, &s));
	snprintf(want, sizeof(want), "%lx-", (unsigned long)s.ptr);
	f = fopen("/proc/self/smaps", "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strchr(line, '-') && !strncmp(line, want, strlen(want)))
			inside = true;
		if (inside && !strncmp(line, "VmFlags:", 8)) {
			locked = strstr(line, " lo") != NULL;
			dumpless = strstr(line, " dd") != NULL;
			break;
		}
	}
	fclose(f);
	CHECK(inside && dumpless);
	CHECK(locked || SANITIZED);
}

static void a_forked_child_does_not_see_it(void **state)
{
	HF_SECRET struct hf_secret s = { 0 };
	int status;
	pid_t pid;

	CHECK_OK(hf_secret_copy("hush", 4, &s));
	pid = fork();
	if (pid == 0)
		_exit(s.ptr[0] == 0 ? 0 : 1);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(hf_secret_equal(&s, "hush", 4));
}

static void equality_needs_the_same_length_and_bytes(void **state)
{
	HF_SECRET struct hf_secret s = { 0 };

	CHECK_OK(hf_secret_copy("1234", 4, &s));
	CHECK(hf_secret_equal(&s, "1234", 4));
	CHECK(!hf_secret_equal(&s, "1235", 4));
	CHECK(!hf_secret_equal(&s, "123", 3));
}

static void releasing_leaves_it_empty_and_twice_is_fine(void **state)
{
	struct hf_secret s = { 0 };

	CHECK_OK(hf_secret_copy("1234", 4, &s));
	hf_secret_done(&s);
	CHECK(s.ptr == NULL && s.len == 0);
	hf_secret_done(&s);
}

static void one_beyond_the_limit_is_refused(void **state)
{
	struct hf_secret s = { 0 };

	CHECK_CODE(hf_secret_new(HF_SECRET_MAX + 1, &s), HF_TOOBIG);
	CHECK(s.ptr == NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_locked_and_kept_out_of_core_dumps),
		cmocka_unit_test(a_forked_child_does_not_see_it),
		cmocka_unit_test(equality_needs_the_same_length_and_bytes),
		cmocka_unit_test(releasing_leaves_it_empty_and_twice_is_fine),
		cmocka_unit_test(one_beyond_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
