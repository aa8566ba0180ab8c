/* SPDX-License-Identifier: Apache-2.0
 * A request from its head to its answer.
 *
 * It belongs to its connection while it is read, then to its holder, and from http_reply() on to
 * the loop, which frees it. `conn` is the loop thread's alone and NULL once the peer has left;
 * everything else a holder can reach is constant. */
#ifndef HF_HTTP_REQUEST_H
#define HF_HTTP_REQUEST_H

#include "http/head.h"
#include "http/reply.h"
#include "http/route.h"

#include <stdatomic.h>
#include <sys/queue.h>

struct http_conn;
struct http_loop;

/* Who is at the other end of a connection; shared with its requests, which may outlive it. Loop
 * thread only. */
struct http_peer_ref {
	unsigned refs;
	bool has_certificate;
	char address[64];
	struct tls_peer certificate;
	struct hf_buf shown; /* tls_peer_shown() */
};
struct http_peer_ref *http_peer_hold(struct http_peer_ref *p);
void http_peer_drop(struct http_peer_ref *p);

struct http_request {
	TAILQ_ENTRY(http_request) among_open; /* the loop's list of requests at handlers */
	struct http_request *next_answered;
	struct http_loop *loop;
	struct http_conn *conn;
	struct http_peer_ref *peer;

	const struct http_route *route;
	struct http_head head; /* points into text[] */
	const char *path;
	size_t n_params;
	struct http_pair params[HTTP_PARAMS_MAX];
	size_t n_query;
	struct http_pair *query;
	struct hf_buf body;

	atomic_bool answered;
	void (*gone)(void *arg);
	void *gone_arg;
	struct hf_buf reply_fields;
	struct http_reply_bytes reply;
	int status; /* of the reply */
	int64_t begun_us;

	char text[]; /* the head with NULs put in; then what was decoded */
};

/* A request of a head that has been parsed and matched; `head` points into `bytes`. Refuses what
 * cannot be decoded. On success *ret is the caller's. */
struct http_refusal http_request_new(struct hf_span bytes, const struct http_head *head,
                                     const struct http_match *match, struct http_request **ret);
void http_request_free(struct http_request *req);

/* Tells the holder that the peer has left, unless it has answered already. */
void http_request_gone(struct http_request *req);

/* Tells the server's observer of an answer; `req` is NULL when it came to none. */
void http_observe(const struct http_server_config *config, const struct http_request *req,
                  int status);

#endif
