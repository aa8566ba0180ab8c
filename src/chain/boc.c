/* SPDX-License-Identifier: Apache-2.0 */
#include "chain/boc.h"

#include "crypto/digest.h"

#include <string.h>

#define BOC_MAGIC 0xb5ee9c72u
#define CELL_DEPTH_MAX 1024
#define CELL_REFS_MAX 4
#define CELL_DATA_MAX 128

struct cell {
	uint8_t d1, d2; /* descriptors: number of references, length of the data */
	struct hf_span data;
	uint32_t refs[CELL_REFS_MAX];
	uint16_t depth;
	uint8_t hash[SHA256_LEN];
};

struct boc {
	bool indexed, checked;
	unsigned ref_bytes, offset_bytes;
	uint32_t n_cells, root;
	uint64_t cells_len;
	struct cell *cells;
};

static uint64_t read_be(struct hf_reader *r, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | hf_read_u8(r);
	return v;
}

/* CRC-32C (Castagnoli), reflected. */
static uint32_t crc32c(struct hf_span s)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < s.len; i++) {
		crc ^= s.ptr[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static hf_status read_header(struct hf_reader *r, struct boc *ret)
{
	uint64_t n_roots, n_absent;
	uint8_t flags;

	HF_ENSURE(hf_read_u32(r) == BOC_MAGIC, HF_INVALID);
	flags = hf_read_u8(r);
	ret->indexed = flags & 0x80;
	ret->checked = flags & 0x40;
	ret->ref_bytes = flags & 7;
	ret->offset_bytes = hf_read_u8(r);
	HF_ENSURE((flags & 0x38) == 0, HF_INVALID); /* cache bits: only with an index, never here */
	HF_ENSURE(ret->ref_bytes >= 1 && ret->ref_bytes <= 4, HF_INVALID);
	HF_ENSURE(ret->offset_bytes >= 1 && ret->offset_bytes <= 8, HF_INVALID);
	ret->n_cells = (uint32_t)read_be(r, ret->ref_bytes);
	n_roots = read_be(r, ret->ref_bytes);
	n_absent = read_be(r, ret->ref_bytes);
	ret->cells_len = read_be(r, ret->offset_bytes);
	HF_ENSURE(!r->failed && ret->n_cells >= 1 && n_roots >= 1, HF_INVALID);
	HF_ENSURE(ret->n_cells <= BOC_CELLS_MAX, HF_TOOBIG);
	HF_ENSURE(n_roots == 1 && n_absent == 0, HF_UNSUPPORTED);
	ret->root = (uint32_t)read_be(r, ret->ref_bytes);
	HF_ENSURE(!r->failed && ret->root < ret->n_cells, HF_INVALID);
	if (ret->indexed)
		hf_read_bytes(r, (size_t)ret->n_cells * ret->offset_bytes);
	HF_ENSURE(!r->failed, HF_INVALID);
	return HF_SUCCESS;
}

/* Cells only refer to later ones, so that there can be no circle. */
static hf_status read_cell(struct hf_reader *r, const struct boc *b, uint32_t index)
{
	struct cell *c = &b->cells[index];
	unsigned n_refs;

	c->d1 = hf_read_u8(r);
	c->d2 = hf_read_u8(r);
	n_refs = c->d1 & 7;
	HF_ENSURE(!r->failed, HF_INVALID);
	HF_ENSURE((c->d1 & ~7) == 0, HF_UNSUPPORTED); /* exotic, stored hashes, levels */
	HF_ENSURE(n_refs <= CELL_REFS_MAX, HF_INVALID);
	c->data = hf_read_bytes(r, (size_t)c->d2 / 2 + c->d2 % 2);
	HF_ENSURE(!r->failed, HF_INVALID);
	/* A last byte that is not full ends in a 1 and zeros. */
	HF_ENSURE(c->d2 % 2 == 0 || (c->data.ptr[c->data.len - 1] & 0x7f) != 0, HF_INVALID);
	for (unsigned i = 0; i < n_refs; i++) {
		c->refs[i] = (uint32_t)read_be(r, b->ref_bytes);
		HF_ENSURE(!r->failed, HF_INVALID);
		HF_ENSURE(c->refs[i] > index && c->refs[i] < b->n_cells, HF_INVALID);
	}
	return HF_SUCCESS;
}

/* Descriptors, data, the depths of the references, then their hashes. */
static hf_status hash_cell(const struct boc *b, struct cell *c)
{
	uint8_t bytes[2 + CELL_DATA_MAX + CELL_REFS_MAX * (2 + SHA256_LEN)] = { c->d1, c->d2 };
	size_t n = 2, n_refs = c->d1;

	memcpy(bytes + n, c->data.ptr, c->data.len);
	n += c->data.len;
	for (size_t i = 0; i < n_refs; i++) {
		uint16_t depth = b->cells[c->refs[i]].depth;

		bytes[n++] = (uint8_t)(depth >> 8);
		bytes[n++] = (uint8_t)depth;
		if (depth >= c->depth)
			c->depth = depth + 1;
	}
	HF_ENSURE(c->depth <= CELL_DEPTH_MAX, HF_INVALID);
	for (size_t i = 0; i < n_refs; i++, n += SHA256_LEN)
		memcpy(bytes + n, b->cells[c->refs[i]].hash, SHA256_LEN);
	return sha256(HF_SPAN(bytes, n), c->hash);
}

static hf_status read_cells(struct hf_reader *r, struct boc *b)
{
	size_t before = r->left;

	for (uint32_t i = 0; i < b->n_cells; i++)
		HF_TRY(read_cell(r, b, i));
	HF_ENSURE(before - r->left == b->cells_len, HF_INVALID);
	return HF_SUCCESS;
}

/* Little-endian, over all before it. */
static hf_status check_crc(struct hf_reader *r, struct hf_span boc)
{
	uint32_t want, got = 0;

	HF_ENSURE(r->left == 4, HF_INVALID);
	want = crc32c(HF_SPAN(boc.ptr, boc.len - 4));
	for (int i = 0; i < 4; i++)
		got |= (uint32_t)hf_read_u8(r) << (8 * i);
	HF_ENSURE(got == want, HF_INVALID);
	return HF_SUCCESS;
}

hf_status boc_root_hash(struct hf_span boc, uint8_t ret[32])
{
	HF_FREE struct cell *cells = NULL;
	struct hf_reader r = hf_reader(boc);
	struct boc b = { 0 };

	HF_ENSURE(boc.len <= BOC_MAX, HF_TOOBIG);
	HF_TRY(read_header(&r, &b));
	cells = calloc(b.n_cells, sizeof(*cells));
	HF_ENSURE(cells, HF_NOMEM);
	b.cells = cells;
	HF_TRY(read_cells(&r, &b));
	if (b.checked)
		HF_TRY(check_crc(&r, boc));
	HF_TRY(hf_reader_end(&r));
	for (uint32_t i = b.n_cells; i-- > 0;)
		HF_TRY(hash_cell(&b, &cells[i]));
	memcpy(ret, cells[b.root].hash, SHA256_LEN);
	return HF_SUCCESS;
}
