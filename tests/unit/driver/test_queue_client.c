/* SPDX-License-Identifier: Apache-2.0
 * The queue's client against a small server that deals jobs, fails on demand and notes what it is
 * told. */
#include "../check.h"

#include "base/clock.h"
#include "driver/queue_client.h"
#include "http/server.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum mode { WELL, ERROR_500, GARBAGE, RETRY_AFTER, TOO_MANY, SLOW_COMMIT };

static struct {
	pthread_mutex_t lock;
	struct http_server *http;
	char listen[32];
	enum mode mode;
	uint64_t next_job;
	unsigned to_deal;
	struct http_request *parked;
	unsigned requests;
	unsigned results[64]; /* how often each job's result was acknowledged */
	unsigned renewed;     /* requests that named a job as working */
	unsigned recalls;
	uint32_t lease_ms;
} server = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Half of it is less than a poll is parked. */
enum { PATIENCE_MS = 20000 };

static struct queue_client *client;
static struct queue_job *taken[64];
static size_t n_taken;

static void reply(struct http_request *req, unsigned n_jobs)
{
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(POLL_BODY_MAX);
	struct poll_job jobs[POLL_BATCH_MAX];
	struct poll_reply r = { .lease_ms = server.lease_ms, .jobs = jobs, .n_jobs = n_jobs };

	for (unsigned i = 0; i < n_jobs; i++)
		jobs[i] = (struct poll_job){ .job = server.next_job++,
			                     .attempt = 1,
			                     .op = HF_SPAN("op", 2) };
	poll_reply_encode(&body, &r);
	http_reply(req, 200, POLL_CONTENT_TYPE, hf_buf_span(&body));
}

/* The parked poll was dealt a job in the same moment. */
static void answer_recall(struct http_request *req)
{
	struct http_request *parked = server.parked;

	server.recalls++;
	server.parked = NULL;
	reply(parked, 1);
	reply(req, 0);
}

static void answer(struct http_request *req, const struct poll_request *p)
{
	unsigned n = server.to_deal < p->capacity ? server.to_deal : p->capacity;

	for (size_t i = 0; i < p->n_results; i++)
		server.results[p->results[i].job % HF_COUNT(server.results)]++;
	server.to_deal -= n;
	if (server.mode == TOO_MANY)
		reply(req, p->capacity + 1);
	else if (p->recall && server.parked && server.mode != SLOW_COMMIT)
		answer_recall(req);
	else if (n == 0 && p->wait_ms > 0 && !server.parked)
		server.parked = req;
	else
		reply(req, n);
}

static void handle(struct http_request *req, void *ctx)
{
	static struct poll_result results[POLL_BATCH_MAX];
	static uint64_t working[POLL_WORKING_MAX];
	struct poll_request p = { .results = results, .working = working };

	pthread_mutex_lock(&server.lock);
	server.requests++;
	if (server.mode == ERROR_500) {
		http_reply(req, 500, "application/json",
		           hf_span_text("{\"error\":{\"id\":\"err-7\",\"message\":\"no\"}}"));
	} else if (server.mode == GARBAGE) {
		http_reply(req, 200, POLL_CONTENT_TYPE, hf_span_text("<html>"));
	} else if (server.mode == RETRY_AFTER) {
		http_reply_header(req, "Retry-After", "20");
		http_reply(req, 503, "text/plain", hf_span_text("later"));
	} else if (!hf_ok(poll_request_decode(http_body(req), &p))) {
		http_reply(req, 400, "text/plain", hf_span_text("not understood"));
	} else {
		server.renewed += p.n_working > 0;
		answer(req, &p);
	}
	pthread_mutex_unlock(&server.lock);
}

static void no_words(struct hf_buf *to, int status, const char *message)
{
	hf_buf_text(to, message);
}

static void server_start(void)
{
	static const struct http_route routes[] = {
		{ .method = "POST",
		  .pattern = POLL_PATH,
		  .handler = handle,
		  .max_body = POLL_BODY_MAX },
	};
	struct http_server_config config = {
		.listen = server.listen,
		.routes = routes,
		.n_routes = 1,
		.error_body = no_words,
		.error_content_type = "text/plain",
	};

	CHECK_OK(http_server_start(&config, &server.http, NULL));
	snprintf(server.listen, sizeof(server.listen), "127.0.0.1:%u",
	         http_server_port(server.http));
}

