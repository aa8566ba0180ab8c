/* SPDX-License-Identifier: Apache-2.0
 * One table of SQL operations over interchangeable engines. No table names in this folder.
 *
 * A `struct db` is one connection and belongs to one thread at a time. SQL is the dialect that
 * SQLite and PostgreSQL share; parameters are written $1, $2, …. Statements are prepared once per
 * connection and kept by the address of their text, so `sql` must be a string literal.
 *
 * A connection to PostgreSQL that is lost takes its open transaction with it (HF_BUSY) and is made
 * anew by the next db_begin(), or the next statement outside of a transaction. A commit whose
 * answer was lost is looked up on the new connection: db_commit() says what really happened.
 *
 * Codes: HF_EXISTS for a violated unique or foreign key, HF_BUSY when the engine wants us to try
 * later (locked, disk full, no connection, a conflict with another transaction), HF_CORRUPT for
 * damaged data, HF_INVALID for text that is not UTF-8 (PostgreSQL), HF_INTERNAL for SQL that the
 * engine refuses, HF_IO for the rest; from db_commit() HF_IO also says that nobody can tell whether
 * it happened. */
#ifndef HF_DB_DB_H
#define HF_DB_DB_H

#include "base/buf.h"

struct db;
struct db_stmt;

enum db_durability {
	DB_DURABLE, /* on disk before commit returns */
	DB_RELAXED, /* survives our death, not a power cut, unless a durable commit followed */
};

struct db_config {
	const char *sqlite_path; /* exactly one of the two */
	const char *postgres_url;
	bool read_only;
	unsigned cache_kib; /* page cache of this connection; 0: the engine's default */
};

/* Opens, creating a SQLite file with mode 0600 if it is not there. The caller owns *ret. */
HF_MUST hf_status db_open(const struct db_config *config, struct db **ret, struct hf_err *err);
/* The same for a program's start: an engine that is away (HF_BUSY) is waited for, at most
 * `wait_ms`, with growing pauses and words in the log; HF_CLOSED as soon as `stop_fd` is readable
 * (-1: never). */
HF_MUST hf_status db_open_patiently(const struct db_config *config, int wait_ms, int stop_fd,
                                    struct db **ret, struct hf_err *err);
void db_close(struct db *db);
HF_DEFINE_CLEANUP(db_close, struct db *)
#define DB_SCOPED HF_CLEANUP(db_close_at)

HF_MUST hf_status db_begin(struct db *db); /* SQLite: takes the write lock at once */
/* A transaction that only reads and sees one moment of the database throughout, while others write.
 * Ends with db_rollback(). */
HF_MUST hf_status db_begin_snapshot(struct db *db);
HF_MUST hf_status db_commit(struct db *db,
                            enum db_durability how); /* after a failure nothing of it stays */
void db_rollback(struct db *db);                     /* fine outside a transaction */
/* One level: what happened since db_save() is undone by db_unsave(), kept by db_keep(). */
HF_MUST hf_status db_save(struct db *db);
HF_MUST hf_status db_keep(struct db *db);
void db_unsave(struct db *db);

/* For the few statements that differ: the text for this connection's engine. Both are literals. */
const char *db_dialect(const struct db *db, const char *sqlite, const char *postgres);

/* With PostgreSQL a statement that fails inside a transaction breaks all of it, or what happened
 * since db_save(): what follows fails with the same code until db_unsave() or db_rollback(). So
 * what may be there already is inserted with ON CONFLICT.
 *
 * Parameters and columns are integers, text and blobs. A column is read as what it is; NULL in each
 * of them. A result comes whole into memory: walk through large tables page by page.
 *
 * DB_BY_KEY before the text, for a statement that names each of its rows by a whole unique key and
 * should be so planned whatever the tables hold: PostgreSQL then plans it once, which spares
 * it a third of the work. Worth it only where many of them follow each other.
 *
 * Ready to bind. Ends with db_done(), or by scope: DB_STMT st = NULL. */
#define DB_BY_KEY "/* by key */ "
HF_MUST hf_status db_query(struct db *db, const char *sql, struct db_stmt **ret);
void db_bind_int(struct db_stmt *st, int i, int64_t v);
void db_bind_text(struct db_stmt *st, int i, const char *v);    /* NULL binds NULL; copied */
void db_bind_blob(struct db_stmt *st, int i, struct hf_span v); /* copied */
void db_bind_null(struct db_stmt *st, int i);
/* A failed bind is reported here. */
HF_MUST hf_status db_step(struct db_stmt *st, bool *ret_row);
/* For statements that give no row: steps once; db_done() is still the caller's. *ret_changed may be
 * NULL. */
HF_MUST hf_status db_run(struct db_stmt *st, int64_t *ret_changed);
/* The same of a statement whose only parameter is a text. */
HF_MUST hf_status db_run_on(struct db *db, const char *sql, const char *text);

/* Many statements, one round trip. db_send(), after binding, lets the statement go its way without
 * waiting; db_step() or db_run() fetch what came of it. Those that were sent are fetched in that
 * order, before any other statement of the connection is stepped. With SQLite nothing is sent and
 * the step does the work: the same results, in the same order. */
void db_send(struct db_stmt *st);
/* db_send() for a statement whose outcome nobody asks for, and db_done() with it: its failure is
 * that of the next db_keep() or db_commit(), and of every statement that is begun before; outside a
 * transaction, of the next statement. */
void db_post(struct db_stmt *st);

/* One or more statements without parameters and without rows, of any text: what is not for every
 * day, such as making a schema. */
HF_MUST hf_status db_exec(struct db *db, const char *sql);

/* Columns from 0; valid until the next step. */
int64_t db_col_int(struct db_stmt *st, int i);
const char *db_col_text(struct db_stmt *st, int i); /* never NULL: "" */
struct hf_span db_col_blob(struct db_stmt *st, int i);
bool db_col_null(struct db_stmt *st, int i);

void db_done(struct db_stmt *st);
HF_DEFINE_CLEANUP(db_done, struct db_stmt *)
#define DB_STMT HF_CLEANUP(db_done_at) struct db_stmt *

/* What the engine said of the last failure on this connection; "" if nothing. */
const char *db_error(struct db *db);

/* Schema. Migrations are append-only; number n brings version n - 1 to n, from 1. */
struct db_migration {
	const char *name;
	const char *sqlite;   /* one or more statements */
	const char *postgres; /* NULL: the same text */
};

/* Brings schema `schema` ("keys", "server") to the version of the list's end, each step in a
 * transaction. HF_STATE with words when the file is newer than this program. */
HF_MUST hf_status db_migrate(struct db *db, const char *schema, const struct db_migration *list,
                             size_t n, struct hf_err *err);

/* The version that a database's schema is at; 0: not there. */
HF_MUST hf_status db_schema_version(struct db *db, const char *schema, int64_t *ret);

/* Where the database is, for people and logs: the file, or the URL without its password. */
void db_describe(const struct db_config *config, char *to, size_t cap);

#endif
