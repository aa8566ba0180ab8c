/* SPDX-License-Identifier: Apache-2.0 */
#include "../check.h"

#include "base/clock.h"
#include "driver/health.h"
#include "http/client.h"

#include <stdio.h>
#include <string.h>

static struct driver_metrics metrics;
static struct health *health;
static struct http_client *client;
static int status;
static char body[HF_METRICS_TEXT_MAX];

static int set_up(void **state)
{
	struct http_client_config config = { 0 };
	char url[64];

	memset(&metrics, 0, sizeof(metrics));
	CHECK_OK(health_start("127.0.0.1:0", &metrics, &health, NULL));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", health_port(health));
	config.base_url = url;
	CHECK_OK(http_client_new(&config, &client, NULL));
	return 0;
}

static int tear_down(void **state)
{
	http_client_free(client);
	health_stop(health);
	return 0;
}

static void replied(void *ctx, const struct http_reply *reply)
{
	status = reply->status;
	snprintf(body, sizeof(body), "%.*s", (int)reply->body.len, (const char *)reply->body.ptr);
}

static void get(const char *path)
{
	struct http_client_request request = {
		.method = "GET", .path = path, .timeout_ms = 20000, .done = replied
	};

	status = 0;
	body[0] = 0;
	CHECK_OK(http_client_send(client, &request));
	while (http_client_pending(client) > 0)
		CHECK_OK(http_client_step(client, NULL, 0, 20));
}

static void update(enum hsmhost_health hsm, const char *reason, const char *problem,
                   const char *database)
{
	struct hsmhost_stats h = { .health = hsm, .signers_ready = 2 };
	struct keydb_front_stats d = { .readable = !database[0] };
	struct queue_client_stats q = { .connected = !problem[0], .problem = problem, .outbox = 3 };

	snprintf(h.reason, sizeof(h.reason), "%s", reason);
	snprintf(d.problem, sizeof(d.problem), "%s", database);
	health_update(health, &h, &q, &d);
}

static void before_the_first_turn_it_is_starting(void **state)
{
	get("/health");
	assert_int_equal(status, 500);
	assert_string_equal(body, "starting");
}

static void well_is_204_and_empty(void **state)
{
	update(HSMHOST_HEALTHY, "", "", "");
	get("/health");
	assert_int_equal(status, 204);
	assert_string_equal(body, "");
}

static void unwell_is_500_with_every_reason(void **state)
{
	update(HSMHOST_RECOVERING, "cable pulled", "connection refused", "disk full");
	get("/health");
	assert_int_equal(status, 500);
	assert_string_equal(body,
	                    "HSM: cable pulled; queue: connection refused; database: disk full");
	update(HSMHOST_HEALTHY, "", "", "");
	get("/health");
	assert_int_equal(status, 204);
}

static void metrics_tell_what_was_counted(void **state)
{
	driver_metrics_count(&metrics, OP_SIGN, OP_DONE);
	hf_histogram_add(&metrics.hsm[OP_SIGN], 900);
	update(HSMHOST_HEALTHY, "", "", "");
	get("/metrics");
	assert_int_equal(status, 200);
	CHECK(strstr(body, "holdfast_driver_jobs_total{kind=\"sign\",outcome=\"done\"} 1\n"));
	CHECK(strstr(body, "holdfast_driver_hsm_seconds_count{kind=\"sign\"} 1\n"));
	CHECK(strstr(body, "holdfast_driver_signers_ready 2\n"));
	CHECK(strstr(body, "holdfast_driver_outbox 3\n"));
	CHECK(strstr(body, "holdfast_build_info{version="));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(before_the_first_turn_it_is_starting),
		TEST(well_is_204_and_empty),
		TEST(unwell_is_500_with_every_reason),
		TEST(metrics_tell_what_was_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
