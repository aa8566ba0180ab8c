/* SPDX-License-Identifier: Apache-2.0
 * JSON as a table for people: one row an object, columns as wide as their longest entry. */
#ifndef HF_CLI_REMOTE_TABLE_H
#define HF_CLI_REMOTE_TABLE_H

#include "json/read.h"

struct table_column {
	const char *title;
	/* Of the value: "links.replacement"; "links.*": the names of its members; "links?": yes,
	 * where it is there and has any. */
	const char *path;
};

/* To standard output. `rows` is an array of objects, or an object with one under "items". Nothing
 * in it steers a terminal. */
void table_print(const struct json_t *rows, const struct table_column *columns, size_t n);
/* One object: a line for each column. */
void table_print_one(const struct json_t *object, const struct table_column *columns, size_t n);
/* A value as text, appended: times as people write them, lists with commas. */
void table_value(const struct json_t *object, const char *path, struct hf_buf *to);

#endif
