/* SPDX-License-Identifier: Apache-2.0 */
#include "server/audit_sender.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "server/core/audit/audit.h"
#include "server/core/audit/audit_export.h"
#include "server/store/audit_rows.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY_MS 300
#define BATCH 256
#define SURE_AFTER_MS 2000 /* how long a connection stands after the bytes were acknowledged */
#define LEASE_MS 15000
#define RENEW_MS 5000
#define CONNECT_MS 10000
#define PAUSE_MS 500
#define PAUSE_MAX_MS 30000
#define ORGS_MAX 256
#define SINK_MAX 300

struct position {
	char org_id[HF_ID_MAX];
	uint64_t sure;  /* stored: the collector has all below */
	uint64_t asked; /* acknowledged by its machine at asked_ms, and not sure yet */
	int64_t asked_ms;
	uint64_t next; /* handed to the connection: all below */
};

/* A write of ours, waited for. */
struct writing {
	struct db_task task; /* first */
	struct audit_sender *s;
	const struct position *p; /* NULL: the lease */
	bool ended, ours;
	hf_status status;
};

struct audit_sender {
	struct audit_sender_config config;
	char sink[SINK_MAX], host[256];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	/* the thread's own */
	struct db *db;
	struct tls_stream *stream;
	unsigned failures;
	int64_t again_ms, lease_until_ms, renew_ms;
	struct position positions[ORGS_MAX];
	size_t n_positions;
	bool loaded;
	struct hf_buf frame, message;
	struct position *at; /* being walked through */
};

