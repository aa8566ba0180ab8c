/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/scope.h"
#include "os/lockfile.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char name[64];

static void a_lock_excludes_until_it_is_released(void **state)
{
	HF_FD int other = -1;
	struct hf_err err;
	int mine = -1;

	CHECK_OK(os_lock_take(name, 0, &mine, NULL));
	CHECK_CODE(os_lock_take(name, 20, &other, &err), HF_TIMEOUT);
	CHECK(strstr(err.text, name));
	close(mine);
	CHECK_OK(os_lock_take(name, 0, &other, NULL));
}

static void a_lock_is_dropped_when_its_holder_ends(void **state)
{
	HF_FD int mine = -1;
	pid_t child = fork();

	if (child == 0) {
		int held;

		_exit(hf_ok(os_lock_take(name, 1000, &held, NULL)) ? 0 : 1);
	}
	waitpid(child, NULL, 0);
	CHECK_OK(os_lock_take(name, 0, &mine, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_excludes_until_it_is_released),
		cmocka_unit_test(a_lock_is_dropped_when_its_holder_ends),
	};

	snprintf(name, sizeof(name), "test-%d", (int)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
