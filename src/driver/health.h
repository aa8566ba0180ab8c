/* SPDX-License-Identifier: Apache-2.0
 * /health (204, or 500 with the reasons; with ?verbose=1 200 instead of 204, with what will expire)
 * and /metrics, plain HTTP, for loopback or a trusted network. The driver's thread leaves a
 * snapshot here each turn; the listener has a thread of its own. */
#ifndef HF_DRIVER_HEALTH_H
#define HF_DRIVER_HEALTH_H

#include "driver/metrics.h"

struct health;

/* `listen` NULL or "": no listener, only the log. `metrics` is borrowed. */
HF_MUST hf_status health_start(const char *listen, struct driver_metrics *metrics,
                               struct health **ret, struct hf_err *err);
void health_stop(struct health *h);
HF_DEFINE_CLEANUP(health_stop, struct health *)
unsigned health_port(const struct health *h); /* 0 without a listener */

/* The state of things. A change between well and unwell is logged. */
void health_update(struct health *h, const struct hsmhost_stats *hsm,
                   const struct queue_client_stats *queue,
                   const struct keydb_front_stats *database);

#endif
