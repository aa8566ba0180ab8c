/* SPDX-License-Identifier: Apache-2.0
 * Filters of lists, of security objects, apps and groups: `filter`, which is JSON in the manner of
 * MongoDB:
 *
 *   {"$and": [{"obj_type": {"$in": ["AES", "RSA"]}}, {"key_size": {"$gte": 256}}]}
 *
 * Operators: $and, $or, $not of filters; $eq, $ne, $in, $nin, $lt, $lte, $gt, $gte, $range,
 * $exists, $text ({"$search": words}) of fields; $any, $all of lists (key_ops). A value alone means
 * $eq. Anything else is refused: what is not understood would not be filtered. */
#ifndef HF_SERVER_CRYPTO_API_OBJECTS_FILTER_H
#define HF_SERVER_CRYPTO_API_OBJECTS_FILTER_H

#include "json/read.h"

#define FILTER_TEXT_MAX 16384
#define FILTER_NODES_MAX 256
#define FILTER_DEPTH_MAX 10

struct filter_kind; /* of what: which fields there are (filter_kind.h) */
extern const struct filter_kind filter_of_objects; /* rows: struct object_row */

/* Checks it: HF_INVALID with words. The caller owns *ret (json_done). */
HF_MUST hf_status filter_parse(const struct filter_kind *of, struct hf_span text,
                               struct json_t **ret, struct hf_err *err);

#define FILTER_GROUP_NAME "group_name"
#define FILTER_CREATOR_NAME "creator_name"

/* What the rows do not have. The names need only be there where the filter names these fields. */
struct filter_facts {
	int64_t now_ms;
	const char *group_name, *creator_name; /* of keys; NULL: nobody knows */
};
bool filter_matches(const struct filter_kind *of, const struct json_t *filter, const void *row,
                    const struct filter_facts *facts);
/* The value that the filter wants this text field to be equal to, if nothing else can match; NULL
 * otherwise: for choosing an index. */
const char *filter_must_equal(const struct json_t *filter, const char *field);
/* Does it look at this field? */
bool filter_names(const struct json_t *filter, const char *field);

#endif
