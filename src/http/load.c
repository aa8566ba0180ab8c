/* SPDX-License-Identifier: Apache-2.0 */
#include "http/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

enum { REPLY_MAX = 256 << 10, REQUEST_MAX = 256 << 10, READ_PIECE = 4096, EVENTS = 64 };

struct caller {
	SSL *ssl;
	int fd;
	struct hf_buf in, out;
	bool blocked;   /* out waits for the socket */
	http_done done; /* NULL: nothing under way */
	void *ctx;
};

struct http_load {
	const char *content_type;
	SSL_CTX *tls;
	int epoll;
	struct caller *callers;
	unsigned n;
};

static hf_status connect_tcp(uint16_t port, int *ret)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_port = htons(port),
		                  .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	int one = 1;

	*ret = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	HF_ENSURE(*ret >= 0, HF_IO);
	HF_ENSURE(setsockopt(*ret, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0, HF_IO);
	HF_ENSURE(connect(*ret, (struct sockaddr *)&to, sizeof(to)) == 0, HF_IO);
	return HF_SUCCESS;
}

/* The handshake blocks; afterwards the connection does not. */
static hf_status caller_connect(struct http_load *l, struct caller *c, uint16_t port)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	HF_TRY(connect_tcp(port, &c->fd));
	c->ssl = SSL_new(l->tls);
	HF_ENSURE(c->ssl && SSL_set_fd(c->ssl, c->fd) == 1, HF_NOMEM);
	SSL_set_read_ahead(c->ssl, 1); /* a whole record by one read() */
	HF_ENSURE(SSL_connect(c->ssl) == 1, HF_IO);
	HF_ENSURE(fcntl(c->fd, F_SETFL, O_NONBLOCK) == 0, HF_IO);
	HF_ENSURE(epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) == 0, HF_IO);
	return HF_SUCCESS;
}

static hf_status set_up_tls(struct http_load *l, const struct http_load_config *config)
{
	l->tls = SSL_CTX_new(TLS_client_method());
	HF_ENSURE(l->tls, HF_NOMEM);
	HF_ENSURE(SSL_CTX_load_verify_file(l->tls, config->ca_file) == 1, HF_INVALID);
	SSL_CTX_set_verify(l->tls, SSL_VERIFY_PEER, NULL);
	if (!config->cert_file)
		return HF_SUCCESS;
	HF_ENSURE(SSL_CTX_use_certificate_chain_file(l->tls, config->cert_file) == 1, HF_INVALID);
	HF_ENSURE(SSL_CTX_use_PrivateKey_file(l->tls, config->key_file, SSL_FILETYPE_PEM) == 1,
	          HF_INVALID);
	return HF_SUCCESS;
}

static hf_status set_up(struct http_load *l, const struct http_load_config *config)
{
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	HF_ENSURE(l->callers && l->epoll >= 0, HF_NOMEM);
	HF_TRY(set_up_tls(l, config));
	SSL_CTX_set_mode(l->tls,
	                 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	for (unsigned i = 0; i < l->n; i++)
		l->callers[i] = (struct caller){ .fd = -1,
			                         .in = HF_BUF(REPLY_MAX),
			                         .out = HF_BUF(REQUEST_MAX) };
	for (unsigned i = 0; i < l->n; i++)
		HF_TRY(caller_connect(l, &l->callers[i], config->port));
	return HF_SUCCESS;
}

hf_status http_load_new(const struct http_load_config *config, struct http_load **ret,
                        struct hf_err *err)
{
	struct http_load *l = calloc(1, sizeof(*l));
	hf_status s;

	HF_ENSURE(l, HF_NOMEM);
	l->epoll = -1;
	l->content_type = config->content_type;
	l->callers = calloc(config->callers, sizeof(*l->callers));
	l->n = l->callers ? config->callers : 0;
	s = set_up(l, config);
	if (!hf_ok(s)) {
		s = hf_fail(err, s.code, "cannot connect to 127.0.0.1:%u: %m", config->port);
		ERR_clear_error();
		http_load_free(l);
		return s;
	}
	*ret = l;
	return HF_SUCCESS;
}

void http_load_free(struct http_load *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < l->n; i++) {
		SSL_free(l->callers[i].ssl);
		if (l->callers[i].fd >= 0)
			close(l->callers[i].fd);
		hf_buf_done(&l->callers[i].in);
		hf_buf_done(&l->callers[i].out);
	}
	if (l->epoll >= 0)
		close(l->epoll);
	SSL_CTX_free(l->tls);
	free(l->callers);
	free(l);
}

