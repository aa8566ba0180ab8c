/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/random.h"

#include <stdio.h>
#include <string.h>
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

void hf_pause_us(int64_t us)
{
	const struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

void hf_pause_ms(int64_t ms)
{
	hf_pause_us(ms * 1000);
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

/* ".123": digits beyond the third do not count. -1: malformed. */
static int take_ms(const char **at)
{
	int ms = 0, scale = 100;
	size_t n;

	if (**at != '.')
		return 0;
	n = strspn(++*at, "0123456789");
	if (n < 1 || n > 9)
		return -1;
	for (size_t i = 0; i < n; i++, scale /= 10)
		ms += ((*at)[i] - '0') * scale;
	*at += n;
	return ms;
}

hf_status hf_iso_parse(const char *text, int64_t *ret_ms)
{
	struct tm tm = { .tm_mday = 1 };
	const char *end;
	int ms = 0;

	HF_ENSURE(strlen(text) >= 10 && strspn(text, "0123456789") == 4, HF_INVALID);
	end = strptime(text, strlen(text) == 10 ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S", &tm);
	HF_ENSURE(end && tm.tm_year >= 70, HF_INVALID);
	if (*end) {
		ms = take_ms(&end);
		HF_ENSURE(ms >= 0 && (strcmp(end, "Z") == 0 || strcmp(end, "+00:00") == 0),
		          HF_INVALID);
	}
	HF_ENSURE(*end || strlen(text) == 10, HF_INVALID);
	*ret_ms = (int64_t)timegm(&tm) * 1000 + ms;
	return HF_SUCCESS;
}

void hf_basic_time(int64_t wall_ms, char to[HF_BASIC_LEN])
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(to, HF_BASIC_LEN, "%Y%m%dT%H%M%SZ", &tm);
}

hf_status hf_basic_parse(const char *text, int64_t *ret_ms)
{
	char iso[HF_ISO_LEN];

	HF_ENSURE(strlen(text) == HF_BASIC_LEN - 1 && strspn(text, "0123456789") == 8 &&
	                  text[8] == 'T' && strspn(text + 9, "0123456789") == 6 && text[15] == 'Z',
	          HF_INVALID);
	snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", text, text + 4, text + 6,
	         text + 9, text + 11, text + 13);
	return hf_iso_parse(iso, ret_ms);
}

int64_t hf_backoff_ms(unsigned attempt, int64_t base_ms, int64_t cap_ms)
{
	int64_t top = base_ms << (attempt < 20 ? attempt : 20);

	if (top > cap_ms)
		top = cap_ms;
	return base_ms / 2 + (int64_t)(hf_random_u64() % (uint64_t)(top + 1 - base_ms / 2));
}
