/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "script.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void each_kind_of_rule_is_read(void **state)
{
	struct fault_script s;
	struct fault_rule *r = s.rules;

	script_parse("# a comment\n"
	             "C_Sign nth=3 return CKR_DEVICE_ERROR\n"
	             "\n"
	             "C_Sign every=5 delay=10ms # and one behind\n"
	             "C_OpenSession cap=4\n"
	             "* delay=0.3ms\n"
	             "C_Sign nth=1 return 0x80000024 once=first shared\n"
	             "C_Login pin-locked",
	             &s);
	assert_int_equal(s.n_rules, 6);
	assert_int_equal(r[0].rv, CKR_DEVICE_ERROR);
	assert_int_equal(r[0].nth, 3);
	assert_int_equal(r[1].delay_us, 10000);
	assert_int_equal(r[2].cap, 4);
	assert_int_equal(r[3].delay_us, 300);
	assert_int_equal(r[4].rv, 0x80000024);
	assert_string_equal(r[4].once, "first");
	CHECK(r[4].shared);
	assert_int_equal(r[5].action, FAULT_PIN_LOCKED);
}

static void each_setting_is_read(void **state)
{
	struct fault_script s;

	script_parse("latency 0.3ms\nlatency-all 10us # both\n"
	             "engines 4 200us\nidle-sessions 2s\nreuse-handles\n\tcount\n",
	             &s);
	assert_int_equal(s.n_rules, 0);
	assert_int_equal(s.latency_us, 300);
	assert_int_equal(s.latency_all_us, 10);
	assert_int_equal(s.engines, 4);
	assert_int_equal(s.service_us, 200);
	assert_int_equal(s.idle_us, 2000000);
	CHECK(s.reuse_handles && s.count);
	script_parse("", &s);
	CHECK(!s.latency_us && !s.count && !s.engines);
}

static void aborts_on(const char *script)
{
	struct fault_script s;
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		script_parse(script, &s);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void a_misspelt_line_ends_the_test(void **state)
{
	aborts_on("C_Sign nth=1 explode");
	aborts_on("C_Sign nth=1");
	aborts_on("C_Sign delay=10");
	aborts_on("latency");
	aborts_on("latency 1 ms");
	aborts_on("engines many 1ms");
	aborts_on("reuse-handles always");
	aborts_on("slow");
}

static void nth_strikes_once_and_every_again_and_again(void **state)
{
	struct fault_rule nth = { .nth = 2 }, every = { .every = 2 };
	unsigned nth_count = 0, every_count = 0;

	for (int i = 0; i < 6; i++) {
		nth_count += script_strikes(&nth);
		every_count += script_strikes(&every);
	}
	assert_int_equal(nth_count, 1);
	assert_int_equal(every_count, 3);
}

/* Two structs stand for two processes: what they share is the files. */
static void once_and_shared_count_over_processes(void **state)
{
	char dir[] = "/tmp/holdfast-script-XXXXXX", path[64], file[96];
	struct fault_rule a = { .shared = true, .nth = 2, .line = 1 }, b = a;
	struct fault_rule once_a = { .once = "x" }, once_b = once_a;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/script", dir);
	setenv("HOLDFAST_FAULT_SCRIPT", path, 1);
	CHECK(!script_strikes(&a));
	CHECK(script_strikes(&b));
	CHECK(!script_strikes(&a));
	CHECK(script_strikes(&once_a));
	CHECK(!script_strikes(&once_b));
	unsetenv("HOLDFAST_FAULT_SCRIPT");
	snprintf(file, sizeof(file), "%s.count.1", path);
	unlink(file);
	snprintf(file, sizeof(file), "%s.once.x", path);
	unlink(file);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_rule_is_read),
		cmocka_unit_test(each_setting_is_read),
		cmocka_unit_test(a_misspelt_line_ends_the_test),
		cmocka_unit_test(nth_strikes_once_and_every_again_and_again),
		cmocka_unit_test(once_and_shared_count_over_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
