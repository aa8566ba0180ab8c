/* SPDX-License-Identifier: Apache-2.0
 * Deliveries that somebody waits for and that are not kept: what is sent to try a webhook out. */
#ifndef HF_SERVER_WEBHOOK_PINGS_H
#define HF_SERVER_WEBHOOK_PINGS_H

#include "http/outbound.h"
#include "server/core/events/webhooks.h"

#include <pthread.h>

#define WEBHOOK_TIMEOUT_MS 10000

struct webhook_pings;

/* Embedded by the caller, who keeps it until done() is called, on the sender's thread. */
struct webhook_ping {
	char url[WEBHOOK_URL_MAX];
	char signature[WEBHOOK_SIGNATURE_TEXT];
	struct hf_buf body; /* the caller's to release */
	void (*done)(struct webhook_ping *p, int status, const char *error);
	struct webhook_ping *next; /* this and the next: not the caller's */
	struct webhook_pings *of;
};

struct webhook_pings {
	pthread_mutex_t lock; /* asked, closed */
	struct webhook_ping *asked;
	bool closed;
	struct webhook_ping *under_way; /* the sender's thread's own */
};

void webhook_pings_init(struct webhook_pings *all);
void webhook_pings_done(struct webhook_pings *all);

/* HF_CLOSED: done() is not called. Any thread. */
HF_MUST hf_status webhook_pings_add(struct webhook_pings *all, struct webhook_ping *p);

/* These two on the sender's thread. Sends those that were added. */
void webhook_pings_send(struct webhook_pings *all, struct outbound *outbound);
/* Ends all, with words; nothing is taken any more. */
void webhook_pings_close(struct webhook_pings *all);

#endif
