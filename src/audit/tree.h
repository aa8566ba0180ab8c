/* SPDX-License-Identifier: Apache-2.0
 * A Merkle tree in tiles of 256 hashes, as C2SP tlog-tiles cuts it: a tile of level 0 has leaves;
 * one of level n has the roots of the full tiles below it. Everything that is needed to append and
 * to tell the root is in the last tile of each level. */
#ifndef HF_AUDIT_TREE_H
#define HF_AUDIT_TREE_H

#include "audit/merkle.h"
#include "base/id.h"

#define TILE_WIDTH 256
#define TREE_LEVELS 7   /* 2^56 leaves */
#define AUDIT_ID_LEN 31 /* "uj-", 26 digits, two dashes */

struct tile {
	uint64_t place; /* from 0 */
	size_t n;       /* hashes: less than TILE_WIDTH */
	struct merkle_hash hashes[TILE_WIDTH];
	bool changed; /* since the tree was given to the caller */
};

struct tree {
	struct tile tiles[TREE_LEVELS];
	char ids[TILE_WIDTH * AUDIT_ID_LEN]; /* of the entries of tiles[0] */
};

/* A tile to be stored: each that becomes full, and, at tree_flush(), those that have changed. `ids`
 * is empty above level 0. */
typedef hf_status (*tile_store)(void *ctx, unsigned level, uint64_t place, struct hf_span hashes,
                                struct hf_span ids);

uint64_t tree_size(const struct tree *t);
/* `id` has AUDIT_ID_LEN characters. */
HF_MUST hf_status tree_append(struct tree *t, const struct merkle_hash *leaf, const char *id,
                              tile_store store, void *ctx);
HF_MUST hf_status tree_flush(struct tree *t, tile_store store, void *ctx);
/* Puts back the last tile of a level, as it was stored: a full one stands for the empty one after
 * it. HF_CORRUPT: not the size of a tile. */
HF_MUST hf_status tree_load(struct tree *t, unsigned level, uint64_t place, struct hf_span hashes,
                            struct hf_span ids);
/* After the last tree_load(): do the levels agree about the size? HF_CORRUPT. */
HF_MUST hf_status tree_check(const struct tree *t);
/* The same tree as its peaks. */
HF_MUST hf_status tree_peaks(const struct tree *t, struct merkle *ret);

#endif
