/* SPDX-License-Identifier: Apache-2.0
 * Amounts of coins: whole numbers of up to 256 bits, never floating point. */
#ifndef HF_CHAIN_AMOUNT_H
#define HF_CHAIN_AMOUNT_H

#include "base/buf.h"

struct chain_amount {
	uint8_t be[32]; /* big-endian */
};

#define CHAIN_AMOUNT_TEXT_MAX 80
#define CHAIN_DECIMALS_MAX 77 /* `decimals` are at most these */

struct chain_amount chain_amount_u64(uint64_t v);
/* Big-endian, at most 32 bytes after leading zeros. HF_INVALID. */
HF_MUST hf_status chain_amount_be(struct hf_span bytes, struct chain_amount *ret);
/* "12.5" in units of 10^decimals; as many fraction digits as decimals. HF_INVALID. */
HF_MUST hf_status chain_amount_parse(const char *text, unsigned decimals, struct chain_amount *ret);
/* Whole units, with a fraction where there is one. */
void chain_amount_print(const struct chain_amount *a, unsigned decimals,
                        char to[CHAIN_AMOUNT_TEXT_MAX]);
int chain_amount_compare(const struct chain_amount *a, const struct chain_amount *b);
/* HF_TOOBIG: beyond 256 bits. */
HF_MUST hf_status chain_amount_add(const struct chain_amount *a, const struct chain_amount *b,
                                   struct chain_amount *ret);

#endif
