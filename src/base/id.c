/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include "base/clock.h"
#include "base/random.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

enum { CHARS = 26, DASH_A = 5, DASH_B = 10, RAW = 16, TIME = 6 };

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

void hf_id_new(const char *prefix, char to[HF_ID_MAX])
{
	uint8_t raw[RAW];
	char text[CHARS + 1];
	unsigned acc = 0, bits = 2; /* 130 bits of text for 128: two zero bits in front */
	size_t at = 0;

	next_raw(raw);
	for (size_t i = 0; i < sizeof(raw); i++) {
		acc = (acc << 8 | raw[i]) & 0xffff;
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			text[at++] = digits[acc >> bits & 31];
		}
	}
	text[CHARS] = 0;
	snprintf(to, HF_ID_MAX, "%s-%.5s-%.5s-%s", prefix, text, text + DASH_A, text + DASH_B);
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
