/* SPDX-License-Identifier: Apache-2.0
 * A database in a directory of the test's own. */
#ifndef HF_TESTS_TEMPDB_H
#define HF_TESTS_TEMPDB_H

#include "../check.h"
#include "db/db.h"

#include <stdio.h>
#include <string.h>

struct tempdb {
	char dir[64];
	char path[128];
};

static inline void tempdb_make(struct tempdb *t)
{
	snprintf(t->dir, sizeof(t->dir), "/tmp/hf-test-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	snprintf(t->path, sizeof(t->path), "%s/test.db", t->dir);
}

static inline void tempdb_remove(struct tempdb *t)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[160];

	for (size_t i = 0; i < HF_COUNT(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", t->path, ends[i]);
		unlink(path);
	}
	rmdir(t->dir);
}

static inline struct db *tempdb_open(struct tempdb *t)
{
	struct db *db = NULL;
	struct hf_err err = { 0 };

	if (!hf_ok(db_open(&(struct db_config){ .sqlite_path = t->path }, &db, &err)))
		fail_msg("db_open: %s", err.text);
	return db;
}

static const struct db_migration people[] = {
	{ .name = "people",
	  .sqlite =
	          "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, face "
	          "BLOB);"
	          "CREATE TABLE pets (owner INTEGER NOT NULL REFERENCES people (id), name TEXT)" },
	{ .name = "age", .sqlite = "ALTER TABLE people ADD COLUMN age INTEGER" },
};

static inline hf_status add_person(struct db *db, int64_t id, const char *name)
{
	DB_STMT st = NULL;

	HF_TRY(db_query(db, "INSERT INTO people (id, name) VALUES ($1, $2)", &st));
	db_bind_int(st, 1, id);
	db_bind_text(st, 2, name);
	return db_run(st, NULL);
}

static inline int64_t count_people(struct db *db)
{
	DB_STMT st = NULL;
	bool row = false;

	CHECK_OK(db_query(db, "SELECT count(*) FROM people", &st));
	CHECK_OK(db_step(st, &row));
	CHECK(row);
	return db_col_int(st, 0);
}

#endif
