/* SPDX-License-Identifier: Apache-2.0
 * Commits, and what became of one whose answer was lost. The transaction's number was fetched
 * before the commit was sent; a new connection asks for its status.
 *
 * A server that crashed, or one that took over, may never have seen the transaction, and then gives
 * its number to another, whose status would be taken for ours. So the end of the log is fetched
 * with the number, after something was written: where a recovery since then ended before it, our
 * commit was not recovered; where it ended behind it, the number is ours. */
#include "db/postgres.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	PATIENCE_MS = 1000, /* with an old connection that still holds the transaction open */
	PAUSE_LEAST_MS = 20,
	PAUSE_MOST_MS = 250,
};

/* A server that has not noticed our absence still waits for our next word: it is told. Not one that
 * waits for a replica: there the commit is done, and only not yet safe. */
static void end_the_old_connection(PGconn *conn, uint64_t xid)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
	         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xid::text = "
	         "'%u' AND state LIKE 'idle%%'",
	         (unsigned)xid); /* without the epoch, as it stands there */
	PQclear(pg_ask(conn, sql, PG_ANSWER_MS));
}

static enum hf_code meaning(const char *status)
{
	return strcmp(status, "committed") == 0     ? HF_OK
	       : strcmp(status, "aborted") == 0     ? HF_BUSY
	       : strcmp(status, "in progress") == 0 ? HF_TIMEOUT
	                                            : HF_IO;
}

/* The server has recovered since the number was fetched, and our commit was not there. */
static bool lost_in_recovery(const struct pg_db *db, const PGresult *result)
{
	int64_t replay;

	if (PQgetisnull(result, 0, 1) ||
	    !hf_ok(hf_parse_i64(PQgetvalue(result, 0, 1), 0, INT64_MAX, &replay)))
		return false;
	return replay != db->replay && replay < db->wal;
}

/* HF_OK: committed. HF_BUSY: it is not and will not be. HF_TIMEOUT: not decided yet. HF_CLOSED: the
 * connection failed. HF_IO: nobody knows any more. */
static enum hf_code ask_status(const struct pg_db *db, PGconn *conn)
{
	char sql[128];
	PGresult *result;
	const char *state;
	enum hf_code code = HF_IO;

	snprintf(sql, sizeof(sql), "SELECT pg_xact_status('%llu'::xid8), " PG_REPLAYED,
	         (unsigned long long)db->xid);
	result = pg_ask(conn, sql, PG_ANSWER_MS);
	if (!result || PQstatus(conn) == CONNECTION_BAD) {
		PQclear(result);
		return HF_CLOSED;
	}
	state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		/* In this server's future: it took over without ever having heard of it. */
		code = state && strcmp(state, "22023") == 0 ? HF_BUSY : HF_IO;
	} else if (lost_in_recovery(db, result)) {
		code = HF_BUSY;
	} else if (!PQgetisnull(result, 0, 0)) {
		code = meaning(PQgetvalue(result, 0, 0));
	}
	PQclear(result);
	return code;
}

static enum hf_code look_up(struct pg_db *db)
{
	int64_t began = hf_mono_ms();
	enum hf_code code = HF_CLOSED;
	struct hf_err err = { 0 };

	for (unsigned attempt = 0; hf_mono_ms() - began < db->lookup_ms; attempt++) {
		int64_t pause = hf_backoff_ms(attempt, PAUSE_LEAST_MS, PAUSE_MOST_MS);

		if (!db->conn && hf_ok(pg_connect(db->url, db->base.read_only, &db->conn, &err)))
			db->generation++;
		code = db->conn ? ask_status(db, db->conn) : HF_CLOSED;
		if (code == HF_TIMEOUT && hf_mono_ms() - began > PATIENCE_MS)
			end_the_old_connection(db->conn, db->xid);
		if (code == HF_CLOSED)
			PQfinish(hf_take(db->conn));
		if (code != HF_CLOSED && code != HF_TIMEOUT)
			break;
		hf_pause_ms(pause);
	}
	if (db->conn && !PQenterPipelineMode(db->conn))
		PQfinish(hf_take(db->conn));
	return code;
}

/* The connection was lost with the commit under way. */
static hf_status find_out(struct pg_db *db)
{
	enum hf_code code;

	if (!db->has_xid) /* it changed nothing */
		return HF_FAILURE(HF_BUSY);
	code = look_up(db);
	HF_INFO("a commit's answer was lost; looked up",
	        HF_KS("outcome", code == HF_OK     ? "committed"
	                         : code == HF_BUSY ? "not committed"
	                                           : "unknown"));
	if (code == HF_OK || code == HF_BUSY)
		return HF_FAILURE(code);
	db->base.unknown = true;
	snprintf(db->base.error, sizeof(db->base.error),
	         "%s: the connection was lost at a commit, and whether it happened cannot be found "
	         "out",
	         db->where);
	return HF_FAILURE(HF_IO);
}

hf_status pg_commit(struct db *base)
{
	struct pg_db *db = (struct pg_db *)base;

	hf_status s;

	if (pg_wants_xid(db)) {
		HF_TRY(pg_send_xid(db));
		HF_TRY(pg_wait(db));
	}
	HF_ENSURE(base->broken == HF_OK, base->broken);
	s = pg_send_control(db, "COMMIT", PG_COMMIT);
	if (hf_ok(s))
		hf_ignore(pg_wait(db));
	if (db->committed)
		return HF_SUCCESS;
	if (!db->conn)
		return find_out(db);
	HF_ENSURE(base->broken == HF_OK, base->broken);
	return HF_FAILURE(HF_INTERNAL);
}
