/* SPDX-License-Identifier: Apache-2.0
 * The types of EIP-712's typed data: names, fields, and the hash of each. For src/chain only. */
#ifndef HF_CHAIN_EIP712_TYPES_H
#define HF_CHAIN_EIP712_TYPES_H

#include "base/buf.h"
#include "json/read.h"

#define EIP712_TYPES_MAX 32
#define EIP712_FIELDS_MAX 256 /* of all types together */
#define EIP712_NAME_MAX 64

enum eip712_atom {
	EIP712_ADDRESS,
	EIP712_BOOL,
	EIP712_STRING,
	EIP712_BYTES,
	EIP712_BYTES_N,
	EIP712_UINT,
	EIP712_INT
};

struct eip712_atomic {
	enum eip712_atom atom;
	unsigned size; /* bytes of bytesN, bits of uintN and intN */
};

/* Type names are spans, since an array's is cut from the right: "Person[2][]" has elements
 * "Person[2]". HF_NOTFOUND: no atomic type. */
HF_MUST hf_status eip712_atomic_parse(struct hf_span name, struct eip712_atomic *ret);

struct eip712_type {
	const char *name;
	size_t first, n;  /* of `fields` */
	uint8_t hash[32]; /* keccak256(encodeType) */
};

struct eip712_types {
	struct eip712_type types[EIP712_TYPES_MAX];
	size_t n;
	struct eip712_field {
		const char *name, *type;
		int refers_to; /* type of the field or of its elements; -1: atomic */
	} fields[EIP712_FIELDS_MAX];
	size_t n_fields;
	size_t primary; /* the one type that no other refers to, as ethers infers it */
};

/* Points into the document. HF_INVALID with words: names that are none, unknown types, types that
 * contain themselves, no or several primary types; HF_TOOBIG beyond the limits. */
HF_MUST hf_status eip712_types_read(const struct json_t *types, struct eip712_types *ret,
                                    struct hf_err *err);
/* NULL: there is none of that name. */
const struct eip712_type *eip712_type_find(const struct eip712_types *types, struct hf_span name);

#endif