static void release_parked(unsigned n_jobs)
{
	pthread_mutex_lock(&server.lock);
	if (server.parked)
		reply(server.parked, n_jobs);
	server.parked = NULL;
	pthread_mutex_unlock(&server.lock);
}

static void server_stop(void)
{
	release_parked(0);
	http_server_stop(server.http);
}

static void took(void *ctx, struct queue_job *job)
{
	taken[n_taken++] = job;
}

static int set_up(void **state)
{
	struct queue_client_config config = { .name = "test", .took = took };
	struct queue_servers servers;

	memset(server.results, 0, sizeof(server.results));
	snprintf(server.listen, sizeof(server.listen), "127.0.0.1:0");
	server.mode = WELL;
	server.next_job = 1;
	server.lease_ms = 4 * PATIENCE_MS;
	server.to_deal = server.requests = server.renewed = server.recalls = 0;
	n_taken = 0;
	server_start();
	CHECK_OK(queue_servers_parse("http", server.listen, &servers, NULL));
	config.servers = &servers;
	CHECK_OK(queue_client_new(&config, &client, NULL));
	return 0;
}

static int tear_down(void **state)
{
	queue_client_free(client);
	server_stop();
	return 0;
}

/* Turns until the condition holds, at most `ms`. */
#define TURN_UNTIL(cond, room, ms)                                                                 \
	do {                                                                                       \
		int64_t until_ = hf_mono_ms() + (ms);                                              \
		while (!(cond) && hf_mono_ms() < until_) {                                         \
			int timeout_ = 5;                                                          \
			queue_client_pump(client, (room), 0, &timeout_);                           \
			CHECK_OK(queue_client_wait(client, NULL, 0, timeout_));                    \
		}                                                                                  \
	} while (0)

static unsigned seen(const unsigned *what)
{
	unsigned n;

	pthread_mutex_lock(&server.lock);
	n = *what;
	pthread_mutex_unlock(&server.lock);
	return n;
}

static bool is_parked(void)
{
	bool yes;

	pthread_mutex_lock(&server.lock);
	yes = server.parked != NULL;
	pthread_mutex_unlock(&server.lock);
	return yes;
}

static void set_mode(enum mode mode)
{
	pthread_mutex_lock(&server.lock);
	server.mode = mode;
	pthread_mutex_unlock(&server.lock);
}

static size_t outbox(void)
{
	struct queue_client_stats s;

	queue_client_stats(client, &s);
	return s.outbox;
}

static const char *problem(void)
{
	static char text[512];
	struct queue_client_stats s;

	queue_client_stats(client, &s);
	snprintf(text, sizeof(text), "%s", s.problem);
	return text;
}

static void take_one(void)
{
	pthread_mutex_lock(&server.lock);
	server.to_deal = 1;
	pthread_mutex_unlock(&server.lock);
	TURN_UNTIL(n_taken == 1, 1, PATIENCE_MS);
	assert_int_equal(n_taken, 1);
}

static void end_one(void)
{
	queue_client_result(client, taken[0],
	                    &(struct op_result){ .outcome = OP_RETRY, .code = HF_BUSY });
}

static void a_job_comes_and_its_result_is_handed_in_once(void **state)
{
	take_one();
	end_one();
	assert_int_equal(outbox(), 1);
	TURN_UNTIL(outbox() == 0, 0, PATIENCE_MS);
	assert_int_equal(outbox(), 0);
	assert_int_equal(seen(&server.results[1]), 1);
}

static void a_result_does_not_wait_for_the_parked_poll(void **state)
{
	take_one();
	TURN_UNTIL(is_parked(), 1, PATIENCE_MS);
	end_one();
	TURN_UNTIL(outbox() == 0, 1, PATIENCE_MS);
	assert_int_equal(outbox(), 0);
	CHECK(is_parked());
}

