/* SPDX-License-Identifier: Apache-2.0
 * The HTTP/1.1 server: requests, routes, limits. Over libevent, with the guards that it lacks: an
 * absolute deadline for each connection's handshake, header and body; strict header rules (RFC
 * 9112: one Host; one Content-Length, digits only, or chunks; token names); notice of a peer that
 * leaves while its request is parked.
 *
 * Each event loop is a thread with a listener of its own. Handlers run on that thread and must not
 * block: a handler answers at once, or keeps the request and answers later from any thread. */
#ifndef HF_HTTP_SERVER_H
#define HF_HTTP_SERVER_H

#include "base/buf.h"
#include "crypto/tls.h"

struct http_server;
struct http_request;

typedef void (*http_handler)(struct http_request *req, void *ctx);

struct http_route {
	const char *method;  /* "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" */
	const char *pattern; /* "/keys/:keyId/signatures"; a parameter is one whole segment,
	                        percent-decoded */
	http_handler handler;
	size_t max_body; /* 0: a body is refused (but "{}" and none are the same to every route) */
	const void *arg; /* the handler's own: http_route_arg() */
	bool secret;     /* bodies, of the request and of its answer, are wiped before their memory
	                  * is given back. (What OpenSSL and libevent hold on the way is not.) */
};

/* Makes the body of an error reply for what the server refuses itself (400, 404, 405, 408, 413,
 * 415, 429, 431, 501, 503), in the face's own shape. */
typedef void (*http_error_body)(struct hf_buf *to, int status, const char *message);

struct http_server_config {
	const char *listen;     /* "127.0.0.1:8444", "[::1]:0"; port 0: any free one */
	struct tls_server *tls; /* NULL: plain, for loopback metrics only; borrowed */
	const struct http_route *routes;
	size_t n_routes;
	void *ctx; /* for every handler */
	http_error_body error_body;
	const char *error_content_type;
	unsigned loops;           /* 0: one */
	unsigned max_connections; /* 0: 4096 */
	int read_timeout_ms;      /* handshake, then each whole request; 0: 10 s */
	int idle_timeout_ms;      /* keep-alive; 0: 75 s */
	/* Told of each answer, also of those that the server gives itself (route NULL when none
	 * matched), with the time since the request's head; on the loop's thread. NULL: nobody. */
	void (*observed)(void *observer, const struct http_route *route, int status, int64_t us);
	void *observer;
};

HF_MUST hf_status http_server_start(const struct http_server_config *config,
                                    struct http_server **ret, struct hf_err *err);
uint16_t http_server_port(const struct http_server *s);
/* After tls_server_refresh(): connections whose certificate is not accepted any longer end now,
 * rather than within half a second, parked requests too. Any thread. */
void http_server_recheck(struct http_server *s);
/* Stops accepting; requests under way may still be answered, new ones on kept connections get 503
 * and "Connection: close". */
void http_server_quiesce(struct http_server *s);
/* Requests that are not answered yet, all loops. */
size_t http_server_pending(struct http_server *s);
/* Ends everything. Every request must have been answered or given up by its holder before. */
void http_server_stop(struct http_server *s);

/* The request; everything it returns lives until http_reply(). Only the holder may call these. */
const char *http_method(const struct http_request *req);
const char *
http_path(const struct http_request *req); /* as sent, percent-encoded, without the query */
const char *http_target(const struct http_request *req); /* as sent, with the query */
const char *http_param(const struct http_request *req, const char *name); /* "" when absent */
const char *http_query(const struct http_request *req,
                       const char *name); /* decoded; NULL when absent */
/* The i-th of them; false: there are no more. */
bool http_query_at(const struct http_request *req, size_t i, const char **ret_name,
                   const char **ret_value);
const char *http_header(const struct http_request *req, const char *name); /* NULL when absent */
struct hf_span http_body(const struct http_request *req);
const void *http_route_arg(const struct http_request *req);
const char *http_peer_address(const struct http_request *req);
const struct tls_peer *
http_peer(const struct http_request *req); /* NULL without a client certificate */
/* What the client showed to a server that accepts certificates of any issuer: crypto/tls.h's
 * tls_peer_shown(); empty: none. */
struct hf_span http_peer_shown(const struct http_request *req);

/* Answers, exactly once, from any thread; the request is gone for the holder afterwards. The body
 * is copied. When the peer has left meanwhile the answer is dropped. */
void http_reply(struct http_request *req, int status, const char *content_type,
                struct hf_span body);
/* Adds a response header before http_reply(). Both are copied. */
void http_reply_header(struct http_request *req, const char *name, const char *value);

/* For a parked request: fn is called once, on the loop's thread, when the peer leaves before the
 * answer; the holder must still call http_reply() some time, in fn or later. Call it on the loop's
 * thread, before the handler returns. fn does not begin after http_reply() has begun, but another
 * thread may call http_reply() while fn runs: `arg` has to be good for that long. A peer that
 * closes only its sending side counts as gone. */
void http_on_gone(struct http_request *req, void (*fn)(void *arg), void *arg);

#endif
