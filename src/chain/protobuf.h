/* SPDX-License-Identifier: Apache-2.0
 * Reading protocol buffers (https://protobuf.dev/programming-guides/encoding/), one field after the
 * other. */
#ifndef HF_CHAIN_PROTOBUF_H
#define HF_CHAIN_PROTOBUF_H

#include "base/buf.h"

enum pb_wire { PB_VARINT = 0, PB_FIXED64 = 1, PB_BYTES = 2, PB_FIXED32 = 5 };

struct pb_field {
	uint32_t number;
	enum pb_wire wire;
	uint64_t value;       /* of a number */
	struct hf_span bytes; /* PB_BYTES: points into the input */
};

/* The next field. HF_INVALID: cut off, groups, numbers not in their shortest form. */
HF_MUST hf_status pb_next(struct hf_reader *r, struct pb_field *ret);

/* What a message may have, each field at most once, for readers that take nothing they do not
 * know. */
struct pb_slot {
	uint32_t number;
	enum pb_wire wire; /* PB_VARINT or PB_BYTES */
	uint64_t *value;   /* where it goes; stays as it was when the field is not there */
	struct hf_span *bytes;
};
/* HF_UNSUPPORTED: a field that is in none of the slots, or is there twice; at most 16 slots. */
HF_MUST hf_status pb_read(struct hf_span message, const struct pb_slot *slots, size_t n);

#endif