static void end(struct caller *c, int status, struct hf_span body)
{
	struct http_reply reply = { .status = status,
		                    .error = status ? "" : "the connection broke",
		                    .body = body };
	http_done done = c->done;

	c->done = NULL;
	if (done)
		done(c->ctx, &reply);
}

static bool would_wait(struct caller *c, int rc)
{
	int why = SSL_get_error(c->ssl, rc);

	ERR_clear_error();
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

/* Asks for EPOLLOUT only while something is left: our requests nearly always fit the socket's
 * buffer. */
static hf_status flush(struct http_load *l, struct caller *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	while (c->out.len > 0) {
		int n = SSL_write(c->ssl, c->out.ptr, (int)c->out.len);

		if (n > 0)
			hf_buf_drop(&c->out, (size_t)n);
		else if (would_wait(c, n))
			break;
		else
			return HF_FAILURE(HF_CLOSED);
	}
	if (c->blocked == (c->out.len > 0))
		return HF_SUCCESS;
	c->blocked = c->out.len > 0;
	event.events |= c->blocked ? EPOLLOUT : 0;
	HF_ENSURE(epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &event) == 0, HF_IO);
	return HF_SUCCESS;
}

hf_status http_load_post(struct http_load *l, unsigned i, const char *path, const char *const *head,
                         struct hf_span body, http_done done, void *ctx)
{
	struct caller *c = &l->callers[i];

	HF_ENSURE(i < l->n && !c->done, HF_STATE);
	hf_buf_text(&c->out, "POST ");
	hf_buf_text(&c->out, path);
	hf_buf_text(&c->out, " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ");
	hf_buf_text(&c->out, l->content_type);
	hf_buf_text(&c->out, "\r\n");
	for (; *head; head++)
		hf_buf_text(&c->out, *head);
	hf_buf_printf(&c->out, "Content-Length: %zu\r\n\r\n", body.len);
	hf_buf_put(&c->out, body.ptr, body.len);
	HF_TRY(hf_buf_status(&c->out));
	c->done = done;
	c->ctx = ctx;
	return flush(l, c);
}

/* Length of head and body when both are there; 0: not yet. Our own server's replies: one
 * Content-Length, never chunked. */
static size_t whole_reply(const struct hf_buf *in, size_t *head, int *status)
{
	static const char name[] = "\r\nContent-Length: ";
	const char *text = (const char *)in->ptr;
	const char *blank = in->len ? memmem(text, in->len, "\r\n\r\n", 4) : NULL;
	const char *length = blank ? memmem(text, in->len, name, sizeof(name) - 1) : NULL;
	size_t n = 0;

	if (!blank || in->len < 12)
		return 0;
	*status = (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0');
	*head = (size_t)(blank - text) + 4;
	for (const char *p = length ? length + sizeof(name) - 1 : blank;
	     p < blank && *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (size_t)(*p - '0');
	return n <= in->len - *head ? *head + n : 0;
}

static void receive(struct caller *c)
{
	size_t head, all;
	int status;

	for (;;) {
		uint8_t piece[READ_PIECE];
		int n = SSL_read(c->ssl, piece, sizeof(piece));

		if (n > 0) {
			hf_buf_put(&c->in, piece, (size_t)n);
			continue;
		}
		if (!would_wait(c, n)) {
			end(c, 0, HF_SPAN(NULL, 0));
			return;
		}
		break;
	}
	all = whole_reply(&c->in, &head, &status);
	if (all) {
		HF_BUF_SCOPED struct hf_buf reply =
		        c->in; /* done() may send the next request and receive */

		c->in = HF_BUF(REPLY_MAX);
		end(c, status, HF_SPAN(reply.ptr + head, all - head));
	}
}

hf_status http_load_step(struct http_load *l, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(l->epoll, events, EVENTS, timeout_ms);

	HF_ENSURE(n >= 0 || errno == EINTR, HF_IO);
	for (int i = 0; i < n; i++) {
		struct caller *c = events[i].data.ptr;

		if (c->out.len > 0)
			HF_TRY(flush(l, c));
		if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			receive(c);
	}
	return HF_SUCCESS;
}
