/* SPDX-License-Identifier: Apache-2.0
 * The server over plain sockets that say exactly what a test wants said. */
#include "../check.h"
#include "stand.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define HOST "Host: h\r\n"
#define CHUNKS HOST "Transfer-Encoding: chunked\r\n\r\n"
#define END HOST "Connection: close\r\n\r\n"

enum { HASTY_MS = 200 }; /* for a whole request */

static struct stand stand;
static char got[300000];

static int start_plain(void **state)
{
	stand_start(&stand, &(struct stand_wish){ 0 });
	return 0;
}

static int start_hasty(void **state)
{
	stand_start(&stand, &(struct stand_wish){ .read_ms = HASTY_MS, .idle_ms = 100 });
	return 0;
}

static int stop(void **state)
{
	stand_stop(&stand);
	return 0;
}

static int ask(const char *text)
{
	return raw_ask(&stand, text, strlen(text), got, sizeof(got));
}

static bool in_answer(const char *text)
{
	return strstr(got, text) != NULL;
}

static unsigned answers(void)
{
	unsigned n = 0;

	for (const char *p = got; (p = strstr(p, "HTTP/1.1 ")); p++)
		n++;
	return n;
}

static void a_request_is_answered_with_safe_headers(void **state)
{
	assert_int_equal(ask("POST /echo HTTP/1.1\r\n" HOST
	                     "Content-Type: a/b\r\nContent-Length: 5\r\n"
	                     "Connection: close\r\n\r\nhello"),
	                 200);
	CHECK(in_answer("\r\n\r\nhello"));
	CHECK(in_answer("Content-Length: 5\r\n"));
	CHECK(in_answer("Content-Type: a/b\r\n"));
	CHECK(in_answer("Cache-Control: no-store\r\n"));
	CHECK(in_answer("X-Content-Type-Options: nosniff\r\n"));
	CHECK(in_answer("X-Method: POST\r\n"));
	CHECK(in_answer("Connection: close\r\n"));
	CHECK(!in_answer("X-Injected"));
	CHECK(!in_answer("Server:"));
}

static void path_and_query_reach_the_handler_decoded(void **state)
{
	assert_int_equal(ask("GET /keys/a%2Fb%20c?x=1&q=%C3%A9+e HTTP/1.1\r\n" END), 200);
	CHECK(in_answer("[a/b c] [\xc3\xa9 e] [/keys/a%2Fb%20c] [/keys/a%2Fb%20c?x=1&q=%C3%A9+e]"));
	assert_int_equal(ask("GET /keys/1 HTTP/1.1\r\n" END), 200);
	CHECK(in_answer("[1] [none]"));
}

static void undecodable_targets_are_refused(void **state)
{
	assert_int_equal(ask("GET /keys/a%00b HTTP/1.1\r\n" END), 400);
	assert_int_equal(ask("GET /keys/a%zz HTTP/1.1\r\n" END), 400);
	assert_int_equal(ask("GET /keys/a?q=%1 HTTP/1.1\r\n" END), 400);
	CHECK(in_answer("{\"error\":{\"status\":400,"));
}

