/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signing_api/listing.h"

#include <stdio.h>

#define LIST_BYTES_ENOUGH (16u << 20) /* a page ends early when it is this long */

hf_status listing_prepare(struct listing *l, const char *what, const char *of, struct hf_err *err)
{
	const struct http_request *req = l->call.req;

	snprintf(l->list, sizeof(l->list), "%s/%s/%s", what, l->call.caller->org_id, of);
	return page_read(&l->call.api->pages, l->list, http_query(req, "limit"),
	                 http_query(req, "paginationToken"), &l->page, err);
}

void listing_open(struct listing *l, const char *key_id)
{
	l->w = JSON_WRITER(&l->call.out);
	l->printed = 0;
	l->more = false;
	json_open_object(&l->w, NULL);
	if (key_id)
		json_text(&l->w, "keyId", key_id);
	json_open_array(&l->w, "items");
}

bool listing_of_owner(const struct listing *l)
{
	const struct http_request *req = l->call.req;

	return http_query(req, "owner") || http_query(req, "ownerId") ||
	       http_query(req, "ownerUsername");
}

bool listing_item(struct listing *l, const char *id)
{
	if (l->more)
		return false;
	if (l->printed == l->page.limit || l->call.out.len >= LIST_BYTES_ENOUGH) {
		l->more = true;
		return false;
	}
	l->printed++;
	snprintf(l->last, sizeof(l->last), "%s", id);
	return true;
}

hf_status listing_close(struct listing *l)
{
	HF_BUF_SCOPED struct hf_buf token = HF_BUF(PAGE_TOKEN_MAX);

	json_close_array(&l->w);
	if (l->more) {
		HF_TRY(page_next(&l->call.api->pages, l->list, l->last, &token));
		json_span(&l->w, "nextPageToken", hf_buf_span(&token));
	}
	json_close_object(&l->w);
	return HF_SUCCESS;
}
