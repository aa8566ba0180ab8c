/* SPDX-License-Identifier: Apache-2.0
 * What saving and restoring share. Private to this folder. */
#ifndef HF_DB_DUMP_INSIDE_H
#define HF_DB_DUMP_INSIDE_H

#include "db/dump.h"

#define DUMP_SQL_MAX 16384

/* The statements' texts: a connection knows them by their address, so they outlive it. */
struct dump_texts {
	char *list[256];
	size_t n;
};
void dump_texts_done(struct dump_texts *t);
/* Ends the text in `sql` and keeps a copy. NULL: out of memory. */
const char *dump_keep_text(struct dump_texts *t, struct hf_buf *sql);

void dump_list_columns(struct hf_buf *sql, const struct dump_item *item, size_t n);
void dump_list_parameters(struct hf_buf *sql, size_t n);
void dump_bind(struct db_stmt *st, int i, enum db_type type, const struct dump_value *v);

struct dump_file {
	int fd;
	int64_t bytes;
};

#endif
