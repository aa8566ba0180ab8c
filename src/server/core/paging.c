/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/paging.h"

#include "base/text.h"

#include <string.h>

#define LIST_MAX 160

static hf_status read_token(const struct seal *s, const char *list, const char *token,
                            struct page *page)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(PAGE_TOKEN_MAX);
	char of[LIST_MAX], after[HF_ID_MAX];
	struct hf_reader r;

	HF_ENSURE(strlen(token) <= PAGE_TOKEN_MAX, HF_INVALID);
	HF_TRY(seal_open(s, hf_span_text(token), &payload));
	r = hf_reader(hf_buf_span(&payload));
	hf_read_text(&r, of, sizeof(of));
	hf_read_text(&r, after, sizeof(after));
	HF_TRY(hf_reader_end(&r));
	HF_ENSURE(strcmp(of, list) == 0, HF_INVALID);
	memcpy(page->after, after, sizeof(after));
	return HF_SUCCESS;
}

hf_status page_read(const struct seal *s, const char *list, const char *limit, const char *token,
                    struct page *ret, struct hf_err *err)
{
	struct page page = { .limit = PAGE_LIMIT_DEFAULT };
	int64_t n;

	if (limit) {
		if (!hf_ok(hf_parse_i64(limit, 1, PAGE_LIMIT_MAX, &n)))
			return hf_fail(err, HF_INVALID,
			               "query parameter \"limit\": expected a number from 1 to %d",
			               PAGE_LIMIT_MAX);
		page.limit = (int)n;
	}
	if (token && !hf_ok(read_token(s, list, token, &page)))
		return hf_fail(err, HF_INVALID,
		               "query parameter \"paginationToken\": not one that this list gave; "
		               "start again without it");
	*ret = page;
	return HF_SUCCESS;
}

hf_status page_next(const struct seal *s, const char *list, const char *last, struct hf_buf *to)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(PAGE_TOKEN_MAX);

	hf_buf_field(&payload, hf_span_text(list));
	hf_buf_field(&payload, hf_span_text(last));
	HF_TRY(hf_buf_status(&payload));
	return seal_put(s, hf_buf_span(&payload), to);
}
