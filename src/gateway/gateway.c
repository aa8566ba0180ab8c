/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/health.h"
#include "gateway/link.h"
#include "os/harden.h"
#include "os/memory.h"
#include "os/notify.h"
#include "os/signals.h"

#include <poll.h>
#include <stdio.h>

enum {
	GRACE_MS = 10000,
	LOOK_EVERY_MS = 1000, /* at the files of TLS */
	WATCH_EVERY_MS = 10,
	LINK_CONNECTIONS = 256,
	HEALTH_CONNECTIONS = 64,
};

struct gateway {
	const struct gateway_config *config;
	struct gateway_metrics metrics;
	struct sessions *sessions;
	struct slots *slots;
	struct link link;
	struct gateway_health health;
	struct tls_server *tls, *health_tls;
	struct http_server *http, *health_http, *health_https;
	int signals, hup;
};

static hf_status open_tls(struct gateway *g, struct hf_err *err)
{
	struct tls_server_config config = {
		.cert_file = g->config->key ? g->config->cert : NULL,
		.key_file = g->config->key,
		.pkcs12_file = g->config->key ? NULL : g->config->cert,
		.pkcs12_password = g->config->cert_password,
		.client_ca_file = g->config->client_ca,
		.client_crl_file = g->config->client_crl,
	};

	HF_TRY(tls_server_new(&config, &g->tls, err));
	/* Load balancers show no certificate. */
	config.client_ca_file = config.client_crl_file = NULL;
	HF_TRY(tls_server_new(&config, &g->health_tls, err));
	if (!g->config->client_ca)
		HF_WARN("anybody who reaches this port may try a PIN: give the authority of your "
		        "servers (--client-ca, CA_FILE), so that only they may connect",
		        HF_KS("listen", g->config->listen));
	return HF_SUCCESS;
}

static hf_status open_link(struct gateway *g, struct hf_err *err)
{
	struct http_server_config config = {
		.listen = g->config->listen,
		.tls = g->tls,
		.routes = link_routes,
		.n_routes = link_route_count,
		.ctx = &g->link,
		.error_body = link_error_body,
		.error_content_type = "text/plain",
		.max_connections = LINK_CONNECTIONS,
	};

	g->link = (struct link){ g->slots, g->sessions, &g->metrics };
	return hf_context(err, http_server_start(&config, &g->http, err), "--listen %s",
	                  g->config->listen);
}

static hf_status open_health(struct gateway *g, const char *option, const char *listen,
                             struct tls_server *tls, struct http_server **ret, struct hf_err *err)
{
	struct http_server_config config = {
		.listen = listen,
		.tls = tls,
		.routes = tls ? health_tls_routes : health_plain_routes,
		.n_routes = tls ? health_tls_route_count : health_plain_route_count,
		.ctx = &g->health,
		.error_body = link_error_body,
		.error_content_type = "text/plain",
		.max_connections = HEALTH_CONNECTIONS,
	};

	if (!listen || !listen[0])
		return HF_SUCCESS;
	return hf_context(err, http_server_start(&config, ret, err), "--%s %s", option, listen);
}

static hf_status open_slots(struct gateway *g, struct hf_err *err)
{
	struct slots_config config = {
		.hsm = g->config->hsm,
		.metrics = &g->metrics,
		.pin_attempts = g->config->pin_attempts,
		.queue_max = g->config->queue_max,
		.linger_ms = g->config->linger_ms,
	};

	HF_TRY(sessions_new(g->config->sessions_max, &g->sessions));
	config.sessions = g->sessions;
	HF_TRY(slots_new(&config, &g->slots, err));
	g->health.slots = g->slots;
	g->health.metrics = &g->metrics;
	return HF_SUCCESS;
}

static void note_dates(struct gateway *g)
{
	struct tls_date dates[TLS_DATES_MAX];

	cert_dates_set(g->metrics.dates, "link", dates, tls_server_dates(g->tls, dates));
}

static hf_status open_all(struct gateway *g, struct hf_err *err)
{
	const struct gateway_config *c = g->config;

	HF_TRY(os_signals_open(&g->signals));
	HF_TRY(os_signals_open_hup(&g->hup));
	HF_TRY(cert_dates_new(&g->metrics.dates));
	HF_TRY(open_tls(g, err));
	note_dates(g);
	HF_TRY(open_slots(g, err));
	HF_TRY(open_link(g, err));
	HF_TRY(open_health(g, "health-listen", c->health_listen, NULL, &g->health_http, err));
	return open_health(g, "health-tls-listen", c->health_tls_listen, g->health_tls,
	                   &g->health_https, err);
}