static bool stopping(struct audit_sender *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

static void rest(struct audit_sender *s, int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += (long)ms * 1000000;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	pthread_mutex_lock(&s->lock);
	if (!s->stop)
		pthread_cond_clockwait(&s->wake, &s->lock, CLOCK_MONOTONIC, &at);
	pthread_mutex_unlock(&s->lock);
}

static hf_status run_write(struct db_task *task, struct db *db)
{
	struct writing *w = (struct writing *)task;

	if (w->p)
		return audit_cursor_put(db, w->s->sink, w->p->org_id, w->p->sure);
	return audit_sender_lease(db, w->s->sink, w->s->config.core->id, LEASE_MS, &w->ours);
}

static void write_done(struct db_task *task, hf_status status)
{
	struct writing *w = (struct writing *)task;
	struct audit_sender *s = w->s;

	pthread_mutex_lock(&s->lock);
	w->status = status;
	w->ended = true;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static hf_status write_and_wait(struct audit_sender *s, struct writing *w)
{
	w->s = s;
	w->task = (struct db_task){
		.run = run_write,
		.done = write_done,
		.durability = core_durability(s->config.core),
	};
	HF_TRY(db_work_submit(s->config.core->writer, &w->task));
	pthread_mutex_lock(&s->lock);
	while (!w->ended)
		pthread_cond_wait(&s->wake, &s->lock);
	pthread_mutex_unlock(&s->lock);
	return w->status;
}

/* Only one server sends: the one that has the lease. */
static bool has_lease(struct audit_sender *s)
{
	struct writing w = { 0 };
	int64_t now = hf_mono_ms();

	if (now < s->renew_ms)
		return now < s->lease_until_ms;
	s->renew_ms = now + RENEW_MS;
	if (hf_ok(write_and_wait(s, &w)))
		s->lease_until_ms = w.ours ? now + LEASE_MS : 0;
	return now < s->lease_until_ms;
}

static hf_status note_org(void *ctx, const char *org_id)
{
	struct audit_sender *s = ctx;

	for (size_t i = 0; i < s->n_positions; i++)
		if (strcmp(s->positions[i].org_id, org_id) == 0)
			return HF_SUCCESS;
	HF_ENSURE(s->n_positions < ORGS_MAX, HF_TOOBIG);
	snprintf(s->positions[s->n_positions].org_id, HF_ID_MAX, "%s", org_id);
	s->n_positions++;
	return HF_SUCCESS;
}

static hf_status load_positions(struct audit_sender *s)
{
	size_t known = s->loaded ? s->n_positions : 0;

	HF_TRY(audit_orgs(s->db, note_org, s));
	for (size_t i = known; i < s->n_positions; i++) {
		struct position *p = &s->positions[i];

		HF_TRY(audit_cursor_get(s->db, s->sink, p->org_id, &p->sure));
		p->next = p->asked = p->sure;
		p->asked_ms = 0;
	}
	s->loaded = true;
	return HF_SUCCESS;
}

/* What nobody is sure of is sent again by the next connection. */
static void disconnect(struct audit_sender *s, const char *why)
{
	int64_t pause = PAUSE_MS << (s->failures < 6 ? s->failures : 6);

	tls_stream_close(s->stream);
	s->stream = NULL;
	for (size_t i = 0; i < s->n_positions; i++)
		s->positions[i].next = s->positions[i].asked = s->positions[i].sure;
	if (!why)
		return;
	if (s->failures++ == 0)
		HF_WARN("the audit log's collector is away: entries wait for it",
		        HF_KS("collector", s->config.to.host_port), HF_KS("reason", why));
	s->again_ms = hf_mono_ms() + (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS);
	hf_count(&audit_counts(s->config.core->audit)->send_failures, 1);
}

static bool connected(struct audit_sender *s)
{
	struct hf_err err = { 0 };

	if (s->stream)
		return true;
	if (hf_mono_ms() < s->again_ms)
		return false;
	if (!hf_ok(tls_stream_open(&s->config.to, &s->stream, &err))) {
		disconnect(s, err.text);
		return false;
	}
	HF_INFO("the audit log goes to its collector", HF_KS("collector", s->config.to.host_port));
	return true;
}

/* RFC 5425, 4.3: the length in octets, a space, the message. */
static hf_status send_entry(void *ctx, uint64_t leaf, const struct merkle_hash *hash,
                            const char *id, struct hf_span text)
{
	struct audit_sender *s = ctx;
	ENTRY_SCOPED e = { 0 };

	if (!hf_ok(entry_parse(text, &e, NULL))) {
		HF_ERROR("an entry of the audit log is gone or cannot be read: see holdfast audit "
		         "verify",
		         HF_KS("entry", id));
		s->at->next = leaf + 1;
		return HF_SUCCESS;
	}
	hf_buf_clear(&s->message);
	hf_buf_clear(&s->frame);
	HF_TRY(format_syslog(&s->message, s->config.format, &e, leaf, s->host));
	hf_buf_printf(&s->frame, "%zu ", s->message.len);
	hf_buf_put(&s->frame, s->message.ptr, s->message.len);
	HF_TRY(hf_buf_status(&s->frame));
	HF_TRY(tls_stream_send(s->stream, hf_buf_span(&s->frame)));
	s->at->next = leaf + 1;
	hf_count(&audit_counts(s->config.core->audit)->sent, 1);
	return HF_SUCCESS;
}

static hf_status send_some(struct audit_sender *s, struct position *p, bool *ret_more)
{
	uint64_t size;

	HF_TRY(audit_size(s->db, p->org_id, &size));
	if (p->next >= size)
		return HF_SUCCESS;
	if (size - p->next > BATCH) {
		size = p->next + BATCH;
		*ret_more = true;
	}
	s->at = p;
	return audit_walk(s->db, p->org_id, p->next, size, send_entry, s);
}

static void make_sure(struct audit_sender *s, struct position *p, bool at_once)
{
	struct writing w = { .p = p };
	int64_t now = hf_mono_ms();
	uint64_t before = p->sure;

	if (p->asked > p->sure && (at_once || now - p->asked_ms >= SURE_AFTER_MS)) {
		p->sure = p->asked;
		if (!hf_ok(write_and_wait(s, &w)))
			p->sure = before; /* comes again with the next */
	}
	if (p->asked == p->sure && p->next > p->asked) {
		p->asked = p->next;
		p->asked_ms = now;
	}
}

static void look_at_stream(struct audit_sender *s)
{
	switch (tls_stream_state(s->stream)) {
	case TLS_STREAM_SENDING:
		return;
	case TLS_STREAM_GONE:
		disconnect(s, "it closed the connection");
		return;
	case TLS_STREAM_SETTLED:
		break;
	}
	s->failures = 0;
	for (size_t i = 0; i < s->n_positions; i++)
		make_sure(s, &s->positions[i], false);
}

/* *ret_more: there is more than one round took. */
static hf_status send_round(struct audit_sender *s, bool *ret_more)
{
	if (!s->db)
		HF_TRY(db_open(
		        &(struct db_config){ .sqlite_path = s->config.core->config->db.sqlite_path,
		                             .postgres_url =
		                                     s->config.core->config->db.postgres_url,
		                             .read_only = true },
		        &s->db, NULL));
	HF_TRY(db_begin_snapshot(s->db));
	HF_TRY(load_positions(s));
	for (size_t i = 0; i < s->n_positions; i++)
		HF_TRY(send_some(s, &s->positions[i], ret_more));
	return HF_SUCCESS;
}

static bool is_the_streams(hf_status status)
{
	return status.code == HF_CLOSED || status.code == HF_TIMEOUT || status.code == HF_IO;
}

static void turn(struct audit_sender *s)
{
	bool more = false;
	hf_status status;

	if (!has_lease(s)) {
		disconnect(s, NULL);
		s->loaded = false;
		s->n_positions = 0;
		rest(s, LOOK_EVERY_MS);
		return;
	}
	if (!connected(s)) {
		rest(s, LOOK_EVERY_MS);
		return;
	}
	status = send_round(s, &more);
	if (s->db)
		db_rollback(s->db);
	if (is_the_streams(status))
		disconnect(s, hf_code_name(status.code));
	else
		look_at_stream(s);
	if (!more || !hf_ok(status))
		rest(s, LOOK_EVERY_MS);
}

static void *send_all(void *arg)
{
	struct audit_sender *s = arg;

	while (!stopping(s))
		turn(s);
	if (s->stream && tls_stream_state(s->stream) == TLS_STREAM_SETTLED)
		for (size_t i = 0; i < s->n_positions; i++)
			make_sure(s, &s->positions[i], true);
	return NULL;
}

static void done(struct audit_sender *s)
{
	tls_stream_close(s->stream);
	db_close(s->db);
	hf_buf_done(&s->frame);
	hf_buf_done(&s->message);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

hf_status audit_sender_start(const struct audit_sender_config *config, struct audit_sender **ret,
                             struct hf_err *err)
{
	static const char *const names[] = { "rfc5424", "cef", "ocsf" };
	struct audit_sender *s = calloc(1, sizeof(*s));
	hf_status status;

	HF_ENSURE(s, HF_NOMEM);
	s->config = *config;
	s->config.to.timeout_ms = CONNECT_MS;
	snprintf(s->sink, sizeof(s->sink), "%.250s %s", config->to.host_port,
	         names[config->format]);
	if (gethostname(s->host, sizeof(s->host) - 1) != 0)
		s->host[0] = '\0';
	s->frame = HF_BUF(FORMAT_LINE_MAX + 32);
	s->message = HF_BUF(FORMAT_LINE_MAX);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	status = hf_thread_start("audit", send_all, s, &s->thread, err);
	if (!hf_ok(status)) {
		done(s);
		return status;
	}
	*ret = s;
	return HF_SUCCESS;
}

void audit_sender_stop(struct audit_sender *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	done(s);
}
