/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "os/memory.h"
#include "os/notify.h"
#include "os/signals.h"
#include "server/core/access/sessions.h"
#include "server/core/audit/audit.h"
#include "server/core/backends/pool.h"
#include "server/core/objects/object.h"
#include "server/core/queue/evidence.h"
#include "server/slot_links.h"
#include "server/store/migrations.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WRITERS_DEFAULT 2 /* more than the cores that PostgreSQL has for us only get in the way */
#define READERS_DEFAULT 2
#define NOTICES_CHANNEL "holdfast_server"
#define WRITER_CACHE_KIB 8192
#define READER_CACHE_KIB 4096
#define TICK_MS 100

static hf_status before_commit(void *ctx, struct db *db)
{
	struct server *s = ctx;

	return jobs_before_commit(s->core.jobs, db);
}

static bool on_postgres(const struct server *s)
{
	return s->config.db.postgres_url && *s->config.db.postgres_url;
}

/* That PostgreSQL is away, or that two transactions were in each other's way, is told and got over
 * by db/work. */
static void note_failure(struct server *s, hf_status status)
{
	if (status.code == HF_BUSY && on_postgres(s))
		return;
	s->core.metrics->failed_ms = hf_mono_ms();
	HF_WARN("a commit failed", HF_KS("reason", hf_code_name(status.code)));
}

static void after_commit(void *ctx, hf_status status)
{
	struct server *s = ctx;

	if (hf_ok(status))
		s->core.metrics->committed_ms = hf_mono_ms();
	else
		note_failure(s, status);
	jobs_after_commit(s->core.jobs, status);
}

/* After a power cut all machines start at the same time: a database that is not there yet is waited
 * for, rather than given up. */
static hf_status prepare_database(struct server *s, struct hf_err *err)
{
	DB_SCOPED struct db *db = NULL;
	int stop_fd = s->config.stop_fd > 0 ? s->config.stop_fd : -1;

	HF_TRY(db_open_patiently(&s->config.db, s->config.db_wait_ms, stop_fd, &db, err));
	HF_TRY(server_migrate(db, err));
	HF_TRY(db_begin(db));
	HF_TRY(core_secrets_check(&s->core.secrets, db, err));
	return db_commit(db, DB_DURABLE);
}

static hf_status start_database(struct server *s, struct hf_err *err)
{
	const struct server_config *config = &s->config;
	struct db_work_config writer = {
		.db = config->db,
		.write = true,
		.threads = !on_postgres(s)      ? 1
		           : config->db_writers ? config->db_writers
		                                : WRITERS_DEFAULT,
		.before_commit = before_commit,
		.after_commit = after_commit,
		.ctx = s,
	};
	struct db_work_config reader = {
		.db = config->db,
		.threads = config->db_readers ? config->db_readers : READERS_DEFAULT,
	};

	HF_TRY(prepare_database(s, err));
	writer.db.cache_kib = WRITER_CACHE_KIB;
	reader.db.cache_kib = READER_CACHE_KIB;
	reader.db.read_only = true;
	HF_TRY(db_work_start(&writer, &s->core.writer, err));
	HF_TRY(db_work_start(&reader, &s->core.reader, err));
	if (!on_postgres(s))
		return HF_SUCCESS;
	return db_notices_start(&config->db, NOTICES_CHANNEL, core_heard, &s->core,
	                        &s->core.notices, err);
}

