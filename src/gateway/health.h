/* SPDX-License-Identifier: Apache-2.0
 * GET /health, plain and over TLS, for load balancers: 204, or 500 with a line for each slot that
 * is unhealthy. No slot open yet is healthy: the module works, and there is nothing to complain
 * of. GET /metrics on the plain one. */
#ifndef HF_GATEWAY_HEALTH_H
#define HF_GATEWAY_HEALTH_H

#include "gateway/slots.h"
#include "http/server.h"

#include <stdatomic.h>

/* What the routes' handlers get as ctx. */
struct gateway_health {
	struct slots *slots;
	struct gateway_metrics *metrics;
	atomic_bool stopping; /* 500: send nothing new */
};

extern const struct http_route health_plain_routes[], health_tls_routes[];
extern const size_t health_plain_route_count, health_tls_route_count;

#endif
