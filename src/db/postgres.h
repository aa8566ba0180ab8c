/* SPDX-License-Identifier: Apache-2.0
 * What the files of the PostgreSQL engine share.
 *
 * A connection is always in libpq's pipeline mode. What is sent stands in `queue` until its result
 * is there; pg_wait() asks for all of them at once and gives each statement its own. */
#ifndef HF_DB_POSTGRES_H
#define HF_DB_POSTGRES_H

#include "db/backend.h"

#include <libpq-fe.h>

#define PG_BUCKETS 64
#define PG_ANSWER_MS 10000 /* a server silent for this long is a lost connection */
#define PG_LOOKUP_MS 10000 /* after a lost commit: for a restart, or for another to take over */
#define PG_MIGRATION_MS 3600000 /* an index over many rows takes its time */

/* Those types of values that we read and write; any other is refused. */
enum pg_type {
	PG_BOOL = 16,
	PG_BYTEA = 17,
	PG_NAME = 19,
	PG_INT8 = 20,
	PG_INT2 = 21,
	PG_INT4 = 23,
	PG_TEXT = 25,
	PG_OID = 26,
	PG_VARCHAR = 1043,
	PG_NUMERIC = 1700,
	PG_VOID = 2278,
	PG_XID8 = 5069,
};

struct pg_prepared {
	const char *key; /* the literal's address */
	char *sql;
	struct pg_prepared *next;
	uint64_t generation; /* of the connection that has it; 0: none */
	char name[24];
	int n_params;
	Oid types[DB_PARAMS_MAX];
	bool writes;
	bool by_key;
	bool columns_known; /* each of its columns has a type that we read */
};

struct pg_param {
	Oid type; /* 0: NULL */
	size_t at, len;
};

enum pg_planning { PG_PLAN_UNKNOWN, PG_PLAN_EACH, PG_PLAN_ONCE };

enum pg_stage { PG_BINDING, PG_SENT, PG_READY };

struct pg_stmt {
	struct db_stmt base;
	struct pg_prepared *prepared;
	struct hf_buf values;
	struct pg_param params[DB_PARAMS_MAX];
	enum pg_stage stage;
	enum hf_code outcome; /* when ready */
	PGresult *result;
	int row; /* the current one, from 1 */
	struct pg_stmt *next_free;
};

enum pg_kind {
	PG_PREPARE,
	PG_CONTROL, /* BEGIN, SAVEPOINT, … */
	PG_COMMIT,
	PG_STATEMENT,
	PG_TRANSACTION_ID,
	PG_SYNC,
};

struct pg_sent {
	enum pg_kind kind;
	struct pg_prepared *prepared; /* of a PG_PREPARE */
	struct pg_stmt *stmt;         /* NULL: nobody asks any more */
};

struct pg_db {
	struct db base;
	char *url;
	int answer_ms, lookup_ms; /* the constants above; shorter in tests */
	char where[256];
	PGconn *conn; /* NULL: lost, or not made yet */
	uint64_t generation;
	unsigned names;

	struct pg_sent *queue;
	size_t n_queue, first, cap;
	size_t statements;  /* among them, since the last sync */
	bool unsynced;      /* something was sent since the last sync */
	bool answered;      /* the first of the queue has had its result */
	bool drop;          /* the server said something after which the connection is of no use */
	enum hf_code batch; /* the first failure since the last sync */

	enum pg_planning planning; /* of the session, as far as we know */
	bool committed;            /* this transaction, says the server */
	bool has_xid;
	uint64_t xid;   /* of this transaction */
	int64_t wal;    /* where the log ended then: its commit stands behind */
	int64_t replay; /* up to where the server had recovered when it started; -1: it had not */
	uint64_t asked; /* base.writes when it was asked for */

	struct pg_prepared *cache[PG_BUCKETS];
	struct pg_stmt *free;
};

/* What SQLSTATE means for us. */
struct pg_meaning {
	const char *sqlstate; /* or the beginning of it */
	enum hf_code code;
	bool drop;        /* the connection is of no further use */
	const char *hint; /* what to do, or NULL */
};
extern const struct pg_meaning pg_meanings[];
extern const size_t pg_n_meanings;
const struct pg_meaning *pg_meaning(const char *sqlstate);
/* The same for a connection that was refused, of which libpq gives words only. *ret_hint may be
 * NULL. */
enum hf_code pg_refusal(const char *message, const char **ret_hint);

/* A connection that is set up, not yet in a pipeline. HF_BUSY when the server is away. */
hf_status pg_connect(const char *url, bool read_only, PGconn **ret, struct hf_err *err);
/* HF_INVALID with words for a URL that libpq would not take, never quoting it. */
hf_status pg_url_check(const char *url, struct hf_err *err);
void pg_describe(const char *url, char *to, size_t cap);
hf_status pg_open(const struct db_config *config, struct db **ret, struct hf_err *err);

/* Makes the connection anew if it is not there. Outside a transaction. */
hf_status pg_ensure(struct pg_db *db);
/* Gives the connection up: what was in flight is HF_BUSY, and so is an open transaction. */
void pg_lose(struct pg_db *db, const char *why);

/* Prepares if need be, and sends. */
hf_status pg_send_stmt(struct pg_db *db, struct pg_stmt *st);
hf_status pg_send_control(struct pg_db *db, const char *sql, enum pg_kind kind);
hf_status pg_sync(struct pg_db *db);
/* Columns: where a recovery of the server ended, or NULL. */
#define PG_REPLAYED "(pg_last_wal_replay_lsn() - '0/0')::int8"
/* Has the transaction's number come with the next answers, if it may have one that we do not know.
 */
bool pg_wants_xid(const struct pg_db *db);
hf_status pg_send_xid(struct pg_db *db);
/* Until everything sent has its result. A failure is that of the connection; what became of the
 * statements stands in them, and in db->base.broken. */
hf_status pg_wait(struct pg_db *db);
/* One or more statements on a connection outside of a pipeline. The last result or the first that
 * failed, to be cleared; NULL when the connection is of no use any more. */
PGresult *pg_ask(PGconn *conn, const char *sql, int patience_ms);
/* The same in the midst of a pipeline. */
hf_status pg_exec(struct db *base, const char *sql);

struct pg_prepared *pg_prepared(struct pg_db *db, const char *sql, hf_status *ret);
/* The highest $n of `sql`. HF_INTERNAL for more than one statement or another mark. */
hf_status pg_count_params(const char *sql, int *ret);

bool pg_type_known(Oid type);
/* False: not a whole number of 64 bits. */
bool pg_read_int(Oid type, const char *from, int len, int64_t *ret);

hf_status pg_commit(struct db *base);

/* The values' part of the table of operations. */
enum hf_code pg_bind_int(struct db_stmt *st, int i, int64_t v);
enum hf_code pg_bind_text(struct db_stmt *st, int i, const char *v);
enum hf_code pg_bind_blob(struct db_stmt *st, int i, struct hf_span v);
enum hf_code pg_bind_null(struct db_stmt *base, int i);
int64_t pg_changed(struct db_stmt *st);
bool pg_col_null(struct db_stmt *st, int i);
int64_t pg_col_int(struct db_stmt *st, int i);
const char *pg_col_text(struct db_stmt *st, int i);
struct hf_span pg_col_blob(struct db_stmt *st, int i);

#endif
