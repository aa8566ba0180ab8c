/* SPDX-License-Identifier: Apache-2.0
 * What is signed for an input that pays to a witness public key hash, natively or inside of P2SH:
 * BIP-143, over the whole transaction (SIGHASH_ALL). Any thread. */
#ifndef HF_CHAIN_SIGHASH_H
#define HF_CHAIN_SIGHASH_H

#include "chain/btc_tx.h"

#define SIGHASH_ALL 1
#define KEY_HASH_LEN 20

/* What is the same for all inputs of a transaction. */
struct sighash {
	const struct btc_tx *tx; /* borrowed */
	uint8_t prevouts[32], sequences[32], outputs[32];
};

HF_MUST hf_status sighash_begin(const struct btc_tx *tx, struct sighash *ret);
/* `amount` is that of the output which input `i` spends. */
HF_MUST hf_status sighash_input(const struct sighash *s, size_t i,
                                const uint8_t key_hash[KEY_HASH_LEN], uint64_t amount,
                                uint8_t ret[32]);

#endif
