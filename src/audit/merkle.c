/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/merkle.h"

#include <string.h>

#define ENTRY_MAX (1u << 20)

hf_status merkle_leaf(struct hf_span entry, struct merkle_hash *ret)
{
	HF_BUF_SCOPED struct hf_buf text = HF_BUF(ENTRY_MAX);

	hf_buf_u8(&text, 0);
	hf_buf_put(&text, entry.ptr, entry.len);
	HF_TRY(hf_buf_status(&text));
	return sha256(hf_buf_span(&text), ret->bytes);
}

/* SHA-256(0x01 || left || right); `ret` may be one of them. */
static hf_status merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
                             struct merkle_hash *ret)
{
	uint8_t text[1 + 2 * SHA256_LEN] = { 1 };

	memcpy(text + 1, left->bytes, SHA256_LEN);
	memcpy(text + 1 + SHA256_LEN, right->bytes, SHA256_LEN);
	return sha256(HF_SPAN(text, sizeof(text)), ret->bytes);
}

hf_status merkle_subtree(const struct merkle_hash *hashes, size_t n, struct merkle_hash *ret)
{
	struct merkle m = { 0 };

	HF_ENSURE(n && (n & (n - 1)) == 0, HF_INVALID);
	for (size_t i = 0; i < n; i++)
		HF_TRY(merkle_append(&m, &hashes[i]));
	return merkle_root(&m, ret);
}

hf_status merkle_append(struct merkle *m, const struct merkle_hash *leaf)
{
	struct merkle_hash at = *leaf;
	unsigned level = 0;

	for (; m->size >> level & 1; level++)
		HF_TRY(merkle_node(&m->peaks[level], &at, &at));
	HF_ENSURE(level < MERKLE_LEVELS, HF_TOOBIG);
	m->peaks[level] = at;
	m->size++;
	return HF_SUCCESS;
}

hf_status merkle_root(const struct merkle *m, struct merkle_hash *ret)
{
	struct merkle_hash at;
	bool any = false;

	if (!m->size)
		return sha256(HF_SPAN(NULL, 0), ret->bytes);
	for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
		if (!(m->size >> level & 1))
			continue;
		if (any)
			HF_TRY(merkle_node(&m->peaks[level], &at, &at));
		else
			at = m->peaks[level];
		any = true;
	}
	*ret = at;
	return HF_SUCCESS;
}
