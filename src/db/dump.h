/* SPDX-License-Identifier: Apache-2.0
 * Backups: all tables of a database at one moment into a file (db/dump_file.h), and back into an
 * empty database of either engine. Memory does not grow with the tables. No table names here: the
 * schemas tell them. */
#ifndef HF_DB_DUMP_H
#define HF_DB_DUMP_H

#include "db/dump_file.h"

#define DUMP_SCHEMAS_MAX 8

struct dump_summary {
	int64_t at_ms; /* when the backup was begun: what it holds is of that moment */
	int64_t rows, bytes;
	size_t n_schemas;
	struct {
		char name[DUMP_NAME_MAX];
		int64_t version, rows;
	} schemas[DUMP_SCHEMAS_MAX];
};

/* Called now and then, with the rows so far; may be NULL. */
typedef void (*dump_progress)(void *ctx, int64_t rows);

struct dump_config {
	struct db_config db;
	const struct db_schema *const *schemas; /* those that this program knows */
	size_t n_schemas;
	const char *path;
	dump_progress progress;
	void *ctx;
};

/* Writes what is there of the known schemas, while others go on using the database. The file has
 * mode 0600, is on disk before this returns, and gets its name only when it is whole; HF_EXISTS:
 * there is a file of that name. HF_NOTFOUND: the database has none of the schemas. HF_STATE: a
 * schema is newer than this program. */
HF_MUST hf_status dump_save(const struct dump_config *config, struct dump_summary *ret,
                            struct hf_err *err);

/* Checks the whole file before the database is touched, then fills it in one transaction and brings
 * the schemas up to date. HF_EXISTS: the database is not empty. */
HF_MUST hf_status dump_restore(const struct dump_config *config, struct dump_summary *ret,
                               struct hf_err *err);

/* Each row of the file, with its table and columns in `row`; `config->db` is not
 * looked at. A failure of `fn` ends it. NULL: only checks. */
typedef hf_status (*dump_row)(void *ctx, const char *schema, const struct dump_item *row);
HF_MUST hf_status dump_scan(const struct dump_config *config, dump_row fn, void *ctx,
                            struct dump_summary *ret, struct hf_err *err);

#endif
