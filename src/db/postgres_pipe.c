/* SPDX-License-Identifier: Apache-2.0
 * The pipeline: what is sent stands in a queue until its result is there.
 *
 * A failure makes the server skip what follows up to the next sync, so everything between two syncs
 * fails with the first failure. Only a rollback is sent across a sync without having waited. */
#include "db/postgres.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static void pg_note(struct pg_db *db, const PGresult *result, const char *hint)
{
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	/* Not the detail: it has values in it. */
	snprintf(db->base.error, sizeof(db->base.error), "%s: %s%s%s%s%s%s", db->where,
	         text ? text : PQresultErrorMessage(result), state ? " (SQLSTATE " : "",
	         state ? state : "", state ? ")" : "", hint ? ". " : "", hint ? hint : "");
}

/* Of what was sent, or of an open transaction; the first failure stays. */
static void fail_one(struct pg_db *db, const struct pg_sent *sent, enum hf_code code)
{
	db->planning = PG_PLAN_UNKNOWN;
	if (sent->kind == PG_PREPARE)
		sent->prepared->generation = 0;
	if (sent->stmt) {
		sent->stmt->stage = PG_READY;
		sent->stmt->outcome = code;
	}
	if (db->base.broken == HF_OK &&
	    (db->base.in_transaction || (sent->kind == PG_STATEMENT && !sent->stmt)))
		db->base.broken = code;
}

void pg_lose(struct pg_db *db, const char *why)
{
	if (!db->conn)
		return;
	if (!db->drop) { /* otherwise the server's own words stand there */
		size_t n = strcspn(why, "\n");

		snprintf(db->base.error, sizeof(db->base.error), "%s: %.*s", db->where, (int)n,
		         why);
	}
	db->base.losses++;
	if (db->base.in_transaction && db->base.lost == HF_OK)
		db->base.lost = HF_BUSY;
	for (; db->n_queue > 0; db->n_queue--, db->first++)
		if (db->queue[db->first].kind == PG_STATEMENT)
			fail_one(db, &db->queue[db->first], HF_BUSY);
	db->first = 0;
	db->statements = 0;
	db->unsynced = db->answered = db->drop = false;
	db->planning = PG_PLAN_UNKNOWN;
	db->batch = HF_OK;
	PQfinish(hf_take(db->conn));
}

static hf_status pg_push(struct pg_db *db, struct pg_sent sent)
{
	if (db->first + db->n_queue == db->cap) {
		size_t cap = db->cap ? db->cap * 2 : 64;
		struct pg_sent *more;

		if (db->first > db->cap / 2) {
			memmove(db->queue, db->queue + db->first, db->n_queue * sizeof(*more));
			db->first = 0;
		} else {
			more = reallocarray(db->queue, cap, sizeof(*more));
			HF_ENSURE(more, HF_NOMEM);
			db->queue = more;
			db->cap = cap;
		}
	}
	db->queue[db->first + db->n_queue++] = sent;
	db->unsynced = sent.kind != PG_SYNC;
	if (sent.kind == PG_STATEMENT)
		db->statements++;
	else if (sent.kind == PG_SYNC)
		db->statements = 0;
	return HF_SUCCESS;
}

/* A call of libpq's that only fails with the connection, or without memory. */
static hf_status sent(struct pg_db *db, int fine, struct pg_sent what)
{
	hf_status s;

	if (!fine) {
		pg_lose(db, PQerrorMessage(db->conn));
		return HF_FAILURE(HF_BUSY);
	}
	s = pg_push(db, what);
	if (!hf_ok(s)) /* its result would be taken for another's */
		pg_lose(db, "out of memory");
	return s;
}

static hf_status prepare(struct pg_db *db, struct pg_prepared *p)
{
	snprintf(p->name, sizeof(p->name), "h%u", db->names++);
	HF_TRY(sent(db, PQsendPrepare(db->conn, p->name, p->sql, p->n_params, p->types),
	            (struct pg_sent){ .kind = PG_PREPARE, .prepared = p }));
	p->generation = db->generation;
	p->columns_known = false;
	return HF_SUCCESS;
}

/* The types of parameters are those of the values; a NULL takes the one known before, if any. */
static void learn_types(struct pg_prepared *p, const struct pg_stmt *st)
{
	for (int i = 0; i < p->n_params; i++) {
		if (st->params[i].type == 0 || st->params[i].type == p->types[i])
			continue;
		p->types[i] = st->params[i].type;
		p->generation = 0;
	}
}

/* A plan made while a table was empty scans it for ever after, unless it may not scan at all. A
 * rollback takes the setting back, a failure may have passed over it: then it is made again. */
