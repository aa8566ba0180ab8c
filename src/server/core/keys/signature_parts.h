/* SPDX-License-Identifier: Apache-2.0
 * The signatures of a request that has several (the inputs of a PSBT), one after another as they
 * come from the HSM, in one column: 64 bytes, u8 recovery id (255: none), field encoded form. */
#ifndef HF_SERVER_CORE_KEYS_SIGNATURE_PARTS_H
#define HF_SERVER_CORE_KEYS_SIGNATURE_PARTS_H

#include "chain/chain.h"

#define SIGNATURE_PART_LEN 64
#define SIGNATURE_PARTS_MAX (CHAIN_INPUTS_MAX * (SIGNATURE_PART_LEN + 1 + 4 + CHAIN_ENCODED_MAX))

struct signature_part {
	struct signature signature;
	struct hf_span encoded; /* empty: the chain has no form of its own */
};

void signature_part_put(struct hf_buf *to, const struct signature *signature,
                        struct hf_span encoded);
/* The next one. HF_CORRUPT. */
HF_MUST hf_status signature_part_read(struct hf_reader *r, struct signature_part *ret);

#endif
