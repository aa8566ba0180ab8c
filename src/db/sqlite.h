/* SPDX-License-Identifier: Apache-2.0
 * What the files of the SQLite engine share. */
#ifndef HF_DB_SQLITE_H
#define HF_DB_SQLITE_H

#include "db/backend.h"

#include <sqlite3.h>

#define SQLITE_BUCKETS 64

struct sqlite_stmt {
	struct db_stmt base;
	sqlite3_stmt *handle;
	const char *sql;
	struct sqlite_stmt *next;
	bool cached, in_use, ended;
	uint8_t place[DB_PARAMS_MAX + 1]; /* $n -> SQLite's own number */
};

struct sqlite_db {
	struct db base;
	sqlite3 *handle;
	char *path;
	enum db_durability synchronous; /* as it is set now */
	struct sqlite_stmt *cache[SQLITE_BUCKETS];
};

hf_status sqlite_open(const struct db_config *config, struct db **ret, struct hf_err *err);
enum hf_code sqlite_code(struct sqlite_db *db, int rc);

#endif
