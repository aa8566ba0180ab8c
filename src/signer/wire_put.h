/* SPDX-License-Identifier: Apache-2.0
 * What the two halves of the frame codec share: frames and fields whose length is known only at
 * their end, and strict readers. */
#ifndef HF_SIGNER_WIRE_PUT_H
#define HF_SIGNER_WIRE_PUT_H

#include "signer/wire.h"

size_t wire_open(struct hf_buf *to, enum wire_type type, uint64_t tag);
void wire_close(struct hf_buf *to, size_t at);
size_t wire_open_field(struct hf_buf *to);
void wire_close_field(struct hf_buf *to, size_t at);

bool wire_read_bool(struct hf_reader *r); /* 0 or 1 */
HF_MUST hf_status wire_read_profile(struct hf_reader *r, bool *ret_have, struct p11_profile *ret);

#endif
