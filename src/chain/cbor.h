/* SPDX-License-Identifier: Apache-2.0
 * Reading and writing CBOR (RFC 8949), as far as Cardano needs it: every item can be passed over,
 * definite or indefinite; integers, byte strings, arrays and maps can be read. No recursion, and
 * nothing is allocated. Any thread. */
#ifndef HF_CHAIN_CBOR_H
#define HF_CHAIN_CBOR_H

#include "base/buf.h"

#define CBOR_DEPTH_MAX 32

enum cbor_major {
	CBOR_UINT,
	CBOR_NEGATIVE,
	CBOR_BYTES,
	CBOR_TEXT,
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_TAG,
	CBOR_OTHER, /* false, true, null, floats, and the break */
};

struct cbor_head {
	enum cbor_major major;
	uint64_t value;  /* the integer, length, count, tag or simple value */
	bool indefinite; /* of CBOR_OTHER: the break */
};

/* HF_INVALID: cut off, or reserved. */
HF_MUST hf_status cbor_head(struct hf_reader *r, struct cbor_head *ret);
/* The next item, whole: its bytes, which point into the input. HF_INVALID; HF_TOOBIG beyond
 * CBOR_DEPTH_MAX. */
HF_MUST hf_status cbor_item(struct hf_reader *r, struct hf_span *ret);

/* HF_INVALID: the next item is something else. Byte strings in chunks are not read. */
HF_MUST hf_status cbor_uint(struct hf_reader *r, uint64_t *ret);
HF_MUST hf_status cbor_bytes(struct hf_reader *r, struct hf_span *ret);

/* The inside of an array or a map. */
struct cbor_list {
	bool indefinite;
	uint64_t left; /* elements or pairs; unless indefinite */
};

HF_MUST hf_status cbor_open(struct hf_reader *r, enum cbor_major major, struct cbor_list *ret);
/* Whether another element or pair follows; takes the break at the end of an indefinite one. The
 * caller then reads exactly one element or pair. HF_INVALID at the end of the input. */
HF_MUST hf_status cbor_next(struct hf_reader *r, struct cbor_list *list, bool *ret);

/* The shortest head. */
void cbor_put_head(struct hf_buf *to, enum cbor_major major, uint64_t value);
void cbor_put_bytes(struct hf_buf *to, struct hf_span bytes);

#endif
