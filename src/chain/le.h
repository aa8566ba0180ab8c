/* SPDX-License-Identifier: Apache-2.0
 * Numbers whose least byte comes first, and Bitcoin's compact sizes of them. A failure sticks to
 * the reader (base/buf.h). Any thread. */
#ifndef HF_CHAIN_LE_H
#define HF_CHAIN_LE_H

#include "base/buf.h"

uint64_t le_read(struct hf_reader *r, unsigned bytes); /* up to 8 */
void le_put(struct hf_buf *to, uint64_t v, unsigned bytes);

/* 1, 3, 5 or 9 bytes; fails when it is not the shortest form. */
uint64_t compact_read(struct hf_reader *r);
/* A compact size, and as many bytes: points into the input. */
struct hf_span compact_bytes(struct hf_reader *r);
void compact_put_bytes(struct hf_buf *to, struct hf_span bytes);

#endif
