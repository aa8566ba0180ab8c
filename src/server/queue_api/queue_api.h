/* SPDX-License-Identifier: Apache-2.0
 * The drivers' face: POST /v1/poll over mTLS (op/poll.h), on a listener of its own. Thin: who is
 * it, which store, then the queue (core/queue/jobs.h). */
#ifndef HF_SERVER_QUEUE_API_QUEUE_API_H
#define HF_SERVER_QUEUE_API_QUEUE_API_H

#include "http/server.h"
#include "server/core/core.h"
#include "server/queue_api/drivers.h"

struct queue_api;

/* `core` outlives it. The caller owns *ret: queue_api_free(), after every request has been
 * answered. */
HF_MUST hf_status queue_api_new(struct core *core, struct queue_api **ret);
void queue_api_free(struct queue_api *q);

/* For the listener; the handlers' ctx is the queue_api. */
extern const struct http_route queue_api_routes[];
extern const size_t queue_api_route_count;

struct drivers *queue_api_drivers(struct queue_api *q);

#endif
