/* SPDX-License-Identifier: Apache-2.0
 * The client by itself: servers that are away, slow or long-winded; waiting beside descriptors of
 * the caller's. */
#include "../check.h"
#include "stand.h"

#include "base/clock.h"
#include "base/scope.h"
#include "http/client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

HF_DEFINE_CLEANUP(http_client_free, struct http_client *)

static struct stand stand;

static int start(void **state)
{
	stand_start(&stand, &(struct stand_wish){ .idle_ms = 100 });
	return 0;
}

static int stop(void **state)
{
	stand_stop(&stand);
	return 0;
}

struct outcome {
	unsigned n;
	int status;
	char error[512];
	size_t len;
	struct http_client *again; /* asks once more from within the call */
};

static void note(void *ctx, const struct http_reply *reply);

static void ask(struct http_client *c, const char *path, int timeout_ms, struct outcome *o)
{
	struct http_client_request request = {
		.method = "GET", .path = path, .timeout_ms = timeout_ms, .done = note, .ctx = o
	};

	CHECK_OK(http_client_send(c, &request));
}

static void note(void *ctx, const struct http_reply *reply)
{
	struct outcome *o = ctx;

	o->n++;
	o->status = reply->status;
	o->len = reply->body.len;
	snprintf(o->error, sizeof(o->error), "%s", reply->error);
	if (o->again)
		ask(hf_take(o->again), "/keys/2", STAND_PATIENCE_MS, o);
}

static struct http_client *client(unsigned port, struct http_client_config config)
{
	struct http_client *c = NULL;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port);
	config.base_url = url;
	CHECK_OK(http_client_new(&config, &c, NULL));
	return c;
}

static void run(struct http_client *c)
{
	int64_t end = hf_mono_ms() + STAND_PATIENCE_MS;

	while (http_client_pending(c) && hf_mono_ms() < end)
		CHECK_OK(http_client_step(c, NULL, 0, 100));
	assert_int_equal(http_client_pending(c), 0);
}

static struct outcome get(struct http_client *c, const char *path, int timeout_ms)
{
	struct outcome o = { 0 };

	ask(c, path, timeout_ms, &o);
	run(c);
	assert_int_equal(o.n, 1);
	return o;
}

