/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/bech32.h"

#include <string.h>

#define CHECK_LEN 6
#define SEGWIT_TEXT_MAX 90

static const char digits[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t polymod(uint32_t sum, unsigned digit)
{
	static const uint32_t generator[] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
		                              0x2a1462b3 };
	unsigned top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ digit;
	for (unsigned i = 0; i < HF_COUNT(generator); i++)
		if (top >> i & 1)
			sum ^= generator[i];
	return sum;
}

static uint32_t polymod_prefix(const char *prefix, size_t len)
{
	uint32_t sum = 1;

	for (size_t i = 0; i < len; i++)
		sum = polymod(sum, (uint8_t)prefix[i] >> 5);
	sum = polymod(sum, 0);
	for (size_t i = 0; i < len; i++)
		sum = polymod(sum, prefix[i] & 31);
	return sum;
}

static uint32_t constant_of(enum bech32_variant variant)
{
	return variant == BECH32 ? 1 : 0x2bc830a3;
}

/* Bytes become groups of 5 bits, the last one filled with zeros. */
static size_t to_groups(struct hf_span bytes, uint8_t *groups)
{
	unsigned bits = 0, held = 0;
	size_t n = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		held = (held << 8 | bytes.ptr[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			groups[n++] = held >> (bits - 5) & 31;
	}
	if (bits)
		groups[n++] = held << (5 - bits) & 31;
	return n;
}

/* The way back: less than 5 bits are left over, and they are zero. */
static hf_status from_groups(struct hf_span groups, struct hf_buf *to)
{
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < groups.len; i++) {
		held = (held << 5 | groups.ptr[i]) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			hf_buf_u8(to, (uint8_t)(held >> bits));
		}
	}
	HF_ENSURE(bits < 5 && (held & ((1u << bits) - 1)) == 0, HF_INVALID);
	return hf_buf_status(to);
}

static bool prefix_is_sound(const char *prefix)
{
	size_t len = strlen(prefix);

	if (len < 1 || len > BECH32_PREFIX_MAX)
		return false;
	for (; *prefix; prefix++)
		if (*prefix < 33 || *prefix > 126 || (*prefix >= 'A' && *prefix <= 'Z'))
			return false;
	return true;
}

static hf_status encode_groups(enum bech32_variant variant, const char *prefix,
                               struct hf_span groups, struct hf_buf *to)
{
	size_t prefix_len = strlen(prefix);
	uint32_t sum;

	HF_ENSURE(prefix_is_sound(prefix), HF_INVALID);
	HF_ENSURE(prefix_len + 1 + groups.len + CHECK_LEN <= BECH32_TEXT_MAX, HF_TOOBIG);
	sum = polymod_prefix(prefix, prefix_len);
	hf_buf_put(to, prefix, prefix_len);
	hf_buf_u8(to, '1');
	for (size_t i = 0; i < groups.len; i++) {
		sum = polymod(sum, groups.ptr[i]);
		hf_buf_u8(to, (uint8_t)digits[groups.ptr[i]]);
	}
	for (size_t i = 0; i < CHECK_LEN; i++)
		sum = polymod(sum, 0);
	sum ^= constant_of(variant);
	for (size_t i = 0; i < CHECK_LEN; i++)
		hf_buf_u8(to, (uint8_t)digits[sum >> 5 * (5 - i) & 31]);
	return hf_buf_status(to);
}

