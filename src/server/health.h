/* SPDX-License-Identifier: Apache-2.0
 * GET /health for load balancers and GET /metrics for Prometheus, on a plain listener of their own.
 *
 * Healthy is a server that can do its own part: its database commits, and it is not stopping. That
 * no driver polls is not a reason: requests are queued meanwhile, another server would fare no
 * better, and taking this one out of balance would turn a queue into an outage. It is in the
 * metrics and in /health?verbose=1 for whoever watches the drivers. */
#ifndef HF_SERVER_HEALTH_H
#define HF_SERVER_HEALTH_H

#include "http/cert_dates.h"
#include "http/server.h"
#include "server/core/core.h"
#include "server/queue_api/drivers.h"

#include <stdatomic.h>

struct health {
	struct core *core;
	struct drivers *drivers;
	struct cert_dates *dates; /* NULL: not known */
	atomic_bool stopping;
	atomic_int last_status; /* so that a change is logged once */
};

/* 204, or 500 with the reasons in the log; with ?verbose=1 both come with a JSON body (200 or 500).
 * The ctx is the struct health. */
extern const struct http_route health_routes[];
extern const size_t health_route_count;

#endif
