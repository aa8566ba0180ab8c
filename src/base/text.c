/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char hexdigits[] = "0123456789abcdef";
#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char b64_digits[] = ALNUM "+/", b64url_digits[] = ALNUM "-_";

void hf_hex(const void *from, size_t len, char *to)
{
	const uint8_t *p = from;

	for (size_t i = 0; i < len; i++) {
		to[2 * i] = hexdigits[p[i] >> 4];
		to[2 * i + 1] = hexdigits[p[i] & 15];
	}
	to[2 * len] = 0;
}

void hf_buf_hex(struct hf_buf *b, struct hf_span from)
{
	for (size_t i = 0; i < from.len; i++) {
		hf_buf_u8(b, (uint8_t)hexdigits[from.ptr[i] >> 4]);
		hf_buf_u8(b, (uint8_t)hexdigits[from.ptr[i] & 15]);
	}
}

int hf_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

hf_status hf_unhex(struct hf_span text, struct hf_buf *b)
{
	size_t before = b->len;

	HF_ENSURE(text.len % 2 == 0, HF_INVALID);
	for (size_t i = 0; i < text.len; i += 2) {
		int hi = hf_hex_digit(text.ptr[i]), lo = hf_hex_digit(text.ptr[i + 1]);

		if (hi < 0 || lo < 0) {
			b->len = before;
			return HF_FAILURE(HF_INVALID);
		}
		hf_buf_u8(b, (uint8_t)(hi << 4 | lo));
	}
	return hf_buf_status(b);
}

/* Whole threes of bytes as fours of digits; what is left, without padding, as two or three. */
static uint8_t *put_base64(uint8_t *to, struct hf_span from, const char *digits)
{
	const uint8_t *p = from.ptr;
	size_t left = from.len;

	for (; left >= 3; p += 3, left -= 3) {
		*to++ = (uint8_t)digits[p[0] >> 2];
		*to++ = (uint8_t)digits[(p[0] << 4 | p[1] >> 4) & 63];
		*to++ = (uint8_t)digits[(p[1] << 2 | p[2] >> 6) & 63];
		*to++ = (uint8_t)digits[p[2] & 63];
	}
	if (left) {
		uint8_t second = left == 2 ? p[1] : 0;

		*to++ = (uint8_t)digits[p[0] >> 2];
		*to++ = (uint8_t)digits[(p[0] << 4 | second >> 4) & 63];
		if (left == 2)
			*to++ = (uint8_t)digits[second << 2 & 63];
	}
	return to;
}

void hf_buf_base64url(struct hf_buf *b, struct hf_span from)
{
	uint8_t *to = from.len ? hf_buf_grow(b, (from.len * 8 + 5) / 6) : NULL;

	if (to)
		put_base64(to, from, b64url_digits);
}

void hf_buf_base64(struct hf_buf *b, struct hf_span from)
{
	uint8_t *to = from.len ? hf_buf_grow(b, (from.len + 2) / 3 * 4) : NULL;

	if (!to)
		return;
	to = put_base64(to, from, b64_digits);
	memset(to, '=', (3 - from.len % 3) % 3);
}

/* Both alphabets; -1 for what is in neither. */
static int b64_value(uint8_t c)
{
	static const int8_t values[128] = {
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1, -1, -1, -1, 62, -1, 62, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60,
		61, -1, -1, -1, -1, -1, -1, -1, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
		11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1,
		63, -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
		43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
	};

	return c < sizeof(values) ? values[c] : -1;
}

/* n digits, n % 4 not being 1: false when one is none, or has bits that no encoder sets,
 * which would be a second text for the same bytes. */
static bool get_base64(const uint8_t *p, size_t n, uint8_t *to)
{
	int a, b, c, d;

	for (; n >= 4; p += 4, n -= 4) {
		a = b64_value(p[0]);
		b = b64_value(p[1]);
		c = b64_value(p[2]);
		d = b64_value(p[3]);
		if ((a | b | c | d) < 0)
			return false;
		*to++ = (uint8_t)(a << 2 | b >> 4);
		*to++ = (uint8_t)(b << 4 | c >> 2);
		*to++ = (uint8_t)(c << 6 | d);
	}
	if (!n)
		return true;
	a = b64_value(p[0]);
	b = b64_value(p[1]);
	c = n == 3 ? b64_value(p[2]) : 0;
	if ((a | b | c) < 0 || (n == 3 ? c & 3 : b & 15))
		return false;
	*to++ = (uint8_t)(a << 2 | b >> 4);
	if (n == 3)
		*to++ = (uint8_t)(b << 4 | c >> 2);
	return true;
}

hf_status hf_unbase64(struct hf_span text, struct hf_buf *b)
{
	size_t before = b->len, n = text.len;
	uint8_t *to;

	if (n % 4 == 0)
		for (int pad = 0; pad < 2 && n && text.ptr[n - 1] == '='; pad++)
			n--;
	HF_ENSURE(n % 4 != 1, HF_INVALID);
	if (!n)
		return hf_buf_status(b);
	to = hf_buf_grow(b, n * 6 / 8);
	if (!to)
		return hf_buf_status(b);
	if (!get_base64(text.ptr, n, to)) {
		b->len = before;
		return HF_FAILURE(HF_INVALID);
	}
	return hf_buf_status(b);
}

hf_status hf_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	char *end;
	long long v;

	HF_ENSURE(text && *text && strspn(text, "-0123456789") == strlen(text), HF_INVALID);
	errno = 0;
	v = strtoll(text, &end, 10);
	HF_ENSURE(errno == 0 && *end == 0 && v >= min && v <= max, HF_INVALID);
	*ret = v;
	return HF_SUCCESS;
}

char *hf_strdup(const char *s)
{
	return s ? strdup(s) : NULL;
}

size_t hf_utf8_at(const uint8_t *p, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80       ? 1
	           : p[0] >> 5 == 6  ? 2
	           : p[0] >> 4 == 14 ? 3
	           : p[0] >> 3 == 30 ? 4
	                             : 0;
	uint32_t c;

	if (n <= 1 || n > left)
		return n == 1 ? 1 : 0;
	c = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 63);
	}
	return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
}

void hf_make_utf8(char *text)
{
	uint8_t *p = (uint8_t *)text;
	size_t left = strlen(text), n;

	for (; left; p += n, left -= n) {
		n = hf_utf8_at(p, left);
		if (n == 0) {
			*p = '?';
			n = 1;
		}
	}
}

void hf_bare_host(const char *address, char *to, size_t cap)
{
	const char *colon = strrchr(address, ':');
	size_t len = strlen(address);

	if (*address == '[')
		len = strcspn(++address, "]");
	else if (colon && strchr(address, ':') == colon)
		len = (size_t)(colon - address);
	snprintf(to, cap, "%.*s", (int)len, address);
}
