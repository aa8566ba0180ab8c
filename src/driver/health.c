/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/health.h"

#include "base/log.h"
#include "http/server.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { REASON_MAX = 1024 };

struct health {
	struct http_server *server;
	struct driver_metrics *metrics;
	pthread_mutex_t lock; /* over what follows */
	bool known;
	struct hsmhost_stats hsm;
	struct queue_client_stats queue;
	struct keydb_front_stats database;
	char reason[REASON_MAX]; /* "": healthy */
};

static void answer_health(struct http_request *req, void *ctx)
{
	struct health *h = ctx;
	char reason[REASON_MAX];

	pthread_mutex_lock(&h->lock);
	snprintf(reason, sizeof(reason), "%s", h->known ? h->reason : "starting");
	pthread_mutex_unlock(&h->lock);
	if (reason[0])
		http_reply(req, 500, "text/plain", hf_span_text(reason));
	else if (http_query(req, "verbose"))
		cert_dates_reply(h->metrics->dates, req);
	else
		http_reply(req, 204, NULL, HF_SPAN(NULL, 0));
}

static void answer_metrics(struct http_request *req, void *ctx)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(HF_METRICS_TEXT_MAX);
	struct health *h = ctx;
	struct keydb_front_stats database;
	struct queue_client_stats queue;
	struct hsmhost_stats hsm;

	pthread_mutex_lock(&h->lock);
	hsm = h->hsm;
	queue = h->queue;
	database = h->database;
	pthread_mutex_unlock(&h->lock);
	driver_metrics_write(h->metrics, &hsm, &queue, &database, &text);
	http_reply(req, 200, HF_METRICS_CONTENT_TYPE, hf_buf_span(&text));
}

static void error_body(struct hf_buf *to, int status, const char *message)
{
	hf_buf_printf(to, "%d %s\n", status, message);
}

static const struct http_route routes[] = {
	{ .method = "GET", .pattern = "/health", .handler = answer_health },
	{ .method = "HEAD", .pattern = "/health", .handler = answer_health },
	{ .method = "GET", .pattern = "/metrics", .handler = answer_metrics },
};

hf_status health_start(const char *listen, struct driver_metrics *metrics, struct health **ret,
                       struct hf_err *err)
{
	HF_CLEANUP(health_stop_at) struct health *h = calloc(1, sizeof(*h));
	struct http_server_config config = {
		.listen = listen,
		.routes = routes,
		.n_routes = HF_COUNT(routes),
		.ctx = h,
		.error_body = error_body,
		.error_content_type = "text/plain",
		.max_connections = 64,
	};

	HF_ENSURE(h, HF_NOMEM);
	h->metrics = metrics;
	pthread_mutex_init(&h->lock, NULL);
	if (listen && listen[0])
		HF_TRY(hf_context(err, http_server_start(&config, &h->server, err),
		                  "--health-listen %s", listen));
	*ret = hf_take(h);
	return HF_SUCCESS;
}

void health_stop(struct health *h)
{
	if (!h)
		return;
	if (h->server)
		http_server_stop(h->server);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

unsigned health_port(const struct health *h)
{
	return h->server ? http_server_port(h->server) : 0;
}

static void add_reason(struct hf_buf *to, const char *what, const char *why)
{
	if (why[0])
		hf_buf_printf(to, "%s%s: %s", to->len ? "; " : "", what, why);
}

static void find_reasons(const struct hsmhost_stats *hsm, const struct queue_client_stats *queue,
                         const struct keydb_front_stats *database, char to[REASON_MAX])
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(4 * REASON_MAX);
	const char *unwell = hsm->reason[0] ? hsm->reason : "no signer is ready";

	add_reason(&text, "HSM", hsm->health == HSMHOST_HEALTHY ? "" : unwell);
	add_reason(&text, "queue", queue->problem);
	add_reason(&text, "database", database->problem);
	snprintf(to, REASON_MAX, "%.*s", (int)text.len, text.len ? (const char *)text.ptr : "");
}

void health_update(struct health *h, const struct hsmhost_stats *hsm,
                   const struct queue_client_stats *queue, const struct keydb_front_stats *database)
{
	char reason[REASON_MAX];
	bool was_well = h->reason[0] == 0, changed;

	find_reasons(hsm, queue, database, reason);
	changed = !h->known || was_well != (reason[0] == 0);
	pthread_mutex_lock(&h->lock);
	h->known = true;
	h->hsm = *hsm;
	h->queue = *queue;
	h->database = *database;
	h->queue.problem = ""; /* borrowed from the client: not ours to keep */
	memcpy(h->reason, reason, sizeof(reason));
	pthread_mutex_unlock(&h->lock);
	if (changed && reason[0])
		HF_WARN("unhealthy", HF_KS("reason", reason));
	else if (changed)
		HF_INFO("healthy", HF_KS("token", hsm->token));
}
