/* SPDX-License-Identifier: Apache-2.0
 * A database of the test's own: a file in a directory of its own or, when HOLDFAST_TEST_POSTGRES is
 * the URL of a cluster, a schema of its own there. */
#ifndef HF_TESTS_TEMPDB_H
#define HF_TESTS_TEMPDB_H

#include "../check.h"
#include "db/db.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

struct tempdb {
	char dir[64];
	char path[128];
	char url[256]; /* "": SQLite */
};

static inline const char *test_postgres(void)
{
	return getenv("HOLDFAST_TEST_POSTGRES");
}

/* The test's own hand on the server, beside the code under test. */
static inline void postgres_do(const char *url, const char *sql)
{
	PGconn *conn = PQconnectdb(url);
	PGresult *result;

	if (PQstatus(conn) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(conn));
	result = PQexec(conn, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(result);
	PQfinish(conn);
}

static inline void tempdb_make(struct tempdb *t)
{
	static int n;

	*t = (struct tempdb){ 0 };
	if (test_postgres()) {
		char sql[96];

		snprintf(t->dir, sizeof(t->dir), "t%d_%d", (int)getpid(), n++);
		snprintf(sql, sizeof(sql), "CREATE SCHEMA %s", t->dir);
		postgres_do(test_postgres(), sql);
		snprintf(t->url, sizeof(t->url), "%s%soptions=-csearch_path%%3D%s", test_postgres(),
		         strchr(test_postgres(), '?') ? "&" : "?", t->dir);
		return;
	}
	snprintf(t->dir, sizeof(t->dir), "/tmp/hf-test-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	snprintf(t->path, sizeof(t->path), "%s/test.db", t->dir);
}

static inline void tempdb_remove(struct tempdb *t)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[160];

	if (t->url[0]) {
		snprintf(path, sizeof(path),
		         "SET client_min_messages = warning; DROP SCHEMA %s CASCADE", t->dir);
		postgres_do(test_postgres(), path);
		return;
	}
	for (size_t i = 0; i < HF_COUNT(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", t->path, ends[i]);
		unlink(path);
	}
	rmdir(t->dir);
}

static inline struct db_config tempdb_config(const struct tempdb *t)
{
	return (struct db_config){
		.sqlite_path = t->path[0] ? t->path : NULL,
		.postgres_url = t->url[0] ? t->url : NULL,
	};
}

static inline struct db *tempdb_open(struct tempdb *t)
{
	struct db_config config = tempdb_config(t);
	struct db *db = NULL;
	struct hf_err err = { 0 };

	if (!hf_ok(db_open(&config, &db, &err)))
		fail_msg("db_open: %s", err.text);
	return db;
}

static const struct db_migration people[] = {
	{ .name = "people",
	  .sqlite = "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, face "
	            "BLOB);"
	            "CREATE TABLE pets (owner INTEGER NOT NULL REFERENCES people (id), name TEXT)",
	  .postgres =
	          "CREATE TABLE people (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, face "
	          "BYTEA);"
	          "CREATE TABLE pets (owner BIGINT NOT NULL REFERENCES people (id), name TEXT)" },
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
