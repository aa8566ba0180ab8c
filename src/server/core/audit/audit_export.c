/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/audit/audit_export.h"

#include "audit/bundle.h"
#include "audit/tree.h"
#include "server/store/audit_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STRAY_PAGE 1000

/* One tile of leaves, with its entries. */
struct leaves {
	uint64_t place;
	size_t n;
	struct merkle_hash hashes[TILE_WIDTH];
	char ids[TILE_WIDTH][AUDIT_ID_LEN + 1];
	struct hf_buf entries[TILE_WIDTH];
};

static void leaves_free(struct leaves *l)
{
	for (size_t i = 0; l && i < TILE_WIDTH; i++)
		hf_buf_done(&l->entries[i]);
	free(l);
}
HF_DEFINE_CLEANUP(leaves_free, struct leaves *)

static hf_status copy_tile(void *ctx, unsigned level, uint64_t place, struct hf_span hashes,
                           struct hf_span ids)
{
	struct leaves *l = ctx;
	size_t n = hashes.len / SHA256_LEN;

	HF_ENSURE(n && n <= TILE_WIDTH && hashes.len % SHA256_LEN == 0, HF_CORRUPT);
	HF_ENSURE(level || ids.len == n * AUDIT_ID_LEN, HF_CORRUPT);
	l->place = place;
	l->n = n;
	memcpy(l->hashes, hashes.ptr, hashes.len);
	for (size_t i = 0; i < n && !level; i++) {
		memcpy(l->ids[i], ids.ptr + i * AUDIT_ID_LEN, AUDIT_ID_LEN);
		l->ids[i][AUDIT_ID_LEN] = '\0';
	}
	return HF_SUCCESS;
}

/* n is 0 when there is no such tile. */
static hf_status read_tile(struct db *db, const char *org_id, unsigned level, uint64_t place,
                           struct leaves *l)
{
	l->n = 0;
	l->place = place;
	HF_TRY(audit_tiles_from(db, org_id, level, place, 1, copy_tile, l));
	HF_ENSURE(l->place == place, HF_CORRUPT);
	return HF_SUCCESS;
}

static hf_status copy_entry(void *ctx, const char *id, struct hf_span entry)
{
	struct leaves *l = ctx;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->ids[i], id) == 0) {
			l->entries[i].max = entry.len + 1;
			hf_buf_clear(&l->entries[i]);
			hf_buf_put(&l->entries[i], entry.ptr, entry.len);
			HF_TRY(hf_buf_status(&l->entries[i]));
		}
	return HF_SUCCESS;
}

static hf_status read_entries(struct db *db, const char *org_id, struct leaves *l)
{
	HF_BUF_SCOPED struct hf_buf ids = HF_BUF(sizeof(l->ids));

	for (size_t i = 0; i < l->n; i++) {
		hf_buf_done(&l->entries[i]);
		hf_buf_put(&ids, l->ids[i], AUDIT_ID_LEN);
	}
	HF_TRY(hf_buf_status(&ids));
	return audit_rows_get(db, org_id, hf_buf_span(&ids), copy_entry, l);
}

hf_status audit_walk(struct db *db, const char *org_id, uint64_t first, uint64_t end,
                     audit_walked fn, void *ctx)
{
	HF_CLEANUP(leaves_free_at) struct leaves *l = calloc(1, sizeof(*l));

	HF_ENSURE(l, HF_NOMEM);
	for (uint64_t place = first / TILE_WIDTH; place * TILE_WIDTH < end; place++) {
		HF_TRY(read_tile(db, org_id, 0, place, l));
		HF_ENSURE(l->n, HF_CORRUPT);
		HF_TRY(read_entries(db, org_id, l));
		for (size_t i = 0; i < l->n; i++) {
			uint64_t leaf = place * TILE_WIDTH + i;

			if (leaf >= first && leaf < end)
				HF_TRY(fn(ctx, leaf, &l->hashes[i], l->ids[i],
				          hf_buf_span(&l->entries[i])));
		}
		HF_ENSURE(l->n == TILE_WIDTH || place * TILE_WIDTH + l->n >= end, HF_CORRUPT);
	}
	return HF_SUCCESS;
}

static hf_status note_end(void *ctx, unsigned level, uint64_t place, struct hf_span hashes,
                          struct hf_span ids)
{
	if (level == 0)
		*(uint64_t *)ctx = place * TILE_WIDTH + hashes.len / SHA256_LEN;
	return HF_SUCCESS;
}

hf_status audit_size(struct db *db, const char *org_id, uint64_t *ret)
{
	uint64_t size = 0;

	HF_TRY(audit_tiles_last(db, org_id, note_end, &size));
	*ret = size;
	return HF_SUCCESS;
}

struct exporting {
	struct db *db;
	const struct audit_export *what;
	audit_line fn;
	void *ctx;
	struct bundle_header header;
	struct leaves *leaves;
	struct hf_buf line;
	/* checkpoints that are to come, a page of them */
	uint64_t after;
	struct audit_checkpoint_row next;
	bool has_next;
};

