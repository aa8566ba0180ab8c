/* SPDX-License-Identifier: Apache-2.0
 * How many jobs to hold, and how eagerly to talk to the queue: enough that the HSM never waits for
 * it, few enough that another driver gets its share, and no round trip for each single job while
 * there is a backlog anyway. */
#ifndef HF_DRIVER_PACE_H
#define HF_DRIVER_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Under a backlog, results and free places are gathered for so long. */
#define PACE_GATHER_US 10000

struct pace {
	int64_t since_us;
	size_t ended;
	double per_us;    /* smoothed */
	unsigned retries; /* jobs in a row that ended with OP_RETRY */
	int64_t rest_until_us;
};

/* A job ended. One that has to be tried again makes us rest before we ask for more, for longer each
 * time, so that its attempts are not used up within a moment of an HSM's weakness. */
void pace_ended(struct pace *p, bool retry, int64_t now_us);
/* What was weak is well again: no rest. */
void pace_refreshed(struct pace *p);
/* How long the rest still lasts: 0 when there is none. */
int64_t pace_rest_ms(const struct pace *p, int64_t now_us);
/* Jobs that the driver should hold altogether: as many as the HSM takes at once (`places`), and a
 * reserve of as many again or, when that is more, of what the HSM does in two round trips. */
size_t pace_target(struct pace *p, size_t places, int64_t round_trip_us, int64_t now_us);
/* Do `waiting` jobs keep the HSM busy while we gather? */
bool pace_may_gather(const struct pace *p, size_t waiting);

#endif
