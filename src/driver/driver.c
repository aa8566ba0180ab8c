/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/driver.h"

#include "base/clock.h"
#include "base/log.h"
#include "driver/authorizing.h"
#include "driver/dispatch.h"
#include "driver/health.h"
#include "driver/pace.h"
#include "driver/trial.h"
#include "os/harden.h"
#include "os/memory.h"
#include "os/notify.h"
#include "os/signals.h"
#include "upkeep/canaries.h"

#include <stdio.h>
#include <string.h>

enum {
	GRACE_MS = 10000,
	TURN_MS = 1000,      /* longest sleep */
	GIVE_BACK_MS = 2000, /* without a working signer for so long, others get our jobs */
	FDS_MAX = 1024,
};

struct driver {
	const struct driver_config *config;
	struct driver_metrics metrics;
	struct authorizing authorizing;
	struct health *health;
	struct db *keydb; /* for the start */
	struct hsmhost *hsm;
	struct dispatch *dispatch;
	struct queue_client *queue;
	struct pace pace;
	struct trial trial;
	struct pollfd *fds;
	int signals, hup;
	struct queue_servers servers;
	char name[65];
	char database[256]; /* for people */
	bool claims;        /* asks for jobs */
	bool stopping;
	int64_t stop_by_ms;
	int64_t unwell_since_ms; /* 0: well */
	struct hsmhost_stats hsm_stats;
	struct keydb_front_stats db_stats;
};

static void finish(void *ctx, struct queue_job *job, const struct op_result *result)
{
	struct driver *d = ctx;

	pace_ended(&d->pace, result->outcome == OP_RETRY, hf_mono_us());
	queue_client_result(d->queue, job, result);
}

static void answered(void *ctx, const struct hsmhost_answer *answer)
{
	struct driver *d = ctx;

	if (!trial_answered(&d->trial, answer))
		dispatch_answered(d->dispatch, answer);
}

static void took(void *ctx, struct queue_job *job)
{
	struct driver *d = ctx;

	dispatch_take(d->dispatch, job);
}

static void stop(struct driver *d, const char *why)
{
	int64_t now = hf_mono_ms();

	if (d->stopping) {
		d->stop_by_ms = now;
		return;
	}
	HF_INFO("stopping: jobs in flight end, their results are handed in", HF_KS("reason", why));
	os_notify("STOPPING=1");
	d->stopping = true;
	d->stop_by_ms = now + (d->config->grace_ms ? d->config->grace_ms : GRACE_MS);
	queue_client_quiesce(d->queue);
}

static bool stopped(const struct driver *d)
{
	struct queue_client_stats queue;

	if (!d->stopping)
		return false;
	queue_client_stats(d->queue, &queue);
	if (queue.working == 0 && queue.outbox == 0 && (!queue.on_the_way || !queue.connected))
		return true;
	if (hf_mono_ms() < d->stop_by_ms)
		return false;
	HF_WARN("stopping without an answer to everything: other drivers take these jobs when "
	        "their leases end",
	        HF_KI("unfinished", queue.working), HF_KI("not_handed_in", queue.outbox));
	return true;
}

/* Can a job be done at all? Where requests are checked, each signature is written down first. */
static bool can_work(const struct driver *d)
{
	return d->hsm_stats.health == HSMHOST_HEALTHY && d->db_stats.readable &&
	       (d->db_stats.writable || !d->authorizing.text.len);
}

/* What was asked for while we could work is not wanted any more either. */
static void watch_claims(struct driver *d)
{
	bool claims = can_work(d);

	if (d->claims && !claims)
		queue_client_recall(d->queue);
	if (claims && !d->claims)
		pace_refreshed(&d->pace);
	d->claims = claims;
}

/* How many more jobs we want. */
static size_t room(struct driver *d, int64_t rest_ms)
{
	size_t in_hsm = dispatch_in_hsm(d->dispatch), held = in_hsm + dispatch_waiting(d->dispatch),
	       target;
	struct queue_client_stats queue;

	if (!d->claims || rest_ms > 0)
		return 0;
	queue_client_stats(d->queue, &queue);
	target = pace_target(&d->pace, in_hsm + hsmhost_capacity(d->hsm), queue.round_trip_us,
	                     hf_mono_us());
	return target > held ? target - held : 0;
}

/* One that failed a job is unwell, whatever its signers' state, until something goes well. */
static void look_at_hsm(struct driver *d)
{
	struct hsmhost_stats *h = &d->hsm_stats;

	hsmhost_stats(d->hsm, h);
	if (h->health == HSMHOST_STOPPED || !d->trial.doubt)
		return;
	h->health = HSMHOST_RECOVERING;
	if (!h->refused)
		snprintf(h->reason, sizeof(h->reason), "%s", d->trial.why);
}

