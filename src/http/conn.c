/* SPDX-License-Identifier: Apache-2.0 */
#include "http/conn_impl.h"

#include <arpa/inet.h>
#include <event2/util.h>
#include <stdio.h>
#include <sys/socket.h>

#define INPUT_MAX 65536 /* unread bytes of a peer that sends ahead */
/* Steps of one connection before others have their turn: three or so a request. */
#define BURST 48

static void conn_free(struct http_conn *c)
{
	struct http_loop *loop = c->loop;
	struct http_request *req = hf_take(c->req);

	http_deadline_set(&loop->deadlines, &c->deadline, HTTP_DEADLINE_NONE);
	TAILQ_REMOVE(&loop->conns, c, entry);
	http_conn_farewell(c);
	bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
	bufferevent_free(c->bev);
	http_peer_drop(c->peer);
	atomic_fetch_sub(&loop->shared->connections, 1);

	if (req && req->conn) { /* with a handler: it frees it by answering */
		req->conn = NULL;
		if (!loop->winding_down)
			http_request_gone(req);
	} else {
		http_request_free(req);
	}
	free(c);
}

void http_conn_drop(struct http_conn *c)
{
	c->dead = true;
	if (!c->stepping)
		conn_free(c);
}

void http_conn_deadline(struct http_conn *c, enum http_deadline_kind kind)
{
	http_deadline_set(&c->loop->deadlines, &c->deadline, kind);
}

static void go_on_later(struct http_conn *c)
{
	if (evbuffer_get_length(bufferevent_get_input(c->bev)))
		bufferevent_trigger(c->bev, EV_READ,
		                    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

static void advance(struct http_conn *c)
{
	int left = BURST;

	c->stepping = true;
	while (!c->dead && left && http_conn_step(c))
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
	http_conn_send(c, &req->reply, req->head.close || atomic_load(&c->loop->shared->quiesced));
}

/* Says that nothing more will come, and leaves it to the peer to close. */
static void linger(struct http_conn *c)
{
	if (c->loop->winding_down || c->peer_done) {
		http_conn_drop(c);
		return;
	}
	http_conn_farewell(c);
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	c->state = STATE_LINGER;
	http_conn_deadline(c, HTTP_DEADLINE_LINGER);
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
		http_conn_deadline(c, HTTP_DEADLINE_IDLE);
		advance(c);
	}
}

/* The alert that says why is on its way. In TLS 1.3 the peer has sent its request along by then; to
 * close with that unread would destroy the alert. */
static void refuse_handshake(struct http_conn *c, short what)
{
	http_conn_explain_handshake(c, what);
	if (!(what & BEV_EVENT_ERROR)) {
		http_conn_drop(c);
		return;
	}
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	c->state = STATE_LINGER;
	http_conn_deadline(c, HTTP_DEADLINE_LINGER);
}

/* What does not fit counts as not shown. */
static void read_peer(struct http_conn *c)
{
	c->peer->has_certificate = hf_ok(tls_peer_read(c->ssl, &c->peer->certificate));
	if (c->peer->has_certificate)
		return;
	c->peer->shown = HF_BUF(TLS_SHOWN_MAX);
	if (!hf_ok(tls_peer_shown(c->ssl, &c->peer->shown)))
		hf_buf_done(&c->peer->shown);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct http_conn *c = arg;

	if (what & BEV_EVENT_CONNECTED) {
		read_peer(c);
		c->state = STATE_IDLE;
		return;
	}
	if (c->state == STATE_HANDSHAKE) {
		refuse_handshake(c, what);
		return;
	}
	/* A peer that only closes its sending side still gets what is on its way. */
	c->peer_done = true;
	if ((what & BEV_EVENT_EOF) && c->sending && !c->req)
		c->state = STATE_CLOSING;
	else
		http_conn_drop(c);
}

void http_conn_expire(struct http_deadline *d)
{
	struct http_conn *c =
	        (struct http_conn *)((char *)d - offsetof(struct http_conn, deadline));

	switch (c->state) {
	case STATE_HEAD:
	case STATE_BODY:
	case STATE_CHUNKS:
		http_conn_refuse_and_close(c, 408, "The request did not arrive in time.");
		return;
	case STATE_HANDSHAKE:
	case STATE_IDLE:
	case STATE_HANDLING:
	case STATE_CLOSING:
	case STATE_LINGER:
		http_conn_drop(c);
		return;
	}
}

void http_conn_wind_down(struct http_conn *c)
{
	if (evbuffer_get_length(bufferevent_get_output(c->bev)) && !c->req &&
	    c->state != STATE_LINGER) {
		c->state = STATE_CLOSING;
		c->sending = true;
		http_conn_deadline(c, HTTP_DEADLINE_LINGER);
	} else {
		http_conn_drop(c);
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

void http_conn_accept(struct http_loop *loop, int fd, const struct sockaddr *address)
{
	HF_FREE struct http_conn *c = calloc(1, sizeof(*c));
	HF_FREE struct http_peer_ref *peer = calloc(1, sizeof(*peer));
	unsigned generation = 0;

	if (loop->shared->config.tls)
		generation = tls_server_generation(loop->shared->config.tls);
	if (c && peer)
		c->bev = http_conn_wrap(loop, fd, &c->ssl);
	if (!c || !peer || !c->bev) {
		evutil_closesocket(fd);
		return;
	}
	write_address(address, peer->address, sizeof(peer->address));
	c->peer = http_peer_hold(hf_take(peer));
	c->loop = loop;
	if (c->ssl) /* taken before the context: at worst it is looked at once more */
		c->generation = generation;
	c->state = c->ssl ? STATE_HANDSHAKE : STATE_IDLE;
	atomic_fetch_add(&loop->shared->connections, 1);
	TAILQ_INSERT_TAIL(&loop->conns, c, entry);
	http_conn_deadline(c, HTTP_DEADLINE_READ);
	bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_MAX);
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_enable(c->bev, EV_READ);
	(void)hf_take(c);
}
