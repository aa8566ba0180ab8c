/* SPDX-License-Identifier: Apache-2.0
 * A whole server, on the loopback: whatever comes, it answers with HTTP or not at all, and closes.
 */
#include "fuzz.h"

#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct http_server *server;

static void on_request(struct http_request *req, void *ctx)
{
	char text[64];

	snprintf(text, sizeof(text), "%zu %zu %zu", strlen(http_param(req, "id")),
	         strlen(http_query(req, "q") ? http_query(req, "q") : ""), strlen(http_path(req)));
	http_reply_header(req, "X-Target", http_target(req));
	http_reply(req, 200, http_header(req, "content-type"),
	           http_body(req).len ? http_body(req) : hf_span_text(text));
}

static void stop(void)
{
	http_server_stop(server);
}

static void start(void)
{
	static const struct http_route routes[] = {
		{ "POST", "/echo", on_request, 1000 },
		{ "GET", "/keys/:id", on_request, 0 },
		{ "DELETE", "/keys/:id", on_request, 0 },
	};
	const struct http_server_config config = { .listen = "127.0.0.1:0",
		                                   .routes = routes,
		                                   .n_routes = HF_COUNT(routes) };

	FUZZ_CHECK(hf_ok(http_server_start(&config, &server, NULL)));
	atexit(stop);
}

static int connect_to_it(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_port = htons(http_server_port(server)),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger hard = { .l_onoff = 1 }; /* no port is left in TIME_WAIT */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	FUZZ_CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char got[4096];
	size_t len = 0;
	ssize_t n;

	if (size > 32768)
		return 0;
	if (!server)
		start();
	HF_FD int fd = connect_to_it();
	if (send(fd, data, size, MSG_NOSIGNAL) != (ssize_t)size)
		return 0;
	shutdown(fd, SHUT_WR);
	while ((n = recv(fd, got + len, sizeof(got) - len, 0)) > 0)
		len = len + (size_t)n < sizeof(got) ? len + (size_t)n : 9;
	FUZZ_CHECK(len == 0 || (len >= 9 && memcmp(got, "HTTP/1.1 ", 9) == 0));
	return 0;
}
