/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/mixed.h"

#include "crypto/ff1.h"

#include <openssl/bn.h>

HF_DEFINE_CLEANUP(BN_clear_free, BIGNUM *)

#define NUMERAL_BITS 16

static hf_status bound_of(const struct mixed_digit *digits, size_t n, BIGNUM *to)
{
	HF_ENSURE(n <= MIXED_DIGITS_MAX, HF_INVALID);
	HF_ENSURE(BN_one(to), HF_NOMEM);
	for (size_t i = 0; i < n; i++) {
		HF_ENSURE(digits[i].size, HF_INVALID);
		HF_ENSURE(BN_mul_word(to, digits[i].size), HF_NOMEM);
	}
	HF_ENSURE(!BN_is_one(to), HF_INVALID);
	return HF_SUCCESS;
}

static bool power(BIGNUM *to, uint32_t radix, size_t n)
{
	if (!BN_one(to))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!BN_mul_word(to, radix))
			return false;
	return true;
}

/* The least radix whose n-th power is not below the bound, by halving; 0: short of memory. */
static uint32_t least_radix(const BIGNUM *bound, size_t n, BIGNUM *work)
{
	uint32_t low = FF1_RADIX_MIN, high = FF1_RADIX_MAX;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (!power(work, mid, n))
			return 0;
		if (BN_cmp(work, bound) >= 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* How many numerals: as few as hold all below the bound, at least two. `work`: its bits are those
 * of the greatest of these. */
static hf_status numerals_for(const BIGNUM *bound, BIGNUM *work, size_t *ret)
{
	size_t n;

	HF_ENSURE(BN_copy(work, bound) && BN_sub_word(work, 1), HF_NOMEM);
	n = ((size_t)BN_num_bits(work) + NUMERAL_BITS - 1) / NUMERAL_BITS;
	*ret = n < FF1_LEN_MIN ? FF1_LEN_MIN : n;
	return HF_SUCCESS;
}

static hf_status number_of(const struct mixed_digit *digits, size_t n, BIGNUM *to)
{
	BN_zero(to);
	for (size_t i = 0; i < n; i++) {
		HF_ENSURE(digits[i].value < digits[i].size, HF_INVALID);
		HF_ENSURE(BN_mul_word(to, digits[i].size) && BN_add_word(to, digits[i].value),
		          HF_NOMEM);
	}
	return HF_SUCCESS;
}

/* From the last to the first; `number` is used up. */
static hf_status put_numerals(BIGNUM *number, uint32_t radix, size_t n, struct hf_buf *to)
{
	uint8_t *at = hf_buf_grow(to, 2 * n);

	HF_TRY(hf_buf_status(to));
	for (size_t i = n; i-- > 0;) {
		BN_ULONG rest = BN_div_word(number, radix);

		HF_ENSURE(rest != (BN_ULONG)-1, HF_NOMEM);
		at[2 * i] = (uint8_t)(rest >> 8);
		at[2 * i + 1] = (uint8_t)rest;
	}
	return HF_SUCCESS;
}

hf_status mixed_pack(const struct mixed_digit *digits, size_t n, uint32_t *ret_radix,
                     struct hf_buf *ret_numerals, struct hf_buf *ret_bound)
{
	HF_CLEANUP(BN_clear_free_at) BIGNUM *bound = BN_new();
	HF_CLEANUP(BN_clear_free_at) BIGNUM *number = BN_new();
	size_t len;
	uint32_t radix;
	uint8_t *to;

	HF_ENSURE(bound && number, HF_NOMEM);
	HF_TRY(bound_of(digits, n, bound));
	HF_TRY(numerals_for(bound, number, &len));
	HF_ENSURE(len <= FF1_LEN_MAX, HF_INVALID);
	radix = least_radix(bound, len, number);
	HF_ENSURE(radix, HF_NOMEM);
	HF_TRY(number_of(digits, n, number));
	HF_TRY(put_numerals(number, radix, len, ret_numerals));
	to = hf_buf_grow(ret_bound, (size_t)BN_num_bytes(bound));
	HF_TRY(hf_buf_status(ret_bound));
	BN_bn2bin(bound, to);
	*ret_radix = radix;
	return HF_SUCCESS;
}

static hf_status take_numerals(struct hf_span numerals, uint32_t radix, BIGNUM *to)
{
	BN_zero(to);
	for (size_t i = 0; i + 1 < numerals.len; i += 2) {
		uint32_t numeral = (uint32_t)(numerals.ptr[i] << 8 | numerals.ptr[i + 1]);

		HF_ENSURE(numeral < radix, HF_INVALID);
		HF_ENSURE(BN_mul_word(to, radix) && BN_add_word(to, numeral), HF_NOMEM);
	}
	return HF_SUCCESS;
}

hf_status mixed_unpack(struct hf_span numerals, uint32_t radix, struct mixed_digit *digits,
                       size_t n)
{
	HF_CLEANUP(BN_clear_free_at) BIGNUM *bound = BN_new();
	HF_CLEANUP(BN_clear_free_at) BIGNUM *number = BN_new();
	size_t len;

	HF_ENSURE(bound && number, HF_NOMEM);
	HF_ENSURE(radix >= FF1_RADIX_MIN && radix <= FF1_RADIX_MAX, HF_INVALID);
	HF_TRY(bound_of(digits, n, bound));
	HF_TRY(numerals_for(bound, number, &len));
	HF_ENSURE(numerals.len == 2 * len, HF_INVALID);
	HF_TRY(take_numerals(numerals, radix, number));
	HF_ENSURE(BN_cmp(number, bound) < 0, HF_INVALID);
	for (size_t i = n; i-- > 0;) {
		digits[i].value = BN_div_word(number, digits[i].size);
		HF_ENSURE(digits[i].value != (BN_ULONG)-1, HF_NOMEM);
	}
	return HF_SUCCESS;
}

hf_status mixed_is_below(const uint16_t *numerals, size_t n, uint32_t radix, struct hf_span bound,
                         bool *ret)
{
	HF_CLEANUP(BN_clear_free_at) BIGNUM *limit = BN_bin2bn(bound.ptr, (int)bound.len, NULL);
	HF_CLEANUP(BN_clear_free_at) BIGNUM *number = BN_new();

	HF_ENSURE(limit && number, HF_NOMEM);
	BN_zero(number);
	for (size_t i = 0; i < n; i++)
		HF_ENSURE(BN_mul_word(number, radix) && BN_add_word(number, numerals[i]), HF_NOMEM);
	*ret = BN_cmp(number, limit) < 0;
	return HF_SUCCESS;
}