static unsigned port_of(const struct http_server *s)
{
	return s ? http_server_port(s) : 0;
}

static void tell_ready(const struct gateway *g, int ready_fd)
{
	HF_INFO("ready", HF_KI("port", port_of(g->http)),
	        HF_KI("health_port", port_of(g->health_http)),
	        HF_KI("health_tls_port", port_of(g->health_https)));
	os_notify("READY=1");
	if (ready_fd >= 0) {
		dprintf(ready_fd, "link=%u health=%u health_tls=%u\n", port_of(g->http),
		        port_of(g->health_http), port_of(g->health_https));
		close(ready_fd);
	}
}

static void look_at(struct gateway *g, struct tls_server *tls, const char *name, bool anew)
{
	struct hf_err err = { .text = "" };
	bool renewed;

	if (!hf_ok(tls_server_refresh(tls, anew, &renewed, &err))) {
		HF_WARN("changed TLS files cannot be used; the old ones stay in force",
		        HF_KS("for", name), HF_KS("reason", err.text));
	} else if (renewed) {
		note_dates(g);
		HF_INFO("the TLS files have changed and are in force", HF_KS("for", name));
	}
}

static void look_at_files(struct gateway *g, bool anew)
{
	look_at(g, g->tls, "link", anew);
	look_at(g, g->health_tls, "health", anew);
	http_server_recheck(g->http);
	cert_dates_warn(g->metrics.dates, hf_wall_ms() / 1000);
}

static void wait_for_the_end(struct gateway *g)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = g->signals, .events = POLLIN },
			                { .fd = g->hup, .events = POLLIN } };

		(void)poll(fds, HF_COUNT(fds), LOOK_EVERY_MS);
		if (os_signals_read(g->signals))
			return;
		look_at_files(g, os_signals_read(g->hup) != 0);
	}
}

/* Until all requests are answered, the time is over, or a second signal comes. */
static void drain(struct gateway *g, int grace_ms)
{
	int64_t until = hf_mono_ms() + grace_ms;

	HF_INFO("stopping: what is under way is answered");
	os_notify("STOPPING=1");
	atomic_store(&g->health.stopping, true);
	http_server_quiesce(g->http);
	while (http_server_pending(g->http) > 0 && hf_mono_ms() < until) {
		struct pollfd fd = { .fd = g->signals, .events = POLLIN };

		if (poll(&fd, 1, WATCH_EVERY_MS) > 0 && os_signals_read(g->signals))
			return;
	}
}

static void stop_http(struct http_server **s)
{
	if (*s)
		http_server_stop(*s);
	*s = NULL;
}

static void close_all(struct gateway *g)
{
	stop_http(&g->http);
	stop_http(&g->health_http);
	stop_http(&g->health_https);
	slots_free(g->slots);
	tls_server_free(g->tls);
	tls_server_free(g->health_tls);
	sessions_free(g->sessions);
	cert_dates_free(g->metrics.dates);
	if (g->signals >= 0)
		close(g->signals);
	if (g->hup >= 0)
		close(g->hup);
	free(g);
}

/* Engines answer all that they have, so that nothing holds a request afterwards. A thread inside a
 * vendor's library that does not come back cannot be ended; the process can, and its signers end
 * with it. */
static void close_slots(struct gateway *g, int grace_ms)
{
	if (slots_stop(g->slots, grace_ms))
		return;
	HF_WARN("stopped while the HSM does not answer a login");
	_exit(0);
}

hf_status gateway_run(const struct gateway_config *config, int ready_fd, struct hf_err *err)
{
	int grace_ms = config->grace_ms ? config->grace_ms : GRACE_MS;
	struct gateway *g = calloc(1, sizeof(*g));
	hf_status s;

	HF_ENSURE(g, HF_NOMEM);
	os_harden(); /* PINs and plaintext are in this process */
	os_memory_keep();
	g->config = config;
	g->signals = g->hup = -1;
	s = open_all(g, err);
	if (hf_ok(s)) {
		tell_ready(g, ready_fd);
		wait_for_the_end(g);
		drain(g, grace_ms);
	}
	close_slots(g, hf_ok(s) ? 1000 : 0);
	close_all(g);
	if (hf_ok(s))
		HF_INFO("stopped");
	return s;
}
