/* SPDX-License-Identifier: Apache-2.0 */
#include "stand.h"

#include "../check.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void say(struct http_request *req, int status, const char *text)
{
	http_reply(req, status, "text/plain", hf_span_text(text));
}

static void on_echo(struct http_request *req, void *ctx)
{
	http_reply_header(req, "X-Method", http_method(req));
	http_reply_header(req, "X-Bad", "a\r\nX-Injected: b");
	http_reply(req, 200, http_header(req, "content-type"), http_body(req));
}

static void on_key(struct http_request *req, void *ctx)
{
	const char *q = http_query(req, "q");
	char text[300];

	snprintf(text, sizeof(text), "[%s] [%s] [%s] [%s]", http_param(req, "id"), q ? q : "none",
	         http_path(req), http_target(req));
	say(req, 200, text);
}

static void on_leave(void *arg)
{
	struct stand *s = arg;

	atomic_fetch_add(&s->n_gone, 1);
}

static void on_park(struct http_request *req, void *ctx)
{
	struct stand *s = ctx;
	unsigned i = atomic_fetch_add(&s->n_parked, 1);

	atomic_store(&s->parked[i % STAND_PARKED_MAX], req);
	http_on_gone(req, on_leave, s);
}

static void *answer(void *arg)
{
	say(arg, 200, "from a thread");
	return NULL;
}

static void on_thread(struct http_request *req, void *ctx)
{
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, answer, req), 0);
	pthread_detach(t);
}

static void on_nothing(struct http_request *req, void *ctx)
{
	http_reply(req, http_body(req).len ? 500 : 204, NULL, HF_SPAN(NULL, 0));
}

static void on_who(struct http_request *req, void *ctx)
{
	const struct tls_peer *peer = http_peer(req);

	say(req, 200, peer ? peer->common_name : "nobody");
}

static void on_long(struct http_request *req, void *ctx)
{
	static char text[200000];

	memset(text, 'l', sizeof(text));
	http_reply(req, 200, "text/plain", HF_SPAN(text, sizeof(text)));
}

static void on_busy(struct http_request *req, void *ctx)
{
	http_reply_header(req, "Retry-After", "7");
	say(req, 429, "later");
}

static void on_count(struct http_request *req, void *ctx)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu", http_body(req).len);
	say(req, 200, text);
}

static const struct http_route routes[] = {
	{ "POST", "/count", on_count, 4u << 20 },
	{ "POST", "/echo", on_echo, 1000 },
	{ "GET", "/keys/:id", on_key, 0 },
	{ "GET", "/park", on_park, 0 },
	{ "GET", "/thread", on_thread, 0 },
	{ "DELETE", "/nothing", on_nothing, 0 },
	{ "GET", "/who", on_who, 0 },
	{ "HEAD", "/who", on_who, 0 },
	{ "GET", "/long", on_long, 0 },
	{ "GET", "/busy", on_busy, 0 },
};

static void error_body(struct hf_buf *to, int status, const char *message)
{
	hf_buf_printf(to, "{\"error\":{\"status\":%d,\"message\":\"%s\"}}", status, message);
}

void stand_start(struct stand *s, const struct stand_wish *wish)
{
	struct http_server_config config = {
		.listen = "127.0.0.1:0",
		.routes = routes,
		.n_routes = HF_COUNT(routes),
		.ctx = s,
		.error_body = error_body,
		.error_content_type = "application/json",
		.loops = wish->loops,
		.max_connections = wish->max_connections,
		.read_timeout_ms = wish->read_ms,
		.idle_timeout_ms = wish->idle_ms,
	};
	struct tls_server_config tls = { wish->tls_cert, wish->tls_key, wish->client_ca };
	struct hf_err err = { .text = "" };

	memset(s, 0, sizeof(*s));
	if (wish->tls_cert && !hf_ok(tls_server_new(&tls, &s->tls, &err)))
		fail_msg("%s", err.text);
	config.tls = s->tls;
	if (!hf_ok(http_server_start(&config, &s->server, &err)))
		fail_msg("%s", err.text);
}

void stand_stop(struct stand *s)
{
	http_server_stop(s->server);
	tls_server_free(s->tls);
}

uint16_t stand_port(const struct stand *s)
{
	return http_server_port(s->server);
}

void stand_wait(atomic_uint *counter, unsigned value)
{
	int64_t end = hf_mono_ms() + STAND_PATIENCE_MS;

	while (atomic_load(counter) != value && hf_mono_ms() < end)
		usleep(1000);
	assert_int_equal(atomic_load(counter), value);
}

void stand_wait_pending(struct stand *s, size_t value)
{
	int64_t end = hf_mono_ms() + STAND_PATIENCE_MS;

	while (http_server_pending(s->server) != value && hf_mono_ms() < end)
		usleep(1000);
	assert_int_equal(http_server_pending(s->server), value);
}

void stand_answer(struct stand *s, unsigned i)
{
	int64_t end = hf_mono_ms() + STAND_PATIENCE_MS;
	struct http_request *req = NULL;

	/* The counter moves before the request is stored. */
	while (!(req = atomic_exchange(&s->parked[i], NULL)) && hf_mono_ms() < end)
		usleep(100);
	CHECK(req);
	say(req, 200, "parked");
}

int raw_connect(const struct stand *s)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_port = htons(stand_port(s)),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	CHECK(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	return fd;
}

void raw_send(int fd, const void *p, size_t len)
{
	const char *at = p;

	/* The server may have closed by then: that is for the reader to see. */
	while (len) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		at += n;
		len -= (size_t)n;
	}
}

void raw_say(int fd, const char *text)
{
	raw_send(fd, text, strlen(text));
}

bool raw_read(int fd, char *to, size_t cap, int ms)
{
	int64_t end = hf_mono_ms() + ms;
	size_t len = 0;

	to[0] = '\0';
	while (len + 1 < cap) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - hf_mono_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) != 1)
			return false;
		n = recv(fd, to + len, cap - 1 - len, 0);
		if (n <= 0)
			return true;
		len += (size_t)n;
		to[len] = '\0';
	}
	return false;
}

void raw_expect(int fd, const char *text)
{
	char got[4096] = "";
	size_t len = 0;

	while (!strstr(got, text)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n = poll(&p, 1, STAND_PATIENCE_MS) == 1
		                    ? recv(fd, got + len, sizeof(got) - 1 - len, 0)
		                    : 0;

		if (n <= 0)
			fail_msg("expected \"%s\", got \"%s\"", text, got);
		len += (size_t)n;
		got[len] = '\0';
	}
}

int raw_ask(const struct stand *s, const void *p, size_t len, char *to, size_t cap)
{
	HF_FD int fd = raw_connect(s);
	int status = 0;

	raw_send(fd, p, len);
	if (!raw_read(fd, to, cap, STAND_PATIENCE_MS))
		fail_msg("not closed: %s", to);
	if (strncmp(to, "HTTP/1.1 ", 9) == 0)
		for (int i = 9; i < 12; i++)
			status = status * 10 + to[i] - '0';
	return status;
}

static char dir[64];

const char *stand_dir(void)
{
	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "/tmp/holdfast-http-XXXXXX");
		CHECK(mkdtemp(dir));
	}
	return dir;
}

const char *stand_file(char to[128], const char *name)
{
	snprintf(to, 128, "%s/%s", stand_dir(), name);
	return to;
}

void stand_dir_done(void)
{
	DIR *d = dir[0] ? opendir(dir) : NULL;
	struct dirent *e;
	char path[400];

	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	if (dir[0])
		rmdir(dir);
	dir[0] = '\0';
}
