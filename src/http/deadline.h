/* SPDX-License-Identifier: Apache-2.0
 * Absolute deadlines. Each kind lasts equally long for everyone, so a list in order of arrival is
 * in order of expiry, and setting, moving and lifting a deadline costs the same however many
 * connections there are. Loop thread only. */
#ifndef HF_HTTP_DEADLINE_H
#define HF_HTTP_DEADLINE_H

#include <stdint.h>
#include <sys/queue.h>

enum http_deadline_kind {
	HTTP_DEADLINE_NONE,
	HTTP_DEADLINE_READ, /* handshake; a request, from its first byte to its last; a reply, until
	                       it is sent */
	HTTP_DEADLINE_IDLE, /* a kept connection without a request */
	HTTP_DEADLINE_LINGER, /* a connection that ends, until the peer has read why */
	HTTP_DEADLINE_KINDS_
};

struct http_deadline {
	TAILQ_ENTRY(http_deadline) entry;
	enum http_deadline_kind kind;
	int64_t at_ms;
};

TAILQ_HEAD(http_deadline_list, http_deadline);

struct http_deadlines {
	struct http_deadline_list lists[HTTP_DEADLINE_KINDS_];
	int64_t lasts_ms[HTTP_DEADLINE_KINDS_];
};

void http_deadlines_init(struct http_deadlines *all, int read_ms, int idle_ms, int linger_ms);
/* Starts a deadline of this kind anew, whatever ran before. */
void http_deadline_set(struct http_deadlines *all, struct http_deadline *d,
                       enum http_deadline_kind kind);
/* One whose time has come, lifted already; NULL: none. */
struct http_deadline *http_deadline_expired(struct http_deadlines *all, int64_t now_ms);

#endif
