/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/tree.h"

#include <string.h>

#define TILE_BITS 8

uint64_t tree_size(const struct tree *t)
{
	return t->tiles[0].place * TILE_WIDTH + t->tiles[0].n;
}

static struct hf_span hashes_of(const struct tile *tile)
{
	return HF_SPAN(tile->hashes, tile->n * sizeof(tile->hashes[0]));
}

static struct hf_span ids_of(const struct tree *t, unsigned level)
{
	return level ? HF_SPAN(NULL, 0) : HF_SPAN(t->ids, t->tiles[0].n * AUDIT_ID_LEN);
}

hf_status tree_append(struct tree *t, const struct merkle_hash *leaf, const char *id,
                      tile_store store, void *ctx)
{
	struct merkle_hash at = *leaf;

	HF_ENSURE(strlen(id) == AUDIT_ID_LEN, HF_INVALID);
	memcpy(t->ids + t->tiles[0].n * AUDIT_ID_LEN, id, AUDIT_ID_LEN);
	for (unsigned level = 0; level < TREE_LEVELS; level++) {
		struct tile *tile = &t->tiles[level];

		tile->hashes[tile->n++] = at;
		tile->changed = true;
		if (tile->n < TILE_WIDTH)
			return HF_SUCCESS;
		HF_TRY(store(ctx, level, tile->place, hashes_of(tile), ids_of(t, level)));
		HF_TRY(merkle_subtree(tile->hashes, TILE_WIDTH, &at));
		tile->place++;
		tile->n = 0;
		tile->changed = false;
	}
	return HF_FAILURE(HF_TOOBIG);
}

hf_status tree_flush(struct tree *t, tile_store store, void *ctx)
{
	for (unsigned level = 0; level < TREE_LEVELS; level++) {
		struct tile *tile = &t->tiles[level];

		if (!tile->changed)
			continue;
		HF_TRY(store(ctx, level, tile->place, hashes_of(tile), ids_of(t, level)));
		tile->changed = false;
	}
	return HF_SUCCESS;
}

hf_status tree_load(struct tree *t, unsigned level, uint64_t place, struct hf_span hashes,
                    struct hf_span ids)
{
	struct tile *tile;
	size_t n = hashes.len / SHA256_LEN;

	HF_ENSURE(level < TREE_LEVELS && n && n <= TILE_WIDTH && hashes.len % SHA256_LEN == 0,
	          HF_CORRUPT);
	HF_ENSURE(ids.len == (level ? 0 : n * AUDIT_ID_LEN), HF_CORRUPT);
	HF_ENSURE(place < UINT64_C(1) << 48, HF_CORRUPT);
	tile = &t->tiles[level];
	tile->place = place;
	tile->n = n;
	memcpy(tile->hashes, hashes.ptr, hashes.len);
	if (ids.len)
		memcpy(t->ids, ids.ptr, ids.len);
	if (n == TILE_WIDTH) {
		tile->place++;
		tile->n = 0;
	}
	return HF_SUCCESS;
}

hf_status tree_check(const struct tree *t)
{
	const uint64_t size = tree_size(t);

	for (unsigned level = 1; level < TREE_LEVELS; level++)
		HF_ENSURE(t->tiles[level].place * TILE_WIDTH + t->tiles[level].n ==
		                  size >> (TILE_BITS * level),
		          HF_CORRUPT);
	return HF_SUCCESS;
}

hf_status tree_peaks(const struct tree *t, struct merkle *ret)
{
	struct merkle m = { .size = tree_size(t) };

	HF_TRY(tree_check(t));
	for (unsigned level = 0; level < TREE_LEVELS; level++) {
		const struct tile *tile = &t->tiles[level];
		size_t at = 0;

		for (int bit = TILE_BITS - 1; bit >= 0; bit--) {
			size_t width = (size_t)1 << bit;

			if (!(tile->n & width))
				continue;
			HF_TRY(merkle_subtree(tile->hashes + at, width,
			                      &m.peaks[TILE_BITS * level + (unsigned)bit]));
			at += width;
		}
	}
	*ret = m;
	return HF_SUCCESS;
}
