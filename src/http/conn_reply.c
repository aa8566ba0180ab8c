/* SPDX-License-Identifier: Apache-2.0 */
#include "http/conn_impl.h"

#include <string.h>

void http_conn_send(struct http_conn *c, const struct http_reply_bytes *r, bool close)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	const char *end = close ? "Connection: close\r\n\r\n" : "\r\n";

	/* One piece of memory, hence one TLS record and one write. */
	if (!hf_ok(hf_buf_status(&r->bytes)) || evbuffer_expand(out, r->bytes.len + 32) ||
	    evbuffer_add(out, r->bytes.ptr, r->head_len) || evbuffer_add(out, end, strlen(end)) ||
	    evbuffer_add(out, r->bytes.ptr + r->head_len, r->bytes.len - r->head_len)) {
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
