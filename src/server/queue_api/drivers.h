/* SPDX-License-Identifier: Apache-2.0
 * Which drivers have been heard of, by the common name of their certificates: for logs, metrics and
 * /health. In memory. */
#ifndef HF_SERVER_QUEUE_API_DRIVERS_H
#define HF_SERVER_QUEUE_API_DRIVERS_H

#include "base/id.h"

#include <stdint.h>

#define DRIVERS_MAX 1024 /* whoever was silent longest makes room */
#define DRIVER_NAME_MAX 128
#define DRIVER_AWAY_MS 90000 /* longer than any poll is parked: after this it is gone */

struct driver_seen {
	char name[DRIVER_NAME_MAX];
	char store_id[HF_ID_MAX];
	int64_t last_ms; /* hf_mono_ms() of its last request */
	uint64_t polls;
};

struct drivers;
HF_MUST hf_status drivers_new(struct drivers **ret);
void drivers_free(struct drivers *d);

/* A request came: counts it, and logs a driver that is new or was away. Any thread. */
void drivers_note(struct drivers *d, const char *name, const char *store_id, const char *address);

/* Called for each with a copy, in no order. */
typedef void (*drivers_fn)(void *ctx, const struct driver_seen *seen);
void drivers_each(struct drivers *d, drivers_fn fn, void *ctx);

#endif
