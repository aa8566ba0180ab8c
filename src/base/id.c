/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include "base/clock.h"
#include "base/random.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum { CHARS = HF_ID_DIGITS, DASH_A = 5, DASH_B = 10, RAW = 16, TIME = 6 };

static struct {
	pthread_mutex_t lock;
	uint8_t raw[RAW];
} last = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Time and random bytes; or, when that would not come after the one before (the same millisecond,
 * or a clock that was set back), the one before and one more. */
static void next_raw(uint8_t raw[RAW])
{
	uint64_t now = (uint64_t)hf_wall_ms();

	hf_random(raw, RAW);
	for (int i = 0; i < TIME; i++)
		raw[i] = (uint8_t)(now >> (8 * (TIME - 1 - i)));
	pthread_mutex_lock(&last.lock);
	if (memcmp(raw, last.raw, TIME) <= 0) {
		memcpy(raw, last.raw, RAW);
		for (int i = RAW - 1; i >= 0 && ++raw[i] == 0; i--)
			;
	}
	memcpy(last.raw, raw, RAW);
	pthread_mutex_unlock(&last.lock);
}

void hf_id_digits(const uint8_t *from, size_t n, char *to)
{
	unsigned acc = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (bits < 5) {
			acc = (acc << 8 | *from++) & 0xffff;
			bits += 8;
		}
		bits -= 5;
		to[i] = digits[acc >> bits & 31];
	}
	to[n] = 0;
}

void hf_id_of(const char *prefix, const char *text, char to[HF_ID_MAX])
{
	snprintf(to, HF_ID_MAX, "%s-%.5s-%.5s-%.16s", prefix, text, text + DASH_A, text + DASH_B);
}

void hf_id_new(const char *prefix, char to[HF_ID_MAX])
{
	uint8_t raw[RAW], padded[RAW + 1] = { 0 };
	char text[CHARS + 1];

	next_raw(raw);
	for (size_t i = 0; i < RAW; i++) { /* 130 bits of text for 128: two zero bits in front */
		padded[i] |= raw[i] >> 2;
		padded[i + 1] = (uint8_t)(raw[i] << 6);
	}
	hf_id_digits(padded, CHARS, text);
	hf_id_of(prefix, text, to);
}

bool hf_id_valid(const char *prefix, const char *id)
{
	size_t n = strlen(prefix);

	if (strncmp(id, prefix, n) != 0 || id[n] != '-' || strlen(id) != n + 1 + CHARS + 2)
		return false;
	id += n + 1;
	for (int i = 0; i < CHARS + 2; i++) {
		bool dash = i == DASH_A || i == DASH_B + 1;

		if (dash ? id[i] != '-' : !strchr(digits, id[i]))
			return false;
	}
	return true;
}
