/* SPDX-License-Identifier: Apache-2.0
 * One event loop of the server: a thread, its listener, its connections, and the way in for answers
 * that other threads give. Everything here but http_loop_answer() and http_loop_wake() is the loop
 * thread's alone once it runs. */
#ifndef HF_HTTP_LOOP_H
#define HF_HTTP_LOOP_H

#include "http/deadline.h"
#include "http/request.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <pthread.h>

TAILQ_HEAD(http_conn_list, http_conn);
TAILQ_HEAD(http_request_list, http_request);

/* What all loops share; constant while they run, but for the atomics. */
struct http_shared {
	struct http_server_config config;
	struct http_routes *routes;
	atomic_size_t pending; /* requests at handlers */
	atomic_size_t connections;
	atomic_bool quiesced;
	atomic_bool stopping;
};

struct http_loop {
	struct http_shared *shared;
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *wake;
	struct event *tick;
	int wake_fd;
	bool running;
	bool winding_down;
	pthread_t thread;
	_Atomic(struct http_request *)
	        answered;    /* a stack; whoever pushes onto an empty one wakes the loop */
	atomic_bool recheck; /* clients' certificates are to be looked at again */
	struct http_deadlines deadlines;
	struct http_conn_list conns;
	struct http_request_list open; /* requests at handlers, with or without a connection */
	int64_t log_second;
	unsigned logged;
};

/* Listens; with `shared_port`, beside other listeners on the same address. On success
 * http_loop_free() is the caller's. */
HF_MUST hf_status http_loop_init(struct http_loop *loop, struct http_shared *shared,
                                 const struct sockaddr *address, int address_len, bool shared_port,
                                 struct hf_err *err);
HF_MUST hf_status http_loop_run(struct http_loop *loop);
void http_loop_join(struct http_loop *loop);
void http_loop_free(struct http_loop *loop);

/* Any thread: lets the loop notice shared->quiesced and shared->stopping. */
void http_loop_wake(struct http_loop *loop);
/* Any thread: has the loop look at its clients' certificates now, rather than at its next tick. */
void http_loop_recheck(struct http_loop *loop);
/* Any thread: the request has its reply; the loop sends and frees it. On the loop's own thread at
 * once. */
void http_loop_answer(struct http_loop *loop, struct http_request *req);

/* True at most ten times a second: for log lines that strangers can cause. */
bool http_loop_may_log(struct http_loop *loop);

#endif