/* Its port is bound, so that it is nobody else's meanwhile. */
static void a_server_that_is_away_is_named(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	HF_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(at);
	char want[64];
	struct outcome o;

	CHECK(bind(fd, (struct sockaddr *)&at, len) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
	HF_CLEANUP(http_client_free_at)
	struct http_client *c = client(ntohs(at.sin_port), (struct http_client_config){ 0 });
	snprintf(want, sizeof(want), "cannot connect to 127.0.0.1:%u: Connection refused",
	         ntohs(at.sin_port));
	o = get(c, "/keys/1", STAND_PATIENCE_MS);
	assert_int_equal(o.status, 0);
	assert_string_equal(o.error, want);
}

static void an_answer_that_does_not_come_in_time_is_given_up(void **state)
{
	HF_CLEANUP(http_client_free_at)
	struct http_client *c = client(stand_port(&stand), (struct http_client_config){ 0 });
	int64_t begin = hf_mono_ms();
	struct outcome o = get(c, "/park", 100);

	CHECK(hf_mono_ms() - begin < STAND_PATIENCE_MS);
	CHECK(strstr(o.error, "no answer from 127.0.0.1:") && strstr(o.error, "within 100 ms"));
	stand_answer(&stand, 0);
	assert_int_equal(get(c, "/keys/1", STAND_PATIENCE_MS).status, 200);
}

static void an_answer_that_is_too_long_is_not_taken(void **state)
{
	HF_CLEANUP(http_client_free_at)
	struct http_client *c =
	        client(stand_port(&stand), (struct http_client_config){ .max_reply = 1000 });
	struct outcome o = get(c, "/long", STAND_PATIENCE_MS);

	assert_int_equal(o.status, 0);
	CHECK(strstr(o.error, "is longer than 1000 bytes"));
	assert_int_equal(get(c, "/keys/1", STAND_PATIENCE_MS).status, 200);
}

static void an_answer_of_the_greatest_length_is_taken(void **state)
{
	HF_CLEANUP(http_client_free_at)
	struct http_client *c =
	        client(stand_port(&stand), (struct http_client_config){ .max_reply = 200000 });

	assert_int_equal(get(c, "/long", STAND_PATIENCE_MS).len, 200000);
}

static void connections_that_the_server_closed_meanwhile_do_no_harm(void **state)
{
	HF_CLEANUP(http_client_free_at)
	struct http_client *c = client(stand_port(&stand), (struct http_client_config){ 0 });

	assert_int_equal(get(c, "/keys/1", STAND_PATIENCE_MS).status, 200);
	usleep(250000); /* the stand's idle time is over */
	assert_int_equal(get(c, "/keys/1", STAND_PATIENCE_MS).status, 200);
}

static void more_requests_than_connections_wait_their_turn(void **state)
{
	HF_CLEANUP(http_client_free_at)
	struct http_client *c =
	        client(stand_port(&stand), (struct http_client_config){ .max_connections = 2 });
	struct outcome o = { 0 };

	for (int i = 0; i < 20; i++)
		ask(c, "/keys/1", STAND_PATIENCE_MS, &o);
	assert_int_equal(http_client_pending(c), 20);
	run(c);
	assert_int_equal(o.n, 20);
	assert_int_equal(o.status, 200);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
	HF_CLEANUP(http_client_free_at) struct http_client *c = NULL;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	c = client(stand_port(&stand), (struct http_client_config){ 0 });
	assert_int_equal(get(c, "/keys/1", STAND_PATIENCE_MS).status, 200);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

static void a_request_may_be_made_from_within_an_answer(void **state)
{
	HF_CLEANUP(http_client_free_at)
	struct http_client *c = client(stand_port(&stand), (struct http_client_config){ 0 });
	struct outcome o = { .again = c };

	ask(c, "/keys/1", STAND_PATIENCE_MS, &o);
	run(c);
	assert_int_equal(o.n, 2);
	assert_int_equal(o.status, 200);
}

static void a_step_ends_for_the_callers_descriptors(void **state)
{
	HF_CLEANUP(http_client_free_at)
	struct http_client *c = client(stand_port(&stand), (struct http_client_config){ 0 });
	int64_t begin = hf_mono_ms();
	int ends[2];

	CHECK(pipe(ends) == 0);
	struct pollfd fd = { .fd = ends[0], .events = POLLIN };
	CHECK_OK(http_client_step(c, &fd, 1, 20));
	assert_int_equal(fd.revents, 0);
	CHECK(write(ends[1], "x", 1) == 1);
	CHECK_OK(http_client_step(c, &fd, 1, 2 * STAND_PATIENCE_MS));
	assert_int_equal(fd.revents, POLLIN);
	CHECK(read(ends[0], &(char){ 0 }, 1) == 1);
	close(ends[1]);
	CHECK_OK(http_client_step(c, &fd, 1, 2 * STAND_PATIENCE_MS));
	assert_int_equal(fd.revents, POLLHUP);
	CHECK(hf_mono_ms() - begin < STAND_PATIENCE_MS);
	close(ends[0]);
}

static void what_is_under_way_is_dropped_with_its_client(void **state)
{
	struct http_client *c = client(stand_port(&stand), (struct http_client_config){ 0 });
	struct outcome o = { 0 };

	ask(c, "/keys/1", STAND_PATIENCE_MS, &o);
	http_client_free(c);
	assert_int_equal(o.n, 0);
	http_client_free(NULL);
}

static void addresses_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"",         "127.0.0.1:1",     "ftp://h:1",   "https://h:1/path",
		"https://", "https://h:1?q=1", "https://u@h", "https://h:99999"
	};
	struct http_client *c = NULL;
	struct hf_err err;

	for (size_t i = 0; i < HF_COUNT(bad); i++) {
		struct http_client_config config = { .base_url = bad[i] };

		CHECK_CODE(http_client_new(&config, &c, &err), HF_INVALID);
		CHECK(strstr(err.text, "https://host:port"));
	}
}

#define STAND(claim) cmocka_unit_test_setup_teardown(claim, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_is_away_is_named),
		STAND(an_answer_that_does_not_come_in_time_is_given_up),
		STAND(an_answer_that_is_too_long_is_not_taken),
		STAND(an_answer_of_the_greatest_length_is_taken),
		STAND(connections_that_the_server_closed_meanwhile_do_no_harm),
		STAND(more_requests_than_connections_wait_their_turn),
		STAND(proxies_of_the_environment_are_ignored),
		STAND(a_request_may_be_made_from_within_an_answer),
		STAND(a_step_ends_for_the_callers_descriptors),
		STAND(what_is_under_way_is_dropped_with_its_client),
		cmocka_unit_test(addresses_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
