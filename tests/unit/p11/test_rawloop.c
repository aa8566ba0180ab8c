/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "p11/rawloop.h"

static void results_of_processes_add_up(void **state)
{
	struct rawloop_result a = { .ops = 90, .us = 1000, .max_us = 12 },
	                      b = { .ops = 10, .us = 900, .max_us = 5000 };

	a.histogram[16 * 3] = 90;  /* 8 us */
	b.histogram[16 * 12] = 10; /* 4096 us */
	rawloop_add(&a, &b);
	assert_int_equal(a.ops, 100);
	assert_int_equal(a.us, 1000);
	assert_int_equal(a.max_us, 5000);
	assert_int_equal(a.p50_us, 8);
	assert_int_equal(a.p99_us, 4096);
}

static void a_loop_without_an_end_is_refused(void **state)
{
	struct p11_session s = { 0 };
	struct p11_profile profile = { 0 };
	struct rawloop_config config = { .kind = RAWLOOP_SIGN, .type = KEY_P256 };
	struct rawloop_result r;

	CHECK_CODE(p11_rawloop(&s, &profile, NULL, &config, &r, NULL), HF_UNSUPPORTED);
	profile.types[KEY_P256].ability = ABILITY_WRAPPED;
	CHECK_CODE(p11_rawloop(&s, &profile, NULL, &config, &r, NULL), HF_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_of_processes_add_up),
		cmocka_unit_test(a_loop_without_an_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
