/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ecdsa_der.h"

#include "crypto/algorithms.h"

#include <string.h>

#define TAG_SEQUENCE 0x30
#define TAG_INTEGER 0x02

static struct hf_span without_zeros(struct hf_span half)
{
	while (half.len && half.ptr[0] == 0)
		half = HF_SPAN(half.ptr + 1, half.len - 1);
	return half;
}

/* A leading zero keeps it positive. */
static size_t integer_len(struct hf_span half)
{
	return 2 + (half.ptr[0] >> 7) + half.len;
}

static void put_integer(struct hf_buf *to, struct hf_span half)
{
	hf_buf_u8(to, TAG_INTEGER);
	hf_buf_u8(to, (uint8_t)(integer_len(half) - 2));
	if (half.ptr[0] >> 7)
		hf_buf_u8(to, 0);
	hf_buf_put(to, half.ptr, half.len);
}

hf_status ecdsa_der_make(struct hf_span raw, struct hf_buf *to)
{
	size_t half = raw.len / 2, len;
	struct hf_span r, s;

	HF_ENSURE(raw.len % 2 == 0 && half >= 1 && half <= ECDSA_HALF_MAX, HF_INVALID);
	r = without_zeros(HF_SPAN(raw.ptr, half));
	s = without_zeros(HF_SPAN(raw.ptr + half, half));
	HF_ENSURE(r.len && s.len, HF_INVALID);
	len = integer_len(r) + integer_len(s);
	hf_buf_u8(to, TAG_SEQUENCE);
	if (len > 0x7f)
		hf_buf_u8(to, 0x81);
	hf_buf_u8(to, (uint8_t)len);
	put_integer(to, r);
	put_integer(to, s);
	return hf_buf_status(to);
}

static hf_status take_integer(struct hf_reader *r, size_t half, uint8_t *to)
{
	struct hf_span n;

	HF_ENSURE(hf_read_u8(r) == TAG_INTEGER, HF_INVALID);
	n = hf_read_bytes(r, hf_read_u8(r)); /* 127 at most: others run past the end */
	HF_ENSURE(!r->failed && n.len && !(n.ptr[0] >> 7), HF_INVALID);
	if (n.len > 1 && n.ptr[0] == 0) {
		HF_ENSURE(n.ptr[1] >> 7, HF_INVALID); /* a zero that is not needed */
		n = HF_SPAN(n.ptr + 1, n.len - 1);
	}
	HF_ENSURE(n.len <= half, HF_INVALID);
	memset(to, 0, half);
	memcpy(to + half - n.len, n.ptr, n.len);
	return HF_SUCCESS;
}

hf_status ecdsa_der_read(struct hf_span der, size_t half, uint8_t *ret)
{
	struct hf_reader r = hf_reader(der);
	uint8_t raw[2 * ECDSA_HALF_MAX];
	size_t len;

	HF_ENSURE(half >= 1 && half <= ECDSA_HALF_MAX, HF_INVALID);
	HF_ENSURE(hf_read_u8(&r) == TAG_SEQUENCE, HF_INVALID);
	len = hf_read_u8(&r);
	if (len == 0x81) {
		len = hf_read_u8(&r);
		HF_ENSURE(len > 0x7f, HF_INVALID);
	} else {
		HF_ENSURE(len <= 0x7f, HF_INVALID);
	}
	HF_ENSURE(!r.failed && len == r.left, HF_INVALID);
	HF_TRY(take_integer(&r, half, raw));
	HF_TRY(take_integer(&r, half, raw + half));
	HF_TRY(hf_reader_end(&r));
	memcpy(ret, raw, 2 * half);
	return HF_SUCCESS;
}

void ecdsa_low_s_k1(uint8_t raw[64])
{
	k1_make_low(raw);
}