/* Jobs that our HSM cannot do now are another driver's: at once when it is certain that it cannot,
 * after a moment when its signers are only being replaced. When it will never do them, we end. */
static hf_status watch_hsm(struct driver *d, struct hf_err *err)
{
	int64_t now = hf_mono_ms();
	bool certain;

	look_at_hsm(d);
	switch (d->hsm_stats.health) {
	case HSMHOST_HEALTHY:
		d->unwell_since_ms = 0;
		break;
	case HSMHOST_RECOVERING:
		if (!d->unwell_since_ms)
			d->unwell_since_ms = now;
		certain = d->hsm_stats.refused || d->trial.confirmed;
		if (certain || now - d->unwell_since_ms >= GIVE_BACK_MS)
			dispatch_give_back(d->dispatch, d->hsm_stats.reason);
		break;
	case HSMHOST_STOPPED:
		dispatch_give_back(d->dispatch, d->hsm_stats.reason);
		if (!d->stopping)
			stop(d, d->hsm_stats.reason);
		return hf_fail(err, HF_STOP, "the HSM is given up: %s", d->hsm_stats.reason);
	}
	return HF_SUCCESS;
}

static void tell_health(struct driver *d)
{
	struct queue_client_stats queue;

	queue_client_stats(d->queue, &queue);
	if (!queue.connected && !queue.problem[0])
		return; /* not known yet: still starting */
	health_update(d->health, &d->hsm_stats, &queue, &d->db_stats);
}

static hf_status turn(struct driver *d, struct hf_err *err)
{
	int64_t rest_ms = pace_rest_ms(&d->pace, hf_mono_us()), gather_us;
	int timeout_ms = rest_ms > 0 && rest_ms < TURN_MS ? (int)rest_ms : TURN_MS;
	size_t n;

	trial_step(&d->trial, d->hsm, &timeout_ms);
	/* What the database answered is for the HSM, or for the queue: both follow at once. */
	dispatch_step(d->dispatch, &timeout_ms);
	if (!d->trial.doubt)
		dispatch_feed(d->dispatch, d->hsm);
	gather_us = pace_may_gather(&d->pace, dispatch_waiting(d->dispatch)) ? PACE_GATHER_US : 0;
	queue_client_pump(d->queue, room(d, rest_ms), gather_us, &timeout_ms);
	d->fds[0] = (struct pollfd){ .fd = d->signals, .events = POLLIN };
	d->fds[1] = (struct pollfd){ .fd = dispatch_fd(d->dispatch), .events = POLLIN };
	n = 2 + hsmhost_pollfds(d->hsm, d->fds + 2, FDS_MAX - 2, &timeout_ms);
	if (!hf_ok(queue_client_wait(d->queue, d->fds, (unsigned)n, timeout_ms)))
		return hf_fail(err, HF_IO, "waiting for the network failed");
	if (d->fds[0].revents && os_signals_read(d->signals))
		stop(d, "signal");
	if (os_signals_read(d->hup)) /* a turn takes a second at most */
		queue_client_look(d->queue);
	hsmhost_step(d->hsm);
	return HF_SUCCESS;
}

/* Until stopped. The first failure is kept while what is in flight ends. */
static hf_status loop(struct driver *d, struct hf_err *err)
{
	hf_status end = HF_SUCCESS;

	while (!stopped(d)) {
		hf_status s;

		HF_TRY(turn(d, err));
		s = watch_hsm(d, err);
		dispatch_database(d->dispatch, &d->db_stats);
		watch_claims(d);
		if (!hf_ok(s))
			end = s;
		tell_health(d);
	}
	return end;
}

static hf_status open_queue(struct driver *d, struct hf_err *err)
{
	struct queue_client_config config = {
		.servers = &d->servers,
		.client_cert = d->config->client_cert,
		.client_key = d->config->client_key,
		.ca_cert = d->config->ca_cert,
		.name = d->name,
		.dates = d->metrics.dates,
		.evidence = d->authorizing.text.len > 0,
		.took = took,
		.ctx = d,
	};
	const char *given = d->config->name;

	if (given && given[0])
		snprintf(d->name, sizeof(d->name), "%s", given);
	else
		snprintf(d->name, sizeof(d->name), "%.*s", (int)strcspn(d->hsm_stats.token, ","),
		         d->hsm_stats.token);
	return queue_client_new(&config, &d->queue, err);
}

struct find_canary {
	const char *master_id;
	struct hf_buf record;
};

static hf_status find_canary(void *ctx, const struct keydb_canary *canary)
{
	struct find_canary *f = ctx;

	if (strcmp(canary->master_id, f->master_id) != 0)
		return HF_SUCCESS;
	hf_buf_put(&f->record, canary->record.ptr, canary->record.len);
	return hf_buf_status(&f->record);
}

