/* SPDX-License-Identifier: Apache-2.0
 * As much of CBOR (RFC 8949) as attestation objects need: walking over items of known length,
 * without a tree and without memory. Indefinite lengths, which CTAP2's canonical form does not
 * have, are refused; so is what is nested deeper than CBOR_DEPTH_MAX. Failures are those of the
 * reader (base/buf.h). */
#ifndef HF_CRYPTO_CBOR_H
#define HF_CRYPTO_CBOR_H

#include "base/buf.h"

#define CBOR_DEPTH_MAX 8

enum cbor_major {
	CBOR_UINT = 0,
	CBOR_NEGATIVE = 1, /* -1 - value */
	CBOR_BYTES = 2,
	CBOR_TEXT = 3,
	CBOR_ARRAY = 4,
	CBOR_MAP = 5,
	CBOR_TAG = 6,
	CBOR_SIMPLE = 7,
};

struct cbor_head {
	enum cbor_major major;
	uint64_t value; /* the number; the length; how many items or pairs follow */
};

struct cbor_head cbor_read_head(struct hf_reader *r);
/* The content of a byte string or text, which points into the input. Fails for any other item. */
struct hf_span cbor_read_string(struct hf_reader *r, enum cbor_major which);
/* How many pairs the map has that begins here. Fails for any other item. */
uint64_t cbor_read_map(struct hf_reader *r);
/* One whole item; the bytes that it takes. */
struct hf_span cbor_read_item(struct hf_reader *r);

#endif
