/* SPDX-License-Identifier: Apache-2.0
 * A notification is the sender's id and then words, each on a line of its own. */
#include "db/notices.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "base/thread.h"
#include "db/postgres.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

enum {
	GATHER_MS = 5,
	WORDS_MAX = 256,    /* waiting to be sent; what comes beyond is lost, as it may be */
	PAYLOAD_MAX = 7900, /* PostgreSQL's limit is 8000 */
	SENDER_LEN = 16,
	CHANNEL_MAX = 63,
	PAUSE_LEAST_MS = 50,
	PAUSE_MOST_MS = 500,
};

struct db_notices {
	db_noticed fn;
	void *ctx;
	char *url;
	char channel[CHANNEL_MAX + 1];
	char sender[SENDER_LEN + 1];
	PGconn *conn;
	bool missed; /* there was a time without a connection */
	pthread_t thread;
	bool running;
	int wake;

	pthread_mutex_t lock;
	bool stopping;
	size_t n_words;
	int64_t send_at; /* monotonic ms, with words */
	char words[WORDS_MAX][DB_WORD_MAX + 1];
};

static bool is_stopping(struct db_notices *n)
{
	bool stopping;

	pthread_mutex_lock(&n->lock);
	stopping = n->stopping;
	pthread_mutex_unlock(&n->lock);
	return stopping;
}

static void lose(struct db_notices *n)
{
	PQfinish(hf_take(n->conn));
	n->missed = true;
}

static void deliver_one(struct db_notices *n, char *payload)
{
	char *rest = payload, *word = strsep(&rest, "\n");

	if (strcmp(word, n->sender) == 0)
		return;
	while ((word = strsep(&rest, "\n")) != NULL)
		if (word[0] && strlen(word) <= DB_WORD_MAX)
			n->fn(n->ctx, word);
}

static void deliver(struct db_notices *n)
{
	PGnotify *notify;

	while (n->conn && (notify = PQnotifies(n->conn)) != NULL) {
		deliver_one(n, notify->extra);
		PQfreemem(notify);
	}
}

/* As many words as fit into one notification, taken from the list. */
static bool next_payload(struct db_notices *n, struct hf_buf *to)
{
	size_t taken = 0;

	hf_buf_clear(to);
	hf_buf_text(to, n->sender);
	pthread_mutex_lock(&n->lock);
	while (taken < n->n_words && to->len + DB_WORD_MAX + 1 < PAYLOAD_MAX) {
		hf_buf_u8(to, '\n');
		hf_buf_text(to, n->words[taken++]);
	}
	n->n_words -= taken;
	memmove(n->words, n->words[taken], n->n_words * sizeof(n->words[0]));
	pthread_mutex_unlock(&n->lock);
	hf_buf_u8(to, 0);
	return taken > 0 && hf_ok(hf_buf_status(to));
}

static bool send_one(struct db_notices *n, const struct hf_buf *payload)
{
	HF_BUF_SCOPED struct hf_buf sql = HF_BUF(3 * PAYLOAD_MAX);
	char *literal = PQescapeLiteral(n->conn, (char *)payload->ptr, payload->len - 1);
	PGresult *result = NULL;
	bool fine;

	hf_buf_printf(&sql, "SELECT pg_notify('%s', %s)", n->channel, literal ? literal : "''");
	PQfreemem(literal);
	hf_buf_u8(&sql, 0);
	if (hf_ok(hf_buf_status(&sql)))
		result = pg_ask(n->conn, (char *)sql.ptr, PG_ANSWER_MS);
	fine = PQresultStatus(result) == PGRES_TUPLES_OK;
	PQclear(result);
	return fine;
}

static void send_words(struct db_notices *n)
{
	HF_BUF_SCOPED struct hf_buf payload = HF_BUF(PAYLOAD_MAX + 1);

	while (n->conn && next_payload(n, &payload))
		if (!send_one(n, &payload))
			lose(n);
}

static bool listen_there(struct db_notices *n)
{
	char sql[CHANNEL_MAX + 64];
	PGresult *result;
	bool fine;

	snprintf(sql, sizeof(sql), "SET synchronous_commit = off; LISTEN %s", n->channel);
	result = pg_ask(n->conn, sql, PG_ANSWER_MS);
	fine = PQresultStatus(result) == PGRES_COMMAND_OK;
	PQclear(result);
	return fine;
}

static void forget_words(struct db_notices *n)
{
	pthread_mutex_lock(&n->lock);
	n->n_words = 0;
	pthread_mutex_unlock(&n->lock);
}

static void drain_wake(struct db_notices *n)
{
	uint64_t count;

	/* Non-blocking: nothing there is fine. */
	if (read(n->wake, &count, sizeof(count)) < 0)
		return;
}

