/* SPDX-License-Identifier: Apache-2.0
 * AES key wrap of data. The tokens' own mechanisms wrap keys; as an encryption of data some have
 * them under a number of their own, some not at all; so it is made of single blocks everywhere. W
 * and W^-1 are RFC 3394, 2.2.1 and 2.2.2: A is the first half-block, R the others. */
#include "p11/crypt_impl.h"

#include "base/secret.h"

#include <string.h>

#define HALF 8
#define PASSES 6

static const uint8_t icv_3394[HALF] = { 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6 };
static const uint8_t icv_5649[4] = { 0xa6, 0x59, 0x59, 0xa6 };

struct kw {
	struct p11_session *s;
	CK_OBJECT_HANDLE key;
	uint8_t bytes[HALF + KW_DATA_MAX + HALF]; /* A || R */
	size_t n;                                 /* half-blocks of R */
	struct hf_err *err;
};

static void xor_counter(uint8_t a[HALF], uint64_t t)
{
	for (size_t i = 0; i < HALF; i++)
		a[i] ^= (uint8_t)(t >> (8 * (HALF - 1 - i)));
}

static hf_status wrap_step(struct kw *w, uint64_t pass, size_t i)
{
	uint8_t block[CRYPT_BLOCK];

	memcpy(block, w->bytes, HALF);
	memcpy(block + HALF, w->bytes + i * HALF, HALF);
	HF_TRY(blocks_ecb(w->s, w->key, true, block, sizeof(block), block, w->err));
	memcpy(w->bytes, block, HALF);
	xor_counter(w->bytes, pass * w->n + i);
	memcpy(w->bytes + i * HALF, block + HALF, HALF);
	return HF_SUCCESS;
}

static hf_status unwrap_step(struct kw *w, uint64_t pass, size_t i)
{
	uint8_t block[CRYPT_BLOCK];

	memcpy(block, w->bytes, HALF);
	xor_counter(block, pass * w->n + i);
	memcpy(block + HALF, w->bytes + i * HALF, HALF);
	HF_TRY(blocks_ecb(w->s, w->key, false, block, sizeof(block), block, w->err));
	memcpy(w->bytes, block, HALF);
	memcpy(w->bytes + i * HALF, block + HALF, HALF);
	return HF_SUCCESS;
}

/* RFC 5649, 4.1 and 4.2: a single half-block is enciphered once, together with A. */
static hf_status wrap(struct kw *w, bool pad)
{
	if (pad && w->n == 1)
		return blocks_ecb(w->s, w->key, true, w->bytes, CRYPT_BLOCK, w->bytes, w->err);
	for (uint64_t pass = 0; pass < PASSES; pass++)
		for (size_t i = 1; i <= w->n; i++)
			HF_TRY(wrap_step(w, pass, i));
	return HF_SUCCESS;
}

static hf_status unwrap(struct kw *w, bool pad)
{
	if (pad && w->n == 1)
		return blocks_ecb(w->s, w->key, false, w->bytes, CRYPT_BLOCK, w->bytes, w->err);
	for (uint64_t pass = PASSES; pass-- > 0;)
		for (size_t i = w->n; i >= 1; i--)
			HF_TRY(unwrap_step(w, pass, i));
	return HF_SUCCESS;
}

static hf_status check_plain(bool pad, size_t len, struct hf_err *err)
{
	bool fits = pad ? len >= 1 : len % HALF == 0 && len >= 2 * HALF;

	if (!fits || len > KW_DATA_MAX)
		return hf_fail(err, HF_INVALID,
		               pad ? "KWP takes 1 to %d bytes"
		                   : "KW takes 16 to %d bytes, in whole units of 8",
		               KW_DATA_MAX);
	return HF_SUCCESS;
}

hf_status kw_encrypt(struct p11_session *s, CK_OBJECT_HANDLE key, bool pad, struct hf_span plain,
                     struct hf_buf *ret, struct hf_err *err)
{
	struct kw w = { .s = s, .key = key, .err = err };
	hf_status status;

	HF_TRY(check_plain(pad, plain.len, err));
	w.n = (plain.len + HALF - 1) / HALF;
	memcpy(w.bytes, icv_3394, HALF);
	if (pad) {
		memcpy(w.bytes, icv_5649, sizeof(icv_5649));
		for (size_t i = 0; i < 4; i++)
			w.bytes[4 + i] = (uint8_t)(plain.len >> (24 - 8 * i));
	}
	memcpy(w.bytes + HALF, plain.ptr, plain.len);
	status = wrap(&w, pad);
	if (hf_ok(status)) {
		hf_buf_put(ret, w.bytes, HALF + w.n * HALF);
		status = hf_buf_status(ret);
	}
	hf_wipe(w.bytes, sizeof(w.bytes));
	return status;
}

/* How many bytes the plaintext has; 0: A, or the zeros behind the plaintext, are not what they have
 * to be. In a time that does not tell which (RFC 5649, 3). */
static size_t plain_len(const struct kw *w, bool pad)
{
	size_t all = w->n * HALF, len = 0;
	uint8_t wrong;

	if (!pad)
		return hf_equal_ct(w->bytes, icv_3394, HALF) ? all : 0;
	for (size_t i = 0; i < 4; i++)
		len = len << 8 | w->bytes[4 + i];
	wrong = !hf_equal_ct(w->bytes, icv_5649, sizeof(icv_5649));
	wrong |= len > all || len + HALF <= all;
	for (size_t i = all - HALF; i < all; i++)
		wrong |= w->bytes[HALF + i] & (uint8_t) - (i >= len);
	return wrong ? 0 : len;
}

hf_status kw_decrypt(struct p11_session *s, CK_OBJECT_HANDLE key, bool pad, struct hf_span cipher,
                     struct hf_buf *ret, struct hf_err *err)
{
	size_t shortest = pad ? 2 * HALF : 3 * HALF, len = 0;
	struct kw w = { .s = s, .key = key, .err = err };
	hf_status status;

	if (cipher.len % HALF != 0 || cipher.len < shortest || cipher.len > HALF + KW_DATA_MAX)
		return hf_fail(err, HF_INVALID,
		               "what was wrapped has %zu to %d bytes, in whole units of 8",
		               shortest, HALF + KW_DATA_MAX);
	w.n = cipher.len / HALF - 1;
	memcpy(w.bytes, cipher.ptr, cipher.len);
	status = unwrap(&w, pad);
	if (hf_ok(status))
		len = plain_len(&w, pad);
	if (hf_ok(status) && !len)
		status = crypt_undecipherable(err);
	if (hf_ok(status)) {
		hf_buf_put(ret, w.bytes + HALF, len);
		status = hf_buf_status(ret);
	}
	hf_wipe(w.bytes, sizeof(w.bytes));
	return status;
}
