/* SPDX-License-Identifier: Apache-2.0
 * What a schema is made of, told by the folder that owns it, for those who treat all tables alike:
 * db/dump.h and the commands. */
#ifndef HF_DB_SCHEMA_H
#define HF_DB_SCHEMA_H

#include "db/db.h"

/* Stored: append only. */
enum db_type { DB_INT = 1, DB_TEXT = 2, DB_BLOB = 3 };

struct db_column {
	const char *name;
	enum db_type type;
	int since; /* the migration that made it; 0 or 1: there from the first */
};

struct db_table {
	const char *name;
	int since;
	size_t n_key; /* the primary key: so many of the first columns */
	size_t n_columns;
	const struct db_column *columns;
	const char *count_sql, *any_sql;
};

struct db_schema {
	const char *name; /* as for db_migrate() */
	const struct db_migration *migrations;
	size_t n_migrations;
	const struct db_table *tables; /* those that others refer to first */
	size_t n_tables;
};

/* Rows of a table. Reads all of it. */
HF_MUST hf_status db_table_rows(struct db *db, const struct db_table *t, int64_t *ret);
HF_MUST hf_status db_table_is_empty(struct db *db, const struct db_table *t, bool *ret);
/* Bytes that the database takes on disk. */
HF_MUST hf_status db_size(struct db *db, int64_t *ret);

#define DB_TABLE(name_, since_, n_key_, columns_)                                                  \
	{                                                                                          \
		.name = name_, .since = since_, .n_key = n_key_, .n_columns = HF_COUNT(columns_),  \
		.columns = columns_, .count_sql = "SELECT COUNT(*) FROM " name_,                   \
		.any_sql = "SELECT 1 FROM " name_ " LIMIT 1"                                       \
	}

#endif
