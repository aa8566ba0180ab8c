/* SPDX-License-Identifier: Apache-2.0
 * What the files of the Bitcoin family share. For src/chain only. */
#ifndef HF_CHAIN_BITCOIN_H
#define HF_CHAIN_BITCOIN_H

#include "chain/rules.h"
#include "chain/sighash.h"

#define P2WPKH_LEN 22

/* The output script that pays to a key's witness hash: 0 <20 bytes> (BIP-141). */
struct p2wpkh {
	uint8_t script[P2WPKH_LEN];
};
HF_MUST hf_status p2wpkh_of(struct hf_span public_key, struct p2wpkh *ret);
const uint8_t *p2wpkh_key_hash(const struct p2wpkh *p); /* KEY_HASH_LEN bytes of it */

/* Appends the address that an output script pays to, or the script in hex without a network.
 * HF_UNSUPPORTED: it is of no known form. */
HF_MUST hf_status bitcoin_script_address(const struct chain_network *network, struct hf_span script,
                                         struct hf_buf *to);

/* bitcoin_psbt.c: kind Psbt; bip322.c: kind Bip322. As in struct chain_rule. */
HF_MUST hf_status bitcoin_prepare_psbt(const struct chain_request *r, struct chain_plan *plan,
                                       struct hf_err *err);
HF_MUST hf_status bitcoin_assemble_psbt(const struct chain_request *r,
                                        const struct chain_plan *plan,
                                        const struct signature *signatures, size_t n,
                                        struct hf_buf *to);
HF_MUST hf_status bip322_prepare(const struct chain_request *r, struct chain_plan *plan,
                                 struct hf_err *err);
HF_MUST hf_status bip322_assemble(const struct chain_request *r, const struct chain_plan *plan,
                                  const struct signature *signatures, size_t n, struct hf_buf *to);

#endif