static hf_status add_key(void *ctx, const struct audit_key_row *row)
{
	struct bundle_header *h = ctx;

	HF_ENSURE(h->n_keys < BUNDLE_KEYS_MAX, HF_TOOBIG);
	h->keys[h->n_keys++] = (struct checkpoint_key){ row->type, row->public_key };
	return HF_SUCCESS;
}

/* Whole tiles that end before `since` are only their hashes. */
static hf_status skip_to_since(struct exporting *x)
{
	struct leaves *l = x->leaves;
	char since[HF_ID_MAX];

	audit_id_at(x->what->since_ms, since);
	while (x->header.before.size + TILE_WIDTH <= x->header.size) {
		HF_TRY(read_tile(x->db, x->what->org_id, 0, x->header.before.size / TILE_WIDTH, l));
		HF_ENSURE(l->n == TILE_WIDTH, HF_CORRUPT);
		for (size_t i = 0; i < l->n; i++)
			if (strcmp(l->ids[i], since) >= 0)
				return HF_SUCCESS;
		for (size_t i = 0; i < l->n; i++)
			HF_TRY(merkle_append(&x->header.before, &l->hashes[i]));
	}
	return HF_SUCCESS;
}

static hf_status next_checkpoint(void *ctx, const struct audit_checkpoint_row *row)
{
	struct exporting *x = ctx;

	x->next = *row;
	x->has_next = true;
	return HF_SUCCESS;
}

static hf_status load_next(struct exporting *x)
{
	x->has_next = false;
	return audit_checkpoints_list(x->db, x->what->org_id, x->after, 1, next_checkpoint, x);
}

/* The end of the last tile that may have something from before `until`, and on to the checkpoint
 * that covers it. */
static hf_status cut_at_until(struct exporting *x)
{
	struct leaves *l = x->leaves;
	uint64_t end = x->header.before.size;
	char until[HF_ID_MAX];

	audit_id_at(x->what->until_ms + 1, until);
	for (uint64_t place = end / TILE_WIDTH; place * TILE_WIDTH < x->header.size; place++) {
		HF_TRY(read_tile(x->db, x->what->org_id, 0, place, l));
		for (size_t i = 0; i < l->n; i++)
			if (strcmp(l->ids[i], until) < 0)
				end = place * TILE_WIDTH + i + 1;
	}
	x->after = end ? end - 1 : 0;
	HF_TRY(load_next(x));
	if (end < x->header.size && x->has_next && x->next.size <= x->header.size)
		x->header.size = x->next.size;
	return HF_SUCCESS;
}

static hf_status put_line(struct exporting *x)
{
	HF_TRY(hf_buf_status(&x->line));
	return x->fn(x->ctx, hf_buf_span(&x->line));
}

static hf_status put_checkpoints(struct exporting *x, uint64_t size)
{
	while (x->has_next && x->next.size <= size) {
		hf_buf_clear(&x->line);
		bundle_put_checkpoint(&x->line, hf_span_text(x->next.note));
		HF_TRY(put_line(x));
		x->after = x->next.size;
		HF_TRY(load_next(x));
	}
	return HF_SUCCESS;
}

static hf_status put_entry(void *ctx, uint64_t leaf, const struct merkle_hash *hash, const char *id,
                           struct hf_span entry)
{
	struct exporting *x = ctx;

	if (entry.len) { /* what is gone leaves a gap, which verifying finds */
		hf_buf_clear(&x->line);
		bundle_put_entry(&x->line, leaf, hash, entry);
		HF_TRY(put_line(x));
	}
	return put_checkpoints(x, leaf + 1);
}

static hf_status export_all(struct exporting *x)
{
	const struct audit_export *what = x->what;

	snprintf(x->header.org_id, sizeof(x->header.org_id), "%s", what->org_id);
	HF_TRY(audit_size(x->db, what->org_id, &x->header.size));
	HF_TRY(audit_keys_list(x->db, what->org_id, add_key, &x->header));
	if (what->since_ms)
		HF_TRY(skip_to_since(x));
	if (what->until_ms)
		HF_TRY(cut_at_until(x));
	HF_TRY(bundle_put_header(&x->line, &x->header));
	HF_TRY(put_line(x));
	x->after = x->header.before.size;
	HF_TRY(load_next(x));
	return audit_walk(x->db, what->org_id, x->header.before.size, x->header.size, put_entry, x);
}

hf_status audit_export(struct db *db, const struct audit_export *what, audit_line fn, void *ctx)
{
	HF_FREE struct exporting *x = calloc(1, sizeof(*x));
	hf_status s = HF_FAILURE(HF_NOMEM);

	HF_ENSURE(x, HF_NOMEM);
	*x = (struct exporting){
		.db = db,
		.what = what,
		.fn = fn,
		.ctx = ctx,
		.leaves = calloc(1, sizeof(*x->leaves)),
		.line = HF_BUF(BUNDLE_LINE_MAX),
	};
	if (x->leaves)
		s = export_all(x);
	leaves_free(x->leaves);
	hf_buf_done(&x->line);
	return s;
}

