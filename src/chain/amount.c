/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/amount.h"

#include <string.h>

#define LEN sizeof(((struct chain_amount *)0)->be)

struct chain_amount chain_amount_u64(uint64_t v)
{
	struct chain_amount a = { 0 };

	for (size_t i = 0; i < 8; i++)
		a.be[LEN - 1 - i] = (uint8_t)(v >> 8 * i);
	return a;
}

hf_status chain_amount_be(struct hf_span bytes, struct chain_amount *ret)
{
	struct chain_amount a = { 0 };

	while (bytes.len && bytes.ptr[0] == 0)
		bytes = HF_SPAN(bytes.ptr + 1, bytes.len - 1);
	HF_ENSURE(bytes.len <= LEN, HF_INVALID);
	if (bytes.len)
		memcpy(a.be + LEN - bytes.len, bytes.ptr, bytes.len);
	*ret = a;
	return HF_SUCCESS;
}

/* a = a * 10 + digit; false beyond 256 bits. */
static bool push_digit(struct chain_amount *a, unsigned digit)
{
	unsigned carry = digit;

	for (size_t i = LEN; i-- > 0; carry >>= 8) {
		carry += a->be[i] * 10u;
		a->be[i] = (uint8_t)carry;
	}
	return carry == 0;
}

/* a = a / 10; gives the remainder. */
static unsigned pop_digit(struct chain_amount *a)
{
	unsigned rest = 0;

	for (size_t i = 0; i < LEN; i++) {
		rest = rest << 8 | a->be[i];
		a->be[i] = (uint8_t)(rest / 10);
		rest %= 10;
	}
	return rest;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

hf_status chain_amount_parse(const char *text, unsigned decimals, struct chain_amount *ret)
{
	struct chain_amount a = { 0 };
	bool fraction = false;

	HF_ENSURE(is_digit(text[0]) && !(text[0] == '0' && is_digit(text[1])), HF_INVALID);
	for (; *text; text++) {
		if (*text == '.' && !fraction && is_digit(text[1])) {
			fraction = true;
			continue;
		}
		HF_ENSURE(is_digit(*text) && push_digit(&a, (unsigned)(*text - '0')), HF_INVALID);
		if (fraction) {
			HF_ENSURE(decimals > 0, HF_INVALID);
			decimals--;
		}
	}
	for (; decimals; decimals--)
		HF_ENSURE(push_digit(&a, 0), HF_INVALID);
	*ret = a;
	return HF_SUCCESS;
}

void chain_amount_print(const struct chain_amount *a, unsigned decimals,
                        char to[CHAIN_AMOUNT_TEXT_MAX])
{
	struct chain_amount rest = *a;
	static const struct chain_amount zero;
	char text[2 * CHAIN_AMOUNT_TEXT_MAX];
	char *at = text + sizeof(text) - 1;
	bool shown = false; /* a digit of the fraction that is not a trailing zero */

	*at = 0;
	for (unsigned n = 0; n <= decimals || memcmp(&rest, &zero, sizeof(rest)) != 0; n++) {
		unsigned digit = pop_digit(&rest);

		if (n == decimals && shown)
			*--at = '.';
		shown |= digit != 0;
		if (n >= decimals || shown)
			*--at = (char)('0' + digit);
	}
	memcpy(to, at, strlen(at) + 1);
}

int chain_amount_compare(const struct chain_amount *a, const struct chain_amount *b)
{
	return memcmp(a->be, b->be, LEN);
}

hf_status chain_amount_add(const struct chain_amount *a, const struct chain_amount *b,
                           struct chain_amount *ret)
{
	struct chain_amount sum;
	unsigned carry = 0;

	for (size_t i = LEN; i-- > 0; carry >>= 8) {
		carry += a->be[i] + (unsigned)b->be[i];
		sum.be[i] = (uint8_t)carry;
	}
	HF_ENSURE(carry == 0, HF_TOOBIG);
	*ret = sum;
	return HF_SUCCESS;
}
