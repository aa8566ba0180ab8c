/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench.h"

#include "hsmhost/task.h"
#include "json/read.h"

#include <stdio.h>
#include <string.h>

enum { REPORT_MAX = 4 << 20 };

double bench_rate(const struct bench_result *r)
{
	return r->seconds > 0 ? (double)r->latency.count / r->seconds : 0;
}

static hf_status add_report(const struct json_t *report, struct bench_result *to,
                            struct hf_err *err)
{
	const struct json_t *buckets = json_member(report, "buckets");
	double seconds = (double)json_value_int(json_member(report, "microseconds")) / 1e6;
	struct hf_latency one = { .count = (uint64_t)json_value_int(json_member(report, "ops")),
		                  .max_us = json_value_int(json_member(report, "max")) };

	if (json_count(buckets) != HF_LATENCY_BUCKETS)
		return hf_fail(err, HF_INVALID,
		               "the signer's report is of another release: install both from one");
	for (size_t i = 0; i < HF_LATENCY_BUCKETS; i++)
		one.buckets[i] = (uint64_t)json_value_int(json_element(buckets, i));
	hf_latency_merge(&to->latency, &one);
	if (seconds > to->seconds)
		to->seconds = seconds;
	return HF_SUCCESS;
}

hf_status bench_raw(const struct hsmhost_config *config, const char *kind, const char *key_type,
                    int64_t ms, struct bench_result *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf report = HF_BUF(REPORT_MAX);
	JSON_SCOPED struct json_t *doc = NULL;
	char args[160];

	snprintf(args, sizeof(args), "{\"kind\":\"%s\",\"key_type\":\"%s\",\"ms\":%lld}", kind,
	         key_type, (long long)ms);
	HF_TRY(hsmhost_task(config, TASK_BENCH, args, NULL, NULL, &report, err));
	HF_TRY(json_parse(hf_buf_span(&report), REPORT_MAX, &doc, err));
	memset(ret, 0, sizeof(*ret));
	if (config->processes <= 1)
		return add_report(doc, ret, err);
	for (size_t i = 0; i < json_count(doc); i++)
		HF_TRY(add_report(json_element(doc, i), ret, err));
	return HF_SUCCESS;
}

void bench_print_head(const char *first_column)
{
	printf("%-52s %10s %9s %9s %9s %9s\n", first_column, "per second", "p50 ms", "p90 ms",
	       "p99 ms", "max ms");
}

void bench_print(const char *name, const struct bench_result *r)
{
	printf("%-52s %10.0f %9.3f %9.3f %9.3f %9.3f\n", name, bench_rate(r),
	       (double)hf_latency_percentile(&r->latency, 0.5) / 1000,
	       (double)hf_latency_percentile(&r->latency, 0.9) / 1000,
	       (double)hf_latency_percentile(&r->latency, 0.99) / 1000,
	       (double)r->latency.max_us / 1000);
	fflush(stdout);
}
