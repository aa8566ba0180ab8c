/* SPDX-License-Identifier: Apache-2.0
 * What the files of Cardano share. For src/chain only. */
#ifndef HF_CHAIN_CARDANO_H
#define HF_CHAIN_CARDANO_H

#include "chain/rules.h"

/* As in struct chain. */
HF_MUST hf_status cardano_address(const struct chain_network *network, enum key_type type,
                                  struct hf_span public_key, struct hf_buf *to);

/* What the body of a transaction pays. Any failure: it does something that is not known here. */
HF_MUST hf_status cardano_read_payments(const struct chain_request *r, struct hf_span body,
                                        struct chain_plan *plan);

#endif
