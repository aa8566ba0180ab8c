/* SPDX-License-Identifier: Apache-2.0
 * The tree against the roots that Certificate Transparency's reference implementation publishes for
 * its eight test leaves, and tiles against the tree. */
#include "check.h"

#include "audit/tree.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char *const leaves[] = {
	"",
	"00",
	"10",
	"2021",
	"3031",
	"40414243",
	"5051525354555657",
	"606162636465666768696a6b6c6d6e6f",
};
static const char *const roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void root_is(const struct merkle *m, const char *expected)
{
	struct merkle_hash root;
	char hex[2 * SHA256_LEN + 1];

	CHECK_OK(merkle_root(m, &root));
	hf_hex(root.bytes, sizeof(root.bytes), hex);
	assert_string_equal(hex, expected);
}

static void roots_are_the_published_ones(void **state)
{
	struct merkle m = { 0 };

	root_is(&m, roots[0]);
	for (size_t i = 0; i < HF_COUNT(leaves); i++) {
		HF_BUF_SCOPED struct hf_buf entry = HF_BUF(64);
		struct merkle_hash leaf;

		CHECK_OK(hf_unhex(hf_span_text(leaves[i]), &entry));
		CHECK_OK(merkle_leaf(hf_buf_span(&entry), &leaf));
		CHECK_OK(merkle_append(&m, &leaf));
		root_is(&m, roots[i + 1]);
	}
}

/* What a database would keep. */
static struct stored {
	struct {
		uint8_t hashes[TILE_WIDTH * SHA256_LEN];
		size_t n;
		char ids[TILE_WIDTH * AUDIT_ID_LEN];
		size_t ids_len;
		uint64_t place;
		bool there;
	} last[TREE_LEVELS];
	size_t writes;
} stored;

static hf_status keep(void *ctx, unsigned level, uint64_t place, struct hf_span hashes,
                      struct hf_span ids)
{
	CHECK(!stored.last[level].there || place >= stored.last[level].place);
	memcpy(stored.last[level].hashes, hashes.ptr, hashes.len);
	stored.last[level].n = hashes.len;
	if (ids.len)
		memcpy(stored.last[level].ids, ids.ptr, ids.len);
	stored.last[level].ids_len = ids.len;
	stored.last[level].place = place;
	stored.last[level].there = true;
	stored.writes++;
	return HF_SUCCESS;
}

static void load(struct tree *t)
{
	memset(t, 0, sizeof(*t));
	for (unsigned level = 0; level < TREE_LEVELS; level++)
		if (stored.last[level].there)
			CHECK_OK(tree_load(
			        t, level, stored.last[level].place,
			        HF_SPAN(stored.last[level].hashes, stored.last[level].n),
			        HF_SPAN(stored.last[level].ids, stored.last[level].ids_len)));
	CHECK_OK(tree_check(t));
}

static void leaf_of(size_t i, struct merkle_hash *leaf, char id[AUDIT_ID_LEN + 1])
{
	char text[32];

	snprintf(text, sizeof(text), "entry %zu", i);
	CHECK_OK(merkle_leaf(hf_span_text(text), leaf));
	snprintf(id, AUDIT_ID_LEN + 1, "uj-00000-00000-%016zu", i);
}

static void tiles_that_are_stored_and_loaded_again_have_the_same_root(void **state)
{
	/* batches that end before, at and after the ends of tiles */
	static const size_t batches[] = {
		1, 254, 1, 1, 255, 256, 512, 3, 700, 65536 - 1983, 1, 300
	};
	static struct tree t;
	struct merkle expected = { 0 }, peaks;
	size_t n = 0;

	memset(&stored, 0, sizeof(stored));
	for (size_t b = 0; b < HF_COUNT(batches); b++) {
		struct merkle_hash leaf, is, should;
		char id[AUDIT_ID_LEN + 1];

		load(&t);
		CHECK(tree_size(&t) == n);
		for (size_t i = 0; i < batches[b]; i++, n++) {
			leaf_of(n, &leaf, id);
			CHECK_OK(tree_append(&t, &leaf, id, keep, NULL));
			CHECK_OK(merkle_append(&expected, &leaf));
		}
		CHECK_OK(tree_flush(&t, keep, NULL));
		load(&t);
		CHECK_OK(tree_peaks(&t, &peaks));
		CHECK(peaks.size == n);
		CHECK_OK(merkle_root(&peaks, &is));
		CHECK_OK(merkle_root(&expected, &should));
		CHECK(memcmp(&is, &should, sizeof(is)) == 0);
	}
	/* n / 256 full ones, and a few that were not full yet at the end of a batch */
	CHECK(stored.writes < n / TILE_WIDTH + n / TILE_WIDTH / TILE_WIDTH + 4 * HF_COUNT(batches));
}

static void tiles_that_contradict_each_other_are_refused(void **state)
{
	static struct tree t;
	uint8_t hashes[2 * SHA256_LEN] = { 0 };
	char ids[2 * AUDIT_ID_LEN];

	memset(ids, 'a', sizeof(ids));
	memset(&t, 0, sizeof(t));
	CHECK_CODE(tree_load(&t, 0, 0, HF_SPAN(hashes, 33), HF_SPAN(ids, AUDIT_ID_LEN)),
	           HF_CORRUPT);
	CHECK_CODE(tree_load(&t, 0, 0, HF_SPAN(hashes, 64), HF_SPAN(ids, AUDIT_ID_LEN)),
	           HF_CORRUPT);
	CHECK_CODE(tree_load(&t, TREE_LEVELS, 0, HF_SPAN(hashes, 64), HF_SPAN(NULL, 0)),
	           HF_CORRUPT);
	CHECK_OK(tree_load(&t, 0, 0, HF_SPAN(hashes, 64), HF_SPAN(ids, sizeof(ids))));
	CHECK_OK(tree_check(&t));
	CHECK_OK(tree_load(&t, 1, 0, HF_SPAN(hashes, 64), HF_SPAN(NULL, 0)));
	CHECK_CODE(tree_check(&t), HF_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_the_published_ones),
		cmocka_unit_test(tiles_that_are_stored_and_loaded_again_have_the_same_root),
		cmocka_unit_test(tiles_that_contradict_each_other_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
