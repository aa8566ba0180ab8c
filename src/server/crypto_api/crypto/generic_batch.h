/* SPDX-License-Identifier: Apache-2.0
 * The tree of a POST /batch/v1, flattened: its items in their order, each with the batches that it
 * is in. */
#ifndef HF_SERVER_CRYPTO_API_CRYPTO_GENERIC_BATCH_H
#define HF_SERVER_CRYPTO_API_CRYPTO_GENERIC_BATCH_H

#include "json/read.h"

#define GENERIC_ITEMS_MAX 256
#define GENERIC_BATCHES_MAX 64
#define GENERIC_DEPTH_MAX 4
#define GENERIC_NONE ((size_t)-1)

struct generic_item {
	const char *method, *operation;
	struct json_t *body; /* or NULL */
	size_t batch;        /* it stands in; GENERIC_NONE: it is all there is */
};

struct generic_list {
	bool serial;
	size_t parent; /* GENERIC_NONE: the outermost */
};

struct generic_tree {
	size_t n_items, n_lists;
	bool any_serial;
	struct generic_item items[GENERIC_ITEMS_MAX];
	struct generic_list lists[GENERIC_BATCHES_MAX];
};

/* HF_INVALID, HF_TOOBIG with words. */
HF_MUST hf_status generic_tree_read(const struct json_t *doc, struct generic_tree *ret,
                                    struct hf_err *err);

#endif
