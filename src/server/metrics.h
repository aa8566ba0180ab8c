/* SPDX-License-Identifier: Apache-2.0
 * What the server counts, and /metrics. The queue and the database count for themselves and are
 * only asked. */
#ifndef HF_SERVER_METRICS_H
#define HF_SERVER_METRICS_H

#include "base/metrics.h"
#include "http/server.h"
#include "server/core/core.h"
#include "server/queue_api/drivers.h"

#define METRIC_ROUTES_MAX 512

struct route_metrics {
	const char *listener; /* "api", "driver", "health", "crypto" */
	const char *method, *pattern;
	hf_counter by_class[6]; /* [2]: 200 to 299, … */
	struct hf_histogram latency;
};

/* One listener's routes; the last stands for requests that matched none. */
struct listener_metrics {
	struct route_metrics *routes;
	size_t n;
};

struct server_metrics {
	struct route_metrics routes[METRIC_ROUTES_MAX];
	size_t n_routes;
	int64_t started_ms; /* wall clock */
	/* Of the writer: when a commit last ended well, and when one last failed; hf_mono_ms(), 0:
	 * never. */
	_Atomic int64_t committed_ms, failed_ms;
	hf_counter notices_said, notices_heard;
	hf_counter limited_callers, limited_open, limited_failures;
	hf_counter webhooks_delivered, webhooks_failed, webhooks_given_up;
};

HF_MUST hf_status server_metrics_new(struct server_metrics **ret);
void server_metrics_free(struct server_metrics *m);

/* Before the listener starts. HF_TOOBIG: more routes than METRIC_ROUTES_MAX. */
HF_MUST hf_status server_metrics_listener(struct server_metrics *m, const char *listener,
                                          const struct http_route *routes, size_t n,
                                          struct listener_metrics *ret);
/* http_server_config's observed(); ctx is the listener_metrics. Any thread. */
void server_metrics_observed(void *ctx, const struct http_route *route, int status, int64_t us);

/* The whole page. `drivers` may be NULL. */
void server_metrics_write(struct core *core, struct drivers *drivers, struct hf_buf *to);

#endif
