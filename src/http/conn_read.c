/* SPDX-License-Identifier: Apache-2.0 */
#include "http/conn_impl.h"

#include <string.h>

#define OUTPUT_MAX 65536 /* unsent bytes above which the next request has to wait */
#define SKIP_MAX                                                                                   \
	65536 /* a refused body up to this size is read past, so that the connection lives on */

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
	http_conn_deadline(c, HTTP_DEADLINE_READ);
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

	if (head->content_length > SKIP_MAX || head->chunked || head->expect_continue) {
		http_conn_refuse(c, why, true, head_only);
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

/* Memory as the bytes come, since nobody has said how many there will be. */
static void begin_chunks(struct http_conn *c)
{
	size_t max = body_limit(c->req->route);

	c->req->body.max = max;
	c->req->body.secret = c->req->route->secret;
	http_chunks_begin(&c->chunks, max);
	c->state = STATE_CHUNKS;
}

static bool take_request(struct http_conn *c, struct hf_span bytes, const struct http_head *head,
                         const struct http_match *match)
{
	struct http_refusal why;

	if (head->content_length > body_limit(match->route))
		return http_conn_refuse_and_close(c, 413,
		                                  "The body is longer than this path takes.");
	why = http_request_new(bytes, head, match, &c->req);
	if (why.status)
		return http_conn_refuse(c, why, true, false);
	evbuffer_drain(input(c), bytes.len);
	if (head->expect_continue && (head->content_length || head->chunked) &&
	    evbuffer_get_length(input(c)) == 0)
		bufferevent_write(c->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	c->state = STATE_BODY;
	if (head->chunked)
		begin_chunks(c);
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
		return http_conn_refuse(c, why, true, false);
	if (atomic_load(&c->loop->shared->quiesced))
		return http_conn_refuse_and_close(c, 503,
		                                  "The server is shutting down; try elsewhere.");
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
		return http_conn_refuse_and_close(c, 503, "The server is out of memory.");
	switch (http_head_scan(p, len, &c->seen)) {
	case HTTP_SCAN_MORE:
		if (len == HTTP_HEAD_MAX)
			return http_conn_refuse_and_close(c, 431,
			                                  "The request's head is too long.");
		return false;
	case HTTP_SCAN_BAD:
		return http_conn_refuse_and_close(c, 400, "The request's head is malformed.");
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
			return http_conn_refuse(
			        c, (struct http_refusal){ 413, "This path takes no body." },
			        req->head.close, hf_span_is(req->head.method, "HEAD"));
		hf_buf_clear(&req->body);
	}
	c->state = STATE_HANDLING;
	http_conn_deadline(c, HTTP_DEADLINE_NONE);
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
			return http_conn_refuse_and_close(c, 503, "The server is out of memory.");
	} else if (n) {
		evbuffer_drain(input(c), n);
		c->skip -= n;
	}
	if (n < want)
		return false;
	if (!c->req)
		return http_conn_refuse(c, c->refusal, c->skip_close, c->skip_head_only);
	return hand_over(c);
}

static bool read_chunks(struct http_conn *c)
{
	struct evbuffer_iovec piece;
	struct hf_span in, data;
	enum http_chunks_found found;

	if (evbuffer_peek(input(c), -1, NULL, &piece, 1) < 1)
		return false;
	in = HF_SPAN(piece.iov_base, piece.iov_len);
	while ((found = http_chunks_next(&c->chunks, &in, &data)) == HTTP_CHUNKS_DATA)
		hf_buf_put(&c->req->body, data.ptr, data.len);
	evbuffer_drain(input(c), piece.iov_len - in.len);
	if (!hf_ok(hf_buf_status(&c->req->body)))
		return http_conn_refuse_and_close(c, 503, "The server is out of memory.");
	if (found == HTTP_CHUNKS_BAD)
		return http_conn_refuse(c, c->chunks.why, true, false);
	return found == HTTP_CHUNKS_DONE ? hand_over(c) : true;
}

bool http_conn_step(struct http_conn *c)
{
	switch (c->state) {
	case STATE_IDLE:
		return begin_request(c);
	case STATE_HEAD:
		return read_head(c);
	case STATE_BODY:
		return read_body(c);
	case STATE_CHUNKS:
		return read_chunks(c);
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
