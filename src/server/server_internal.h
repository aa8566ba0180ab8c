/* SPDX-License-Identifier: Apache-2.0
 * The assembled server; for server.c and listeners.c only. */
#ifndef HF_SERVER_SERVER_INTERNAL_H
#define HF_SERVER_SERVER_INTERNAL_H

#include "server/certificates.h"
#include "server/core/policies/approvals.h"
#include "server/core/core.h"
#include "server/core/objects/object_clock.h"
#include "server/crypto_api/api.h"
#include "server/health.h"
#include "server/jwks_fetch.h"
#include "server/metrics.h"
#include "server/queue_api/queue_api.h"
#include "server/server.h"
#include "server/signing_api/api.h"
#include "server/audit_sender.h"
#include "server/webhook_sender.h"

#include <pthread.h>

/* One listener. */
struct face {
	struct tls_server *tls; /* NULL: plain */
	struct http_server *http;
	struct listener_metrics metrics;
};

struct server {
	struct server_config config;
	struct core core;
	struct signing_api *signing_api;
	struct queue_api *queue_api;
	struct crypto_api *crypto_api;
	struct jwks *jwks;
	struct slot_links *slots;
	struct webhook_sender *webhooks;
	struct audit_sender *audit_sender;
	struct health health;
	struct face api, driver, metrics, crypto;
	struct certificates *certificates;
	struct approvals_clock *approvals;
	struct objects_clock *objects_clock;
	pthread_t ticker;
	bool ticking;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop_ticking;
};

/* Opens all, or none that would have to be stopped in another way than listeners_stop(). */
HF_MUST hf_status listeners_start(struct server *s, struct hf_err *err);
/* No new requests of callers; those under way end, or are answered as they stand: when none has
 * been answered for a second and a half, at the latest after HELD_REQUEST_MS. */
void listeners_drain(struct server *s);
/* Once every request has been answered. */
void listeners_stop(struct server *s);

#endif
