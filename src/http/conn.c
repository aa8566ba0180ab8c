/* SPDX-License-Identifier: Apache-2.0 */
#include "http/conn.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/util.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define INPUT_MAX 65536  /* unread bytes of a peer that sends ahead */
#define OUTPUT_MAX 65536 /* unsent bytes above which its next request has to wait */
#define SKIP_MAX                                                                                   \
	65536    /* a refused body up to this size is read, so that the connection lives on        \
	          */
#define BURST 16 /* requests of one connection before others have their turn */

enum state {
	STATE_HANDSHAKE,
	STATE_IDLE,
	STATE_HEAD,
	STATE_BODY,
	STATE_HANDLING, /* the request is at its handler, or parked */
	STATE_CLOSING,  /* the last reply is being sent */
	STATE_LINGER, /* sent; waits for the peer to close, since closing first may destroy what it
	                 has not read */
};

struct http_conn {
	TAILQ_ENTRY(http_conn) entry;
	struct http_loop *loop;
	struct bufferevent *bev;
	SSL *ssl; /* NULL: plain; owned by bev */
	struct http_peer_ref *peer;
	struct http_deadline deadline;
	enum state state;
	bool stepping; /* advance() is on the stack */
	bool dead;     /* freed as soon as it is not */
	bool sending;
	bool peer_done; /* the peer sends no more */
	size_t seen;    /* of the head, by the scan */
	struct http_request *req;
	/* Instead of req: refused, but the body is read first. */
	struct http_refusal refusal;
	uint64_t skip;
	bool skip_close, skip_head_only;
	char allow[HTTP_ALLOW_MAX];
};

static void conn_free(struct http_conn *c)
{
	struct http_loop *loop = c->loop;
	struct http_request *req = hf_take(c->req);

	http_deadline_set(&loop->deadlines, &c->deadline, HTTP_DEADLINE_NONE);
	TAILQ_REMOVE(&loop->conns, c, entry);
	if (c->ssl && SSL_is_init_finished(c->ssl)) {
		SSL_shutdown(c->ssl);
		ERR_clear_error();
	}
	bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
	bufferevent_free(c->bev);
	http_peer_drop(c->peer);
	atomic_fetch_sub(&loop->shared->connections, 1);

	if (req && c->state == STATE_HANDLING) {
		req->conn = NULL;
		if (!loop->winding_down)
			http_request_gone(req);
	} else {
		http_request_free(req);
	}
	free(c);
}

static void drop(struct http_conn *c)
{
	c->dead = true;
	if (!c->stepping)
		conn_free(c);
}

static void set_deadline(struct http_conn *c, enum http_deadline_kind kind)
{
	http_deadline_set(&c->loop->deadlines, &c->deadline, kind);
}

static void send_reply(struct http_conn *c, struct http_reply_bytes *r, bool close)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	const char *end = close ? "Connection: close\r\n\r\n" : "\r\n";

	/* One piece of memory, hence one TLS record and one write. */
	if (!hf_ok(hf_buf_status(&r->bytes)) || evbuffer_expand(out, r->bytes.len + 32) ||
	    evbuffer_add(out, r->bytes.ptr, r->head_len) || evbuffer_add(out, end, strlen(end)) ||
	    evbuffer_add(out, r->bytes.ptr + r->head_len, r->bytes.len - r->head_len)) {
		drop(c);
		return;
	}
	c->state = close ? STATE_CLOSING : STATE_IDLE;
	c->sending = true;
	set_deadline(c, HTTP_DEADLINE_READ);
}

/* Answers in the handlers' place. Returns true: the state has changed. */
static bool refuse(struct http_conn *c, struct http_refusal why, bool close, bool head_only)
{
	const struct http_server_config *config = &c->loop->shared->config;
	HF_BUF_SCOPED struct hf_buf body = HF_BUF(8192);
	HF_BUF_SCOPED struct hf_buf fields = HF_BUF(HTTP_ALLOW_MAX + 16);
	struct http_reply_bytes r;

	if (config->error_body)
		config->error_body(&body, why.status, why.message);
	else
		hf_buf_printf(&body, "%s\n", why.message);
	if (why.status == 405)
		hf_buf_printf(&fields, "Allow: %s\r\n", c->allow);
	http_reply_make(&r, why.status,
	                config->error_content_type ? config->error_content_type : "text/plain",
	                hf_buf_span(&fields), hf_buf_span(&body), head_only);
	http_observe(config, c->req, why.status);
	http_request_free(hf_take(c->req));
	c->refusal.status = 0;
	send_reply(c, &r, close);
	hf_buf_done(&r.bytes);
	return true;
}