static hf_status choose_planning(struct pg_db *db, const struct pg_prepared *p)
{
	enum pg_planning wanted = p->by_key ? PG_PLAN_ONCE : PG_PLAN_EACH;

	if (db->planning == wanted)
		return HF_SUCCESS;
	HF_TRY(pg_send_control(
	        db,
	        p->by_key ? "SELECT set_config('plan_cache_mode', 'force_generic_plan', false), "
	                    "set_config('enable_seqscan', 'off', false)"
	                  : "SELECT set_config('plan_cache_mode', 'force_custom_plan', false), "
	                    "set_config('enable_seqscan', 'on', false)",
	        PG_CONTROL));
	db->planning = wanted;
	return HF_SUCCESS;
}

hf_status pg_send_stmt(struct pg_db *db, struct pg_stmt *st)
{
	struct pg_prepared *p = st->prepared;
	const char *values[DB_PARAMS_MAX];
	int lengths[DB_PARAMS_MAX], formats[DB_PARAMS_MAX];

	HF_TRY(choose_planning(db, p));
	learn_types(p, st);
	if (p->generation != db->generation)
		HF_TRY(prepare(db, p));
	for (int i = 0; i < p->n_params; i++) {
		values[i] = st->params[i].type ? (char *)st->values.ptr + st->params[i].at : NULL;
		lengths[i] = (int)st->params[i].len;
		formats[i] = 1;
	}
	HF_TRY(sent(
	        db,
	        PQsendQueryPrepared(db->conn, p->name, p->n_params, values, lengths, formats, 1),
	        (struct pg_sent){ .kind = PG_STATEMENT, .stmt = st }));
	st->stage = PG_SENT;
	db->base.writes += p->writes;
	/* Each for itself when there is no transaction that holds them together. */
	return db->base.in_transaction ? HF_SUCCESS : pg_sync(db);
}

hf_status pg_send_control(struct pg_db *db, const char *sql, enum pg_kind kind)
{
	hf_status s = HF_SUCCESS;
	struct pg_prepared *p = pg_prepared(db, sql, &s);

	HF_TRY(s);
	if (p->generation != db->generation)
		HF_TRY(prepare(db, p));
	return sent(db, PQsendQueryPrepared(db->conn, p->name, 0, NULL, NULL, NULL, 1),
	            (struct pg_sent){ .kind = kind });
}

bool pg_wants_xid(const struct pg_db *db)
{
	return db->base.in_transaction && !db->has_xid && db->base.writes != db->asked;
}

hf_status pg_send_xid(struct pg_db *db)
{
	db->asked = db->base.writes;
	return pg_send_control(db,
	                       "SELECT pg_current_xact_id_if_assigned(), "
	                       "(pg_current_wal_insert_lsn() - '0/0')::int8, " PG_REPLAYED,
	                       PG_TRANSACTION_ID);
}

hf_status pg_sync(struct pg_db *db)
{
	return sent(db, PQpipelineSync(db->conn), (struct pg_sent){ .kind = PG_SYNC });
}

static bool read_number(const PGresult *result, int column, enum pg_type type, int64_t *ret)
{
	return !PQgetisnull(result, 0, column) && pg_read_int(type, PQgetvalue(result, 0, column),
	                                                      PQgetlength(result, 0, column), ret);
}

static void take_xid(struct pg_db *db, const PGresult *result)
{
	int64_t xid;

	if (PQntuples(result) != 1 || PQnfields(result) != 3)
		return;
	db->has_xid =
	        read_number(result, 0, PG_XID8, &xid) && read_number(result, 1, PG_INT8, &db->wal);
	if (db->has_xid)
		db->xid = (uint64_t)xid;
	if (!read_number(result, 2, PG_INT8, &db->replay))
		db->replay = -1;
}

static void take_values(struct pg_db *db, const struct pg_sent *sent, PGresult *result)
{
	if (sent->kind == PG_COMMIT)
		db->committed = strcmp(PQcmdStatus(result), "COMMIT") == 0;
	if (sent->kind == PG_TRANSACTION_ID)
		take_xid(db, result);
	if (sent->stmt) {
		sent->stmt->stage = PG_READY;
		sent->stmt->outcome = HF_OK;
		PQclear(sent->stmt->result);
		sent->stmt->result = result;
		return;
	}
	PQclear(result);
}

static void take_failure(struct pg_db *db, const struct pg_sent *sent, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const struct pg_meaning *m = pg_meaning(state);
	enum hf_code code = state ? m->code : HF_BUSY; /* libpq's own: the connection */

	if (db->batch == HF_OK) {
		pg_note(db, result, m->hint);
		db->batch = code;
	}
	db->drop |= state ? m->drop : true;
	fail_one(db, sent, code);
}

