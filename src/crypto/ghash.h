/* SPDX-License-Identifier: Apache-2.0
 * The sum that GCM's tag is made of (NIST SP 800-38D, 6.4 and 7.1), over a ciphertext that comes in
 * pieces and was made elsewhere. Lives between pieces as plain data. What it is begun with, the
 * block cipher of sixteen zero bytes, lets its owner forge tags: whoever has the struct wipes it.
 * Any thread; nothing fails. */
#ifndef HF_CRYPTO_GHASH_H
#define HF_CRYPTO_GHASH_H

#include "base/buf.h"

#define GHASH_LEN 16

struct ghash {
	uint8_t key[GHASH_LEN];
	uint8_t sum[GHASH_LEN];
	uint8_t part[GHASH_LEN]; /* of a block */
	uint8_t n_part;
	uint64_t ad_len, len; /* bytes: of the additional data, of the ciphertext */
};

void ghash_begin(struct ghash *g, const uint8_t key[GHASH_LEN], struct hf_span ad);
void ghash_add(struct ghash *g, struct hf_span cipher);
/* The tag is this, XOR the block cipher of the counter's first block. Nothing is added to *g. */
void ghash_sum(const struct ghash *g, uint8_t ret[GHASH_LEN]);

#endif
