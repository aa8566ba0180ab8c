/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/base58.h"

#include "crypto/digest.h"

#include <string.h>

#define CHECK_LEN 4
#define TEXT_MAX 180 /* BASE58_BYTES_MAX * log(256) / log(58), and some */

static const char *digits_of(enum base58_alphabet alphabet)
{
	switch (alphabet) {
	case BASE58_BITCOIN:
		return "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
	case BASE58_XRPL:
		return "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
	}
	return "";
}

/* number = number * base + digit, in `len` bytes of another base, least first; false when it does
 * not fit. */
static bool push(uint8_t *number, size_t *len, size_t cap, unsigned from, unsigned to,
                 unsigned digit)
{
	unsigned carry = digit;

	for (size_t i = 0; i < *len; i++) {
		carry += number[i] * from;
		number[i] = (uint8_t)(carry % to);
		carry /= to;
	}
	for (; carry; carry /= to) {
		if (*len == cap)
			return false;
		number[(*len)++] = (uint8_t)(carry % to);
	}
	return true;
}

hf_status base58_encode(enum base58_alphabet alphabet, struct hf_span bytes, struct hf_buf *to)
{
	const char *digits = digits_of(alphabet);
	uint8_t number[TEXT_MAX];
	size_t zeros = 0, len = 0;

	HF_ENSURE(bytes.len <= BASE58_BYTES_MAX, HF_TOOBIG);
	while (zeros < bytes.len && bytes.ptr[zeros] == 0)
		zeros++;
	for (size_t i = zeros; i < bytes.len; i++)
		HF_ENSURE(push(number, &len, TEXT_MAX, 256, 58, bytes.ptr[i]), HF_INTERNAL);
	for (size_t i = 0; i < zeros; i++)
		hf_buf_u8(to, (uint8_t)digits[0]);
	while (len)
		hf_buf_u8(to, (uint8_t)digits[number[--len]]);
	return hf_buf_status(to);
}

hf_status base58_decode(enum base58_alphabet alphabet, struct hf_span text, struct hf_buf *to)
{
	const char *digits = digits_of(alphabet), *at;
	uint8_t number[BASE58_BYTES_MAX];
	size_t zeros = 0, len = 0;

	HF_ENSURE(text.len <= TEXT_MAX, HF_TOOBIG);
	while (zeros < text.len && text.ptr[zeros] == (uint8_t)digits[0])
		zeros++;
	HF_ENSURE(zeros <= BASE58_BYTES_MAX, HF_TOOBIG);
	for (size_t i = zeros; i < text.len; i++) {
		at = memchr(digits, text.ptr[i], 58);
		HF_ENSURE(at, HF_INVALID);
		HF_ENSURE(push(number, &len, BASE58_BYTES_MAX - zeros, 58, 256,
		               (unsigned)(at - digits)),
		          HF_TOOBIG);
	}
	for (size_t i = 0; i < zeros; i++)
		hf_buf_u8(to, 0);
	while (len)
		hf_buf_u8(to, number[--len]);
	return hf_buf_status(to);
}

static hf_status checksum(struct hf_span bytes, uint8_t ret[SHA256_LEN])
{
	uint8_t inner[SHA256_LEN];

	HF_TRY(sha256(bytes, inner));
	return sha256(HF_SPAN(inner, sizeof(inner)), ret);
}

hf_status base58check_encode(enum base58_alphabet alphabet, struct hf_span bytes, struct hf_buf *to)
{
	uint8_t all[BASE58_BYTES_MAX], sum[SHA256_LEN];

	HF_ENSURE(bytes.len <= BASE58_BYTES_MAX - CHECK_LEN, HF_TOOBIG);
	HF_TRY(checksum(bytes, sum));
	if (bytes.len)
		memcpy(all, bytes.ptr, bytes.len);
	memcpy(all + bytes.len, sum, CHECK_LEN);
	return base58_encode(alphabet, HF_SPAN(all, bytes.len + CHECK_LEN), to);
}

hf_status base58check_decode(enum base58_alphabet alphabet, struct hf_span text, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf all = HF_BUF(BASE58_BYTES_MAX);
	uint8_t sum[SHA256_LEN];

	HF_TRY(base58_decode(alphabet, text, &all));
	HF_ENSURE(all.len >= CHECK_LEN, HF_INVALID);
	all.len -= CHECK_LEN;
	HF_TRY(checksum(hf_buf_span(&all), sum));
	HF_ENSURE(memcmp(all.ptr + all.len, sum, CHECK_LEN) == 0, HF_INVALID);
	hf_buf_put(to, all.ptr, all.len);
	return hf_buf_status(to);
}
