/* SPDX-License-Identifier: Apache-2.0
 * The keys of a slot, page by page. */
#include "signer/crypto_job.h"
#include "signer/walks.h"

#define KEY_ENCODED_MAX (CKA_ID_MAX + CKA_LABEL_MAX + SPKI_MAX + 64)
#define PAGE_BYTES (CRYPTO_DATA_MAX - KEY_ENCODED_MAX)

/* *ret_more: the walk is not at its end. */
static hf_status fill_page(struct desk *d, struct object_walk *walk, uint32_t count,
                           struct hf_buf *page, uint32_t *ret_given, bool *ret_more,
                           struct hf_err *err)
{
	struct key_shape key;
	uint32_t given = 0;
	bool more = true;

	while (more && given < count && page->len < PAGE_BYTES) {
		hf_status s = object_walk_next(walk, &d->session, &key, err);

		if (s.code == HF_NOTFOUND) {
			more = false;
			continue;
		}
		HF_TRY(s);
		crypto_list_add(page, &key);
		given++;
	}
	*ret_given = given;
	*ret_more = more;
	return hf_buf_status(page);
}

hf_status crypto_list(struct desk *d, const struct crypto_op *op, struct crypto_output *out,
                      struct hf_err *err)
{
	struct object_walk *walk = NULL;
	uint32_t given = 0;
	bool more = false;
	hf_status s;

	walks_cool(d->token->walks);
	if (op->cursor)
		HF_TRY(walks_take(d->token->walks, op->cursor, &walk, err));
	else
		HF_TRY(object_walk_begin(&d->session, d->token->readers, &walk, err));
	s = fill_page(d, walk, op->count, &out->data, &given, &more, err);
	if (!hf_ok(s)) {
		object_walk_end(walk);
		return s;
	}
	out->result.total = (uint32_t)object_walk_total(walk);
	out->result.list = hf_buf_span(&out->data);
	if (more)
		out->result.cursor = walks_keep(d->token->walks, walk, op->cursor, given);
	else
		object_walk_end(walk);
	return HF_SUCCESS;
}