static void pop(struct pg_db *db)
{
	db->first++;
	db->answered = false;
	if (--db->n_queue == 0)
		db->first = 0;
}

/* One thing that PQgetResult() gave: a result, or NULL at the end of a statement's. False: it said
 * nothing. */
static bool take(struct pg_db *db, PGresult *result)
{
	const struct pg_sent *sent = &db->queue[db->first];
	ExecStatusType status = result ? PQresultStatus(result) : PGRES_EMPTY_QUERY;

	if (!result) {
		bool ended = db->answered;

		if (ended)
			pop(db);
		return ended;
	}
	db->answered = true;
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
		take_values(db, sent, result);
		return true;
	}
	if (status == PGRES_PIPELINE_SYNC) {
		db->batch = HF_OK;
		pop(db);
	} else if (status == PGRES_PIPELINE_ABORTED) {
		fail_one(db, sent, db->batch != HF_OK ? db->batch : HF_INTERNAL);
	} else {
		take_failure(db, sent, result);
	}
	PQclear(result);
	return true;
}

static void take_what_is_there(struct pg_db *db)
{
	int silent = 0;

	while (db->n_queue > 0 && silent < 2 && !PQisBusy(db->conn))
		silent = take(db, PQgetResult(db->conn)) ? 0 : silent + 1;
}

/* Waits for the socket; false when it takes too long. */
static bool pg_poll(PGconn *conn, bool flushing, int patience_ms)
{
	struct pollfd p = { .fd = PQsocket(conn), .events = POLLIN };
	int64_t until = hf_mono_ms() + patience_ms;
	int n;

	if (flushing)
		p.events |= POLLOUT;
	do {
		int64_t left = until - hf_mono_ms();

		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

hf_status pg_wait(struct pg_db *db)
{
	if (db->unsynced)
		HF_TRY(pg_sync(db));
	while (db->conn && db->n_queue > 0) {
		int flushing = PQflush(db->conn);

		take_what_is_there(db);
		if (PQstatus(db->conn) == CONNECTION_BAD || flushing < 0)
			pg_lose(db, PQerrorMessage(db->conn));
		else if (db->n_queue > 0 && !pg_poll(db->conn, flushing > 0, db->answer_ms))
			pg_lose(db, "the server does not answer");
		else if (db->n_queue > 0 && !PQconsumeInput(db->conn))
			pg_lose(db, PQerrorMessage(db->conn));
	}
	if (db->conn && db->drop)
		pg_lose(db, "");
	HF_ENSURE(db->conn, HF_BUSY);
	return HF_SUCCESS;
}

PGresult *pg_ask(PGconn *conn, const char *sql, int patience_ms)
{
	PGresult *kept = NULL, *next;

	if (!PQsendQuery(conn, sql))
		return NULL;
	for (;;) {
		int flushing = PQflush(conn);

		if (!PQisBusy(conn)) {
			next = PQgetResult(conn);
			if (!next)
				return kept;
			if (kept && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
				PQclear(next);
				continue;
			}
			PQclear(kept);
			kept = next;
		} else if (flushing < 0 || !pg_poll(conn, flushing > 0, patience_ms) ||
		           !PQconsumeInput(conn)) {
			PQclear(kept);
			return NULL;
		}
	}
}

/* Several statements in one text are not for a pipeline, so it is left for a moment. */
hf_status pg_exec(struct db *base, const char *sql)
{
	struct pg_db *db = (struct pg_db *)base;
	PGresult *result;
	ExecStatusType status;
	struct pg_sent nobody = { .kind = PG_CONTROL };
	enum hf_code failed = HF_OK;

	HF_TRY(pg_wait(db));
	HF_ENSURE(base->broken == HF_OK, base->broken);
	HF_ENSURE(PQexitPipelineMode(db->conn), HF_INTERNAL);
	result = pg_ask(db->conn, sql, PG_MIGRATION_MS);
	status = PQresultStatus(result);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
		base->writes++;
	} else if (result) {
		take_failure(db, &nobody, result);
		failed = db->batch;
	}
	PQclear(result);
	if (!result || db->drop || PQstatus(db->conn) == CONNECTION_BAD ||
	    !PQenterPipelineMode(db->conn)) {
		pg_lose(db, PQerrorMessage(db->conn));
		return HF_FAILURE(HF_BUSY);
	}
	db->batch = HF_OK;
	return HF_FAILURE(base->broken != HF_OK ? base->broken : failed);
}
