/* SPDX-License-Identifier: Apache-2.0
 * Filters of lists of security objects: the query parameters of GET /crypto/v1/keys, and its
 * `filter`, which is JSON in the manner of MongoDB:
 *
 *   {"$and": [{"obj_type": {"$in": ["AES", "RSA"]}}, {"key_size": {"$gte": 256}}]}
 *
 * Operators: $and, $or, $not of filters; $eq, $ne, $in, $nin, $lt, $lte, $gt, $gte, $range,
 * $exists, $text ({"$search": words}) of fields; $any, $all of lists (key_ops). A value alone means
 * $eq. Anything else is refused: what is not understood would not be filtered. */
#ifndef HF_SERVER_CRYPTO_API_OBJECTS_FILTER_H
#define HF_SERVER_CRYPTO_API_OBJECTS_FILTER_H

#include "json/read.h"
#include "server/store/object_rows.h"

#define FILTER_TEXT_MAX 16384
#define FILTER_NODES_MAX 256
#define FILTER_DEPTH_MAX 10

/* Checks it: HF_INVALID with words. The caller owns *ret (json_done). */
HF_MUST hf_status filter_parse(struct hf_span text, struct json_t **ret, struct hf_err *err);

/* What the rows do not have. */
struct filter_facts {
	int64_t now_ms;
};
bool filter_matches(const struct json_t *filter, const struct object_row *o,
                    const struct filter_facts *facts);
/* The value that the filter wants this text field to be equal to, if nothing else can match; NULL
 * otherwise: for choosing an index. */
const char *filter_must_equal(const struct json_t *filter, const char *field);

#endif
