/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto_api/crypto/generic_batch.h"

#include <string.h>

static hf_status read_node(const struct json_t *doc, size_t parent, unsigned depth,
                           struct generic_tree *t, struct hf_err *err);

static hf_status read_item(const struct json_t *doc, size_t parent, struct generic_tree *t,
                           struct hf_err *err)
{
	static const struct json_field fields[] = {
		{ "method", JSON_READ_TEXT, offsetof(struct generic_item, method), true, false, 1,
		  16 },
		{ "operation", JSON_READ_TEXT, offsetof(struct generic_item, operation), true,
		  false, 1, 1024 },
		{ "body", JSON_READ_ANY, offsetof(struct generic_item, body), false, true, 0, 0 },
	};
	struct generic_item item = { .batch = parent };

	if (t->n_items == GENERIC_ITEMS_MAX)
		return hf_fail(err, HF_TOOBIG, "a batch has at most %d items, all together",
		               GENERIC_ITEMS_MAX);
	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &item, err));
	if (strncmp(item.operation, "/batch/", strlen("/batch/")) == 0)
		return hf_fail(err, HF_INVALID,
		               "field \"operation\": a batch inside a batch is {\"Batch\": …}");
	t->items[t->n_items++] = item;
	return HF_SUCCESS;
}

static hf_status read_list(const struct json_t *doc, size_t parent, unsigned depth,
                           struct generic_tree *t, struct hf_err *err)
{
	struct in {
		const char *type;
		struct json_t *items;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "batch_execution_type", JSON_READ_TEXT, offsetof(struct in, type), true, false, 1,
		  16 },
		{ "items", JSON_READ_ARRAY, offsetof(struct in, items), true, false, 1,
		  GENERIC_ITEMS_MAX },
	};
	size_t self = t->n_lists;

	if (self == GENERIC_BATCHES_MAX || depth > GENERIC_DEPTH_MAX)
		return hf_fail(err, HF_TOOBIG,
		               "batches stand inside one another at most %d deep, and there are at "
		               "most %d of them",
		               GENERIC_DEPTH_MAX, GENERIC_BATCHES_MAX);
	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	t->lists[self].parent = parent;
	t->lists[self].serial = strcmp(in.type, "Serial") == 0;
	if (!t->lists[self].serial && strcmp(in.type, "Unordered") != 0)
		return hf_fail(err, HF_INVALID,
		               "field \"batch_execution_type\": expected \"Serial\" or "
		               "\"Unordered\"");
	t->any_serial = t->any_serial || t->lists[self].serial;
	t->n_lists++;
	for (size_t i = 0; i < json_count(in.items); i++)
		HF_TRY(read_node(json_element(in.items, i), self, depth + 1, t, err));
	return HF_SUCCESS;
}

static hf_status read_node(const struct json_t *doc, size_t parent, unsigned depth,
                           struct generic_tree *t, struct hf_err *err)
{
	struct in {
		struct json_t *batch, *item;
	} in = { 0 };
	static const struct json_field fields[] = {
		{ "Batch", JSON_READ_OBJECT, offsetof(struct in, batch), false, false, 0, 0 },
		{ "SingleItem", JSON_READ_OBJECT, offsetof(struct in, item), false, false, 0, 0 },
	};

	HF_TRY(json_read(doc, fields, HF_COUNT(fields), &in, err));
	if (!in.batch == !in.item)
		return hf_fail(err, HF_INVALID,
		               "expected {\"Batch\": …} or {\"SingleItem\": …}, one of the two");
	return in.batch ? read_list(in.batch, parent, depth, t, err)
	                : read_item(in.item, parent, t, err);
}

hf_status generic_tree_read(const struct json_t *doc, struct generic_tree *ret, struct hf_err *err)
{
	ret->n_items = 0;
	ret->n_lists = 0;
	ret->any_serial = false;
	return read_node(doc, GENERIC_NONE, 1, ret, err);
}
