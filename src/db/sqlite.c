/* SPDX-License-Identifier: Apache-2.0
 * SQLite: write-ahead log, one writer. See db/sqlite_open.c for how a connection is set up. */
#include "db/sqlite.h"

#include "base/text.h"

#include <string.h>

static struct sqlite_db *self(struct db *db)
{
	return (struct sqlite_db *)db;
}

static hf_status sqlite_exec(struct db *base, const char *sql)
{
	struct sqlite_db *db = self(base);

	return HF_FAILURE(sqlite_code(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL)));
}

/* Runs a cached statement without parameters. */
static hf_status run(struct db *db, const char *sql)
{
	DB_STMT st = NULL;
	bool row;

	HF_TRY(db->backend->query(db, sql, &st));
	return db->backend->step(st, &row);
}

/* The setting cannot change inside a transaction, so it is made before, and only when it differs.
 */
static hf_status set_synchronous(struct sqlite_db *db, enum db_durability how)
{
	if (db->synchronous == how)
		return HF_SUCCESS;
	HF_TRY(sqlite_exec(&db->base, how == DB_DURABLE ? "PRAGMA synchronous=FULL"
	                                                : "PRAGMA synchronous=NORMAL"));
	db->synchronous = how;
	return HF_SUCCESS;
}

static hf_status sqlite_begin(struct db *db)
{
	HF_TRY(set_synchronous(self(db), db->expects));
	return run(db, "BEGIN IMMEDIATE");
}

/* What is read first fixes the moment; the log keeps what writers replace meanwhile. */
static hf_status sqlite_begin_snapshot(struct db *db)
{
	hf_status s;

	HF_TRY(run(db, "BEGIN"));
	s = run(db, "SELECT count(*) FROM sqlite_schema");
	if (!hf_ok(s))
		hf_ignore(run(db, "ROLLBACK"));
	return s;
}

/* BEGIN IMMEDIATE locked the whole file. */
static hf_status sqlite_lock_schema(struct db *db)
{
	return HF_SUCCESS;
}

static hf_status sqlite_commit(struct db *db)
{
	return run(db, "COMMIT");
}

static void sqlite_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(self(db)->handle))
		hf_ignore(run(db, "ROLLBACK"));
}

static hf_status sqlite_save(struct db *db)
{
	return run(db, "SAVEPOINT task");
}

static hf_status sqlite_keep(struct db *db)
{
	return run(db, "RELEASE task");
}

static void sqlite_unsave(struct db *db)
{
	hf_status s = run(db, "ROLLBACK TO task");

	if (hf_ok(s))
		s = run(db, "RELEASE task");
	if (!hf_ok(s) && db->lost == HF_OK) {
		/* What should be undone is still there: nothing of the transaction may stay. */
		sqlite_rollback(db);
		db->lost = s.code;
	}
}

static const char *sqlite_migration_sql(const struct db_migration *m)
{
	return m->sqlite;
}

static size_t bucket_of(const char *sql)
{
	return ((uintptr_t)sql >> 3 ^ (uintptr_t)sql >> 11) % SQLITE_BUCKETS;
}

/* SQLite numbers $1, $2 … by first appearance, so that the map goes by name. */
static hf_status map_params(struct sqlite_stmt *st)
{
	int n = sqlite3_bind_parameter_count(st->handle);

	HF_ENSURE(n <= DB_PARAMS_MAX, HF_INTERNAL);
	for (int i = 1; i <= n; i++) {
		const char *name = sqlite3_bind_parameter_name(st->handle, i);
		int64_t number;

		HF_ENSURE(name && name[0] == '$', HF_INTERNAL);
		HF_ENSURE(hf_ok(hf_parse_i64(name + 1, 1, DB_PARAMS_MAX, &number)), HF_INTERNAL);
		st->place[number] = (uint8_t)i;
	}
	return HF_SUCCESS;
}

static void stmt_free(struct sqlite_stmt *st)
{
	sqlite3_finalize(st->handle);
	free(st);
}

static hf_status stmt_new(struct sqlite_db *db, const char *sql, struct sqlite_stmt **ret)
{
	struct sqlite_stmt *st = calloc(1, sizeof(*st));
	const char *tail = "";
	enum hf_code code;

	HF_ENSURE(st, HF_NOMEM);
	st->base.db = &db->base;
	st->sql = sql;
	code = sqlite_code(db, sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
	                                          &st->handle, &tail));
	if (code == HF_OK && (!st->handle || tail[strspn(tail, " \t\n;")]))
		code = HF_INTERNAL; /* none, or more than one statement */
	if (code == HF_OK)
		code = map_params(st).code;
	if (code != HF_OK) {
		stmt_free(st);
		return HF_FAILURE(code);
	}
	*ret = st;
	return HF_SUCCESS;
}

static hf_status sqlite_query(struct db *base, const char *sql, struct db_stmt **ret)
{
	struct sqlite_db *db = self(base);
	struct sqlite_stmt **bucket = &db->cache[bucket_of(sql)], *st;
	bool cached = false;

	for (st = *bucket; st; st = st->next) {
		if (st->sql != sql)
			continue;
		/* Not a literal after all, and its memory reused: never run another statement
		 * instead. */
		HF_ENSURE(strncmp(sqlite3_sql(st->handle), sql, strlen(sqlite3_sql(st->handle))) ==
		                  0,
		          HF_INTERNAL);
		if (!st->in_use) {
			st->in_use = true;
			st->base.failed = HF_OK;
			*ret = &st->base;
			return HF_SUCCESS;
		}
		cached = true;
	}
	HF_TRY(stmt_new(db, sql, &st));
	st->in_use = true;
	if (!cached) { /* a second use at the same time gets one of its own, for once */
		st->cached = true;
		st->next = *bucket;
		*bucket = st;
	}
	*ret = &st->base;
	return HF_SUCCESS;
}

