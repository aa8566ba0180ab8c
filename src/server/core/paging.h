/* SPDX-License-Identifier: Apache-2.0
 * Pages of a list. A page starts after the last id of the one before (so its cost does not grow
 * with its place), and its token is that id under a MAC, bound to the list that it came from. */
#ifndef HF_SERVER_CORE_PAGING_H
#define HF_SERVER_CORE_PAGING_H

#include "base/id.h"
#include "server/core/sealed.h"

#define PAGE_LIMIT_DEFAULT 50
#define PAGE_LIMIT_MAX 200
#define PAGE_TOKEN_MAX 400

struct page {
	int limit;
	char after[HF_ID_MAX]; /* "": from the start */
};

/* From the query's `limit` and `paginationToken`, NULL where absent. `list` says which list ("keys"
 * or "signatures/key-…") of which organisation. HF_INVALID with words. */
HF_MUST hf_status page_read(const struct seal *s, const char *list, const char *limit,
                            const char *token, struct page *ret, struct hf_err *err);
/* Appends the token for what follows `last`. */
HF_MUST hf_status page_next(const struct seal *s, const char *list, const char *last,
                            struct hf_buf *to);

#endif
