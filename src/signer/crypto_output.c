/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/crypto_output.h"

#define STORE_MAX 8192 /* ids, labels and public keys of two keys */

struct crypto_output crypto_output(void)
{
	return (struct crypto_output){
		.data = HF_BUF_SECRET(CRYPTO_RESULT_DATA_MAX),
		.iv = HF_BUF(CRYPTO_IV_MAX),
		.tag = HF_BUF(CRYPTO_TAG_MAX),
		.store = HF_BUF(STORE_MAX),
		.record = HF_BUF(RECORD_ENCODED_MAX),
	};
}

void crypto_output_wipe(struct crypto_output *o)
{
	hf_buf_clear(&o->data);
	hf_buf_clear(&o->iv);
	hf_buf_clear(&o->tag);
	hf_buf_clear(&o->store);
	hf_buf_clear(&o->record);
	o->result = (struct crypto_result){ 0 };
}

void crypto_output_done(struct crypto_output *o)
{
	hf_buf_done(&o->data);
	hf_buf_done(&o->iv);
	hf_buf_done(&o->tag);
	hf_buf_done(&o->store);
	hf_buf_done(&o->record);
}
