/* SPDX-License-Identifier: Apache-2.0
 * A row of digits, each with a size of its own, as numerals of one radix, and back: what FF1
 * (crypto/ff1.h) takes where the parts of a text have different alphabets or ranges.
 *
 * The row is one number below the product of the sizes (the bound). The radix is the least whose
 * `n` numerals hold that many numbers, so that hardly any of them is at or above the bound; those
 * that are, FF1 is applied to once more, until the number is below (cycle walking: p11/mech.h).
 * Thread-safe. */
#ifndef HF_CRYPTO_MIXED_H
#define HF_CRYPTO_MIXED_H

#include "base/buf.h"

#define MIXED_DIGITS_MAX 1024

struct mixed_digit {
	uint64_t size;  /* 1 and more */
	uint64_t value; /* below it */
};

/* Appends the numerals, 16 bits each, and the bound, big-endian. HF_INVALID: the bound is below
 * two, or takes more than FF1_LEN_MAX numerals, or there are too many digits or one not below its
 * size. */
HF_MUST hf_status mixed_pack(const struct mixed_digit *digits, size_t n, uint32_t *ret_radix,
                             struct hf_buf *ret_numerals, struct hf_buf *ret_bound);
/* The values, of the sizes that are there. HF_INVALID: no numerals of mixed_pack() for these sizes,
 * or at or above the bound. */
HF_MUST hf_status mixed_unpack(struct hf_span numerals, uint32_t radix, struct mixed_digit *digits,
                               size_t n);

/* Is the number that numerals below the radix are less than `bound`, big-endian? */
HF_MUST hf_status mixed_is_below(const uint16_t *numerals, size_t n, uint32_t radix,
                                 struct hf_span bound, bool *ret);

#endif
