/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "p11/rawloop.h"

static void results_of_processes_add_up(void **state)
{
	struct rawloop_result a = { .us = 1000 }, b = { .us = 900 };

	for (int i = 0; i < 90; i++)
		hf_latency_add(&a.latency, 8);
	for (int i = 0; i < 10; i++)
		hf_latency_add(&b.latency, 4096);
	rawloop_add(&a, &b);
	assert_int_equal(a.latency.count, 100);
	assert_int_equal(a.us, 1000);
	assert_int_equal(a.latency.max_us, 4096);
	CHECK(hf_latency_percentile(&a.latency, 0.5) <= 9);
	CHECK(hf_latency_percentile(&a.latency, 0.99) >= 4096);
}

static void a_loop_without_an_end_is_refused(void **state)
{
	struct p11_session s = { 0 };
	struct p11_profile profile = { 0 };
	struct rawloop_config config = { .kind = RAWLOOP_SIGN, .type = KEY_P256 };
	struct rawloop_result r;

	CHECK_CODE(p11_rawloop(&s, &profile, NULL, &config, &r, NULL), HF_INVALID);
	config.count = 1;
	CHECK_CODE(p11_rawloop(&s, &profile, NULL, &config, &r, NULL), HF_UNSUPPORTED);
	config.count = 0;
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
