/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/rules.h"

#define SCALAR 32 /* bytes of r, and of s */

hf_status encode_plain(const struct chain_request *r, const struct signature *signature,
                       struct hf_buf *to)
{
	HF_ENSURE(signature->len == 2 * SCALAR, HF_INVALID);
	hf_buf_put(to, signature->bytes, signature->len);
	return hf_buf_status(to);
}

hf_status encode_recoverable(const struct chain_request *r, const struct signature *signature,
                             struct hf_buf *to)
{
	HF_ENSURE(signature->recid == 0 || signature->recid == 1, HF_INVALID);
	HF_TRY(encode_plain(r, signature, to));
	hf_buf_u8(to, (uint8_t)(27 + signature->recid));
	return hf_buf_status(to);
}

/* The shortest form of a number that is not negative (X.690, 8.3). */
static size_t integer_len(const uint8_t *be, size_t *skip)
{
	size_t at = 0;

	while (at < SCALAR - 1 && be[at] == 0)
		at++;
	*skip = at;
	return SCALAR - at + (be[at] >> 7);
}

static void integer(const uint8_t *be, struct hf_buf *to)
{
	size_t skip, len = integer_len(be, &skip);

	hf_buf_u8(to, 0x02);
	hf_buf_u8(to, (uint8_t)len);
	if (len > SCALAR - skip)
		hf_buf_u8(to, 0);
	hf_buf_put(to, be + skip, SCALAR - skip);
}

hf_status encode_der(const struct chain_request *r, const struct signature *signature,
                     struct hf_buf *to)
{
	size_t skip;

	HF_ENSURE(signature->len == 2 * SCALAR, HF_INVALID);
	hf_buf_u8(to, 0x30);
	hf_buf_u8(to, (uint8_t)(4 + integer_len(signature->bytes, &skip) +
	                        integer_len(signature->bytes + SCALAR, &skip)));
	integer(signature->bytes, to);
	integer(signature->bytes + SCALAR, to);
	return hf_buf_status(to);
}
