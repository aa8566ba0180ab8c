/* SPDX-License-Identifier: Apache-2.0 */
#include "../check.h"

#include "driver/pace.h"

static void an_idle_driver_holds_twice_what_the_hsm_takes(void **state)
{
	struct pace p = { 0 };

	assert_int_equal(pace_target(&p, 6, 2000, 1000000), 12);
	assert_int_equal(pace_target(&p, 0, 2000, 1000000), 0);
	CHECK(!pace_may_gather(&p, 0));
}

static void a_busy_driver_holds_what_it_does_in_two_round_trips(void **state)
{
	struct pace p = { 0 };
	int64_t now = 0;

	for (int i = 0; i < 20000; i++)
		pace_ended(&p, false, now += 100); /* ten thousand a second */
	assert_in_range(pace_target(&p, 6, 4000, now), 6 + 265, 6 + 281);
	CHECK(!pace_may_gather(&p, 80));
	CHECK(pace_may_gather(&p, 120));
}

static void a_slow_queue_does_not_make_it_hoard(void **state)
{
	struct pace p = { 0 };
	int64_t now = 0;

	for (int i = 0; i < 20000; i++)
		pace_ended(&p, false, now += 100);
	assert_int_equal(pace_target(&p, 6, 10000000, now), 6 + 1024);
}

static void jobs_to_be_tried_again_bring_a_growing_rest(void **state)
{
	struct pace p = { 0 };
	int64_t now = 1000000, longest = 0;

	for (int i = 0; i < 10; i++) {
		int64_t rest;

		pace_ended(&p, true, now);
		rest = pace_rest_ms(&p, now);
		CHECK(rest >= 50 && rest <= 3000);
		pace_ended(&p, true, now);
		assert_int_equal(pace_rest_ms(&p, now), rest);
		now += 1000 * rest;
		assert_int_equal(pace_rest_ms(&p, now), 0);
		longest = rest > longest ? rest : longest;
	}
	CHECK(longest > 100);
	pace_ended(&p, false, now);
	pace_ended(&p, true, now);
	CHECK(pace_rest_ms(&p, now) <= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_driver_holds_twice_what_the_hsm_takes),
		cmocka_unit_test(a_busy_driver_holds_what_it_does_in_two_round_trips),
		cmocka_unit_test(jobs_to_be_tried_again_bring_a_growing_rest),
		cmocka_unit_test(a_slow_queue_does_not_make_it_hoard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
