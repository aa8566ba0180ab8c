/* SPDX-License-Identifier: Apache-2.0
 * The seam between db.h and an engine: one table of operations each. Private to this folder. */
#ifndef HF_DB_BACKEND_H
#define HF_DB_BACKEND_H

#include "db/db.h"

#define DB_PARAMS_MAX 40
#define DB_ERROR_MAX 512

/* The head of every connection; an engine's own struct begins with it. */
struct db {
	const struct db_backend *backend;
	bool read_only;
	bool in_transaction;
	bool saved; /* inside db_save() */
	/* A statement failed since db_save() or db_begin(), and nothing that follows can succeed
	 * until db_unsave() or db_rollback(); outside a transaction: one that was posted. */
	enum hf_code broken;
	bool unknown;               /* nobody can tell whether the last commit happened */
	uint64_t losses;            /* of the connection, and failures to make it anew */
	uint64_t writes;            /* statements sent that are no SELECT */
	enum db_durability expects; /* of the next transaction */
	enum hf_code lost; /* the engine gave up the open transaction by itself, for this reason */
	char error[DB_ERROR_MAX];
};

/* The head of every statement. */
struct db_stmt {
	struct db *db;
	enum hf_code failed; /* a bind that failed; sticky until the statement is ready again */
};

struct db_backend {
	const char *name;
	bool one_writer; /* a second writing connection only gets in the way */
	/* Transactions may fail through no fault of theirs (the connection, a conflict): they are
	 * worth running again. And savepoints cost dear. */
	bool reruns;

	hf_status (*open)(const struct db_config *config, struct db **ret, struct hf_err *err);
	void (*close)(struct db *db);

	/* begin() reads db->expects. After a failure the transaction is as it was, or db->lost says
	 * why it is gone. */
	hf_status (*begin)(struct db *db);
	hf_status (*begin_snapshot)(struct db *db);
	hf_status (*commit)(struct db *db);
	void (*rollback)(struct db *db);
	hf_status (*save)(struct db *db);
	hf_status (*keep)(struct db *db);
	void (*unsave)(struct db *db);
	/* One or more statements without parameters. */
	hf_status (*exec)(struct db *db, const char *sql);
	/* Inside a transaction, to its end: nobody else changes the schema. */
	hf_status (*lock_schema)(struct db *db);
	const char *schema_exists_sql; /* one row when schema_versions is there */
	const char *(*migration_sql)(const struct db_migration *m);

	hf_status (*query)(struct db *db, const char *sql, struct db_stmt **ret);
	enum hf_code (*bind_int)(struct db_stmt *st, int i, int64_t v);
	enum hf_code (*bind_text)(struct db_stmt *st, int i, const char *v);
	enum hf_code (*bind_blob)(struct db_stmt *st, int i, struct hf_span v);
	enum hf_code (*bind_null)(struct db_stmt *st, int i);
	/* A failure to send is that of the step. */
	void (*send)(struct db_stmt *st);
	void (*post)(struct db_stmt *st); /* done() included */
	hf_status (*step)(struct db_stmt *st, bool *ret_row);
	int64_t (*changed)(struct db_stmt *st);
	void (*reset)(struct db_stmt *st);
	int64_t (*col_int)(struct db_stmt *st, int i);
	const char *(*col_text)(struct db_stmt *st, int i);
	struct hf_span (*col_blob)(struct db_stmt *st, int i);
	bool (*col_null)(struct db_stmt *st, int i);
	void (*done)(struct db_stmt *st);
};

extern const struct db_backend db_sqlite;
extern const struct db_backend db_postgres;

/* How durable the next transaction's commit will have to be, when that is known before it begins:
 * what lets a relaxed group be cheap. Without it, DB_DURABLE. */
void db_expect(struct db *db, enum db_durability how);

#endif