static hf_status start_core(struct server *s, struct hf_err *err)
{
	const struct jobs_config jobs = {
		.origin = s->core.id,
		.lease_ms = s->config.lease_ms,
		.relaxed = s->config.relaxed,
		.settle = core_settle,
		.announce = core_announce,
		.say = on_postgres(s) ? core_say : NULL,
		.evidence = job_evidence_load,
		.reveal = pool_reveal,
		.ctx = &s->core,
	};

	s->core.config = &s->config;
	hf_id_new("srv", s->core.id);
	HF_TRY(core_secrets_load(s->config.secret_file, &s->core.secrets, err));
	HF_TRY(server_metrics_new(&s->core.metrics));
	HF_TRY(jobs_new(&jobs, &s->core.jobs));
	HF_TRY(waiters_new(&s->core.waiters));
	HF_TRY(approvals_clock_new(&s->approvals));
	HF_TRY(audit_new(&s->core.audit));
	HF_TRY(events_watch_new(&s->core.watch));
	HF_TRY(groups_new(&s->core.groups));
	HF_TRY(slot_links_new(&s->core, &s->slots));
	s->core.slots = slot_links_backend(s->slots);
	HF_TRY(signing_api_new(&s->core, &s->signing_api, err));
	HF_TRY(queue_api_new(&s->core, &s->queue_api));
	HF_TRY(objects_new(&s->core.objects));
	HF_TRY(objects_clock_new(&s->core, &s->objects_clock));
	HF_TRY(jwks_new(s->config.webhook_private, s->config.webhook_ca, &s->jwks, err));
	s->core.signing_keys = jwks_source(s->jwks);
	HF_TRY(crypto_sessions_new(&s->core, &s->core.sessions, err));
	HF_TRY(crypto_api_new(&s->core, &s->crypto_api, err));
	s->core.metrics->committed_ms = hf_mono_ms();
	s->health.core = &s->core;
	s->health.drivers = queue_api_drivers(s->queue_api);
	return start_database(s, err);
}

