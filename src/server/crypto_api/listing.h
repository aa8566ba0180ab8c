/* SPDX-License-Identifier: Apache-2.0
 * What the lists of the API have in common: how they are sorted, and counted. */
#ifndef HF_SERVER_CRYPTO_API_LISTING_H
#define HF_SERVER_CRYPTO_API_LISTING_H

#include "json/write.h"

/* "name", "name:asc" or "name:desc" of the query `sort`: is it by this field? Which way is told
 * only then. */
bool crypto_sorts_by(const char *text, const char *field, bool *ret_descending);

/* Members of the metadata of apps and groups: of all that the caller may see, how many the request
 * matches, exactly. */
void crypto_list_counts(struct json_writer *w, int64_t total, int64_t matched);

#endif