/* Lower case in `lower`, which has room for it. */
static hf_status fold(struct hf_span text, char *lower)
{
	bool upper = false, small = false;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		HF_ENSURE(c >= 33 && c <= 126, HF_INVALID);
		upper |= c >= 'A' && c <= 'Z';
		small |= c >= 'a' && c <= 'z';
		lower[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	HF_ENSURE(!(upper && small), HF_INVALID);
	return HF_SUCCESS;
}

/* The groups of the data without the checksum; `groups` has room for BECH32_TEXT_MAX. */
static hf_status decode_groups(enum bech32_variant variant, const char *prefix, struct hf_span text,
                               uint8_t *groups, size_t *ret)
{
	size_t prefix_len = strlen(prefix), n = 0;
	char lower[BECH32_TEXT_MAX];
	uint32_t sum;

	HF_ENSURE(text.len <= BECH32_TEXT_MAX, HF_TOOBIG);
	HF_ENSURE(prefix_is_sound(prefix) && text.len >= prefix_len + 1 + CHECK_LEN, HF_INVALID);
	HF_TRY(fold(text, lower));
	HF_ENSURE(memcmp(lower, prefix, prefix_len) == 0 && lower[prefix_len] == '1', HF_INVALID);
	sum = polymod_prefix(prefix, prefix_len);
	for (size_t i = prefix_len + 1; i < text.len; i++) {
		const char *at = memchr(digits, lower[i], 32);

		HF_ENSURE(at, HF_INVALID);
		groups[n] = (uint8_t)(at - digits);
		sum = polymod(sum, groups[n++]);
	}
	HF_ENSURE(sum == constant_of(variant), HF_INVALID);
	*ret = n - CHECK_LEN;
	return HF_SUCCESS;
}

hf_status bech32_encode(enum bech32_variant variant, const char *prefix, struct hf_span bytes,
                        struct hf_buf *to)
{
	uint8_t groups[BECH32_TEXT_MAX];

	HF_ENSURE(bytes.len <= (BECH32_TEXT_MAX - CHECK_LEN) * 5 / 8, HF_TOOBIG);
	return encode_groups(variant, prefix, HF_SPAN(groups, to_groups(bytes, groups)), to);
}

hf_status bech32_decode(enum bech32_variant variant, const char *prefix, struct hf_span text,
                        struct hf_buf *to)
{
	uint8_t groups[BECH32_TEXT_MAX];
	size_t n;

	HF_TRY(decode_groups(variant, prefix, text, groups, &n));
	return from_groups(HF_SPAN(groups, n), to);
}

/* BIP-141: 2 to 40 bytes; of version 0 only 20 and 32. */
static bool program_is_sound(unsigned version, size_t len)
{
	return version <= 16 && len >= 2 && len <= SEGWIT_PROGRAM_MAX &&
	       (version != 0 || len == 20 || len == 32);
}

hf_status segwit_encode(const char *prefix, unsigned version, struct hf_span program,
                        struct hf_buf *to)
{
	uint8_t groups[BECH32_TEXT_MAX];
	size_t n;

	HF_ENSURE(program_is_sound(version, program.len), HF_INVALID);
	groups[0] = (uint8_t)version;
	n = 1 + to_groups(program, groups + 1);
	return encode_groups(version == 0 ? BECH32 : BECH32M, prefix, HF_SPAN(groups, n), to);
}

hf_status segwit_decode(const char *prefix, struct hf_span text, unsigned *ret_version,
                        struct hf_buf *ret_program)
{
	HF_BUF_SCOPED struct hf_buf program = HF_BUF(SEGWIT_TEXT_MAX);
	uint8_t groups[BECH32_TEXT_MAX];
	bool version_0;
	size_t n;

	HF_ENSURE(text.len <= SEGWIT_TEXT_MAX, HF_INVALID);
	version_0 = hf_ok(decode_groups(BECH32, prefix, text, groups, &n));
	if (!version_0)
		HF_TRY(decode_groups(BECH32M, prefix, text, groups, &n));
	HF_ENSURE(n >= 1 && version_0 == (groups[0] == 0), HF_INVALID);
	HF_TRY(from_groups(HF_SPAN(groups + 1, n - 1), &program));
	HF_ENSURE(program_is_sound(groups[0], program.len), HF_INVALID);
	hf_buf_put(ret_program, program.ptr, program.len);
	HF_TRY(hf_buf_status(ret_program));
	*ret_version = groups[0];
	return HF_SUCCESS;
}
