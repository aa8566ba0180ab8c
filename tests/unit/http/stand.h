/* SPDX-License-Identifier: Apache-2.0
 * What tests of the server and the client stand on: a server on a free port with routes of its own,
 * sockets that say exactly what they are told, and certificates made on the spot. What goes wrong
 * here ends the test. */
#ifndef HF_TESTS_STAND_H
#define HF_TESTS_STAND_H

#include "http/server.h"

#include <stdatomic.h>

struct stand_wish {
	const char *tls_cert, *tls_key, *client_ca; /* NULL: plain */
	int read_ms, idle_ms;                       /* 0: the server's own */
	unsigned loops, max_connections;
};

#define STAND_PARKED_MAX 512

/* For what comes as soon as the machine lets it. */
enum { STAND_PATIENCE_MS = 20000 };

struct stand {
	struct http_server *server;
	struct tls_server *tls;
	atomic_uint n_parked;
	struct http_request *_Atomic parked[STAND_PARKED_MAX];
	atomic_uint n_gone;
};

/* Routes: POST /echo (1000 bytes), GET /keys/:id?q=, GET /park, GET /thread (answered by another
 * thread), DELETE /nothing (no body), GET /who (the peer's names), GET /long (200 000 bytes), GET
 * /busy (429 with Retry-After). */
void stand_start(struct stand *s, const struct stand_wish *wish);
void stand_stop(struct stand *s);
uint16_t stand_port(const struct stand *s);

/* Waits for a counter to reach a value. */
void stand_wait(atomic_uint *counter, unsigned value);
void stand_wait_pending(struct stand *s, size_t value);
/* Answers the parked request from the calling thread. */
void stand_answer(struct stand *s, unsigned i);

int raw_connect(const struct stand *s);
void raw_send(int fd, const void *p, size_t len);
void raw_say(int fd, const char *text);
/* Reads until the peer closes or `ms` pass; NUL-terminated. Returns true when it has closed. */
bool raw_read(int fd, char *to, size_t cap, int ms);
/* Reads until `text` has come. */
void raw_expect(int fd, const char *text);
/* Sends, reads until the end, returns the first status. */
int raw_ask(const struct stand *s, const void *p, size_t len, char *to, size_t cap);

/* A directory for this program's files; removed by stand_dir_done(). */
const char *stand_dir(void);
const char *stand_file(char to[128], const char *name);
void stand_dir_done(void);

#endif
