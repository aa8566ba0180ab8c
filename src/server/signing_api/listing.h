/* SPDX-License-Identifier: Apache-2.0
 * A page of a list on its way out: {…, "items": […], "nextPageToken"?}. One row more than asked for
 * is fetched, which tells whether there is another page. */
#ifndef HF_SERVER_SIGNING_API_LISTING_H
#define HF_SERVER_SIGNING_API_LISTING_H

#include "server/core/paging.h"
#include "server/signing_api/call.h"

struct listing {
	struct call call; /* first */
	struct page page;
	char list[2 * HF_ID_MAX + 16]; /* which one, for its page tokens */
	/* its own */
	struct json_writer w;
	char last[HF_ID_MAX];
	int printed;
	bool more;
};

/* In prepare(): the query's paging. `what` is "keys" or "signatures", `of` the key's id or "". */
HF_MUST hf_status listing_prepare(struct listing *l, const char *what, const char *of,
                                  struct hf_err *err);
/* In run(): opens; `key_id` is printed before the items unless NULL. */
void listing_open(struct listing *l, const char *key_id);
/* The query asks for what belongs to some end user: nothing does, every key is the organisation's.
 */
bool listing_of_owner(const struct listing *l);
/* For each row: false when it is the one too many, of rows or of bytes; it begins the next page. */
bool listing_item(struct listing *l, const char *id);
HF_MUST hf_status listing_close(struct listing *l);

#endif