static void under_a_backlog_results_go_together(void **state)
{
	unsigned before;
	int timeout = 2 * PATIENCE_MS;

	pthread_mutex_lock(&server.lock);
	server.to_deal = 3;
	pthread_mutex_unlock(&server.lock);
	TURN_UNTIL(n_taken == 3, 3, PATIENCE_MS);
	before = seen(&server.requests);
	for (size_t i = 0; i < 3; i++) {
		queue_client_result(client, taken[i],
		                    &(struct op_result){ .outcome = OP_RETRY, .code = HF_BUSY });
		queue_client_pump(client, 0, PATIENCE_MS * 1000, &timeout);
		CHECK_OK(queue_client_wait(client, NULL, 0, 1));
	}
	CHECK(timeout > 0 && timeout <= PATIENCE_MS);
	assert_int_equal(seen(&server.requests), before);
	TURN_UNTIL(outbox() == 0, 0, PATIENCE_MS);
	assert_int_equal(seen(&server.requests), before + 1);
}

static void a_parked_poll_brings_jobs_at_once(void **state)
{
	int64_t at;

	TURN_UNTIL(is_parked(), 4, PATIENCE_MS);
	at = hf_mono_ms();
	release_parked(3);
	TURN_UNTIL(n_taken == 3, 0, PATIENCE_MS);
	assert_int_equal(n_taken, 3);
	CHECK(hf_mono_ms() - at < PATIENCE_MS / 2);
}

static void results_are_kept_while_the_server_fails(void **state)
{
	take_one();
	set_mode(ERROR_500);
	end_one();
	TURN_UNTIL(problem()[0], 0, PATIENCE_MS);
	/* Without the number, which would make each answer another problem. */
	CHECK(strstr(problem(), "answered 500: no") != NULL && !strstr(problem(), "err-7"));
	assert_int_equal(outbox(), 1);
	set_mode(WELL);
	TURN_UNTIL(outbox() == 0, 0, PATIENCE_MS);
	assert_int_equal(outbox(), 0);
	assert_int_equal(seen(&server.results[1]), 1);
	assert_string_equal(problem(), "");
}

static void garbage_acknowledges_nothing(void **state)
{
	take_one();
	set_mode(GARBAGE);
	end_one();
	TURN_UNTIL(problem()[0], 0, PATIENCE_MS);
	CHECK(strstr(problem(), "not understood") != NULL);
	assert_int_equal(outbox(), 1);
	set_mode(WELL);
	TURN_UNTIL(outbox() == 0, 0, PATIENCE_MS);
	assert_int_equal(seen(&server.results[1]), 1);
}

static void more_jobs_than_were_asked_for_are_refused(void **state)
{
	set_mode(TOO_MANY);
	TURN_UNTIL(problem()[0], 2, PATIENCE_MS);
	CHECK(problem()[0]);
	assert_int_equal(n_taken, 0);
}

static void the_server_goes_away_and_comes_back(void **state)
{
	take_one();
	server_stop();
	end_one();
	TURN_UNTIL(problem()[0], 0, PATIENCE_MS);
	CHECK(problem()[0]);
	assert_int_equal(outbox(), 1);
	server_start();
	TURN_UNTIL(outbox() == 0, 0, PATIENCE_MS);
	assert_int_equal(outbox(), 0);
	assert_int_equal(seen(&server.results[1]), 1);
}

static void the_servers_wish_for_a_pause_is_respected(void **state)
{
	unsigned before;

	set_mode(RETRY_AFTER);
	TURN_UNTIL(problem()[0], 1, PATIENCE_MS);
	before = seen(&server.requests);
	TURN_UNTIL(false, 1, 300);
	assert_int_equal(seen(&server.requests), before);
}

static void leases_of_slow_jobs_are_renewed(void **state)
{
	server.lease_ms = 300;
	take_one();
	TURN_UNTIL(seen(&server.renewed) >= 3, 0, PATIENCE_MS);
	CHECK(seen(&server.renewed) >= 3);
	end_one();
	TURN_UNTIL(outbox() == 0, 0, PATIENCE_MS);
}

static void a_quiet_client_hands_in_and_asks_for_nothing(void **state)
{
	take_one();
	TURN_UNTIL(is_parked(), 1, PATIENCE_MS);
	queue_client_quiesce(client);
	end_one();
	release_parked(0);
	TURN_UNTIL(outbox() == 0, 5, PATIENCE_MS);
	assert_int_equal(outbox(), 0);
	TURN_UNTIL(is_parked(), 5, 100);
	CHECK(!is_parked());
}

static struct queue_client_stats stats(void)
{
	struct queue_client_stats s;

	queue_client_stats(client, &s);
	return s;
}

