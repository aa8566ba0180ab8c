/* SPDX-License-Identifier: Apache-2.0 */
#include "p11/crypt_impl.h"

#include "base/secret.h"

#include <string.h>

/* The result has exactly the length of what went in. */
static hf_status run_blocks(struct p11_session *s, struct crypt_call *call, struct hf_span in,
                            struct hf_buf *to, struct hf_err *err)
{
	call->room = in.len + CRYPT_BLOCK;
	HF_TRY(crypt_run(s, call, in, to, err));
	if (to->len != in.len)
		return hf_fail(err, HF_CORRUPT, "the HSM made %zu bytes of %zu in whole blocks",
		               to->len, in.len);
	return HF_SUCCESS;
}

/* `n` bytes from `from` on of what comes of `in`; nothing stays behind. */
static hf_status take(struct p11_session *s, struct crypt_call *call, struct hf_span in,
                      size_t from, size_t n, uint8_t *ret, struct hf_err *err)
{
	HF_BUF_SCOPED struct hf_buf out = HF_BUF(in.len + CRYPT_BLOCK);
	hf_status status = run_blocks(s, call, in, &out, err);

	if (hf_ok(status))
		memcpy(ret, out.ptr + from, n);
	if (out.ptr)
		hf_wipe(out.ptr, out.cap);
	return status;
}

hf_status blocks_ecb(struct p11_session *s, CK_OBJECT_HANDLE key, bool encrypt, const uint8_t *in,
                     size_t len, uint8_t *ret, struct hf_err *err)
{
	struct crypt_call call = { .kind = encrypt ? CRYPT_ENCRYPT : CRYPT_DECRYPT,
		                   .mechanism = { .mechanism = CKM_AES_ECB },
		                   .key = key };

	return take(s, &call, HF_SPAN(in, len), 0, len, ret, err);
}

hf_status blocks_mac(struct p11_session *s, CK_OBJECT_HANDLE key, const uint8_t *in, size_t len,
                     uint8_t ret[CRYPT_BLOCK], struct hf_err *err)
{
	uint8_t iv[CRYPT_BLOCK] = { 0 };
	struct crypt_call call = { .kind = CRYPT_ENCRYPT,
		                   .mechanism = { CKM_AES_CBC, iv, sizeof(iv) },
		                   .key = key };

	return take(s, &call, HF_SPAN(in, len), len - CRYPT_BLOCK, CRYPT_BLOCK, ret, err);
}

/* Multiplication by x in GF(2^128): SP 800-38B, 6.1. */
static void double_block(uint8_t b[CRYPT_BLOCK])
{
	uint8_t carry = b[0] >> 7;

	for (size_t i = 0; i + 1 < CRYPT_BLOCK; i++)
		b[i] = (uint8_t)(b[i] << 1 | b[i + 1] >> 7);
	b[CRYPT_BLOCK - 1] = (uint8_t)(b[CRYPT_BLOCK - 1] << 1 ^ (0x87 & -carry));
}

/* SP 800-38B, 6.2. The subkeys come from blocks that the HSM enciphers, as the MAC does. */
hf_status blocks_cmac(struct p11_session *s, CK_OBJECT_HANDLE key, struct hf_span data,
                      uint8_t ret[CRYPT_BLOCK], struct hf_err *err)
{
	size_t blocks = data.len ? (data.len + CRYPT_BLOCK - 1) / CRYPT_BLOCK : 1;
	HF_BUF_SCOPED struct hf_buf padded = HF_BUF(blocks * CRYPT_BLOCK);
	uint8_t subkey[CRYPT_BLOCK] = { 0 }, *last;
	hf_status status = blocks_ecb(s, key, true, subkey, sizeof(subkey), subkey, err);

	HF_TRY(status);
	double_block(subkey);
	hf_buf_put(&padded, data.ptr, data.len);
	if (padded.len < blocks * CRYPT_BLOCK) {
		double_block(subkey);
		hf_buf_u8(&padded, 0x80);
		while (padded.len < blocks * CRYPT_BLOCK && !padded.failed)
			hf_buf_u8(&padded, 0);
	}
	status = hf_buf_status(&padded);
	if (hf_ok(status)) {
		last = padded.ptr + padded.len - CRYPT_BLOCK;
		for (size_t i = 0; i < CRYPT_BLOCK; i++)
			last[i] ^= subkey[i];
		status = blocks_mac(s, key, padded.ptr, padded.len, ret, err);
	}
	hf_wipe(subkey, sizeof(subkey));
	return status;
}
