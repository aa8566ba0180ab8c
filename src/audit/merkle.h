/* SPDX-License-Identifier: Apache-2.0
 * The Merkle tree of RFC 9162, 2.1.1 (the same as RFC 6962's), over SHA-256. Pure functions. */
#ifndef HF_AUDIT_MERKLE_H
#define HF_AUDIT_MERKLE_H

#include "base/buf.h"
#include "crypto/digest.h"

#define MERKLE_LEVELS 63 /* a tree of 2^63 leaves is not filled */

struct merkle_hash {
	uint8_t bytes[SHA256_LEN];
};

/* SHA-256(0x00 || entry) */
HF_MUST hf_status merkle_leaf(struct hf_span entry, struct merkle_hash *ret);
/* Of n hashes that are the leaves of a complete subtree: n is a power of two. */
HF_MUST hf_status merkle_subtree(const struct merkle_hash *hashes, size_t n,
                                 struct merkle_hash *ret);

/* A tree that grows, of which only the roots of its complete subtrees are kept: peaks[i] is there
 * when bit i of `size` is set, and has 2^i leaves. Zeroed memory is an empty one. */
struct merkle {
	uint64_t size;
	struct merkle_hash peaks[MERKLE_LEVELS];
};
HF_MUST hf_status merkle_append(struct merkle *m, const struct merkle_hash *leaf);
HF_MUST hf_status merkle_root(const struct merkle *m, struct merkle_hash *ret);

#endif
