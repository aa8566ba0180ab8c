/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/random.h"

#include <stdio.h>
#include <time.h>

int64_t hf_wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t hf_mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t hf_mono_ms(void)
{
	return hf_mono_us() / 1000;
}

void hf_iso_time(int64_t wall_ms, char to[HF_ISO_LEN])
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;
	char day[24];

	gmtime_r(&s, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(to, HF_ISO_LEN, "%.19s.%03uZ", day, (unsigned)(wall_ms % 1000) % 1000u);
}

int64_t hf_backoff_ms(unsigned attempt, int64_t base_ms, int64_t cap_ms)
{
	int64_t top = base_ms << (attempt < 20 ? attempt : 20);

	if (top > cap_ms)
		top = cap_ms;
	return base_ms / 2 + (int64_t)(hf_random_u64() % (uint64_t)(top + 1 - base_ms / 2));
}
