/* SPDX-License-Identifier: Apache-2.0
 * How a connection to PostgreSQL is made, and what it is called in logs. */
#include "db/postgres.h"

#include "base/log.h"
#include "base/text.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

/* What every session of ours is told. Generic plans made while a table was empty scan it for ever
 * after. A bitmap scan never marks the entries of dead rows as dead, so that a queue's index is
 * read through them again and again: twice the work. A transaction whose owner died must not hold
 * its locks; a lock is waited for a shorter time than we wait for an answer. */
#define SESSION                                                                                    \
	"SET plan_cache_mode = force_custom_plan;"                                                 \
	"SET enable_bitmapscan = off;"                                                             \
	"SET idle_in_transaction_session_timeout = '10s';"                                         \
	"SET lock_timeout = '5s';"                                                                 \
	"SET client_min_messages = warning;"                                                       \
	"SET default_transaction_isolation = 'read committed';"

static const char session_sql[] = SESSION;
static const char reader_sql[] = SESSION "SET default_transaction_read_only = on;";

static const char *value_of(const PQconninfoOption *list, const char *keyword)
{
	for (; list->keyword; list++)
		if (strcmp(list->keyword, keyword) == 0)
			return list->val && list->val[0] ? list->val : NULL;
	return NULL;
}

/* A password with an unencoded @ or / would be taken for a host, and told to the world. */
static bool url_is_ambiguous(const char *url)
{
	const char *rest = strstr(url, "://");
	size_t host, path, all;

	if (!rest)
		return false;
	rest += 3;
	host = strcspn(rest, "@?");
	path = strcspn(rest, "/?");
	all = strcspn(rest, "?");
	if (rest[host] != '@')
		return false;
	return path < host || memchr(rest + host + 1, '@', all - host - 1) != NULL;
}

hf_status pg_url_check(const char *url, struct hf_err *err)
{
	PQconninfoOption *list;

	if (url_is_ambiguous(url))
		return hf_fail(err, HF_INVALID,
		               "the PostgreSQL URL has an @ or / where none can be: inside a "
		               "password write %%40 for @ and %%2F for /, or use a passfile");
	/* libpq's own words would quote the URL. */
	list = PQconninfoParse(url, NULL);
	if (!list)
		return hf_fail(err, HF_INVALID,
		               "the PostgreSQL URL cannot be read, or has a parameter that libpq "
		               "does not know: write "
		               "postgresql://ROLE@HOST:PORT/DATABASE?sslmode=verify-full");
	PQconninfoFree(list);
	return HF_SUCCESS;
}

void pg_describe(const char *url, char *to, size_t cap)
{
	PQconninfoOption *list = url_is_ambiguous(url) ? NULL : PQconninfoParse(url, NULL);
	const char *user, *host, *port, *name, *service;

	if (!list) {
		snprintf(to, cap, "PostgreSQL (unreadable URL)");
		return;
	}
	user = value_of(list, "user");
	host = value_of(list, "host");
	port = value_of(list, "port");
	name = value_of(list, "dbname");
	service = value_of(list, "service");
	if (!host)
		host = value_of(list, "hostaddr");
	snprintf(to, cap, "postgresql://%s%s%s%s%s%s%s%s%s", user ? user : "", user ? "@" : "",
	         host ? host : "", port ? ":" : "", port ? port : "", name ? "/" : "",
	         name ? name : "", service ? "?service=" : "", service ? service : "");
	PQconninfoFree(list);
}

/* What the server says beside its answers. */
static void on_notice(void *arg, const PGresult *result)
{
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	HF_DEBUG("PostgreSQL says", HF_KS("text", text),
	         HF_KS("sqlstate", PQresultErrorField(result, PG_DIAG_SQLSTATE)));
}

/* libpq's words, without line breaks and the mark at their end. */
static void one_line(const char *from, char *to, size_t cap)
{
	size_t n = 0;

	for (; *from && n + 1 < cap; from++) {
		bool blank = *from == '\n' || *from == '\t' || *from == ' ';

		if (!blank || (n > 0 && to[n - 1] != ' '))
			to[n++] = blank ? ' ' : *from;
	}
	while (n > 0 && strchr(" .", to[n - 1]))
		n--;
	to[n] = 0;
}