static bool refuse_and_close(struct http_conn *c, int status, const char *message)
{
	return refuse(c, (struct http_refusal){ status, message }, true, false);
}

static struct evbuffer *input(struct http_conn *c)
{
	return bufferevent_get_input(c->bev);
}

static bool begin_request(struct http_conn *c)
{
	char start[2];

	if (evbuffer_get_length(bufferevent_get_output(c->bev)) > OUTPUT_MAX)
		return false;
	if (evbuffer_get_length(input(c)) == 0)
		return false;
	/* An empty line ahead of a request is passed over (RFC 9112 section 2.2). */
	if (evbuffer_copyout(input(c), start, 2) == 2 && memcmp(start, "\r\n", 2) == 0)
		evbuffer_drain(input(c), 2);
	if (evbuffer_get_length(input(c)) == 0)
		return false;
	c->seen = 0;
	c->state = STATE_HEAD;
	set_deadline(c, HTTP_DEADLINE_READ);
	return true;
}

static const char *route_message(int status)
{
	switch (status) {
	case 405:
		return "This path does not take this method.";
	case 501:
		return "This method is not served.";
	default:
		return "There is nothing at this path.";
	}
}

/* Refuses a request whose head was fine, keeping the connection when its body can be read past. */
static void refuse_after_body(struct http_conn *c, const struct http_head *head, int status)
{
	struct http_refusal why = { status, route_message(status) };
	bool head_only = hf_span_is(head->method, "HEAD");

	if (head->content_length > SKIP_MAX || head->expect_continue) {
		refuse(c, why, true, head_only);
		return;
	}
	c->refusal = why;
	c->skip = head->content_length;
	c->skip_close = head->close;
	c->skip_head_only = head_only;
	c->state = STATE_BODY;
}

/* "{}" for "nothing": clients that always send a body are served as well. */
static size_t body_limit(const struct http_route *route)
{
	return route->max_body ? route->max_body : 2;
}

