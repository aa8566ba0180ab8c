/* SPDX-License-Identifier: Apache-2.0
 * The thread that delivers webhook events (core/events/webhooks.h). It takes due events out of the
 * database under a lease, so that of several servers one sends each, and what a server that died
 * had taken is sent by another. */
#ifndef HF_SERVER_WEBHOOK_SENDER_H
#define HF_SERVER_WEBHOOK_SENDER_H

#include "db/work.h"
#include "http/outbound.h"
#include "server/core/events/events.h"
#include "server/core/events/webhooks.h"
#include "server/metrics.h"
#include "server/webhook_pings.h"

#define WEBHOOK_FIRST_PAUSE_MS 60000

struct webhook_sender;

struct webhook_sender_config {
	struct outbound_config targets; /* borrowed texts */
	int64_t first_pause_ms;         /* 0: WEBHOOK_FIRST_PAUSE_MS */
	struct db_work *writer, *reader;
	const struct hf_secret *key; /* the server's storage key */
	struct events_watch *watch;  /* kept up to date here */
	struct server_metrics *metrics;
};

HF_MUST hf_status webhook_sender_start(const struct webhook_sender_config *config,
                                       struct webhook_sender **ret, struct hf_err *err);
/* What is under way is sent again by whoever comes next; pings under way are answered. Before the
 * writer and reader are stopped. */
void webhook_sender_stop(struct webhook_sender *s);

/* outbound_check() for this sender's targets. Any thread. */
HF_MUST hf_status webhook_sender_check(const struct webhook_sender *s, const char *url,
                                       struct hf_err *err);

/* HF_CLOSED: stopping, done() is not called. Any thread. */
HF_MUST hf_status webhook_sender_ping(struct webhook_sender *s, struct webhook_ping *p);

#endif