static hf_status prepare_trial(struct driver *d, struct hf_err *err)
{
	struct find_canary f = { d->hsm_stats.master_id, HF_BUF(RECORD_ENCODED_MAX) };
	hf_status s = keydb_canaries(d->keydb, find_canary, &f);

	trial_init(&d->trial, &f.record);
	if (hf_ok(s))
		return s;
	return hf_fail(err, s.code, "cannot read the canaries: %s", db_error(d->keydb));
}

static hf_status open_keydb(struct driver *d, struct hf_err *err)
{
	hf_status s = db_open_patiently(&d->config->db, d->config->db_wait_ms, d->signals,
	                                &d->keydb, err);

	d->stopping = s.code == HF_CLOSED;
	HF_TRY(s);
	return keydb_migrate(d->keydb, err);
}

static hf_status open_dispatch(struct driver *d, struct hf_err *err)
{
	struct dispatch_config config = {
		.db = d->config->db,
		.metrics = &d->metrics,
		.allow_resident = d->config->hsm.setup.allow_resident,
		.checks = d->authorizing.text.len > 0,
		.spent_age_ms = d->authorizing.spent_age_ms,
		.finish = finish,
		.ctx = d,
	};

	HF_TRY(dispatch_new(&config, &d->dispatch, err));
	dispatch_database(d->dispatch, &d->db_stats);
	return HF_SUCCESS;
}

static hf_status open_all(struct driver *d, struct hf_err *err)
{
	struct hsmhost_config hsm = d->config->hsm;

	hsm.setup.needs_master = true;
	HF_TRY(authorizing_read(d->config->authorizers, &d->authorizing, err));
	HF_TRY(queue_servers_parse("https", d->config->proxy_addr, &d->servers, err));
	HF_TRY(health_start(d->config->health_listen, &d->metrics, &d->health, err));
	HF_TRY(open_keydb(d, err));
	HF_TRY(canaries_admit(d->keydb, d->database, &hsm, NULL, err));
	HF_TRY(open_dispatch(d, err));
	hsm.setup.authorizers = hf_buf_span(&d->authorizing.text);
	HF_TRY(hsmhost_start(&hsm, answered, d, &d->hsm, err));
	hsmhost_stats(d->hsm, &d->hsm_stats);
	HF_TRY(prepare_trial(d, err));
	db_close(hf_take(d->keydb));
	d->claims = true;
	return open_queue(d, err);
}

/* hsmhost last gives its answers while the dispatch and the queue's jobs are still there. */
static void close_all(struct driver *d)
{
	if (d->hsm)
		hsmhost_stop(d->hsm, 0);
	dispatch_free(d->dispatch);
	queue_client_free(d->queue);
	health_stop(d->health);
	db_close(d->keydb);
	trial_done(&d->trial);
	authorizing_done(&d->authorizing);
	free(d->fds);
	cert_dates_free(d->metrics.dates);
	if (d->signals >= 0)
		close(d->signals);
	if (d->hup >= 0)
		close(d->hup);
	free(d);
}

static void tell_ready(struct driver *d, int ready_fd)
{
	HF_INFO("ready", HF_KS("token", d->hsm_stats.token), HF_KS("queue", d->config->proxy_addr),
	        HF_KI("signers", d->hsm_stats.signers_ready),
	        HF_KI("health_port", health_port(d->health)));
	os_notify("READY=1");
	if (ready_fd >= 0) {
		dprintf(ready_fd, "health=%u\n", health_port(d->health));
		close(ready_fd);
	}
}

hf_status driver_run(const struct driver_config *config, int ready_fd, struct hf_err *err)
{
	struct driver *d = calloc(1, sizeof(*d));
	hf_status s;

	HF_ENSURE(d, HF_NOMEM);
	os_harden(); /* the PIN is in this process too */
	d->config = config;
	db_describe(&config->db, d->database, sizeof(d->database));
	d->signals = d->hup = -1;
	d->fds = calloc(FDS_MAX, sizeof(*d->fds));
	os_memory_keep();
	s = d->fds ? os_signals_open(&d->signals) : HF_FAILURE(HF_NOMEM);
	if (hf_ok(s))
		s = os_signals_open_hup(&d->hup);
	if (hf_ok(s))
		s = cert_dates_new(&d->metrics.dates);
	if (hf_ok(s))
		s = open_all(d, err);
	if (hf_ok(s)) {
		tell_ready(d, ready_fd);
		s = loop(d, err);
	}
	if (s.code == HF_CLOSED && d->stopping)
		s = HF_SUCCESS; /* before it began */
	close_all(d);
	if (hf_ok(s))
		HF_INFO("stopped");
	return s;
}
