/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL: transactions, statements and their rows. db/postgres_pipe.c carries them. */
#include "db/postgres.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static struct pg_db *self(struct db *db)
{
	return (struct pg_db *)db;
}

static struct pg_stmt *stmt(struct db_stmt *st)
{
	return (struct pg_stmt *)st;
}

static void fresh(struct pg_db *db)
{
	db->committed = db->has_xid = false;
	db->asked = db->base.writes;
	db->base.unknown = false;
}

/* Travels with the first statement. */
static hf_status pg_begin(struct db *base)
{
	struct pg_db *db = self(base);

	if (db->n_queue > 0)
		HF_TRY(pg_wait(db));
	HF_TRY(pg_ensure(db));
	fresh(db);
	HF_TRY(pg_send_control(db, "BEGIN", PG_CONTROL));
	if (base->expects == DB_RELAXED)
		HF_TRY(pg_send_control(db, "SET LOCAL synchronous_commit = off", PG_CONTROL));
	return HF_SUCCESS;
}

static hf_status pg_begin_snapshot(struct db *base)
{
	struct pg_db *db = self(base);

	if (db->n_queue > 0)
		HF_TRY(pg_wait(db));
	HF_TRY(pg_ensure(db));
	fresh(db);
	HF_TRY(pg_send_control(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", PG_CONTROL));
	/* Whoever walks through a whole database does other things in between. */
	return pg_send_control(db, "SET LOCAL idle_in_transaction_session_timeout = '1h'",
	                       PG_CONTROL);
}

static void pg_rollback(struct db *base)
{
	struct pg_db *db = self(base);
	hf_status s;

	if (!db->conn || base->lost != HF_OK) /* it went with its connection */
		return;
	if (db->n_queue > 0 && !hf_ok(pg_wait(db)))
		return;
	db->planning = PG_PLAN_UNKNOWN;
	s = pg_send_control(db, "ROLLBACK", PG_CONTROL);
	if (hf_ok(s))
		hf_ignore(pg_sync(db)); /* at once, for its locks' sake; nobody waits for it */
}

/* Statements whose outcome is still open belong to what went before. */
static hf_status settle(struct pg_db *db)
{
	if (db->statements > 0)
		HF_TRY(pg_wait(db));
	return HF_FAILURE(db->base.broken);
}

static hf_status pg_save(struct db *base)
{
	HF_TRY(settle(self(base)));
	return pg_send_control(self(base), "SAVEPOINT task", PG_CONTROL);
}

static hf_status pg_keep(struct db *base)
{
	HF_TRY(settle(self(base)));
	return pg_send_control(self(base), "RELEASE SAVEPOINT task", PG_CONTROL);
}

static void pg_unsave(struct db *base)
{
	struct pg_db *db = self(base);

	if (db->n_queue > 0 && !hf_ok(pg_wait(db)))
		return;
	base->broken = HF_OK;
	db->planning = PG_PLAN_UNKNOWN;
	if (hf_ok(pg_send_control(db, "ROLLBACK TO SAVEPOINT task", PG_CONTROL)))
		hf_ignore(pg_send_control(db, "RELEASE SAVEPOINT task", PG_CONTROL));
}

/* To its end; whoever else comes waits for the whole of our migration. */
static hf_status pg_lock_schema(struct db *base)
{
	return pg_exec(base, "SET LOCAL lock_timeout = '30min';"
	                     "SELECT pg_advisory_xact_lock(7813574286201);"
	                     "SET LOCAL lock_timeout = '5s'");
}

static const char *pg_migration_sql(const struct db_migration *m)
{
	return m->postgres ? m->postgres : m->sqlite;
}

static size_t bucket_of(const char *sql)
{
	return ((uintptr_t)sql >> 3 ^ (uintptr_t)sql >> 11) % PG_BUCKETS;
}

static bool is_by_key(const char *sql)
{
	return strncmp(sql, DB_BY_KEY, sizeof(DB_BY_KEY) - 1) == 0;
}

static bool is_select(const char *sql)
{
	if (is_by_key(sql))
		sql += sizeof(DB_BY_KEY) - 1;
	return strncasecmp(sql + strspn(sql, " \t\n("), "SELECT", 6) == 0;
}

struct pg_prepared *pg_prepared(struct pg_db *db, const char *sql, hf_status *ret)
{
	struct pg_prepared **bucket = &db->cache[bucket_of(sql)], *p;

	for (p = *bucket; p; p = p->next)
		if (p->key == sql) {
			/* Not a literal after all, and its memory reused: never run another
			 * statement instead. */
			*ret = HF_FAILURE(strcmp(p->sql, sql) == 0 ? HF_OK : HF_INTERNAL);
			return p;
		}
	p = calloc(1, sizeof(*p));
	*ret = HF_FAILURE(p ? HF_OK : HF_NOMEM);
	if (p)
		*ret = pg_count_params(sql, &p->n_params);
	if (hf_ok(*ret) && !(p->sql = hf_strdup(sql)))
		*ret = HF_FAILURE(HF_NOMEM);
	if (!hf_ok(*ret)) {
		free(p);
		return NULL;
	}
	p->key = sql;
	p->writes = !is_select(sql);
	p->by_key = is_by_key(sql);
	p->next = *bucket;
	*bucket = p;
	return p;
}

static void pg_prepared_free_all(struct pg_db *db)
{
	for (size_t i = 0; i < PG_BUCKETS; i++)
		while (db->cache[i]) {
			struct pg_prepared *p = db->cache[i];

			db->cache[i] = p->next;
			free(p->sql);
			free(p);
		}
}

static hf_status pg_query(struct db *base, const char *sql, struct db_stmt **ret)
{
	struct pg_db *db = self(base);
	hf_status s = HF_SUCCESS;
	struct pg_prepared *p = pg_prepared(db, sql, &s);
	struct pg_stmt *st = db->free;

	if (s.code == HF_INTERNAL)
		snprintf(base->error, sizeof(base->error), "not one statement of ours: %s", sql);
	HF_TRY(s);
	if (st) {
		db->free = st->next_free;
	} else {
		st = calloc(1, sizeof(*st));
		HF_ENSURE(st, HF_NOMEM);
		st->values = HF_BUF(INT32_MAX);
		st->base.db = base;
	}
	st->prepared = p;
	*ret = &st->base;
	return HF_SUCCESS;
}

/* To what it was before it was sent; the parameters stay. */
static void pg_reset(struct db_stmt *base)
{
	struct pg_stmt *st = stmt(base);

	PQclear(hf_take(st->result));
	st->stage = PG_BINDING;
	st->outcome = HF_OK;
	st->row = 0;
}

/* Connects when there is no transaction that went with the old connection. */
static hf_status ready_to_send(struct pg_db *db)
{
	if (db->base.in_transaction)
		HF_ENSURE(db->base.broken == HF_OK, db->base.broken);
	else
		HF_TRY(pg_ensure(db));
	return HF_SUCCESS;
}

static void pg_send(struct db_stmt *base)
{
	struct pg_stmt *st = stmt(base);
	struct pg_db *db = self(base->db);
	hf_status s;

	if (st->stage == PG_SENT)
		return;
	pg_reset(base);
	s = ready_to_send(db);
	if (hf_ok(s))
		s = pg_send_stmt(db, st);
	if (!hf_ok(s)) {
		st->stage = PG_READY;
		st->outcome = s.code;
	}
}

/* With the first answer of a transaction that wrote comes its number, so that its outcome can be
 * looked up should the connection be lost at the commit. */
static hf_status wait_for_answers(struct pg_db *db)
{
	if (pg_wants_xid(db))
		HF_TRY(pg_send_xid(db));
	return pg_wait(db);
}

static hf_status check_columns(struct pg_stmt *st)
{
	struct pg_prepared *p = st->prepared;

	for (int i = 0; i < PQnfields(st->result) && !p->columns_known; i++)
		if (!pg_type_known(PQftype(st->result, i))) {
			snprintf(st->base.db->error, sizeof(st->base.db->error),
			         "column %d has a type that is not read here (%u): %s", i,
			         PQftype(st->result, i), p->sql);
			return HF_FAILURE(HF_INTERNAL);
		}
	p->columns_known = true;
	return HF_SUCCESS;
}

static hf_status pg_step(struct db_stmt *base, bool *ret_row)
{
	struct pg_stmt *st = stmt(base);

	if (st->stage == PG_BINDING)
		pg_send(base);
	if (st->stage == PG_SENT)
		hf_ignore(wait_for_answers(self(base->db)));
	HF_ENSURE(st->stage == PG_READY, HF_BUSY);
	HF_ENSURE(st->outcome == HF_OK, st->outcome);
	HF_TRY(check_columns(st));
	*ret_row = st->row < PQntuples(st->result);
	st->row += *ret_row;
	return HF_SUCCESS;
}

static void pg_done(struct db_stmt *base)
{
	struct pg_stmt *st = stmt(base);
	struct pg_db *db = self(base->db);

	for (size_t i = db->first + db->n_queue; st->stage == PG_SENT && i-- > db->first;)
		if (db->queue[i].stmt == st) {
			db->queue[i].stmt = NULL;
			st->stage = PG_BINDING;
		}
	pg_reset(base);
	memset(st->params, 0, sizeof(st->params));
	hf_buf_clear(&st->values);
	base->failed = HF_OK;
	st->next_free = db->free;
	db->free = st;
}

static void pg_post(struct db_stmt *base)
{
	struct db *db = base->db;

	if (base->failed == HF_OK)
		pg_send(base);
	if (base->failed != HF_OK && db->broken == HF_OK)
		db->broken = base->failed;
	if (stmt(base)->stage == PG_READY && db->broken == HF_OK)
		db->broken = stmt(base)->outcome;
	pg_done(base);
	if (!db->in_transaction) /* nothing else would ask before the next statement */
		hf_ignore(pg_wait(self(db)));
}

static void pg_close(struct db *base)
{
	struct pg_db *db = self(base);

	PQfinish(db->conn);
	while (db->free) {
		struct pg_stmt *st = db->free;

		db->free = st->next_free;
		hf_buf_done(&st->values);
		free(st);
	}
	pg_prepared_free_all(db);
	free(db->queue);
	free(db->url);
	free(db);
}

const struct db_backend db_postgres = {
	.name = "postgresql",
	.reruns = true,
	.open = pg_open,
	.close = pg_close,
	.begin = pg_begin,
	.begin_snapshot = pg_begin_snapshot,
	.commit = pg_commit,
	.rollback = pg_rollback,
	.save = pg_save,
	.keep = pg_keep,
	.unsave = pg_unsave,
	.exec = pg_exec,
	.lock_schema = pg_lock_schema,
	.schema_exists_sql =
	        "SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_versions')",
	.migration_sql = pg_migration_sql,
	.query = pg_query,
	.bind_int = pg_bind_int,
	.bind_text = pg_bind_text,
	.bind_blob = pg_bind_blob,
	.bind_null = pg_bind_null,
	.send = pg_send,
	.post = pg_post,
	.step = pg_step,
	.changed = pg_changed,
	.reset = pg_reset,
	.col_int = pg_col_int,
	.col_text = pg_col_text,
	.col_blob = pg_col_blob,
	.col_null = pg_col_null,
	.done = pg_done,
};
