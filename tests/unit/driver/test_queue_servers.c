/* SPDX-License-Identifier: Apache-2.0 */
#include "../check.h"

#include "driver/queue_servers.h"

#include <string.h>

static struct queue_servers three(size_t home)
{
	struct queue_servers s;

	CHECK_OK(queue_servers_parse("https", "a:1,b.example.com:2,[::1]:3", &s, NULL));
	s.at = s.home = home;
	return s;
}

static void a_list_is_read_and_a_bad_one_refused_with_words(void **state)
{
	static const char *const bad[] = { "",        "a",        "a:",      ":1",       "a:0",
		                           "a:65536", "a:1,",     ",a:1",    "a:1,,b:2", "a/b:1",
		                           "u@a:1",   "a:1 ,b:2", "a:1;b:2", NULL };
	struct queue_servers s = three(0);
	struct hf_err err;

	assert_int_equal(s.n, 3);
	assert_string_equal(s.url[1], "https://b.example.com:2");
	assert_string_equal(s.url[2], "https://[::1]:3");
	for (size_t i = 0; bad[i]; i++) {
		CHECK_CODE(queue_servers_parse("https", bad[i], &s, &err), HF_INVALID);
		CHECK(strstr(err.text, "--proxy-addr") != NULL);
	}
	CHECK_CODE(queue_servers_parse("https", NULL, &s, &err), HF_INVALID);
}

static void drivers_begin_at_different_servers(void **state)
{
	struct queue_servers s;
	unsigned seen = 0;

	for (int i = 0; i < 200; i++) {
		CHECK_OK(queue_servers_parse("https", "a:1,b:2,c:3", &s, NULL));
		seen |= 1u << s.at;
	}
	assert_int_equal(seen, 7);
}

static void one_that_does_not_answer_is_left_at_once(void **state)
{
	struct queue_servers s = three(1);
	bool pause;

	CHECK(queue_servers_failed(&s, false, 1000, &pause));
	assert_int_equal(s.at, 2);
	CHECK(!pause);
	CHECK(queue_servers_failed(&s, false, 1000, &pause));
	assert_int_equal(s.at, 0);
	CHECK(!pause);
	CHECK(queue_servers_failed(&s, false, 1000, &pause));
	CHECK(pause); /* all were tried */
}

static void one_that_answers_with_errors_is_given_a_while(void **state)
{
	struct queue_servers s = three(0);
	bool pause;

	CHECK(!queue_servers_failed(&s, true, 1000, &pause));
	CHECK(pause);
	CHECK(!queue_servers_failed(&s, true, 2900, &pause));
	CHECK(queue_servers_failed(&s, true, 3100, &pause));
	assert_int_equal(s.at, 1);
	CHECK(!pause);
}

static void a_single_one_is_never_left(void **state)
{
	struct queue_servers s;
	bool pause = false;

	CHECK_OK(queue_servers_parse("https", "a:1", &s, NULL));
	CHECK(!queue_servers_failed(&s, true, 1000, &pause));
	CHECK(queue_servers_failed(&s, false, 1000000, &pause));
	CHECK(pause);
	assert_int_equal(s.at, 0);
}

static void a_driver_returns_to_its_place_after_a_while_and_less_and_less_often(void **state)
{
	struct queue_servers s = three(0);
	bool pause;

	CHECK(queue_servers_failed(&s, false, 1000, &pause));
	queue_servers_succeeded(&s, 1000);
	CHECK(!queue_servers_go_home(&s, 5000));
	CHECK(queue_servers_go_home(&s, 70000));
	assert_int_equal(s.at, 0);
	CHECK(queue_servers_failed(&s, false, 71000, &pause));
	assert_int_equal(s.at, 1);
	CHECK(!pause);
	queue_servers_succeeded(&s, 71000);
	CHECK(s.journeys == 1);
	CHECK(queue_servers_go_home(&s, 71000 + 120000));
	queue_servers_succeeded(&s, 71000 + 120000);
	CHECK(s.journeys == 0);
	CHECK(!queue_servers_go_home(&s, 900000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_and_a_bad_one_refused_with_words),
		cmocka_unit_test(drivers_begin_at_different_servers),
		cmocka_unit_test(one_that_does_not_answer_is_left_at_once),
		cmocka_unit_test(one_that_answers_with_errors_is_given_a_while),
		cmocka_unit_test(a_single_one_is_never_left),
		cmocka_unit_test(
		        a_driver_returns_to_its_place_after_a_while_and_less_and_less_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
