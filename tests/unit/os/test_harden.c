/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "os/harden.h"
#include "os/notify.h"
#include "os/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *arg)
{
	return arg;
}

/* In a child, since it cannot be undone. Each failure has its own exit status. */
static int sandboxed(void)
{
	struct rlimit core;
	pthread_t thread;
	int fd;

	os_harden();
	if (!hf_ok(os_sandbox_module()))
		return 1;
	execl("/bin/true", "true", NULL);
	if (errno != EPERM)
		return 2;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || listen(fd, 1) == 0 || errno != EPERM)
		return 3;
	if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
		return 4;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0)
		return 5;
	return 0;
}

static void the_sandbox_forbids_programs_and_services_and_allows_threads(void **state)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(sandboxed());
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void a_signal_becomes_readable(void **state)
{
	int fd = -1;

	CHECK_OK(os_signals_open(&fd));
	assert_int_equal(os_signals_read(fd), 0);
	kill(getpid(), SIGTERM);
	assert_int_equal(os_signals_read(fd), SIGTERM);
	close(fd);
}

static void the_service_manager_is_told(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char got[32] = "";

	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/holdfast-notify-%d", (int)getpid());
	unlink(at.sun_path);
	CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	os_notify("READY=1");
	CHECK(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) == 7);
	assert_string_equal(got, "READY=1");
	unlink(at.sun_path);
	close(fd);
	unsetenv("NOTIFY_SOCKET");
	os_notify("READY=1"); /* to nobody: no harm */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sandbox_forbids_programs_and_services_and_allows_threads),
		cmocka_unit_test(a_signal_becomes_readable),
		cmocka_unit_test(the_service_manager_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
