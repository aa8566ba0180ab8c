/* SPDX-License-Identifier: Apache-2.0
 * What an operation on a key of any kind gives, in buffers that are used again by the next one and
 * wiped in between. */
#ifndef HF_SIGNER_CRYPTO_OUTPUT_H
#define HF_SIGNER_CRYPTO_OUTPUT_H

#include "op/crypto_op.h"

struct crypto_output {
	struct crypto_result result;
	struct hf_buf data, iv, tag;
	struct hf_buf store;  /* what the spans of result.made point to */
	struct hf_buf record; /* of a new key */
};

struct crypto_output crypto_output(void);
void crypto_output_wipe(struct crypto_output *o);
void crypto_output_done(struct crypto_output *o);

#endif
