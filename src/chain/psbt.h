/* SPDX-License-Identifier: Apache-2.0
 * Partially signed Bitcoin transactions, version 0 (BIP-174): reading, and writing partial
 * signatures into one, everything else byte for byte. Any thread. */
#ifndef HF_CHAIN_PSBT_H
#define HF_CHAIN_PSBT_H

#include "chain/btc_tx.h"

#define PSBT_MAX (128u * 1024)
#define PSBT_RECORDS_MAX 256 /* of one map */

/* Types of an input's records: those without anything more in their key. */
enum psbt_in {
	PSBT_IN_NON_WITNESS_UTXO = 0x00,
	PSBT_IN_WITNESS_UTXO = 0x01,
	PSBT_IN_PARTIAL_SIG = 0x02, /* key: and the public key */
	PSBT_IN_SIGHASH_TYPE = 0x03,
	PSBT_IN_REDEEM_SCRIPT = 0x04,
	PSBT_IN_WITNESS_SCRIPT = 0x05,
	PSBT_IN_FINAL_SCRIPTSIG = 0x07,
	PSBT_IN_FINAL_SCRIPTWITNESS = 0x08,
};

struct psbt {
	struct hf_span bytes;
	struct btc_tx tx;       /* the unsigned transaction */
	struct hf_span *inputs; /* the records of each of its inputs, without the separator */
	size_t inputs_at;       /* where the first of them begins */
	size_t outputs_at;      /* and where those of the outputs do */
};

/* All spans point into `bytes`. The caller owns *ret: psbt_done(). HF_INVALID, HF_UNSUPPORTED
 * (version 2), HF_TOOBIG; with words. */
HF_MUST hf_status psbt_read(struct hf_span bytes, struct psbt *ret, struct hf_err *err);
void psbt_done(struct psbt *p);
#define PSBT_SCOPED HF_CLEANUP(psbt_done)

/* The value of input i's record of that type, whose key is the type alone. */
bool psbt_input(const struct psbt *p, size_t i, enum psbt_in type, struct hf_span *ret);

/* Appends the PSBT with a partial signature of `public_key` in every input that has one in
 * `signatures` (an empty span: none); one that is there already is replaced. */
HF_MUST hf_status psbt_write(const struct psbt *p, struct hf_span public_key,
                             const struct hf_span *signatures, struct hf_buf *to);

#endif
