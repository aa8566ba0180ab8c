/* SPDX-License-Identifier: Apache-2.0
 * The prompt at a terminal of its own: a child whose controlling terminal is a pseudo-terminal of
 * ours. */
#include "check.h"

#include "base/scope.h"
#include "os/prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

/* Types `keys` once the prompt is there. Returns the code of os_prompt_secret(), or 99 when the
 * secret is not `want`; what the terminal showed is put into `shown`. */
static int ask(const char *keys, const char *want, char *shown, size_t cap)
{
	HF_FD int master = posix_openpt(O_RDWR | O_NOCTTY);
	size_t n = 0;
	int status;
	pid_t child;

	CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	child = fork();
	if (child == 0) {
		struct hf_secret secret = { 0 };
		hf_status s;
		int tty;

		setsid();
		tty = open(ptsname(master), O_RDWR);
		ioctl(tty, TIOCSCTTY, 0);
		s = os_prompt_secret("PIN: ", &secret, NULL);
		if (hf_ok(s) && !hf_secret_equal(&secret, want, strlen(want)))
			_exit(99);
		_exit((int)s.code);
	}
	for (;;) {
		struct pollfd fd = { .fd = master, .events = POLLIN };
		ssize_t got;

		CHECK(poll(&fd, 1, PATIENCE_MS) == 1);
		got = read(master, shown + n, cap - 1 - n);
		if (got <= 0)
			break; /* the child has ended */
		n += (size_t)got;
		shown[n] = 0;
		if (keys && strstr(shown, "PIN: ")) {
			CHECK(write(master, keys, strlen(keys)) == (ssize_t)strlen(keys));
			keys = NULL;
		}
	}
	waitpid(child, &status, 0);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_line_is_read_without_echo(void **state)
{
	char shown[256] = "";

	assert_int_equal(ask("1234\r", "1234", shown, sizeof(shown)), HF_OK);
	CHECK(!strstr(shown, "1234") && strstr(shown, "PIN: "));
}

static void what_was_mistyped_can_be_taken_back(void **state)
{
	char shown[256] = "";

	assert_int_equal(ask("99\x15"
	                     "12x\x7f"
	                     "34\n",
	                     "1234", shown, sizeof(shown)),
	                 HF_OK);
}

static void control_c_cancels(void **state)
{
	char shown[256] = "";

	assert_int_equal(ask("12\x03", "", shown, sizeof(shown)), HF_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_read_without_echo),
		cmocka_unit_test(what_was_mistyped_can_be_taken_back),
		cmocka_unit_test(control_c_cancels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
