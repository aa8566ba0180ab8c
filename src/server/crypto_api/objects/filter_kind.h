/* SPDX-License-Identifier: Apache-2.0
 * What a list may be filtered by: its fields, and how they are read from a row. */
#ifndef HF_SERVER_CRYPTO_API_OBJECTS_FILTER_KIND_H
#define HF_SERVER_CRYPTO_API_OBJECTS_FILTER_KIND_H

#include "server/crypto_api/objects/filter.h"
#include "server/store/object_rows.h"

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

struct filter_field {
	const char *name;
	enum field_kind kind;
	/* *ret is empty, but for its kind. */
	void (*get)(const void *row, const struct filter_facts *facts, struct field_value *ret);
};

struct filter_kind {
	const char *what; /* "keys" */
	const struct filter_field *fields;
	size_t n_fields;
	/* The JSON object whose members are fields "custom_metadata.…"; a kind without: NULL. */
	const char *(*custom)(const void *row);
};

void filter_set_text(struct field_value *v, const char *text);
void filter_set_number(struct field_value *v, int64_t number); /* 0: not there */

#endif