/* Strays: all ids that leaves name, in order, against all that there are. */
struct known {
	char (*ids)[AUDIT_ID_LEN + 1];
	size_t n, at;
	char stray[HF_ID_MAX], last[HF_ID_MAX];
	size_t page;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static hf_status note_known(void *ctx, unsigned level, uint64_t place, struct hf_span hashes,
                            struct hf_span ids)
{
	struct known *k = ctx;

	for (size_t i = 0; i + AUDIT_ID_LEN <= ids.len; i += AUDIT_ID_LEN) {
		memcpy(k->ids[k->n], ids.ptr + i, AUDIT_ID_LEN);
		k->ids[k->n++][AUDIT_ID_LEN] = '\0';
	}
	return HF_SUCCESS;
}

static hf_status meet_id(void *ctx, const char *id, struct hf_span entry)
{
	struct known *k = ctx;

	k->page++;
	snprintf(k->last, sizeof(k->last), "%s", id);
	while (k->at < k->n && strcmp(k->ids[k->at], id) < 0)
		k->at++;
	if ((k->at == k->n || strcmp(k->ids[k->at], id) != 0) && !*k->stray)
		snprintf(k->stray, sizeof(k->stray), "%s", id);
	return HF_SUCCESS;
}

static hf_status find_stray(struct db *db, const char *org_id, uint64_t size, struct known *k)
{
	for (uint64_t place = 0; place * TILE_WIDTH < size; place++)
		HF_TRY(audit_tiles_from(db, org_id, 0, place, 1, note_known, k));
	HF_TRY(audit_waiting_ids(db, org_id, note_known, k));
	qsort(k->ids, k->n, sizeof(*k->ids), by_text);
	do {
		k->page = 0;
		HF_TRY(audit_rows_ids(db, org_id, k->last, STRAY_PAGE, meet_id, k));
	} while (k->page == STRAY_PAGE && !*k->stray);
	return HF_SUCCESS;
}

hf_status audit_find_stray(struct db *db, const char *org_id, char ret[HF_ID_MAX])
{
	struct known k = { 0 };
	int64_t waiting;
	uint64_t size;
	hf_status s;

	HF_TRY(audit_size(db, org_id, &size));
	HF_TRY(audit_rows_waiting(db, INT32_MAX, &waiting));
	k.ids = calloc(size + (uint64_t)waiting + TILE_WIDTH, sizeof(*k.ids));
	HF_ENSURE(k.ids, HF_NOMEM);
	s = find_stray(db, org_id, size, &k);
	free(k.ids);
	HF_TRY(s);
	HF_ENSURE(*k.stray, HF_NOTFOUND);
	memcpy(ret, k.stray, HF_ID_MAX);
	return HF_SUCCESS;
}

/* The full tile at `place` of the level below, against its root in this one. */
static hf_status check_below(struct db *db, const char *org_id, unsigned level, uint64_t place,
                             const struct merkle_hash *root, struct leaves *below,
                             struct hf_err *err)
{
	const uint64_t width = UINT64_C(1) << (8 * level);
	struct merkle_hash is;

	HF_TRY(read_tile(db, org_id, level - 1, place, below));
	if (below->n == TILE_WIDTH)
		HF_TRY(merkle_subtree(below->hashes, TILE_WIDTH, &is));
	if (below->n != TILE_WIDTH || memcmp(&is, root, sizeof(is)) != 0)
		return hf_fail(err, HF_CORRUPT,
		               "the tree contradicts itself above entries %" PRIu64 " to %" PRIu64
		               ": at least one of their leaves was changed",
		               place * width, (place + 1) * width - 1);
	return HF_SUCCESS;
}

static hf_status check_tiles(struct db *db, const char *org_id, uint64_t size,
                             struct leaves *two[2], struct hf_err *err)
{
	for (unsigned level = 1; level < TREE_LEVELS; level++) {
		uint64_t n = size >> (8 * level);

		for (uint64_t at = 0; at < n; at++) {
			if (at % TILE_WIDTH == 0)
				HF_TRY(read_tile(db, org_id, level, at / TILE_WIDTH, two[0]));
			if (at % TILE_WIDTH >= two[0]->n)
				return hf_fail(err, HF_CORRUPT,
				               "the tree has a hole: a tile of level %u is gone",
				               level);
			HF_TRY(check_below(db, org_id, level, at, &two[0]->hashes[at % TILE_WIDTH],
			                   two[1], err));
		}
	}
	return HF_SUCCESS;
}

hf_status audit_check_tiles(struct db *db, const char *org_id, struct hf_err *err)
{
	HF_CLEANUP(leaves_free_at) struct leaves *upper = calloc(1, sizeof(*upper));
	HF_CLEANUP(leaves_free_at) struct leaves *lower = calloc(1, sizeof(*lower));
	struct leaves *two[2] = { upper, lower };
	uint64_t size;

	HF_ENSURE(upper && lower, HF_NOMEM);
	HF_TRY(audit_size(db, org_id, &size));
	return check_tiles(db, org_id, size, two, err);
}
