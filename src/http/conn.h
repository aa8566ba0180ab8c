/* SPDX-License-Identifier: Apache-2.0
 * One connection of the server, as a list of states. All functions: the loop's thread only. */
#ifndef HF_HTTP_CONN_H
#define HF_HTTP_CONN_H

#include "http/deadline.h"
#include "http/loop.h"

struct http_conn;

/* Takes over the descriptor. */
void http_conn_accept(struct http_loop *loop, int fd, const struct sockaddr *address);
/* Sends the reply of the request that this connection waits for, and goes on. The request stays the
 * caller's. */
void http_conn_answer(struct http_conn *c, struct http_request *req);
/* Its deadline has passed. */
void http_conn_expire(struct http_deadline *d);
/* The server stops: ends at once, or when what is being sent has been sent. */
void http_conn_wind_down(struct http_conn *c);
/* Ends it when its client's certificate would not be accepted now: revoked, expired, or of an
 * authority that is none any longer. */
void http_conn_recheck(struct http_conn *c, unsigned generation, int64_t now_s);
struct http_conn *http_conn_next(struct http_conn *c);

#endif
