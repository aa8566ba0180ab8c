/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/metrics.h"

#include <string.h>

static void a_sample_stands_under_its_help_and_type(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(4096);

	hf_metric(&b, "jobs_total", "Jobs.", HF_METRIC_COUNTER, 3);
	CHECK(hf_span_is(hf_buf_span(&b), "# HELP jobs_total Jobs.\n"
	                                  "# TYPE jobs_total counter\n"
	                                  "jobs_total 3\n"));
}

static void labels_are_escaped(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(4096);
	const struct hf_label labels[] = { { "a", "x\"y\\z\n" }, { "b", "" } };

	hf_metric_sample(&b, "m", labels, 2, 9007199254740991.0);
	CHECK(hf_span_is(hf_buf_span(&b), "m{a=\"x\\\"y\\\\z\\n\",b=\"\"} 9007199254740991\n"));
}

static void a_histogram_counts_up_to_each_bound(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(1u << 16);
	struct hf_histogram h = { 0 };

	hf_histogram_add(&h, 250);
	hf_histogram_add(&h, 251);
	hf_histogram_add(&h, 60000000);
	hf_metric_histogram(&b, "t", &(struct hf_label){ "k", "v" }, 1, &h);
	hf_buf_u8(&b, 0);
	CHECK(strstr((char *)b.ptr, "t_bucket{k=\"v\",le=\"0.00025\"} 1\n"));
	CHECK(strstr((char *)b.ptr, "t_bucket{k=\"v\",le=\"0.0005\"} 2\n"));
	CHECK(strstr((char *)b.ptr, "t_bucket{k=\"v\",le=\"20\"} 2\n"));
	CHECK(strstr((char *)b.ptr, "t_bucket{k=\"v\",le=\"+Inf\"} 3\n"));
	CHECK(strstr((char *)b.ptr, "t_sum{k=\"v\"} 60.0005"));
	CHECK(strstr((char *)b.ptr, "t_count{k=\"v\"} 3\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_stands_under_its_help_and_type),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(a_histogram_counts_up_to_each_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
