/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/clock.h"
#include "base/scope.h"
#include "os/fd.h"
#include "os/process.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

static struct os_process spawn(char *const argv[])
{
	struct os_process p;

	CHECK_OK(os_spawn(argv[0], argv, NULL, &p, NULL));
	return p;
}

/* What it prints until it closes its output. */
static void read_all(const struct os_process *p, char *to, size_t cap)
{
	size_t n = 0;

	for (;;) {
		struct pollfd fd = { .fd = p->from, .events = POLLIN };
		ssize_t got;

		CHECK(poll(&fd, 1, PATIENCE_MS) == 1);
		got = read(p->from, to + n, cap - 1 - n);
		CHECK(got >= 0);
		if (got == 0)
			break;
		n += (size_t)got;
	}
	to[n] = 0;
}

static void a_child_echoes_and_ends_when_its_input_does(void **state)
{
	char *const argv[] = { "/bin/cat", NULL };
	struct os_process p = spawn(argv);
	struct os_exit gone;
	char text[64];

	CHECK_OK(os_write_all(p.to, hf_span_text("hello")));
	os_process_hang_up(&p);
	read_all(&p, text, sizeof(text));
	assert_string_equal(text, "hello");
	CHECK_OK(os_process_wait(&p, PATIENCE_MS, &gone));
	CHECK(!gone.by_signal && gone.value == 0);
	os_process_done(&p);
}

static void a_program_that_is_not_there_is_told_as_such(void **state)
{
	char *const argv[] = { "/nonexistent/program", NULL };
	struct os_process p;
	struct hf_err err;

	CHECK_CODE(os_spawn(argv[0], argv, NULL, &p, &err), HF_NOTFOUND);
	CHECK(strstr(err.text, "/nonexistent/program"));
}

static void secrets_of_the_environment_stay_behind(void **state)
{
	char *const argv[] = { "/usr/bin/env", NULL };
	struct os_process p;
	char text[65536];

	setenv("USER_PIN", "1234", 1);
	setenv("CREDENTIALS_DIRECTORY", "/run/x", 1);
	setenv("PGPASSWORD", "s3cret", 1);
	setenv("SOFTHSM2_CONF", "/etc/passes", 1);
	p = spawn(argv);
	read_all(&p, text, sizeof(text));
	CHECK(!strstr(text, "USER_PIN") && !strstr(text, "CREDENTIALS"));
	CHECK(!strstr(text, "s3cret"));
	CHECK(strstr(text, "SOFTHSM2_CONF=/etc/passes"));
	os_process_done(&p);
}

static void only_three_descriptors_are_inherited(void **state)
{
	char *const argv[] = { "/bin/ls", "/proc/self/fd", NULL };
	HF_FD int open_here = dup(0);
	struct os_process p = spawn(argv);
	char text[256];

	CHECK(open_here >= 0);
	read_all(&p, text, sizeof(text));
	assert_string_equal(text, "0\n1\n2\n3\n"); /* 3: the directory that ls reads */
	os_process_done(&p);
}

static void a_kill_is_seen_as_a_signal(void **state)
{
	char *const argv[] = { "/bin/cat", NULL };
	struct os_process p = spawn(argv);
	struct os_exit gone;

	CHECK_CODE(os_process_wait(&p, 0, &gone), HF_TIMEOUT);
	os_process_kill(&p);
	CHECK_OK(os_process_wait(&p, PATIENCE_MS, &gone));
	CHECK(gone.by_signal && gone.value == SIGKILL);
	CHECK_CODE(os_process_wait(&p, 0, &gone), HF_NOTFOUND);
	os_process_done(&p);
}

static void a_child_ends_when_its_parent_is_killed(void **state)
{
	char *const argv[] = { "/bin/sleep", "60", NULL };
	int told[2];
	pid_t parent, grandchild = 0;
	int64_t until;

	CHECK(pipe(told) == 0);
	parent = fork();
	if (parent == 0) {
		struct os_process p;

		if (!hf_ok(os_spawn(argv[0], argv, NULL, &p, NULL)) ||
		    write(told[1], &p.pid, sizeof(p.pid)) < 0)
			_exit(1);
		pause();
	}
	CHECK(read(told[0], &grandchild, sizeof(grandchild)) == sizeof(grandchild));
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	until = hf_mono_ms() + PATIENCE_MS;
	while (os_process_rss(grandchild) > 0 && hf_mono_ms() < until)
		usleep(2000);
	assert_int_equal(os_process_rss(grandchild), 0);
}

static void resident_memory_is_told(void **state)
{
	CHECK(os_process_rss(getpid()) > 65536);
	CHECK(os_process_rss(-1) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_echoes_and_ends_when_its_input_does),
		cmocka_unit_test(a_program_that_is_not_there_is_told_as_such),
		cmocka_unit_test(secrets_of_the_environment_stay_behind),
		cmocka_unit_test(only_three_descriptors_are_inherited),
		cmocka_unit_test(a_kill_is_seen_as_a_signal),
		cmocka_unit_test(a_child_ends_when_its_parent_is_killed),
		cmocka_unit_test(resident_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