static void a_poll_that_was_dealt_jobs_before_its_recall_is_waited_for(void **state)
{
	uint64_t trips;

	TURN_UNTIL(is_parked(), 1, 2000);
	trips = stats().round_trips;
	set_mode(SLOW_COMMIT);
	queue_client_recall(client);
	TURN_UNTIL(stats().round_trips > trips, 0, 2000);
	TURN_UNTIL(false, 0, 700);
	assert_int_equal(stats().on_the_way, 1);
	release_parked(1);
	TURN_UNTIL(n_taken == 1, 0, 2000);
	assert_int_equal(n_taken, 1);
	assert_int_equal(stats().on_the_way, 0);
}

static void a_parked_poll_is_called_back_with_what_it_was_dealt(void **state)
{
	TURN_UNTIL(is_parked(), 1, PATIENCE_MS);
	queue_client_recall(client);
	TURN_UNTIL(n_taken == 1, 0, PATIENCE_MS);
	assert_int_equal(n_taken, 1);
	assert_int_equal(seen(&server.recalls), 1);
	end_one();
	TURN_UNTIL(outbox() == 0, 0, PATIENCE_MS);
	assert_int_equal(outbox(), 0);
	CHECK(!is_parked());
}

/* A client that begins at an address where nobody listens. */
static void begin_at_a_dead_one(void)
{
	struct queue_client_config config = { .name = "test", .took = took };
	struct queue_servers servers;
	char list[128];

	queue_client_free(client);
	snprintf(list, sizeof(list), "127.0.0.1:1,%s", server.listen);
	CHECK_OK(queue_servers_parse("http", list, &servers, NULL));
	servers.at = servers.home = 0;
	config.servers = &servers;
	CHECK_OK(queue_client_new(&config, &client, NULL));
}

static void a_server_that_cannot_be_reached_is_left_at_once(void **state)
{
	int64_t at = hf_mono_ms();

	begin_at_a_dead_one();
	take_one();
	CHECK(hf_mono_ms() - at < PATIENCE_MS / 2);
	end_one();
	TURN_UNTIL(outbox() == 0, 0, PATIENCE_MS);
	assert_int_equal(seen(&server.results[1]), 1);
	assert_int_equal(stats().moves, 1);
	CHECK(stats().connected);
}

static void results_go_to_another_server_when_theirs_dies(void **state)
{
	char first[32];
	struct queue_client_config config = { .name = "test", .took = took };
	struct queue_servers servers;
	char list[128];

	/* Both addresses are this server's, one after another. */
	snprintf(first, sizeof(first), "%s", server.listen);
	server_stop();
	snprintf(server.listen, sizeof(server.listen), "127.0.0.1:0");
	server_start();
	queue_client_free(client);
	snprintf(list, sizeof(list), "%s,%s", server.listen, first);
	CHECK_OK(queue_servers_parse("http", list, &servers, NULL));
	servers.at = servers.home = 0;
	config.servers = &servers;
	CHECK_OK(queue_client_new(&config, &client, NULL));
	take_one();
	TURN_UNTIL(is_parked(), 1, PATIENCE_MS);
	server_stop();
	snprintf(server.listen, sizeof(server.listen), "%s", first);
	server_start();
	end_one();
	TURN_UNTIL(outbox() == 0, 1, PATIENCE_MS);
	assert_int_equal(outbox(), 0);
	assert_int_equal(seen(&server.results[1]), 1);
	CHECK(stats().moves >= 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_job_comes_and_its_result_is_handed_in_once),
		TEST(a_result_does_not_wait_for_the_parked_poll),
		TEST(under_a_backlog_results_go_together),
		TEST(a_parked_poll_brings_jobs_at_once),
		TEST(results_are_kept_while_the_server_fails),
		TEST(garbage_acknowledges_nothing),
		TEST(more_jobs_than_were_asked_for_are_refused),
		TEST(the_server_goes_away_and_comes_back),
		TEST(the_servers_wish_for_a_pause_is_respected),
		TEST(leases_of_slow_jobs_are_renewed),
		TEST(a_quiet_client_hands_in_and_asks_for_nothing),
		TEST(a_parked_poll_is_called_back_with_what_it_was_dealt),
		TEST(a_poll_that_was_dealt_jobs_before_its_recall_is_waited_for),
		TEST(a_server_that_cannot_be_reached_is_left_at_once),
		TEST(results_go_to_another_server_when_theirs_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
