/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uuid.h"

#include <string.h>

enum { RAW = 16, DASHES = 4, SPARE = 2 };

static const size_t dash_at[DASHES] = { 8, 13, 18, 23 };
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* base/id.h's */

static void print(const uint8_t raw[RAW], char to[HF_UUID_MAX])
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0, dash = 0;

	for (size_t i = 0; i < RAW; i++) {
		if (dash < DASHES && at == dash_at[dash]) {
			to[at++] = '-';
			dash++;
		}
		to[at++] = hex[raw[i] >> 4];
		to[at++] = hex[raw[i] & 15];
	}
	to[at] = 0;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool scan(const char *uuid, uint8_t raw[RAW])
{
	size_t dash = 0, n = 0;

	if (strnlen(uuid, HF_UUID_MAX) != HF_UUID_MAX - 1)
		return false;
	for (size_t at = 0; at < HF_UUID_MAX - 1; at++) {
		if (dash < DASHES && at == dash_at[dash]) {
			if (uuid[at] != '-')
				return false;
			dash++;
			continue;
		}
		int v = nibble(uuid[at]);

		if (v < 0)
			return false;
		raw[n / 2] = (uint8_t)(n % 2 ? raw[n / 2] | v : v << 4);
		n++;
	}
	return true;
}

/* The digits after the prefix, without hyphens: 26 of five bits, of which the first two are zero.
 */
static bool unpack(const char *id, uint8_t raw[RAW])
{
	const char *at = strchr(id, '-');
	unsigned acc = 0, bits = 0;
	size_t n = 0, digit = 0;

	if (!at)
		return false;
	for (at++; *at; at++) {
		const char *found = strchr(alphabet, *at);

		if (*at == '-')
			continue;
		if (!found || ++digit > HF_ID_DIGITS)
			return false;
		acc = (acc << 5 | (unsigned)(found - alphabet)) & 0xffff;
		bits += digit == 1 ? 5 - SPARE : 5;
		if (digit == 1 && acc >> (5 - SPARE))
			return false;
		if (bits >= 8) {
			bits -= 8;
			raw[n++] = (uint8_t)(acc >> bits);
		}
	}
	return digit == HF_ID_DIGITS;
}

void hf_uuid_new(char to[HF_UUID_MAX])
{
	char id[HF_ID_MAX];
	uint8_t raw[RAW] = { 0 };

	hf_id_new("u", id);
	unpack(id, raw); /* ours */
	/* A version of 4 bits and a variant of 2 stand where the id has random ones. */
	raw[6] = (uint8_t)(0x70 | (raw[6] & 0x0f));
	raw[8] = (uint8_t)(0x80 | (raw[8] & 0x3f));
	print(raw, to);
}

bool hf_uuid_valid(const char *uuid)
{
	uint8_t raw[RAW];

	return scan(uuid, raw);
}

hf_status hf_uuid_of_id(const char *id, char to[HF_UUID_MAX])
{
	uint8_t raw[RAW];

	HF_ENSURE(unpack(id, raw), HF_INVALID);
	print(raw, to);
	return HF_SUCCESS;
}

hf_status hf_id_of_uuid(const char *prefix, const char *uuid, char to[HF_ID_MAX])
{
	uint8_t raw[RAW], padded[RAW + 1] = { 0 };
	char digits[HF_ID_DIGITS + 1];

	HF_ENSURE(scan(uuid, raw), HF_INVALID);
	for (size_t i = 0; i < RAW; i++) {
		padded[i] |= raw[i] >> SPARE;
		padded[i + 1] = (uint8_t)(raw[i] << (8 - SPARE));
	}
	hf_id_digits(padded, HF_ID_DIGITS, digits);
	hf_id_of(prefix, digits, to);
	return HF_SUCCESS;
}
