/* SPDX-License-Identifier: Apache-2.0
 * A network that fails on command: TCP connections to it go to a server on 127.0.0.1. */
#ifndef HF_TESTS_PROXY_H
#define HF_TESTS_PROXY_H

#include "../check.h"
#include "base/scope.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum proxy_mode {
	PROXY_PASS,
	PROXY_CUT_AT_ANSWER,  /* the next answer is swallowed with its connection, then PASS */
	PROXY_CUT_AT_REQUEST, /* the next request likewise */
	PROXY_CUT_FOR_GOOD,   /* the next answer, and every connection after it */
	PROXY_MUTE,           /* what comes goes nowhere */
	PROXY_CLOSED,         /* nobody is let in */
};

#define PROXY_PAIRS 16

struct proxy {
	int listener, port, to_port;
	atomic_int mode;
	atomic_bool stop;
	pthread_t thread;
	int pairs[PROXY_PAIRS][2]; /* client, server; -1: free */
};

static inline struct sockaddr_in proxy_address(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		                     .sin_port = htons((uint16_t)port),
		                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static inline void proxy_cut(struct proxy *p, int pair)
{
	for (int side = 0; side < 2; side++) {
		if (p->pairs[pair][side] >= 0)
			close(p->pairs[pair][side]);
		p->pairs[pair][side] = -1;
	}
}

static inline void proxy_accept(struct proxy *p)
{
	struct sockaddr_in to = proxy_address(p->to_port);
	int client = accept(p->listener, NULL, NULL), server, i = 0;

	if (client < 0)
		return;
	if (p->mode == PROXY_CLOSED) {
		close(client);
		return;
	}
	server = socket(AF_INET, SOCK_STREAM, 0);
	while (i < PROXY_PAIRS && p->pairs[i][0] >= 0)
		i++;
	if (i == PROXY_PAIRS || connect(server, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(client);
		close(server);
		return;
	}
	p->pairs[i][0] = client;
	p->pairs[i][1] = server;
}

/* Bytes have come from `side` (0: the client). */
static inline void proxy_carry(struct proxy *p, int pair, int side)
{
	char bytes[65536];
	ssize_t n = recv(p->pairs[pair][side], bytes, sizeof(bytes), 0);
	int mode = p->mode;

	if (n <= 0) {
		proxy_cut(p, pair);
	} else if (side == 1 && mode == PROXY_CUT_AT_ANSWER) {
		p->mode = PROXY_PASS;
		proxy_cut(p, pair);
	} else if (side == 1 && mode == PROXY_CUT_FOR_GOOD) {
		p->mode = PROXY_CLOSED;
		proxy_cut(p, pair);
	} else if (side == 0 && mode == PROXY_CUT_AT_REQUEST) {
		p->mode = PROXY_PASS;
		proxy_cut(p, pair);
	} else if (mode != PROXY_MUTE) {
		if (send(p->pairs[pair][!side], bytes, (size_t)n, MSG_NOSIGNAL) != n)
			proxy_cut(p, pair);
	}
}

static inline void *proxy_main(void *arg)
{
	struct proxy *p = arg;

	while (!p->stop) {
		struct pollfd fds[1 + 2 * PROXY_PAIRS] = { { .fd = p->listener,
			                                     .events = POLLIN } };

		for (int i = 0; i < 2 * PROXY_PAIRS; i++)
			fds[1 + i] =
			        (struct pollfd){ .fd = p->pairs[i / 2][i % 2], .events = POLLIN };
		poll(fds, HF_COUNT(fds), 20);
		for (int i = 0; i < 2 * PROXY_PAIRS; i++)
			if (fds[1 + i].revents && p->pairs[i / 2][i % 2] == fds[1 + i].fd)
				proxy_carry(p, i / 2, i % 2);
		if (fds[0].revents)
			proxy_accept(p);
	}
	return NULL;
}

static inline void proxy_start(struct proxy *p, int to_port)
{
	struct sockaddr_in at = proxy_address(0);
	socklen_t len = sizeof(at);

	*p = (struct proxy){ .to_port = to_port };
	for (int i = 0; i < PROXY_PAIRS; i++)
		p->pairs[i][0] = p->pairs[i][1] = -1;
	p->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(p->listener, 8), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&at, &len), 0);
	p->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&p->thread, NULL, proxy_main, p), 0);
}

static inline void proxy_stop(struct proxy *p)
{
	p->stop = true;
	pthread_join(p->thread, NULL);
	for (int i = 0; i < PROXY_PAIRS; i++)
		proxy_cut(p, i);
	close(p->listener);
}

#endif
