/* SPDX-License-Identifier: Apache-2.0
 * RLP, Ethereum's encoding of byte strings and lists (Yellow Paper, appendix B;
 * https://ethereum.org/developers/docs/data-structures-and-encoding/rlp/). The reader takes only
 * the one canonical form of each. */
#ifndef HF_CHAIN_RLP_H
#define HF_CHAIN_RLP_H

#include "base/buf.h"

struct rlp_item {
	bool list;
	struct hf_span payload; /* the string, or the items of the list */
	struct hf_span whole;   /* with the header */
};

/* The next item. HF_INVALID: cut off, or not canonical. */
HF_MUST hf_status rlp_read(struct hf_reader *r, struct rlp_item *ret);
/* The items of a list's payload, whatever is in them. HF_TOOBIG: more than `max`. */
HF_MUST hf_status rlp_items(struct hf_span payload, struct rlp_item *items, size_t max,
                            size_t *ret_n);

void rlp_put(struct hf_buf *to, struct hf_span string);
/* Big-endian, without leading zeros. */
void rlp_put_number(struct hf_buf *to, struct hf_span be);
void rlp_put_u64(struct hf_buf *to, uint64_t v);
/* What stands before the items of a list. */
void rlp_put_list_header(struct hf_buf *to, size_t payload_len);

#endif
