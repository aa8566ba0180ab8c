/* SPDX-License-Identifier: Apache-2.0
 * A connection's inside, shared by the files that make it up: conn.c (its life), conn_read.c (from
 * bytes to handlers), conn_reply.c (back to bytes) and conn_tls.c. */
#ifndef HF_HTTP_CONN_IMPL_H
#define HF_HTTP_CONN_IMPL_H

#include "http/chunks.h"
#include "http/conn.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <openssl/ssl.h>

enum http_conn_state {
	STATE_HANDSHAKE,
	STATE_IDLE,
	STATE_HEAD,
	STATE_BODY,
	STATE_CHUNKS,   /* a body without a length */
	STATE_HANDLING, /* the request is at its handler, or parked */
	STATE_CLOSING,  /* the last reply is being sent */
	STATE_LINGER, /* sent; waits for the peer to close, since closing first may destroy what it
	                 has not read */
};

struct http_conn {
	TAILQ_ENTRY(http_conn) entry;
	struct http_loop *loop;
	struct bufferevent *bev;
	SSL *ssl;            /* NULL: plain; owned by bev */
	unsigned generation; /* of the TLS files that its certificate was looked at with */
	struct http_peer_ref *peer;
	struct http_deadline deadline;
	enum http_conn_state state;
	bool stepping; /* advance() is on the stack */
	bool dead;     /* freed as soon as it is not */
	bool sending;
	bool peer_done; /* the peer sends no more */
	size_t seen;    /* of the head, by the scan */
	struct http_request *req;
	struct http_chunks chunks;
	/* Instead of req: refused, but the body is read first. */
	struct http_refusal refusal;
	uint64_t skip;
	bool skip_close, skip_head_only;
	char allow[HTTP_ALLOW_MAX];
};

/* conn.c */
/* Ends it without further words; at once, or when advance() is done with it. */
void http_conn_drop(struct http_conn *c);
void http_conn_deadline(struct http_conn *c, enum http_deadline_kind kind);

/* conn_read.c */
/* Takes one step with what has come; false: there is nothing more to do for now. */
bool http_conn_step(struct http_conn *c);

/* conn_reply.c */
/* Writes a reply; with `close` the last one. */
void http_conn_send(struct http_conn *c, const struct http_reply_bytes *r, bool close);
/* Answers in the handlers' place. Always true: there was something to do. */
bool http_conn_refuse(struct http_conn *c, struct http_refusal why, bool close, bool head_only);
bool http_conn_refuse_and_close(struct http_conn *c, int status, const char *message);

/* conn_tls.c */
/* A bufferevent that owns the descriptor, with TLS where the server has it; NULL: out of memory,
 * and nothing is owned. */
struct bufferevent *http_conn_wrap(struct http_loop *loop, int fd, SSL **ret_ssl);
/* With TLS, and nothing waiting to be sent: writes as much as fits into one record, all of it or,
 * false, nothing yet. */
bool http_conn_write(struct http_conn *c, struct hf_span record);
/* Says that nothing more will be sent. */
void http_conn_farewell(struct http_conn *c);
void http_conn_explain_handshake(struct http_conn *c, short what);

#endif
