/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include "base/text.h"
#include "http/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct http_server {
	struct http_shared shared;
	char *listen;
	uint16_t port;
	unsigned n_loops; /* that are initialised */
	struct http_loop loops[];
};

struct address {
	struct sockaddr_storage at;
	int len;
};

/* "127.0.0.1:8444" or "[::1]:8444". Names are left out: a listener is to be where it was told, not
 * where a resolver says. */
static bool read_address(const char *text, struct address *a)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	struct sockaddr_in *in = (struct sockaddr_in *)&a->at;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a->at;
	bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
	int64_t port;

	if (len == 0 || len >= sizeof(host) || !hf_ok(hf_parse_i64(colon + 1, 0, 65535, &port)))
		return false;
	memcpy(host, text + bracketed, len - 2 * (size_t)bracketed);
	host[len - 2 * (size_t)bracketed] = '\0';
	if (bracketed) {
		*in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
			                      .sin6_port = htons((uint16_t)port) };
		a->len = sizeof(*in6);
		return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1;
	}
	*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	a->len = sizeof(*in);
	return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

static hf_status parse_address(const char *text, struct address *ret, struct hf_err *err)
{
	if (!read_address(text, ret))
		return hf_fail(
		        err, HF_INVALID,
		        "cannot listen on %s: write address:port with an IP address, such as "
		        "127.0.0.1:8444 or [::]:8444",
		        text);
	return HF_SUCCESS;
}

static in_port_t *port_of(struct address *a)
{
	return a->at.ss_family == AF_INET ? &((struct sockaddr_in *)&a->at)->sin_port
	                                  : &((struct sockaddr_in6 *)&a->at)->sin6_port;
}

/* Listeners that share a port would also share it with a server that runs already, by mistake. One
 * that does not share finds out. */
static hf_status ensure_free(struct address *a, const char *text, struct hf_err *err)
{
	HF_FD int fd = socket(a->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&a->at, (socklen_t)a->len))
		return hf_fail(err, HF_IO, "cannot listen on %s: %s", text, strerrordesc_np(errno));
	return HF_SUCCESS;
}

static hf_status add_loops(struct http_server *s, unsigned n, struct address *a, struct hf_err *err)
{
	struct address bound = { .len = sizeof(bound.at) };

	if (n > 1 && *port_of(a))
		HF_TRY(ensure_free(a, s->listen, err));
	while (s->n_loops < n) {
		HF_TRY(http_loop_init(&s->loops[s->n_loops], &s->shared, (struct sockaddr *)&a->at,
		                      a->len, n > 1, err));
		s->n_loops++;
		if (s->n_loops > 1)
			continue;
		socklen_t len = sizeof(bound.at);
		if (getsockname(evconnlistener_get_fd(s->loops[0].listener),
		                (struct sockaddr *)&bound.at, &len))
			return hf_fail(err, HF_IO, "cannot listen on %s: %s", s->listen,
			               strerrordesc_np(errno));
		*port_of(a) = *port_of(&bound);
		s->port = ntohs(*port_of(&bound));
	}
	return HF_SUCCESS;
}

static hf_status run_loops(struct http_server *s, struct hf_err *err)
{
	for (unsigned i = 0; i < s->n_loops; i++)
		if (!hf_ok(http_loop_run(&s->loops[i])))
			return hf_fail(err, HF_NOMEM, "cannot start a thread for %s", s->listen);
	return HF_SUCCESS;
}

HF_DEFINE_CLEANUP(http_server_stop, struct http_server *)

hf_status http_server_start(const struct http_server_config *config, struct http_server **ret,
                            struct hf_err *err)
{
	unsigned n = config->loops ? config->loops : 1;
	HF_CLEANUP(http_server_stop_at)
	struct http_server *s = calloc(1, sizeof(*s) + n * sizeof(s->loops[0]));
	struct address a;

	HF_ENSURE(s, HF_NOMEM);
	s->listen = hf_strdup(config->listen);
	HF_ENSURE(s->listen, HF_NOMEM);
	s->shared.config = *config;
	s->shared.config.listen = s->listen;
	if (!config->max_connections)
		s->shared.config.max_connections = 4096;
	if (!config->read_timeout_ms)
		s->shared.config.read_timeout_ms = 10000;
	if (!config->idle_timeout_ms)
		s->shared.config.idle_timeout_ms = 75000;
	HF_TRY(http_routes_new(config->routes, config->n_routes, &s->shared.routes, err));
	HF_TRY(parse_address(config->listen, &a, err));
	HF_TRY(add_loops(s, n, &a, err));
	HF_TRY(run_loops(s, err));
	*ret = hf_take(s);
	return HF_SUCCESS;
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

void http_server_quiesce(struct http_server *s)
{
	atomic_store(&s->shared.quiesced, true);
	for (unsigned i = 0; i < s->n_loops; i++)
		http_loop_wake(&s->loops[i]);
}

void http_server_recheck(struct http_server *s)
{
	for (unsigned i = 0; i < s->n_loops; i++)
		http_loop_recheck(&s->loops[i]);
}

size_t http_server_pending(struct http_server *s)
{
	return atomic_load(&s->shared.pending);
}

void http_server_stop(struct http_server *s)
{
	if (!s)
		return;
	atomic_store(&s->shared.quiesced, true);
	atomic_store(&s->shared.stopping, true);
	for (unsigned i = 0; i < s->n_loops; i++)
		http_loop_wake(&s->loops[i]);
	for (unsigned i = 0; i < s->n_loops; i++)
		http_loop_join(&s->loops[i]);
	for (unsigned i = 0; i < s->n_loops; i++)
		http_loop_free(&s->loops[i]);
	http_routes_free(s->shared.routes);
	free(s->listen);
	free(s);
}
