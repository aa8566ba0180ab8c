/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/latency.h"

static void percentiles_are_within_a_sixteenth(void **state)
{
	struct hf_latency l = { 0 };

	for (int us = 1; us <= 10000; us++)
		hf_latency_add(&l, us);
	CHECK(l.count == 10000 && l.max_us == 10000);
	assert_in_range(hf_latency_percentile(&l, 0.5), 5000 - 5000 / 16, 5000 + 5000 / 16);
	assert_in_range(hf_latency_percentile(&l, 0.99), 9900 - 9900 / 16, 9900 + 9900 / 16);
}

static void histograms_add_up(void **state)
{
	struct hf_latency a = { 0 }, b = { 0 };

	hf_latency_add(&a, 10);
	hf_latency_add(&b, 1000000);
	hf_latency_merge(&a, &b);
	CHECK(a.count == 2 && a.max_us == 1000000);
	CHECK(hf_latency_percentile(&a, 0) == 10);
}

static void the_extremes_have_a_place(void **state)
{
	struct hf_latency l = { 0 };

	hf_latency_add(&l, -5);
	hf_latency_add(&l, INT64_MAX);
	CHECK(l.count == 2);
	hf_latency_percentile(&l, 1);
}

static void an_empty_one_has_none(void **state)
{
	const struct hf_latency l = { 0 };

	CHECK(hf_latency_percentile(&l, 0.5) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_within_a_sixteenth),
		cmocka_unit_test(histograms_add_up),
		cmocka_unit_test(the_extremes_have_a_place),
		cmocka_unit_test(an_empty_one_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