static struct sqlite_stmt *stmt(struct db_stmt *st)
{
	return (struct sqlite_stmt *)st;
}

static int place_of(struct db_stmt *st, int i)
{
	return i >= 1 && i <= DB_PARAMS_MAX ? stmt(st)->place[i] : 0; /* 0: SQLITE_RANGE follows */
}

static enum hf_code bound(struct db_stmt *st, int rc)
{
	return sqlite_code(self(st->db), rc);
}

static enum hf_code sqlite_bind_int(struct db_stmt *st, int i, int64_t v)
{
	return bound(st, sqlite3_bind_int64(stmt(st)->handle, place_of(st, i), v));
}

static enum hf_code sqlite_bind_text(struct db_stmt *st, int i, const char *v)
{
	return bound(st,
	             sqlite3_bind_text(stmt(st)->handle, place_of(st, i), v, -1, SQLITE_TRANSIENT));
}

static enum hf_code sqlite_bind_blob(struct db_stmt *st, int i, struct hf_span v)
{
	/* An empty blob is not NULL. */
	return bound(st, sqlite3_bind_blob64(stmt(st)->handle, place_of(st, i),
	                                     v.len ? (const void *)v.ptr : "", v.len,
	                                     SQLITE_TRANSIENT));
}

static enum hf_code sqlite_bind_null(struct db_stmt *st, int i)
{
	return bound(st, sqlite3_bind_null(stmt(st)->handle, place_of(st, i)));
}

static hf_status sqlite_step(struct db_stmt *st, bool *ret_row)
{
	int rc;
	enum hf_code code;

	if (stmt(st)->ended) { /* SQLite would begin again */
		*ret_row = false;
		return HF_SUCCESS;
	}
	rc = sqlite3_step(stmt(st)->handle);
	code = sqlite_code(self(st->db), rc);
	stmt(st)->ended = rc != SQLITE_ROW;
	if (rc != SQLITE_ROW)
		sqlite3_reset(stmt(st)->handle); /* ends its read transaction now rather than at
		                                    scope's end */
	HF_ENSURE(code == HF_OK, code);
	*ret_row = rc == SQLITE_ROW;
	return HF_SUCCESS;
}

static void sqlite_send(struct db_stmt *st)
{
}

static int64_t sqlite_changed(struct db_stmt *st)
{
	return sqlite3_changes64(self(st->db)->handle);
}

static void sqlite_reset(struct db_stmt *st)
{
	sqlite3_reset(stmt(st)->handle);
	stmt(st)->ended = false;
}

static int64_t sqlite_col_int(struct db_stmt *st, int i)
{
	return sqlite3_column_int64(stmt(st)->handle, i);
}

static const char *sqlite_col_text(struct db_stmt *st, int i)
{
	const unsigned char *text = sqlite3_column_text(stmt(st)->handle, i);

	return text ? (const char *)text : "";
}

static struct hf_span sqlite_col_blob(struct db_stmt *st, int i)
{
	const void *p = sqlite3_column_blob(stmt(st)->handle, i);

	return HF_SPAN(p, p ? (size_t)sqlite3_column_bytes(stmt(st)->handle, i) : 0);
}

static bool sqlite_col_null(struct db_stmt *st, int i)
{
	return sqlite3_column_type(stmt(st)->handle, i) == SQLITE_NULL;
}

static void sqlite_done(struct db_stmt *base)
{
	struct sqlite_stmt *st = stmt(base);

	if (!st->cached) {
		stmt_free(st);
		return;
	}
	sqlite_reset(base);
	sqlite3_clear_bindings(st->handle);
	st->in_use = false;
}

static void sqlite_post(struct db_stmt *st)
{
	struct db *db = st->db;
	enum hf_code code = st->failed;
	bool row = true;

	while (row && code == HF_OK)
		code = sqlite_step(st, &row).code;
	if (db->broken == HF_OK)
		db->broken = code;
	sqlite_done(st);
}

static void sqlite_close(struct db *base)
{
	struct sqlite_db *db = self(base);

	for (size_t i = 0; i < SQLITE_BUCKETS; i++)
		while (db->cache[i]) {
			struct sqlite_stmt *st = db->cache[i];

			db->cache[i] = st->next;
			stmt_free(st);
		}
	sqlite3_close_v2(db->handle);
	free(db->path);
	free(db);
}

const struct db_backend db_sqlite = {
	.name = "sqlite",
	.one_writer = true,
	.open = sqlite_open,
	.close = sqlite_close,
	.begin = sqlite_begin,
	.begin_snapshot = sqlite_begin_snapshot,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.save = sqlite_save,
	.keep = sqlite_keep,
	.unsave = sqlite_unsave,
	.exec = sqlite_exec,
	.lock_schema = sqlite_lock_schema,
	.schema_exists_sql = "SELECT 1 FROM sqlite_schema WHERE name = 'schema_versions'",
	.migration_sql = sqlite_migration_sql,
	.query = sqlite_query,
	.bind_int = sqlite_bind_int,
	.bind_text = sqlite_bind_text,
	.bind_blob = sqlite_bind_blob,
	.bind_null = sqlite_bind_null,
	.send = sqlite_send,
	.post = sqlite_post,
	.step = sqlite_step,
	.changed = sqlite_changed,
	.reset = sqlite_reset,
	.col_int = sqlite_col_int,
	.col_text = sqlite_col_text,
	.col_blob = sqlite_col_blob,
	.col_null = sqlite_col_null,
	.done = sqlite_done,
};
