/* SPDX-License-Identifier: Apache-2.0
 * The listeners: callers of the two APIs, drivers, health. Each has its own port, threads and kind
 * of TLS. */
#include "server/server_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/errors.h"
#include "server/crypto_api/api.h"
#include "server/crypto_api/errors.h"
#include "server/signing_api/api.h"

#define DRIVERS_DRAIN_MS 5000
#define WATCH_EVERY_MS 5
#define STANDSTILL_MS 1500 /* without an answer in this time no HSM works on what is left */

struct opening {
	const char *name;
	const char *listen;
	const struct http_route *routes;
	size_t n_routes;
	void *ctx;
	unsigned loops;
	http_error_body error_body; /* NULL: JSON */
	const char *error_content_type;
};

static hf_status open_face(struct server *s, struct face *face, const struct opening *o,
                           struct hf_err *err)
{
	struct http_server_config config = {
		.listen = o->listen,
		.tls = face->tls,
		.routes = o->routes,
		.n_routes = o->n_routes,
		.ctx = o->ctx,
		.error_body = o->error_body ? o->error_body : api_error_body,
		.error_content_type =
		        o->error_content_type ? o->error_content_type : API_CONTENT_TYPE,
		.loops = o->loops,
		.observed = server_metrics_observed,
		.observer = &face->metrics,
	};

	HF_TRY(server_metrics_listener(s->core.metrics, o->name, o->routes, o->n_routes,
	                               &face->metrics));
	HF_TRY(hf_context(err, http_server_start(&config, &face->http, err), "%s listener",
	                  o->name));
	HF_INFO("listening", HF_KS("for", o->name), HF_KS("address", o->listen),
	        HF_KI("port", http_server_port(face->http)));
	return HF_SUCCESS;
}

static bool wants_crypto(const struct server *s)
{
	return s->config.crypto_listen && *s->config.crypto_listen;
}

/* Apps prove themselves by certificates of any authority: the API judges them, not the handshake.
 */
static hf_status open_crypto_tls(struct server *s, struct hf_err *err)
{
	const struct tls_server_config config = {
		.cert_file = s->config.crypto_cert ? s->config.crypto_cert : s->config.api_cert,
		.key_file = s->config.crypto_key ? s->config.crypto_key : s->config.api_key,
		.client_any = true,
	};

	if (!wants_crypto(s))
		return HF_SUCCESS;
	if (!s->config.crypto_cert != !s->config.crypto_key)
		return hf_fail(err, HF_INVALID, "--crypto-cert and --crypto-key belong together");
	return hf_context(err, tls_server_new(&config, &s->crypto.tls, err), "the Crypto API");
}

static hf_status open_tls(struct server *s, struct hf_err *err)
{
	const struct tls_server_config api = {
		.cert_file = s->config.api_cert,
		.key_file = s->config.api_key,
	};
	const struct tls_server_config driver = {
		.cert_file = s->config.driver_cert,
		.key_file = s->config.driver_key,
		.client_ca_file = s->config.driver_client_ca,
		.client_crl_file = s->config.driver_crl,
		.crl_strict = s->config.driver_crl_strict,
	};

	if (!s->config.driver_client_ca)
		return hf_fail(err, HF_INVALID,
		               "drivers need authorities to chain to: give "
		               "--driver-client-ca");
	HF_TRY(tls_server_new(&api, &s->api.tls, err));
	HF_TRY(tls_server_new(&driver, &s->driver.tls, err));
	HF_TRY(open_crypto_tls(s, err));
	return certificates_new(s);
}

hf_status listeners_start(struct server *s, struct hf_err *err)
{
	const struct opening api = {
		.name = "api",
		.listen = s->config.api_listen,
		.routes = s->signing_api->routes,
		.n_routes = s->signing_api->n_routes,
		.ctx = s->signing_api,
		.loops = s->config.api_loops,
	};
	const struct opening driver = {
		.name = "driver",
		.listen = s->config.driver_listen,
		.routes = queue_api_routes,
		.n_routes = queue_api_route_count,
		.ctx = s->queue_api,
	};
	const struct opening crypto = {
		.name = "crypto",
		.listen = s->config.crypto_listen,
		.routes = s->crypto_api->routes,
		.n_routes = s->crypto_api->n_routes,
		.ctx = s->crypto_api,
		.loops = s->config.crypto_loops,
		.error_body = crypto_error_body,
		.error_content_type = CRYPTO_ERROR_TYPE,
	};
	const struct opening health = {
		.name = "health",
		.listen = s->config.health_listen,
		.routes = health_routes,
		.n_routes = health_route_count,
		.ctx = &s->health,
	};

	HF_TRY(open_tls(s, err));
	HF_TRY(open_face(s, &s->driver, &driver, err));
	HF_TRY(open_face(s, &s->api, &api, err));
	if (wants_crypto(s))
		HF_TRY(open_face(s, &s->crypto, &crypto, err));
	if (s->config.health_listen && *s->config.health_listen)
		HF_TRY(open_face(s, &s->metrics, &health, err));
	return certificates_watch(s, err);
}

/* Waits for what is under way to be answered: for `most_ms` as long as there is progress, but not
 * for what nobody seems to work on. */
static void wait_answered(struct http_server *http, int64_t most_ms)
{
	const int64_t until = hf_mono_ms() + most_ms;
	int64_t moved = hf_mono_ms();
	size_t before = http_server_pending(http), pending;

	while ((pending = http_server_pending(http)) > 0 && hf_mono_ms() < until) {
		if (pending < before)
			moved = hf_mono_ms();
		else if (hf_mono_ms() - moved > STANDSTILL_MS)
			return;
		before = pending;
		hf_pause_ms(WATCH_EVERY_MS);
	}
}

static void drain_callers(struct face *face)
{
	if (!face->http)
		return;
	http_server_quiesce(face->http);
	wait_answered(face->http, HELD_REQUEST_MS + 1000);
}

void listeners_drain(struct server *s)
{
	if (s->crypto.http)
		http_server_quiesce(s->crypto.http);
	drain_callers(&s->api); /* meanwhile drivers still bring results */
	drain_callers(&s->crypto);
	waiters_release_all(s->core.waiters);
	jobs_release_all(s->core.jobs);
	if (s->driver.http) {
		http_server_quiesce(s->driver.http);
		wait_answered(s->driver.http, DRIVERS_DRAIN_MS);
	}
}

static void close_face(struct face *face)
{
	if (face->http)
		http_server_stop(face->http);
	tls_server_free(face->tls);
	*face = (struct face){ 0 };
}

void listeners_stop(struct server *s)
{
	certificates_unwatch(s);
	close_face(&s->api);
	close_face(&s->crypto);
	close_face(&s->driver);
	close_face(&s->metrics);
	certificates_free(hf_take(s->certificates));
}
