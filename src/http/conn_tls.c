/* SPDX-License-Identifier: Apache-2.0 */
#include "http/conn_impl.h"

#include "base/log.h"

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>

struct bufferevent *http_conn_wrap(struct http_loop *loop, int fd, SSL **ret_ssl)
{
	struct tls_server *tls = loop->shared->config.tls;
	struct bufferevent *bev;
	SSL *ssl;

	if (!tls)
		return bufferevent_socket_new(loop->base, fd, BEV_OPT_CLOSE_ON_FREE);
	ssl = tls_server_accept(tls);
	if (!ssl)
		return NULL;
	/* Thousands of connections do nothing most of the time; what http_conn_write() could not
	 * send comes from another place. */
	SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
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

/* What it does not take now is to be put before libevent as it is: OpenSSL wants a record that it
 * has begun with offered again, of the same length, though perhaps from another place. So does a
 * connection that is broken: libevent then hears of it. */
bool http_conn_write(struct http_conn *c, struct hf_span record)
{
	int n = SSL_write(c->ssl, record.ptr, (int)record.len);

	if (n <= 0)
		ERR_clear_error(); /* the queue is the thread's, and so every connection's */
	return n > 0;
}

void http_conn_farewell(struct http_conn *c)
{
	if (!c->ssl || !SSL_is_init_finished(c->ssl))
		return;
	SSL_shutdown(c->ssl);
	ERR_clear_error(); /* the queue is the thread's, and so every connection's */
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

void http_conn_explain_handshake(struct http_conn *c, short what)
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
	ERR_clear_error();
}

/* Anew after its files have changed; otherwise only the clock can have made a difference. */
void http_conn_recheck(struct http_conn *c, unsigned generation, int64_t now_s)
{
	const struct tls_peer *who = &c->peer->certificate;
	const char *peer = c->peer->address, *subject = who->subject;
	struct hf_err err = { .text = "its certificate has expired; renew it" };
	const char *reason = err.text;

	if (!c->peer->has_certificate || c->state == STATE_LINGER)
		return;
	if (c->generation != generation &&
	    hf_ok(tls_server_check(c->loop->shared->config.tls, c->ssl, &err)))
		c->generation = generation;
	if (c->generation == generation && now_s <= who->until_s)
		return;
	if (http_loop_may_log(c->loop))
		HF_WARN("a connection is ended: its certificate is not accepted any longer",
		        HF_KS("peer", peer), HF_KS("subject", subject), HF_KS("reason", reason));
	http_conn_drop(c);
}
