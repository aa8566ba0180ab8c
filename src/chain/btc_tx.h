/* SPDX-License-Identifier: Apache-2.0
 * Reading a Bitcoin transaction, with witnesses (BIP-144) or without. Any thread. */
#ifndef HF_CHAIN_BTC_TX_H
#define HF_CHAIN_BTC_TX_H

#include "base/buf.h"

#define BTC_OUTPOINT_LEN 36 /* transaction id and index of an output */
#define BTC_ID_LEN 32

struct btc_input {
	struct hf_span outpoint;
	struct hf_span script;
	uint32_t sequence;
};

struct btc_output {
	struct hf_span bytes; /* value and script, as they are serialised */
	uint64_t value;
	struct hf_span script;
};

struct btc_tx {
	uint32_t version, locktime;
	struct hf_span core; /* inputs and outputs with their counts */
	bool witnesses;
	struct btc_input *inputs;
	size_t n_inputs; /* at least one */
	struct btc_output *outputs;
	size_t n_outputs;
};

/* All spans point into `bytes`. The caller owns *ret: btc_tx_done(). HF_INVALID. */
HF_MUST hf_status btc_tx_read(struct hf_span bytes, struct btc_tx *ret);
void btc_tx_done(struct btc_tx *tx);
#define BTC_TX_SCOPED HF_CLEANUP(btc_tx_done)

/* The transaction id, in the order of bytes in which outpoints have it. */
HF_MUST hf_status btc_tx_id(const struct btc_tx *tx, uint8_t ret[BTC_ID_LEN]);

/* SHA-256 of SHA-256. */
HF_MUST hf_status btc_hash(struct hf_span in, uint8_t ret[32]);

#endif