static void every_malformed_request_gets_its_status_and_the_server_lives(void **state)
{
#define CASE(status, text)                                                                         \
	{                                                                                          \
		status, text, sizeof(text) - 1                                                     \
	}
	static const struct {
		int status;
		const char *text;
		size_t len;
	} cases[] = {
		CASE(400, "GET /keys/1 HTTP/1.1\n" HOST "\r\n"),
		CASE(400, "GET /keys/1 HTTP/1.1\nHost: h\n\n"),
		CASE(400, "GET /keys/1 HTTP/1.1\r\nHost: h\n\r\n"),
		CASE(400, "GET /keys/1 HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n"),
		CASE(400, "GET /keys/1 HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n"),
		CASE(400, "GET /keys/1\0 HTTP/1.1\r\n" HOST "\r\n"),
		CASE(400, "GET /keys/1 HTTP/1.1\r\n" HOST "A b: c\r\n\r\n"),
		CASE(400, "GET /keys/1 HTTP/1.1\r\n\r\n"),
		CASE(400, "GET /keys/1 HTTP/1.1\r\n" HOST HOST "\r\n"),
		CASE(400, "GET\r\n\r\n"),
		CASE(400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
		CASE(505, "GET /keys/1 HTTP/3.0\r\n" HOST "\r\n"),
		CASE(400, "POST /echo HTTP/1.1\r\n" HOST
		          "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
		CASE(400, "POST /echo HTTP/1.1\r\n" HOST
		          "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		CASE(501, "POST /echo HTTP/1.1\r\n" HOST
		          "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
		CASE(400, "POST /echo HTTP/1.1\r\n" CHUNKS "0x5\r\nhello\r\n"),
		CASE(400, "POST /echo HTTP/1.1\r\n" CHUNKS "5\nhello\r\n0\r\n\r\n"),
		CASE(400, "POST /echo HTTP/1.1\r\n" CHUNKS "5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n"),
		CASE(413, "POST /echo HTTP/1.1\r\n" CHUNKS "3e9\r\n"),
		CASE(413, "POST /echo HTTP/1.1\r\n" CHUNKS "2\r\nab\r\n3e7\r\n"),
		CASE(413, "POST /echo HTTP/1.1\r\n" CHUNKS "fffffffffffffffff\r\n"),
		CASE(413, "DELETE /nothing HTTP/1.1\r\n" CHUNKS "3\r\n"),
		CASE(400, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\nhello"),
		CASE(400, "POST /echo HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\nhello"),
		CASE(413, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n"),
		CASE(413,
		     "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n"),
		CASE(417, "POST /echo HTTP/1.1\r\n" HOST "Expect: a\r\n\r\n"),
	};

	for (size_t i = 0; i < HF_COUNT(cases); i++) {
		int want = cases[i].status;
		int status = raw_ask(&stand, cases[i].text, cases[i].len, got, sizeof(got));

		if (status != want || !in_answer("Content-Type: application/json\r\n") ||
		    !in_answer("{\"error\":{\"status\":"))
			fail_msg("case %zu: %d: %s -> %s", i, status, cases[i].text, got);
	}
	assert_int_equal(ask("GET /keys/1 HTTP/1.1\r\n" END), 200);
}

static void unknown_paths_and_methods_are_told_apart(void **state)
{
	assert_int_equal(ask("GET /none HTTP/1.1\r\n" END), 404);
	CHECK(in_answer("{\"error\":{\"status\":404,"));
	assert_int_equal(ask("GET /echo HTTP/1.1\r\n" END), 405);
	CHECK(in_answer("Allow: POST\r\n"));
	assert_int_equal(ask("TRACE /echo HTTP/1.1\r\n" END), 501);
	assert_int_equal(ask("HEAD /keys/1 HTTP/1.1\r\n" END), 405);
	CHECK(!in_answer("error"));
}

static void head_is_answered_with_the_head_alone(void **state)
{
	assert_int_equal(ask("HEAD /who HTTP/1.1\r\n" END), 200);
	CHECK(in_answer("Content-Length: 6\r\n") && !in_answer("nobody"));
	assert_int_equal(ask("GET /who HTTP/1.1\r\n" END), 200);
	CHECK(in_answer("Content-Length: 6\r\n") && in_answer("\r\n\r\nnobody"));
	/* A refusal, too: else its body would be taken for the next answer. */
	ask("HEAD /who HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nabGET /who HTTP/1.1\r\n" END);
	assert_true(in_answer("413") && in_answer("\r\n\r\nHTTP/1.1 200 OK"));
}

static void a_refusal_by_path_keeps_the_connection(void **state)
{
	assert_int_equal(ask("POST /none HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"
	                     "GET /keys/2 HTTP/1.1\r\n" END),
	                 404);
	assert_int_equal(answers(), 2);
	CHECK(in_answer("[2]"));
}

static void a_head_that_is_too_long_is_431(void **state)
{
	static char text[40000];
	int n = snprintf(text, sizeof(text), "GET /keys/1 HTTP/1.1\r\n" HOST "A: ");

	memset(text + n, 'a', 20000);
	memcpy(text + n + 20000, "\r\n\r\n", 5);
	assert_int_equal(ask(text), 431);
	memset(text, 'a', 30000);
	text[30000] = '\0';
	assert_int_equal(ask(text), 431);
}

static void a_body_may_be_as_long_as_its_route_says(void **state)
{
	char text[1200];
	int n = snprintf(text, sizeof(text),
	                 "POST /echo HTTP/1.1\r\n" HOST
	                 "Connection: close\r\nContent-Length: 1000\r\n\r\n");

	memset(text + n, 'b', 1000);
	text[n + 1000] = '\0';
	assert_int_equal(ask(text), 200);
	CHECK(in_answer("\r\n\r\nbbbb"));
}

static void a_body_may_come_in_chunks_and_the_next_request_after_it(void **state)
{
	static const char text[] =
	        "POST /echo HTTP/1.1\r\n" CHUNKS "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\n"
	        "X-Trailer: t\r\n\r\nDELETE /nothing HTTP/1.1\r\n" CHUNKS
	        "0\r\n\r\nGET /keys/7 HTTP/1.1\r\n" END;
	HF_FD int fd = raw_connect(&stand);

	assert_int_equal(ask(text), 200);
	CHECK(in_answer("\r\n\r\nhello") && in_answer("HTTP/1.1 204 ") && in_answer("[7]"));
	assert_int_equal(answers(), 3);
	for (size_t i = 0; i < strlen(text); i++)
		raw_send(fd, text + i, 1);
	CHECK(raw_read(fd, got, sizeof(got), STAND_PATIENCE_MS));
	CHECK(in_answer("\r\n\r\nhello") && in_answer("HTTP/1.1 204 ") && in_answer("[7]"));
	assert_int_equal(answers(), 3);
}

/* Several times what the server reads ahead. */
static void a_long_body_in_chunks_arrives_whole(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(5u << 20);
	static char piece[5000];
	HF_FD int fd = raw_connect(&stand);

	hf_buf_text(&b, "POST /count HTTP/1.1\r\nConnection: close\r\n" CHUNKS);
	for (size_t i = 0; i < 200; i++) {
		hf_buf_printf(&b, "%zx\r\n", sizeof(piece));
		hf_buf_put(&b, piece, sizeof(piece));
		hf_buf_text(&b, "\r\n");
	}
	hf_buf_text(&b, "0\r\n\r\n");
	raw_send(fd, b.ptr, b.len);
	CHECK(raw_read(fd, got, sizeof(got), STAND_PATIENCE_MS));
	CHECK(in_answer("\r\n\r\n1000000"));
}

static void chunks_that_nobody_takes_end_the_connection(void **state)
{
	assert_int_equal(ask("POST /none HTTP/1.1\r\n" CHUNKS
	                     "5\r\nhello\r\n0\r\n\r\nGET /keys/2 HTTP/1.1\r\n" END),
	                 404);
	assert_int_equal(answers(), 1);
}

static void nothing_and_an_empty_object_are_the_same_without_a_body(void **state)
{
	assert_int_equal(ask("DELETE /nothing HTTP/1.1\r\n" END), 204);
	CHECK(!in_answer("Content-Length"));
	assert_int_equal(ask("DELETE /nothing HTTP/1.1\r\n" HOST
	                     "Content-Length: 2\r\nConnection: close\r\n\r\n{}"),
	                 204);
	assert_int_equal(ask("DELETE /nothing HTTP/1.1\r\n" HOST
	                     "Content-Length: 2\r\nConnection: close\r\n\r\nxx"),
	                 413);
	assert_int_equal(ask("DELETE /nothing HTTP/1.1\r\n" HOST "Content-Length: 3\r\n"
	                     "Connection: close\r\n\r\n{ }"),
	                 413);
}

static void requests_in_a_row_are_answered_in_a_row(void **state)
{
	assert_int_equal(ask("GET /keys/1 HTTP/1.1\r\n" HOST "\r\nGET /thread HTTP/1.1\r\n" HOST
	                     "\r\nGET /keys/3 HTTP/1.1\r\n" END),
	                 200);
	assert_int_equal(answers(), 3);
	CHECK(strstr(got, "[1]") < strstr(got, "from a thread"));
	CHECK(strstr(got, "from a thread") < strstr(got, "[3]"));
}

static void a_flood_of_requests_in_a_row_is_answered_whole(void **state)
{
	HF_BUF_SCOPED struct hf_buf b = HF_BUF(1u << 20);
	HF_FD int fd = raw_connect(&stand);

	for (int i = 0; i < 1000; i++)
		hf_buf_text(&b, "GET /keys/1 HTTP/1.1\r\n" HOST "\r\n");
	hf_buf_text(&b, "GET /keys/1 HTTP/1.1\r\n" END);
	raw_send(fd, b.ptr, b.len);
	CHECK(raw_read(fd, got, sizeof(got), STAND_PATIENCE_MS));
	assert_int_equal(answers(), 1001);
}

static void an_empty_line_ahead_of_a_request_is_passed_over(void **state)
{
	assert_int_equal(
	        ask("\r\nGET /keys/1 HTTP/1.1\r\n" HOST "\r\n\r\nGET /keys/2 HTTP/1.1\r\n" END),
	        200);
	assert_int_equal(answers(), 2);
	assert_int_equal(ask("\r\n\r\nGET /keys/1 HTTP/1.1\r\n" END), 400);
}

static void who_waits_for_continue_is_told_to(void **state)
{
	HF_FD int fd = raw_connect(&stand);

	raw_say(fd,
	        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	raw_expect(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	raw_say(fd, "hello");
	raw_expect(fd, "\r\n\r\nhello");
	raw_say(fd, "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\n" CHUNKS);
	raw_expect(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	raw_say(fd, "2\r\nab\r\n0\r\n\r\n");
	raw_expect(fd, "\r\n\r\nab");
}

static void who_closes_only_its_sending_side_still_gets_the_answer(void **state)
{
	HF_FD int fd = raw_connect(&stand);

	raw_say(fd, "GET /long HTTP/1.1\r\n" HOST "\r\n");
	CHECK(shutdown(fd, SHUT_WR) == 0);
	CHECK(raw_read(fd, got, sizeof(got), STAND_PATIENCE_MS));
	CHECK(strlen(got) > 200000);
}

static void http_1_0_is_answered_once(void **state)
{
	assert_int_equal(ask("GET /keys/1 HTTP/1.0\r\n\r\nGET /keys/2 HTTP/1.0\r\n\r\n"), 200);
	assert_int_equal(answers(), 1);
}

static void a_peer_that_leaves_while_parked_is_noticed_once(void **state)
{
	int fd = raw_connect(&stand);

	raw_say(fd, "GET /park HTTP/1.1\r\n" HOST "\r\n");
	stand_wait(&stand.n_parked, 1);
	close(fd);
	stand_wait(&stand.n_gone, 1);
	assert_int_equal(http_server_pending(stand.server), 1);
	stand_answer(&stand, 0);
	stand_wait_pending(&stand, 0);
	assert_int_equal(atomic_load(&stand.n_gone), 1);
}

static void a_peer_that_leaves_with_an_answer_unread_is_noticed(void **state)
{
	HF_FD int fd = raw_connect(&stand);

	for (int i = 0; i < 40; i++)
		raw_say(fd, "GET /long HTTP/1.1\r\n" HOST "\r\n");
	raw_say(fd, "GET /park HTTP/1.1\r\n" HOST "\r\n");
	/* Reads until the last but one is being sent, then parts while the last is parked. */
	while (atomic_load(&stand.n_parked) == 0)
		CHECK(!raw_read(fd, got, sizeof(got), 20));
	CHECK(shutdown(fd, SHUT_WR) == 0);
	stand_wait(&stand.n_gone, 1);
	stand_answer(&stand, 0);
	stand_wait_pending(&stand, 0);
}

static void a_peer_that_resets_while_parked_is_noticed(void **state)
{
	int fd = raw_connect(&stand);
	struct linger hard = { .l_onoff = 1 };

	raw_say(fd, "GET /park HTTP/1.1\r\n" HOST "\r\n");
	stand_wait(&stand.n_parked, 1);
	CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)) == 0);
	close(fd);
	stand_wait(&stand.n_gone, 1);
	stand_answer(&stand, 0);
	stand_wait_pending(&stand, 0);
}

static void an_answered_request_has_nobody_to_miss(void **state)
{
	int fd = raw_connect(&stand);

	raw_say(fd, "GET /park HTTP/1.1\r\n" HOST "\r\n");
	stand_wait(&stand.n_parked, 1);
	stand_answer(&stand, 0);
	raw_expect(fd, "parked");
	close(fd);
	assert_int_equal(ask("GET /keys/1 HTTP/1.1\r\n" END), 200);
	assert_int_equal(atomic_load(&stand.n_gone), 0);
}

static void two_hundred_parked_requests_are_all_answered(void **state)
{
	int fds[200];

	for (unsigned i = 0; i < HF_COUNT(fds); i++) {
		fds[i] = raw_connect(&stand);
		raw_say(fds[i], "GET /park HTTP/1.1\r\n" HOST "\r\n");
	}
	stand_wait(&stand.n_parked, HF_COUNT(fds));
	for (unsigned i = 0; i < HF_COUNT(fds); i++)
		stand_answer(&stand, i);
	for (unsigned i = 0; i < HF_COUNT(fds); i++) {
		raw_expect(fds[i], "\r\n\r\nparked");
		close(fds[i]);
	}
	assert_int_equal(http_server_pending(stand.server), 0);
}

static void a_quiesced_server_answers_what_is_under_way_and_nothing_new(void **state)
{
	HF_FD int parked = raw_connect(&stand), kept = raw_connect(&stand);

	raw_say(kept, "GET /keys/1 HTTP/1.1\r\n" HOST "\r\n");
	raw_expect(kept, "[1]");
	raw_say(parked, "GET /park HTTP/1.1\r\n" HOST "\r\n");
	stand_wait(&stand.n_parked, 1);
	http_server_quiesce(stand.server);
	raw_say(kept, "GET /keys/1 HTTP/1.1\r\n" HOST "\r\n");
	raw_expect(kept, "HTTP/1.1 503 ");
	assert_int_equal(http_server_pending(stand.server), 1);
	stand_answer(&stand, 0);
	CHECK(raw_read(parked, got, sizeof(got), STAND_PATIENCE_MS));
	CHECK(in_answer("\r\n\r\nparked") && in_answer("Connection: close\r\n"));
	stand_wait_pending(&stand, 0);
}

static void a_server_that_stops_sends_what_has_been_answered(void **state)
{
	HF_FD int fd = raw_connect(&stand);

	raw_say(fd, "GET /park HTTP/1.1\r\n" HOST "\r\n");
	stand_wait(&stand.n_parked, 1);
	stand_answer(&stand, 0);
	stand_stop(&stand);
	CHECK(raw_read(fd, got, sizeof(got), STAND_PATIENCE_MS));
	CHECK(in_answer("\r\n\r\nparked"));
	start_plain(NULL);
}

static void a_server_stops_with_requests_that_were_given_up(void **state)
{
	HF_FD int fd = raw_connect(&stand);

	raw_say(fd, "GET /park HTTP/1.1\r\n" HOST "\r\n");
	stand_wait(&stand.n_parked, 1);
	stand_stop(&stand);
	assert_int_equal(atomic_load(&stand.n_gone), 0);
	start_plain(NULL);
}

/* To a hasty server. Once more when it was us who took so long that it may have had enough. */
static int connect_and_say(const char *text, int64_t *ret_began_ms)
{
	for (;;) {
		int64_t began_ms = hf_mono_ms();
		int fd = raw_connect(&stand);

		raw_say(fd, text);
		*ret_began_ms = began_ms;
		if (hf_mono_ms() - began_ms < HASTY_MS / 2)
			return fd;
		close(fd);
	}
}

/* Says `again` after `text`, until the server has had enough. */
static void trickle(const char *text, const char *again)
{
	int64_t began_ms;
	HF_FD int fd = connect_and_say(text, &began_ms);

	while (!raw_read(fd, got, sizeof(got), 30)) {
		if (got[0])
			break;
		raw_say(fd, again);
		CHECK(hf_mono_ms() - began_ms < STAND_PATIENCE_MS);
	}
	CHECK(hf_mono_ms() - began_ms >= HASTY_MS - 10);
	CHECK(in_answer("HTTP/1.1 408 "));
}

static void slow_heads_and_bodies_are_cut_off(void **state)
{
	trickle("GET /keys/1 HTTP/1.1\r\n", "A: b\r\n");
	trickle("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 900\r\n\r\n", "b");
	trickle("POST /echo HTTP/1.1\r\n" CHUNKS, "1\r\nb\r\n");
	trickle("POST /echo HTTP/1.1\r\n" CHUNKS "0\r\n", "A: b\r\n");
}

static void silent_and_idle_connections_are_closed(void **state)
{
	int64_t began_ms;
	HF_FD int silent = raw_connect(&stand);
	HF_FD int idle = connect_and_say("GET /keys/1 HTTP/1.1\r\n" HOST "\r\n", &began_ms);

	raw_expect(idle, "[1]");
	CHECK(raw_read(idle, got, sizeof(got), STAND_PATIENCE_MS));
	CHECK(raw_read(silent, got, sizeof(got), STAND_PATIENCE_MS));
	CHECK(got[0] == '\0');
}

static void parked_requests_outlive_the_deadlines(void **state)
{
	int64_t began_ms;
	HF_FD int fd = connect_and_say("GET /park HTTP/1.1\r\n" HOST "\r\n", &began_ms);

	CHECK(!raw_read(fd, got, sizeof(got), 350));
	stand_answer(&stand, 0);
	raw_expect(fd, "parked");
}

static void who_does_not_read_is_cut_off(void **state)
{
	HF_FD int fd = raw_connect(&stand);

	for (int i = 0; i < 200; i++)
		raw_say(fd, "GET /long HTTP/1.1\r\n" HOST "\r\n");
	usleep(350000);
	raw_say(fd, "GET /long HTTP/1.1\r\n" HOST "\r\n");
	/* What was in the socket's own buffers still comes, then the end. */
	for (int i = 0; i < 200; i++)
		if (raw_read(fd, got, sizeof(got), 100))
			return;
	fail_msg("still open");
}

static void there_are_so_many_connections_and_no_more(void **state)
{
	struct stand full;

	stand_start(&full, &(struct stand_wish){ .max_connections = 2 });
	HF_FD int one = raw_connect(&full), two = raw_connect(&full);
	raw_say(one, "GET /keys/1 HTTP/1.1\r\n" HOST "\r\n");
	raw_expect(one, "[1]");
	raw_say(two, "GET /keys/2 HTTP/1.1\r\n" HOST "\r\n");
	raw_expect(two, "[2]");
	HF_FD int three = raw_connect(&full);
	CHECK(raw_read(three, got, sizeof(got), STAND_PATIENCE_MS));
	stand_stop(&full);
}

static void loops_share_a_port_but_servers_do_not(void **state)
{
	struct http_server_config config = { .loops = 2 };
	struct http_server *second = NULL;
	struct hf_err err = { .text = "" };
	struct stand two;
	char listen[32];

	stand_start(&two, &(struct stand_wish){ .loops = 2 });
	for (int i = 0; i < 8; i++)
		assert_int_equal(
		        raw_ask(&two, "GET /keys/1 HTTP/1.0\r\n\r\n", 24, got, sizeof(got)), 200);
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", stand_port(&two));
	config.listen = listen;
	CHECK_CODE(http_server_start(&config, &second, &err), HF_IO);
	CHECK(strstr(err.text, listen) && strstr(err.text, "in use"));
	config.listen = "localhost:1";
	CHECK_CODE(http_server_start(&config, &second, &err), HF_INVALID);
	stand_stop(&two);
}

#define PLAIN(claim) cmocka_unit_test_setup_teardown(claim, start_plain, stop)
#define HASTY(claim) cmocka_unit_test_setup_teardown(claim, start_hasty, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN(a_request_is_answered_with_safe_headers),
		PLAIN(path_and_query_reach_the_handler_decoded),
		PLAIN(undecodable_targets_are_refused),
		PLAIN(every_malformed_request_gets_its_status_and_the_server_lives),
		PLAIN(unknown_paths_and_methods_are_told_apart),
		PLAIN(head_is_answered_with_the_head_alone),
		PLAIN(a_refusal_by_path_keeps_the_connection),
		PLAIN(a_head_that_is_too_long_is_431),
		PLAIN(a_body_may_be_as_long_as_its_route_says),
		PLAIN(a_body_may_come_in_chunks_and_the_next_request_after_it),
		PLAIN(a_long_body_in_chunks_arrives_whole),
		PLAIN(chunks_that_nobody_takes_end_the_connection),
		PLAIN(nothing_and_an_empty_object_are_the_same_without_a_body),
		PLAIN(requests_in_a_row_are_answered_in_a_row),
		PLAIN(a_flood_of_requests_in_a_row_is_answered_whole),
		PLAIN(an_empty_line_ahead_of_a_request_is_passed_over),
		PLAIN(who_waits_for_continue_is_told_to),
		PLAIN(who_closes_only_its_sending_side_still_gets_the_answer),
		PLAIN(http_1_0_is_answered_once),
		PLAIN(a_peer_that_leaves_while_parked_is_noticed_once),
		PLAIN(a_peer_that_leaves_with_an_answer_unread_is_noticed),
		PLAIN(a_peer_that_resets_while_parked_is_noticed),
		PLAIN(an_answered_request_has_nobody_to_miss),
		PLAIN(two_hundred_parked_requests_are_all_answered),
		PLAIN(a_quiesced_server_answers_what_is_under_way_and_nothing_new),
		PLAIN(a_server_that_stops_sends_what_has_been_answered),
		PLAIN(a_server_stops_with_requests_that_were_given_up),
		HASTY(slow_heads_and_bodies_are_cut_off),
		HASTY(silent_and_idle_connections_are_closed),
		HASTY(parked_requests_outlive_the_deadlines),
		HASTY(who_does_not_read_is_cut_off),
		cmocka_unit_test(there_are_so_many_connections_and_no_more),
		cmocka_unit_test(loops_share_a_port_but_servers_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