static hf_status refused(const char *url, const char *message, struct hf_err *err)
{
	char where[256], text[512];
	const char *hint = NULL;
	enum hf_code code = pg_refusal(message, &hint);

	pg_describe(url, where, sizeof(where));
	one_line(message, text, sizeof(text));
	return hf_fail(err, code, "cannot connect to %s: %s%s%s", where, text, hint ? ". " : "",
	               hint ? hint : "");
}

static PGconn *make(const char *url)
{
	/* What the URL says wins over what stands before it, and loses to what follows. */
	static const char *const keywords[] = { "connect_timeout",
		                                "tcp_user_timeout",
		                                "keepalives_idle",
		                                "keepalives_interval",
		                                "keepalives_count",
		                                "fallback_application_name",
		                                "dbname",
		                                "client_encoding",
		                                "target_session_attrs",
		                                NULL };
	const char *const values[] = { "5",        "10000", "10",   "3",          "3",
		                       "holdfast", url,     "UTF8", "read-write", NULL };

	return PQconnectdbParams(keywords, values, 1);
}

hf_status pg_connect(const char *url, bool read_only, PGconn **ret, struct hf_err *err)
{
	PGconn *conn;
	PGresult *result;
	hf_status s = HF_SUCCESS;

	HF_TRY(pg_url_check(url, err));
	conn = make(url);
	HF_ENSURE(conn, HF_NOMEM);
	if (PQstatus(conn) == CONNECTION_OK) {
		PQsetNoticeReceiver(conn, on_notice, NULL);
		result = pg_ask(conn, read_only ? reader_sql : session_sql, PG_ANSWER_MS);
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			s = refused(url, PQerrorMessage(conn), err);
		PQclear(result);
	} else {
		s = refused(url, PQerrorMessage(conn), err);
	}
	if (!hf_ok(s)) {
		PQfinish(conn);
		return s;
	}
	*ret = conn;
	return HF_SUCCESS;
}

hf_status pg_open(const struct db_config *config, struct db **ret, struct hf_err *err)
{
	DB_SCOPED struct db *base = NULL;
	struct pg_db *db = calloc(1, sizeof(*db));

	HF_ENSURE(db, HF_NOMEM);
	base = &db->base;
	base->backend = &db_postgres;
	base->read_only = config->read_only;
	db->url = hf_strdup(config->postgres_url);
	HF_ENSURE(db->url, HF_NOMEM);
	pg_describe(db->url, db->where, sizeof(db->where));
	HF_TRY(pg_connect(db->url, base->read_only, &db->conn, err));
	HF_ENSURE(PQenterPipelineMode(db->conn), HF_INTERNAL);
	db->generation = 1;
	db->answer_ms = PG_ANSWER_MS;
	db->lookup_ms = PG_LOOKUP_MS;
	*ret = hf_take(base);
	return HF_SUCCESS;
}

/* The server may have closed it while nothing was asked. */
static void notice_the_end(struct pg_db *db)
{
	struct pollfd p = { .fd = PQsocket(db->conn), .events = POLLIN };

	while (poll(&p, 1, 0) > 0) {
		if (!PQconsumeInput(db->conn)) {
			pg_lose(db, PQerrorMessage(db->conn));
			return;
		}
		(void)PQisBusy(db->conn); /* reads what came */
	}
}

hf_status pg_ensure(struct pg_db *db)
{
	struct hf_err err = { 0 };
	hf_status s;

	if (db->conn && db->n_queue == 0)
		notice_the_end(db);
	if (db->conn)
		return HF_SUCCESS;
	s = pg_connect(db->url, db->base.read_only, &db->conn, &err);
	if (!hf_ok(s)) {
		snprintf(db->base.error, sizeof(db->base.error), "%.500s", err.text);
		db->base.losses++;
		/* Whatever it is, it may be put right while we wait. */
		return HF_FAILURE(HF_BUSY);
	}
	db->generation++;
	HF_ENSURE(PQenterPipelineMode(db->conn), HF_INTERNAL);
	return HF_SUCCESS;
}