static bool take_request(struct http_conn *c, struct hf_span bytes, const struct http_head *head,
                         const struct http_match *match)
{
	struct http_refusal why;

	if (head->content_length > body_limit(match->route))
		return refuse_and_close(c, 413, "The body is longer than this path takes.");
	why = http_request_new(bytes, head, match, &c->req);
	if (why.status)
		return refuse(c, why, true, false);
	evbuffer_drain(input(c), bytes.len);
	if (head->expect_continue && head->content_length && evbuffer_get_length(input(c)) == 0)
		bufferevent_write(c->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	c->state = STATE_BODY;
	return true;
}

static bool head_done(struct http_conn *c, struct hf_span bytes)
{
	struct http_head head;
	struct http_match match;
	struct hf_span path, query;
	struct http_refusal why = http_head_parse(bytes, &head);
	int status;

	if (why.status)
		return refuse(c, why, true, false);
	if (atomic_load(&c->loop->shared->quiesced))
		return refuse_and_close(c, 503, "The server is shutting down; try elsewhere.");
	http_target_split(head.target, &path, &query);
	status = http_routes_match(c->loop->shared->routes, head.method, path, &match, c->allow);
	if (status == 0)
		return take_request(c, bytes, &head, &match);
	refuse_after_body(c, &head, status);
	evbuffer_drain(input(c), bytes.len);
	return true;
}

static bool read_head(struct http_conn *c)
{
	size_t len = evbuffer_get_length(input(c));
	uint8_t *p;

	len = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
	p = evbuffer_pullup(input(c), (ev_ssize_t)len);
	if (!p)
		return refuse_and_close(c, 503, "The server is out of memory.");
	switch (http_head_scan(p, len, &c->seen)) {
	case HTTP_SCAN_MORE:
		if (len == HTTP_HEAD_MAX)
			return refuse_and_close(c, 431, "The request's head is too long.");
		return false;
	case HTTP_SCAN_BAD:
		return refuse_and_close(c, 400, "The request's head is malformed.");
	case HTTP_SCAN_DONE:
		break;
	}
	return head_done(c, HF_SPAN(p, c->seen));
}

static bool hand_over(struct http_conn *c)
{
	struct http_request *req = c->req;
	struct http_shared *shared = c->loop->shared;

	if (req->route->max_body == 0 && req->body.len) {
		if (!hf_span_is(hf_buf_span(&req->body), "{}"))
			return refuse(c, (struct http_refusal){ 413, "This path takes no body." },
			              req->head.close, false);
		hf_buf_clear(&req->body);
	}
	c->state = STATE_HANDLING;
	set_deadline(c, HTTP_DEADLINE_NONE);
	req->conn = c;
	req->loop = c->loop;
	req->peer = http_peer_hold(c->peer);
	TAILQ_INSERT_TAIL(&c->loop->open, req, among_open);
	atomic_fetch_add(&shared->pending, 1);
	req->route->handler(req, shared->config.ctx); /* from here on it is the holder's */
	return true;
}

static bool read_body(struct http_conn *c)
{
	size_t have = evbuffer_get_length(input(c));
	uint64_t want = c->req ? c->req->head.content_length - c->req->body.len : c->skip;
	size_t n = have < want ? have : (size_t)want;

	if (c->req && n) {
		uint8_t *to = hf_buf_grow(&c->req->body, n);

		if (!to || evbuffer_remove(input(c), to, n) != (int)n)
			return refuse_and_close(c, 503, "The server is out of memory.");
	} else if (n) {
		evbuffer_drain(input(c), n);
		c->skip -= n;
	}
	if (n < want)
		return false;
	if (!c->req)
		return refuse(c, c->refusal, c->skip_close, c->skip_head_only);
	return hand_over(c);
}

/* One step; false: nothing more to do for now. */
static bool step(struct http_conn *c)
{
	switch (c->state) {
	case STATE_IDLE:
		return begin_request(c);
	case STATE_HEAD:
		return read_head(c);
	case STATE_BODY:
		return read_body(c);
	case STATE_CLOSING:
	case STATE_LINGER:
		evbuffer_drain(input(c), evbuffer_get_length(input(c)));
		return false;
	case STATE_HANDSHAKE:
	case STATE_HANDLING:
		return false;
	}
	return false;
}

static void go_on_later(struct http_conn *c)
{
	if (evbuffer_get_length(input(c)))
		bufferevent_trigger(c->bev, EV_READ,
		                    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

static void advance(struct http_conn *c)
{
	int left = BURST * 3; /* steps a request */

	c->stepping = true;
	while (!c->dead && left && step(c))
		left--;
	c->stepping = false;
	if (c->dead)
		conn_free(c);
	else if (left == 0)
		go_on_later(c);
}

void http_conn_answer(struct http_conn *c, struct http_request *req)
{
	c->req = NULL;
	c->state = STATE_IDLE;
	if (!c->stepping)
		go_on_later(c);
	send_reply(c, &req->reply, req->head.close || atomic_load(&c->loop->shared->quiesced));
}

/* Says that nothing more will come, and leaves it to the peer to close. */
static void linger(struct http_conn *c)
{
	if (c->loop->winding_down || c->peer_done) {
		drop(c);
		return;
	}
	if (c->ssl) {
		SSL_shutdown(c->ssl);
		ERR_clear_error();
	}
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	c->state = STATE_LINGER;
	set_deadline(c, HTTP_DEADLINE_LINGER);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	advance(arg);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct http_conn *c = arg;

	if (!c->sending || evbuffer_get_length(bufferevent_get_output(bev)))
		return;
	c->sending = false;
	if (c->state == STATE_CLOSING) {
		linger(c);
	} else if (c->state == STATE_IDLE) {
		set_deadline(c, HTTP_DEADLINE_IDLE);
		advance(c);
	}
}

/* libevent has taken OpenSSL's errors off the thread's queue, the last one first now; tls_explain()
 * reads them there. */
static void put_back_errors(struct bufferevent *bev)
{
	unsigned long errors[8];
	size_t n = 0;

	while (n < HF_COUNT(errors) && (errors[n] = bufferevent_get_openssl_error(bev)))
		n++;
	while (n--) {
		ERR_new();
		ERR_set_error(ERR_GET_LIB(errors[n]), ERR_GET_REASON(errors[n]), NULL);
	}
}

static void explain_handshake(struct http_conn *c, short what)
{
	char text[256] = "the peer closed the connection";
	const char *reason = text, *peer = c->peer->address;

	if (!http_loop_may_log(c->loop))
		return;
	if (what & BEV_EVENT_ERROR) {
		put_back_errors(c->bev);
		tls_explain(c->ssl, text, sizeof(text));
	}
	HF_INFO("a TLS handshake failed", HF_KS("peer", peer), HF_KS("reason", reason));
}

/* The alert that says why is on its way. In TLS 1.3 the peer has sent its request along by then; to
 * close with that unread would destroy the alert. */
static void refuse_handshake(struct http_conn *c, short what)
{
	explain_handshake(c, what);
	ERR_clear_error();
	if (!(what & BEV_EVENT_ERROR)) {
		drop(c);
		return;
	}
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	c->state = STATE_LINGER;
	set_deadline(c, HTTP_DEADLINE_LINGER);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct http_conn *c = arg;

	if (what & BEV_EVENT_CONNECTED) {
		c->peer->has_certificate = hf_ok(tls_peer_read(c->ssl, &c->peer->certificate));
		c->state = STATE_IDLE;
		return;
	}
	if (c->state == STATE_HANDSHAKE) {
		refuse_handshake(c, what);
		return;
	}
	ERR_clear_error();
	/* A peer that only closes its sending side still gets what is on its way. */
	c->peer_done = true;
	if ((what & BEV_EVENT_EOF) && c->sending)
		c->state = STATE_CLOSING;
	else
		drop(c);
}

void http_conn_expire(struct http_deadline *d)
{
	struct http_conn *c =
	        (struct http_conn *)((char *)d - offsetof(struct http_conn, deadline));

	switch (c->state) {
	case STATE_HEAD:
	case STATE_BODY:
		refuse_and_close(c, 408, "The request did not arrive in time.");
		return;
	case STATE_HANDSHAKE:
	case STATE_IDLE:
	case STATE_HANDLING:
	case STATE_CLOSING:
	case STATE_LINGER:
		drop(c);
		return;
	}
}

void http_conn_wind_down(struct http_conn *c)
{
	if (evbuffer_get_length(bufferevent_get_output(c->bev)) && c->state != STATE_LINGER) {
		c->state = STATE_CLOSING;
		c->sending = true;
		set_deadline(c, HTTP_DEADLINE_LINGER);
	} else {
		drop(c);
	}
}

struct http_conn *http_conn_next(struct http_conn *c)
{
	return TAILQ_NEXT(c, entry);
}

static void write_address(const struct sockaddr *from, char *to, size_t cap)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (from->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;

		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		snprintf(to, cap, "%s:%u", text, ntohs(in->sin_port));
	} else if (from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;

		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		snprintf(to, cap, "[%s]:%u", text, ntohs(in6->sin6_port));
	}
}

static struct bufferevent *wrap(struct http_loop *loop, int fd, SSL **ret_ssl)
{
	struct tls_server *tls = loop->shared->config.tls;
	struct bufferevent *bev;
	SSL *ssl;

	if (!tls)
		return bufferevent_socket_new(loop->base, fd, BEV_OPT_CLOSE_ON_FREE);
	ssl = SSL_new(tls_server_ctx(tls));
	if (!ssl)
		return NULL;
	SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS); /* thousands of connections do nothing most of
	                                                the time */
	bev = bufferevent_openssl_socket_new(loop->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
	                                     BEV_OPT_CLOSE_ON_FREE);
	if (!bev) {
		SSL_free(ssl);
		return NULL;
	}
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	*ret_ssl = ssl;
	return bev;
}

void http_conn_accept(struct http_loop *loop, int fd, const struct sockaddr *address)
{
	HF_FREE struct http_conn *c = calloc(1, sizeof(*c));
	HF_FREE struct http_peer_ref *peer = calloc(1, sizeof(*peer));

	if (c && peer)
		c->bev = wrap(loop, fd, &c->ssl);
	if (!c || !peer || !c->bev) {
		evutil_closesocket(fd);
		return;
	}
	write_address(address, peer->address, sizeof(peer->address));
	c->peer = http_peer_hold(hf_take(peer));
	c->loop = loop;
	c->state = c->ssl ? STATE_HANDSHAKE : STATE_IDLE;
	atomic_fetch_add(&loop->shared->connections, 1);
	TAILQ_INSERT_TAIL(&loop->conns, c, entry);
	set_deadline(c, HTTP_DEADLINE_READ);
	bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_MAX);
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_enable(c->bev, EV_READ);
	(void)hf_take(c);
}