static void *tick(void *arg)
{
	struct server *s = arg;
	struct timespec at;

	pthread_mutex_lock(&s->lock);
	while (!s->stop_ticking) {
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_nsec += TICK_MS * 1000000;
		at.tv_sec += at.tv_nsec / 1000000000;
		at.tv_nsec %= 1000000000;
		pthread_cond_clockwait(&s->wake, &s->lock, CLOCK_MONOTONIC, &at);
		pthread_mutex_unlock(&s->lock);
		waiters_tick(s->core.waiters);
		jobs_tick(s->core.jobs, s->core.writer);
		approvals_clock_tick(s->approvals, s->core.writer);
		objects_clock_tick(s->objects_clock);
		audit_tick(&s->core);
		pool_tick(&s->core);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static hf_status start_ticking(struct server *s, struct hf_err *err)
{
	HF_TRY(hf_thread_start("clock", tick, s, &s->ticker, err));
	s->ticking = true;
	return HF_SUCCESS;
}

static void stop_ticking(struct server *s)
{
	if (!s->ticking)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop_ticking = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->ticker, NULL);
}

static hf_status start_audit_sender(struct server *s, struct hf_err *err)
{
	const struct audit_sender_config config = {
		.core = &s->core,
		.to = { .host_port = s->config.audit_syslog,
		        .ca_file = s->config.audit_syslog_ca,
		        .cert_file = s->config.audit_syslog_cert,
		        .key_file = s->config.audit_syslog_key },
		.format = (enum audit_format)s->config.audit_syslog_format,
	};

	if (!s->config.audit_syslog)
		return HF_SUCCESS;
	return audit_sender_start(&config, &s->audit_sender, err);
}

static hf_status start_webhooks(struct server *s, struct hf_err *err)
{
	const struct webhook_sender_config config = {
		.targets = { s->config.webhook_ca, s->config.webhook_private },
		.first_pause_ms = s->config.webhook_retry_ms,
		.writer = s->core.writer,
		.reader = s->core.reader,
		.key = &s->core.secrets.storage_key,
		.watch = s->core.watch,
		.metrics = s->core.metrics,
	};

	HF_TRY(webhook_sender_start(&config, &s->webhooks, err));
	s->signing_api->webhooks = s->webhooks;
	return HF_SUCCESS;
}

static hf_status start_all(struct server *s, struct hf_err *err)
{
	HF_TRY(start_core(s, err));
	HF_TRY(start_webhooks(s, err));
	HF_TRY(start_audit_sender(s, err));
	HF_TRY(start_ticking(s, err));
	return listeners_start(s, err);
}

hf_status server_start(const struct server_config *config, struct server **ret, struct hf_err *err)
{
	struct server *s = calloc(1, sizeof(*s));
	hf_status status;

	HF_ENSURE(s, HF_NOMEM);
	if (err)
		err->text[0] = '\0';
	s->config = *config;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	status = start_all(s, err);
	if (!hf_ok(status)) {
		server_stop(s);
		if (err && !*err->text)
			return hf_fail(err, status.code, "the server cannot start: %s",
			               hf_code_name(status.code));
		return status;
	}
	HF_INFO("server started", HF_KS("version", HF_VERSION),
	        HF_KS("durability", config->relaxed ? "relaxed" : "full"));
	*ret = s;
	return HF_SUCCESS;
}

/* In this order: callers' requests end while drivers still bring results; then whoever waits is
 * answered; then the tasks that are left, each of which answers its request; only then is nobody
 * left who could use a listener. */
void server_stop(struct server *s)
{
	if (!s)
		return;
	atomic_store(&s->health.stopping, true);
	if (s->core.waiters && s->core.jobs)
		listeners_drain(s);
	stop_ticking(s);
	webhook_sender_stop(s->webhooks);
	audit_sender_stop(s->audit_sender);
	if (s->jwks)
		jwks_stop(s->jwks);
	if (s->core.sessions)
		crypto_sessions_stop(s->core.sessions);
	slot_links_stop(s->slots);
	db_work_close(s->core.reader);    /* whoever comes from the writer is still refused, and */
	db_work_close(s->core.writer);    /* so is whoever asks for health or metrics */
	db_notices_stop(s->core.notices); /* after the last word; what it hears finds nobody */
	listeners_stop(s);
	db_work_stop(s->core.reader);
	db_work_stop(s->core.writer);
	queue_api_free(s->queue_api);
	signing_api_free(s->signing_api);
	crypto_api_free(s->crypto_api);
	crypto_sessions_free(s->core.sessions);
	jwks_free(s->jwks);
	objects_clock_free(s->objects_clock);
	objects_free(s->core.objects);
	slot_links_free(s->slots);
	groups_free(s->core.groups);
	jobs_free(s->core.jobs);
	waiters_free(s->core.waiters);
	approvals_clock_free(s->approvals);
	audit_free(s->core.audit);
	events_watch_free(s->core.watch);
	server_metrics_free(s->core.metrics);
	core_secrets_done(&s->core.secrets);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static unsigned port(const struct face *face)
{
	return face->http ? http_server_port(face->http) : 0;
}

unsigned server_api_port(const struct server *s)
{
	return port(&s->api);
}

unsigned server_driver_port(const struct server *s)
{
	return port(&s->driver);
}

unsigned server_health_port(const struct server *s)
{
	return port(&s->metrics);
}

unsigned server_crypto_port(const struct server *s)
{
	return port(&s->crypto);
}

static void tell_ready(struct server *s, int fd)
{
	if (fd >= 0) {
		dprintf(fd, "api=%u driver=%u health=%u crypto=%u\n", server_api_port(s),
		        server_driver_port(s), server_health_port(s), server_crypto_port(s));
		close(fd);
	}
	os_notify("READY=1");
}

hf_status server_run(const struct server_config *config, int ready_fd, struct hf_err *err)
{
	HF_FD int signals = -1;
	struct server_config stoppable = *config;
	HF_FD int hup = -1;
	struct server *s;
	struct pollfd wait[2];

	os_memory_keep();
	HF_TRY(os_signals_open(&signals));
	HF_TRY(os_signals_open_hup(&hup));
	stoppable.stop_fd = signals;
	HF_TRY(server_start(&stoppable, &s, err));
	tell_ready(s, ready_fd);
	wait[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
	wait[1] = (struct pollfd){ .fd = hup, .events = POLLIN };
	while (os_signals_read(signals) == 0) {
		poll(wait, HF_COUNT(wait), -1);
		if (os_signals_read(hup))
			certificates_look(s);
	}
	HF_INFO("server stopping: what is in flight ends first");
	os_notify("STOPPING=1");
	server_stop(s);
	HF_INFO("server stopped");
	return HF_SUCCESS;
}
