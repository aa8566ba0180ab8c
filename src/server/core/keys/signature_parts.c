/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/keys/signature_parts.h"

#include <string.h>

#define NO_RECID 255

void signature_part_put(struct hf_buf *to, const struct signature *signature,
                        struct hf_span encoded)
{
	hf_buf_put(to, signature->bytes, SIGNATURE_PART_LEN);
	hf_buf_u8(to, signature->recid < 0 ? NO_RECID : (uint8_t)signature->recid);
	hf_buf_field(to, encoded);
}

hf_status signature_part_read(struct hf_reader *r, struct signature_part *ret)
{
	struct hf_span bytes = hf_read_bytes(r, SIGNATURE_PART_LEN);
	uint8_t recid = hf_read_u8(r);
	struct hf_span encoded = hf_read_field(r, CHAIN_ENCODED_MAX);

	HF_ENSURE(!r->failed, HF_CORRUPT);
	*ret = (struct signature_part){
		.signature = { .len = SIGNATURE_PART_LEN, .recid = recid == NO_RECID ? -1 : recid },
		.encoded = encoded,
	};
	memcpy(ret->signature.bytes, bytes.ptr, SIGNATURE_PART_LEN);
	return HF_SUCCESS;
}
