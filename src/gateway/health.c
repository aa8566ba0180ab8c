/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/health.h"

#include "base/clock.h"

#define COMPLAINTS_MAX 16384

static void add_warning(void *ctx, const char *words)
{
	hf_buf_printf(ctx, "warning: %s\n", words);
}

/* Well, with what will not stay so: ?verbose=1. */
static void answer_warnings(struct http_request *req, const struct gateway_health *h)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(COMPLAINTS_MAX);

	if (h->metrics->dates)
		cert_dates_near(h->metrics->dates, hf_wall_ms() / 1000, add_warning, &text);
	http_reply(req, 200, "text/plain", hf_buf_span(&text));
}

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
		answer_warnings(req, h);
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
	{ .method = "GET", .pattern = "/metrics", .handler = answer_metrics },
};
const size_t health_plain_route_count = HF_COUNT(health_plain_routes);

const struct http_route health_tls_routes[] = {
	{ .method = "GET", .pattern = "/health", .handler = answer_health },
};
const size_t health_tls_route_count = HF_COUNT(health_tls_routes);
