/* SPDX-License-Identifier: Apache-2.0
 * What the files of filter.h share: filter.c (what a filter is, and whether it matches) and
 * filter_fields.c (what it is about). For these only. */
#ifndef HF_SERVER_CRYPTO_API_OBJECTS_FILTER_INSIDE_H
#define HF_SERVER_CRYPTO_API_OBJECTS_FILTER_INSIDE_H

#include "server/crypto_api/objects/filter.h"

enum field_kind {
	FIELD_TEXT,
	FIELD_INT,
	FIELD_BOOL,
	FIELD_TIME, /* seconds since 1970 */
	FIELD_USES, /* a list of texts */
};

struct field_value {
	enum field_kind kind;
	bool there;
	char text[OBJECT_NAME_MAX];
	const char *long_text; /* instead, where it may be longer */
	int64_t number;
	unsigned uses;
};

/* False: no such field. */
bool filter_find_field(const char *name, size_t *ret, enum field_kind *ret_kind);
void filter_get_field(size_t field, const struct object_row *o, int64_t now_ms,
                      struct field_value *ret);
void filter_set_text(struct field_value *v, const char *text);
/* "a" of "custom_metadata.a"; NULL: it is none of these. */
const char *filter_custom_name(const char *field);

#endif
