/* SPDX-License-Identifier: Apache-2.0
 * Reading XDR (RFC 4506) beyond the numbers that base/buf.h reads already. As there, a failure
 * sticks to the reader. Any thread. */
#ifndef HF_CHAIN_XDR_H
#define HF_CHAIN_XDR_H

#include "base/buf.h"

/* Variable-length opaque data or a string: u32 length, the bytes, zeros up to a multiple of four.
 * Points into the input; fails when longer than `max` or padded with anything but zeros. */
struct hf_span xdr_opaque(struct hf_reader *r, size_t max);
/* A bool, and whether an optional follows: 0 or 1, anything else fails. */
bool xdr_bool(struct hf_reader *r);
/* A count of elements, failing beyond `max`. */
uint32_t xdr_count(struct hf_reader *r, uint32_t max);

#endif
