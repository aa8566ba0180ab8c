/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/base32.h"

void base32_put(struct hf_buf *to, struct hf_span bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	unsigned n = 0; /* bits that wait */

	for (size_t i = 0; i < bytes.len; i++) {
		bits = bits << 8 | bytes.ptr[i];
		for (n += 8; n >= 5; n -= 5)
			hf_buf_u8(to, (uint8_t)digits[bits >> (n - 5) & 31]);
	}
	if (n > 0)
		hf_buf_u8(to, (uint8_t)digits[bits << (5 - n) & 31]);
}
