/* SPDX-License-Identifier: Apache-2.0 */
#include "http/conn_impl.h"

#include <string.h>

#define RECORD_MAX 16384 /* bytes of a TLS record */

/* The usual reply goes to the socket at once. libevent would ask the kernel first whether there is
 * room for it, which takes two changes of what is waited for and a turn of the loop. */
static bool send_at_once(struct http_conn *c, struct hf_span bytes)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	if (!c->ssl || bytes.len > RECORD_MAX || evbuffer_get_length(out))
		return false;
	return http_conn_write(c, bytes);
}

static bool send_by_and_by(struct http_conn *c, const struct http_reply_bytes *r, bool close)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	struct hf_span all = hf_buf_span(&r->bytes);
	const char *more = close ? "Connection: close\r\n" : "";

	/* One piece of memory, hence one TLS record and one write. */
	return evbuffer_expand(out, all.len + 32) == 0 &&
	       evbuffer_add(out, all.ptr, r->fields_len) == 0 &&
	       evbuffer_add(out, more, strlen(more)) == 0 &&
	       evbuffer_add(out, all.ptr + r->fields_len, all.len - r->fields_len) == 0;
}

void http_conn_send(struct http_conn *c, const struct http_reply_bytes *r, bool close)
{
	if (!hf_ok(hf_buf_status(&r->bytes))) {
		http_conn_drop(c);
		return;
	}
	if (!close && send_at_once(c, hf_buf_span(&r->bytes))) {
		c->state = STATE_IDLE;
		http_conn_deadline(c, HTTP_DEADLINE_IDLE);
		return;
	}
	if (!send_by_and_by(c, r, close)) {
		http_conn_drop(c);
		return;
	}
	c->state = close ? STATE_CLOSING : STATE_IDLE;
	c->sending = true;
	http_conn_deadline(c, HTTP_DEADLINE_READ);
}

bool http_conn_refuse(struct http_conn *c, struct http_refusal why, bool close, bool head_only)
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
	http_conn_send(c, &r, close);
	hf_buf_done(&r.bytes);
	return true;
}

bool http_conn_refuse_and_close(struct http_conn *c, int status, const char *message)
{
	return http_conn_refuse(c, (struct http_refusal){ status, message }, true, false);
}