/* Until it is there or we are to stop. */
static void connect_again(struct db_notices *n)
{
	struct hf_err err = { 0 };

	for (unsigned attempt = 0; !n->conn && !is_stopping(n); attempt++) {
		struct pollfd p = { .fd = n->wake, .events = POLLIN };

		if (attempt > 0) {
			poll(&p, 1, (int)hf_backoff_ms(attempt, PAUSE_LEAST_MS, PAUSE_MOST_MS));
			drain_wake(n);
		}
		if (hf_ok(pg_connect(n->url, false, &n->conn, &err)) && listen_there(n))
			break;
		HF_DEBUG("no connection for notices", HF_KS("error", err.text));
		lose(n);
	}
	forget_words(n);
	if (n->conn && n->missed)
		n->fn(n->ctx, NULL);
	n->missed = true; /* the next time */
}

/* -1: nothing is to be sent. */
static int until_sending(struct db_notices *n)
{
	int64_t left = -1;

	pthread_mutex_lock(&n->lock);
	if (n->n_words > 0) {
		left = n->send_at - hf_mono_ms();
		left = left > 0 ? left : 0;
	}
	pthread_mutex_unlock(&n->lock);
	return (int)left;
}

static void listen_and_say(struct db_notices *n)
{
	int left = until_sending(n);
	struct pollfd p[2] = { { .fd = PQsocket(n->conn), .events = POLLIN },
		               { .fd = n->wake, .events = POLLIN } };

	if (left != 0)
		poll(p, 2, left);
	drain_wake(n);
	if (p[0].revents && !PQconsumeInput(n->conn)) {
		lose(n);
		return;
	}
	if (until_sending(n) == 0)
		send_words(n);
	deliver(n);
}

static void *notices_main(void *arg)
{
	struct db_notices *n = arg;

	while (!is_stopping(n)) {
		if (!n->conn)
			connect_again(n);
		else
			listen_and_say(n);
	}
	send_words(n);
	PQfinish(n->conn);
	return NULL;
}

static hf_status start_thread(struct db_notices *n, struct hf_err *err)
{
	HF_TRY(hf_thread_start("notices", notices_main, n, &n->thread, err));
	n->running = true;
	return HF_SUCCESS;
}

static hf_status start(struct db_notices *n, const char *url, struct hf_err *err)
{
	uint64_t id = hf_random_u64();

	hf_hex(&id, sizeof(id), n->sender);
	n->url = hf_strdup(url);
	HF_ENSURE(n->url, HF_NOMEM);
	HF_TRY(pg_url_check(url, err));
	n->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	HF_ENSURE(n->wake >= 0, HF_IO);
	return start_thread(n, err);
}

hf_status db_notices_start(const struct db_config *config, const char *channel, db_noticed fn,
                           void *ctx, struct db_notices **ret, struct hf_err *err)
{
	struct db_notices *n;
	hf_status s = HF_SUCCESS;

	/* Written into statements as it is. */
	HF_ENSURE(channel[0] && strlen(channel) <= CHANNEL_MAX, HF_INVALID);
	HF_ENSURE(channel[strspn(channel, "abcdefghijklmnopqrstuvwxyz_")] == 0, HF_INVALID);
	n = calloc(1, sizeof(*n));
	HF_ENSURE(n, HF_NOMEM);
	n->fn = fn;
	n->ctx = ctx;
	n->wake = -1;
	snprintf(n->channel, sizeof(n->channel), "%s", channel);
	pthread_mutex_init(&n->lock, NULL);
	if (config->postgres_url && config->postgres_url[0])
		s = start(n, config->postgres_url, err);
	if (!hf_ok(s)) {
		db_notices_stop(n);
		return s;
	}
	*ret = n;
	return HF_SUCCESS;
}

static void wake(struct db_notices *n)
{
	uint64_t one = 1;

	/* Full: then it is awake. */
	if (write(n->wake, &one, sizeof(one)) < 0)
		return;
}

void db_notices_say(struct db_notices *n, const char *word)
{
	bool first = false, known = false;

	if (!n || !n->running || !word[0] || strlen(word) > DB_WORD_MAX || strchr(word, '\n'))
		return;
	pthread_mutex_lock(&n->lock);
	for (size_t i = 0; i < n->n_words && !known; i++)
		known = strcmp(n->words[i], word) == 0;
	if (!known && n->n_words < WORDS_MAX) {
		first = n->n_words == 0;
		if (first)
			n->send_at = hf_mono_ms() + GATHER_MS;
		memcpy(n->words[n->n_words++], word, strlen(word) + 1);
	}
	pthread_mutex_unlock(&n->lock);
	if (first)
		wake(n);
}

void db_notices_stop(struct db_notices *n)
{
	if (!n)
		return;
	if (n->running) {
		pthread_mutex_lock(&n->lock);
		n->stopping = true;
		pthread_mutex_unlock(&n->lock);
		wake(n);
		pthread_join(n->thread, NULL);
	}
	if (n->wake >= 0)
		close(n->wake);
	pthread_mutex_destroy(&n->lock);
	free(n->url);
	free(n);
}
