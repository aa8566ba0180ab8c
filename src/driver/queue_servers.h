/* SPDX-License-Identifier: Apache-2.0
 * The servers of one queue, any of which will do, and which of them the driver speaks to. Drivers
 * begin at a place of their own choosing, so that they spread; one that had to leave its place
 * returns after a while, so that they spread again after a restart of the servers. Knows no
 * network. */
#ifndef HF_DRIVER_QUEUE_SERVERS_H
#define HF_DRIVER_QUEUE_SERVERS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_SERVERS_MAX 16
#define QUEUE_URL_MAX 300

struct queue_servers {
	char url[QUEUE_SERVERS_MAX][QUEUE_URL_MAX];
	size_t n;
	size_t at;    /* spoken to now */
	size_t home;  /* begun at */
	size_t tried; /* in a row, without an answer */
	int64_t failing_since_ms;
	int64_t home_at_ms; /* away from home: not before this */
	unsigned journeys;  /* home, one after another */
};

/* "a.example.com:8443,b.example.com:8443" into URLs of that scheme, to begin at a random one.
 * HF_INVALID with words that name --proxy-addr. */
HF_MUST hf_status queue_servers_parse(const char *scheme, const char *list,
                                      struct queue_servers *ret, struct hf_err *err);
const char *queue_servers_url(const struct queue_servers *s);

/* A request failed, for want of an answer or because of the answer. True: go on to the next one,
 * which is then the one spoken to; *ret_pause: all of them were tried. A server that answers, if
 * only to refuse, is given a while. */
bool queue_servers_failed(struct queue_servers *s, bool answered, int64_t now_ms, bool *ret_pause);
void queue_servers_succeeded(struct queue_servers *s, int64_t now_ms);
/* Asked while nothing is under way. True: time to look at home, which is then the one spoken to. */
bool queue_servers_go_home(struct queue_servers *s, int64_t now_ms);

#endif
