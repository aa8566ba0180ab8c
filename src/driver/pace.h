/* SPDX-License-Identifier: Apache-2.0
 * How many jobs to hold: enough that the HSM never waits for the queue, few enough that another
 * driver gets its share.
 *
 * The HSM's own places, and a reserve of as much again or, when that is more, of what it does in
 * two round trips. */
#ifndef HF_DRIVER_PACE_H
#define HF_DRIVER_PACE_H

#include <stddef.h>
#include <stdint.h>

struct pace {
	int64_t since_us;
	size_t ended;
	double per_us; /* smoothed */
};

void pace_ended(struct pace *p, int64_t now_us);
/* Jobs that the driver should hold altogether. `places` is how many the HSM takes at once. */
size_t pace_target(struct pace *p, size_t places, int64_t round_trip_us, int64_t now_us);

#endif
