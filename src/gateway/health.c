/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/health.h"

#define COMPLAINTS_MAX 16384

static void answer_health(struct http_request *req, void *ctx)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(COMPLAINTS_MAX);
	struct gateway_health *h = ctx;

	if (atomic_load(&h->stopping))
		hf_buf_text(&text, "the gateway is shutting down\n");
	slots_complaints(h->slots, &text);
	if (text.len)
		http_reply(req, 500, "text/plain", hf_buf_span(&text));
	else if (http_query(req, "verbose"))
		cert_dates_reply(h->metrics->dates, req);
	else
		http_reply(req, 204, NULL, HF_SPAN(NULL, 0));
}

static void answer_metrics(struct http_request *req, void *ctx)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(HF_METRICS_TEXT_MAX);
	struct gateway_health *h = ctx;

	gateway_metrics_write(h->metrics, &text);
	slots_write_metrics(h->slots, &text);
	http_reply(req, 200, HF_METRICS_CONTENT_TYPE, hf_buf_span(&text));
}

const struct http_route health_plain_routes[] = {
	{ .method = "GET", .pattern = "/health", .handler = answer_health },
	{ .method = "HEAD", .pattern = "/health", .handler = answer_health },
	{ .method = "GET", .pattern = "/metrics", .handler = answer_metrics },
};
const size_t health_plain_route_count = HF_COUNT(health_plain_routes);

const struct http_route health_tls_routes[] = {
	{ .method = "GET", .pattern = "/health", .handler = answer_health },
	{ .method = "HEAD", .pattern = "/health", .handler = answer_health },
};
const size_t health_tls_route_count = HF_COUNT(health_tls_routes);
