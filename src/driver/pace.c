/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pace.h"

#include "base/clock.h"

enum {
	WINDOW_US = 100000,
	RESERVE_MAX = 1024,
	REST_BASE_MS = 100,
	REST_CAP_MS = 3000,
};

static void roll(struct pace *p, int64_t now_us)
{
	int64_t us = now_us - p->since_us;

	if (us < WINDOW_US)
		return;
	p->per_us = p->per_us / 2 + (double)p->ended / (double)us / 2;
	p->ended = 0;
	p->since_us = now_us;
}

void pace_ended(struct pace *p, bool retry, int64_t now_us)
{
	roll(p, now_us);
	p->ended++;
	if (!retry)
		p->retries = 0;
	else if (now_us >= p->rest_until_us) /* those that fail together count once */
		p->rest_until_us =
		        now_us + 1000 * hf_backoff_ms(p->retries++, REST_BASE_MS, REST_CAP_MS);
}

void pace_refreshed(struct pace *p)
{
	p->retries = 0;
	p->rest_until_us = 0;
}

int64_t pace_rest_ms(const struct pace *p, int64_t now_us)
{
	return now_us < p->rest_until_us ? (p->rest_until_us - now_us + 999) / 1000 : 0;
}

size_t pace_target(struct pace *p, size_t places, int64_t round_trip_us, int64_t now_us)
{
	size_t reserve;

	roll(p, now_us);
	reserve = (size_t)(2 * p->per_us * (double)(round_trip_us + PACE_GATHER_US));
	if (reserve < places)
		reserve = places;
	if (reserve > RESERVE_MAX)
		reserve = RESERVE_MAX;
	return places + reserve;
}

bool pace_may_gather(const struct pace *p, size_t waiting)
{
	return waiting > 0 && (double)waiting >= p->per_us * PACE_GATHER_US;
}
